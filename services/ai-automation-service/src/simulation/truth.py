"""What follows from the routines of a home: when their things are due, and which things go with which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, EventLog, Int64Array
from src.domain.local_time import day_number, to_local, weekday
from src.domain.patterns import WEEKDAYS, Kind
from src.simulation.daylight import is_dark
from src.simulation.home import Condition, Planted, SimulatedHome
from src.simulation.log_reading import Node, instants, numbers, stays
from src.simulation.moments import due_by_clock
from src.simulation.natural import CERTAIN
from src.simulation.occasions import comings_and_goings, crossings
from src.simulation.span import Span

Links = dict[Node, set[Node]]


@dataclass(frozen=True)
class Due:
    """When a thing is due by one routine.

    Attributes:
        time: int64 (n,), µs UTC, ascending.
        chance: that it happens then.
    """

    routine: Planted
    time: Int64Array
    chance: float


class Truth:
    """The routines of one home, ready to be asked what follows from them."""

    def __init__(self, home: SimulatedHome) -> None:
        self.home = home
        self.log: EventLog = home.log
        self.span = home.span or _span_of(home.log)
        self.edges: list[tuple[Planted, Node, Node]] = [
            (routine, cause, effect) for routine in home.planted for cause, effect in edges(routine)
        ]
        self.sources: dict[str, set[str]] = {}
        for source, follower in home.echoes:
            self.sources.setdefault(follower, set()).add(source)
        self.effects: Links = {}
        self.causes: Links = {}
        for routine in home.natural:
            if routine.kind is Kind.CO_OCCURRENCE and routine.probability >= CERTAIN:
                for cause, effect in edges(routine):
                    self._link(cause, effect)
        for _, cause, effect in self.edges:
            self._link(cause, effect)
        self._states = {to for routine in home.planted for _, to in routine.things}

    def _link(self, cause: Node, effect: Node) -> None:
        self.effects.setdefault(cause, set()).add(effect)
        self.causes.setdefault(effect, set()).add(cause)

    def same(self, node: Node) -> set[Node]:
        """The node and what its entity echoes, which may name the state otherwise."""
        return {node} | {(source, state) for source in self.sources.get(node[0], ()) for state in self._states}

    def links(self, cause: Node, action: Node) -> bool:
        """Whether a cause stands for the trigger of a routine with that action.

        It does if one certainly leads to the other, or one thing to both. Two things that both lead to a third (two
        people who use one door) do not stand for each other.
        """
        own = self.same(cause)
        before = own | _reached(own, self.causes)
        near = before | _reached(own, self.effects) | _reached(before, self.effects, steps=1)
        near.discard(action)
        actions = self.same(action)
        if cause[0] in {entity_id for entity_id, _ in actions if entity_id != action[0]}:
            return False  # the source of an echo is not the cause of a routine
        return any(trigger in near and effect in actions for _, trigger, effect in self.edges)

    def due(self, node: Node) -> list[Due]:
        """When a thing, or what it echoes, is due by each of its routines that tell so."""
        nodes = self.same(node)
        return [
            due
            for routine in self.home.planted
            if any(thing in nodes for thing in routine.things)
            for due in self._due(routine, nodes)
        ]

    def _due(self, routine: Planted, nodes: set[Node]) -> list[Due]:
        if routine.kind in (Kind.SCENE, Kind.DURATION, Kind.FREQUENCY):
            return []
        if routine.kind is Kind.ANOMALY and routine.at_minutes is None:
            return []
        if routine.kind in (Kind.CO_OCCURRENCE, Kind.PRESENCE, Kind.THRESHOLD):
            late = round((routine.delay_seconds or 0) * MICROSECONDS)
            return [Due(routine, self.occasions(routine) + late, routine.probability)]
        if routine.kind is Kind.SEQUENCE:
            found, late, chance = [], 0, 1.0
            for step in routine.steps[1:]:
                late += round(step.after_seconds * MICROSECONDS)
                chance *= routine.probability
                if (step.entity_id, step.to) in nodes:
                    found.append(Due(routine, self.occasions(routine) + late, chance))
            return found
        assert self.log.position is not None or routine.kind is not Kind.SOLAR
        at = self.span.utc(due_by_clock(routine, self.span, self.log.position or (0.0, 0.0)))
        return [Due(routine, at, routine.probability)]

    def occasions(self, routine: Planted) -> Int64Array:
        """What sets a routine off, as the log has it: instants, µs UTC, at which its conditions hold."""
        if routine.kind is Kind.PRESENCE:
            assert routine.presence_event is not None
            found = comings_and_goings(routine.presence_event, [stays(self.log, name) for name in routine.people])
        elif routine.kind is Kind.THRESHOLD:
            assert routine.trigger_entity is not None
            assert routine.level is not None
            found = crossings(*numbers(self.log, routine.trigger_entity), routine.level, rising=bool(routine.rising))
        elif routine.trigger_entity is not None and routine.trigger_to is not None:
            found = instants(self.log, (routine.trigger_entity, routine.trigger_to))
        else:
            return np.empty(0, np.int64)
        for condition in routine.conditions:
            found = found[self._holds(condition, found)]
        return found

    def _holds(self, condition: Condition, times: Int64Array) -> BoolArray:
        if condition.holds == "workdays":
            day = weekday(day_number(to_local(times, self.log.time_zone)))
            return np.isin(day, [WEEKDAYS.index(name) for name in condition.weekdays])
        if condition.holds == "somebody_home":
            return np.asarray(
                np.any([stays(self.log, person).at_home(times) for person in condition.entity_ids], axis=0), np.bool_
            )
        assert self.log.position is not None
        dark = is_dark(times, self.log.time_zone, self.log.position)
        return dark if condition.holds == "dark" else ~dark


def edges(routine: Planted) -> list[tuple[Node, Node]]:
    """Which thing leads to which by a routine: ``(cause, effect)``; in a scene every thing to every other."""
    steps = [(step.entity_id, step.to) for step in routine.steps]
    if routine.kind is Kind.SEQUENCE:
        return [(a, b) for number, a in enumerate(steps) for b in steps[number + 1 :]]
    if routine.kind is Kind.SCENE:
        return [(a, b) for a in steps for b in steps if a != b]
    if routine.kind is Kind.PRESENCE:
        to = "home" if routine.presence_event in ("arrives", "first_arrives") else "not_home"
        return [((person, to), (routine.entity_id, routine.to)) for person in routine.people]
    if routine.kind is Kind.CO_OCCURRENCE:
        assert routine.trigger_entity is not None
        assert routine.trigger_to is not None
        return [((routine.trigger_entity, routine.trigger_to), (routine.entity_id, routine.to))]
    return []


def _reached(nodes: set[Node], links: Mapping[Node, set[Node]], steps: int = 2) -> set[Node]:
    found: set[Node] = set()
    for _ in range(steps):
        nodes = {other for node in nodes for other in links.get(node, ())}
        found |= nodes
    return found


def _span_of(log: EventLog) -> Span:
    if len(log) == 0:
        return Span(0, 1, log.time_zone)
    first, last = day_number(to_local(np.array(log.span, np.int64), log.time_zone)).tolist()
    return Span(first, last - first + 1, log.time_zone)
