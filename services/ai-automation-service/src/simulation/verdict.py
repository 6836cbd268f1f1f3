"""Is a pattern that was found in a simulated home true? And how often does any routine happen in a log?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import numpy as np

from src.domain.events import MICROSECONDS, EventLog, Int64Array, Origin
from src.domain.local_time import day_number, to_local, weekday
from src.domain.patterns import WEEKDAYS, Kind, Pattern, StateTrigger, TimeTrigger
from src.simulation.home import Planted, SimulatedHome
from src.simulation.natural import CERTAIN
from src.simulation.span import DAY_MINUTES, MINUTE

Node = tuple[str, str]  # an entity taking a state

NEAR_MINUTES = 30.0
DAYS_SHARED = 0.5
# A cover passes through these; to say that it begins to open is to say that it opens.
_ARRIVES = {"opening": "open", "closing": "closed", "locking": "locked", "unlocking": "unlocked"}


class Verdict(StrEnum):
    """What a found pattern is."""

    PLANTED = "planted"  # a routine of the truth
    EQUIVALENT = "equivalent"  # follows from routines of the truth: an echo, a chain, a part of its days
    NATURAL = "natural"  # a regularity of sensors
    FALSE = "false"


def minutes_apart(one: float, other: float) -> float:
    """Distance on the clock's circle, 0 to 720 minutes."""
    gap = abs(one - other) % DAY_MINUTES
    return min(gap, DAY_MINUTES - gap)


def clock_minutes(at: str) -> float:
    """Minutes after midnight of ``HH:MM:SS``."""
    hours, minutes, seconds = at.split(":")
    return int(hours) * 60 + int(minutes) + float(seconds) / 60


def _settled(node: Node) -> Node:
    return node[0], _ARRIVES.get(node[1], node[1])


def _action(pattern: Pattern) -> Node:
    return pattern.actions[0].entity_id, pattern.actions[0].to


def _same_days(one: Iterable[str], other: Iterable[str]) -> bool:
    a, b = set(one), set(other)
    return bool(a | b) and len(a & b) / len(a | b) >= DAYS_SHARED


def matches(planted: Planted, pattern: Pattern) -> bool:
    """Whether a pattern is that routine.

    The same kind, action and trigger; for a time of day, within half an hour on the clock's circle and days
    of which at least half are shared.
    """
    if planted.kind is not pattern.kind or _action(pattern) != (planted.entity_id, planted.to):
        return False
    trigger = pattern.trigger
    if isinstance(trigger, StateTrigger):
        return (trigger.entity_id, trigger.to) == (planted.trigger_entity, planted.trigger_to)
    assert planted.at_minutes is not None
    near = minutes_apart(clock_minutes(trigger.at), planted.at_minutes) <= NEAR_MINUTES
    return near and _same_days(trigger.weekdays, planted.weekdays)


class Judge:
    """The truth of one home, ready to be asked."""

    def __init__(self, home: SimulatedHome) -> None:
        self._planted = home.planted
        self._clock = [routine for routine in home.planted if routine.kind is Kind.TIME_OF_DAY]
        self._follow = [routine for routine in home.planted if routine.kind is Kind.CO_OCCURRENCE]
        self._natural_clock = {
            (routine.entity_id, routine.to) for routine in home.natural if routine.kind is Kind.TIME_OF_DAY
        }
        self._natural_follow: set[tuple[Node, Node]] = set()
        self._echoed: dict[str, set[str]] = {}
        for source, follower in home.echoes:
            self._echoed.setdefault(follower, set()).add(source)
        self._effects: dict[Node, set[Node]] = {}
        self._causes: dict[Node, set[Node]] = {}
        for routine in home.natural:
            if routine.kind is Kind.CO_OCCURRENCE:
                trigger, action = _trigger_node(routine), (routine.entity_id, routine.to)
                self._natural_follow.add((trigger, action))
                if routine.probability >= CERTAIN:
                    self._link(trigger, action)
        for routine in self._follow:
            self._link(_trigger_node(routine), (routine.entity_id, routine.to))

    def _link(self, cause: Node, effect: Node) -> None:
        self._effects.setdefault(cause, set()).add(effect)
        self._causes.setdefault(effect, set()).add(cause)

    def __call__(self, pattern: Pattern) -> Verdict:
        """The verdict on a pattern; ``PLANTED`` wins over ``EQUIVALENT``, that over ``NATURAL``."""
        if any(matches(routine, pattern) for routine in self._planted):
            return Verdict.PLANTED
        trigger, action = pattern.trigger, _settled(_action(pattern))
        if isinstance(trigger, TimeTrigger):
            if self._follows_from_clock(action, clock_minutes(trigger.at), trigger.weekdays, depth=2):
                return Verdict.EQUIVALENT
            return Verdict.NATURAL if _action(pattern) in self._natural_clock else Verdict.FALSE
        cause = _settled((trigger.entity_id, trigger.to))
        if self._follows_from_link(cause, action):
            return Verdict.EQUIVALENT
        if ((trigger.entity_id, trigger.to), _action(pattern)) in self._natural_follow:
            return Verdict.NATURAL
        return Verdict.FALSE

    def _sources(self, node: Node) -> list[Node]:
        """The node and what its entity echoes, which may name the state otherwise."""
        states = {routine.to for routine in self._planted}
        return [node, *((source, state) for source in self._echoed.get(node[0], ()) for state in states)]

    def _follows_from_clock(self, action: Node, at: float, weekdays: Sequence[str], depth: int) -> bool:
        for node in self._sources(action):
            for routine in self._clock:
                assert routine.at_minutes is not None
                if (
                    (routine.entity_id, routine.to) == node
                    and minutes_apart(at, routine.at_minutes) <= NEAR_MINUTES
                    and (set(weekdays) <= set(routine.weekdays) or _same_days(weekdays, routine.weekdays))
                ):
                    return True
            causes = [_trigger_node(routine) for routine in self._follow if (routine.entity_id, routine.to) == node]
            if depth and any(self._follows_from_clock(cause, at, weekdays, depth - 1) for cause in causes):
                return True
        return False

    def _follows_from_link(self, cause: Node, action: Node) -> bool:
        """Whether a cause stands for the trigger of a routine with that action.

        It does if one certainly leads to the other, or one thing to both. Two things that both lead to a third (two
        people who use one door) do not stand for each other.
        """
        own = set(self._sources(cause))
        before = own | self._reached(own, self._causes)
        after = self._reached(own, self._effects)
        near = before | after | self._reached(before, self._effects, steps=1)
        near.discard(action)
        actions = set(self._sources(action))
        if cause[0] in {entity_id for entity_id, _ in actions if entity_id != action[0]}:
            return False  # the source of an echo is not the cause of a routine
        return any(
            _trigger_node(routine) in near and (routine.entity_id, routine.to) in actions for routine in self._follow
        )

    @staticmethod
    def _reached(nodes: set[Node], links: Mapping[Node, set[Node]], steps: int = 2) -> set[Node]:
        found: set[Node] = set()
        for _ in range(steps):
            nodes = {other for node in nodes for other in links.get(node, ())}
            found |= nodes
        return found


def _trigger_node(routine: Planted) -> Node:
    assert routine.trigger_entity is not None
    assert routine.trigger_to is not None
    return routine.trigger_entity, routine.trigger_to


def instants(log: EventLog, node: Node, *, by_people: bool = False) -> Int64Array:
    """When an entity came into a state from another, µs UTC; with ``by_people`` not by an automation."""
    if node[0] not in log.entities or node[1] not in log.states:
        return np.empty(0, np.int64)
    own = log.entity == log.entities.index(node[0])
    gone = [log.states.index(state) for state in ("unavailable", "unknown") if state in log.states]
    own &= ~np.isin(log.state, gone)
    state, time, origin = log.state[own], log.time[own], log.origin[own]
    wanted = state == log.states.index(node[1])
    wanted[1:] &= state[1:] != state[:-1]
    if by_people:
        wanted &= origin != Origin.AUTOMATION
    chosen: Int64Array = time[wanted]
    return chosen


def happened(log: EventLog, pattern: Pattern) -> tuple[int, int]:
    """``(hits, opportunities)`` of a pattern in a log, whole local days only for a time of day.

    A day is a hit if the action comes within twice the spread of the time, at least a quarter of an hour; a trigger
    is one if the action follows within the pattern's own delay.
    """
    action = instants(log, _action(pattern), by_people=True)
    trigger = pattern.trigger
    if isinstance(trigger, StateTrigger):
        causes = instants(log, (trigger.entity_id, trigger.to))
        within = round(trigger.within_seconds * MICROSECONDS)
        following = np.append(action, np.iinfo(np.int64).max)[np.searchsorted(action, causes, "right")]
        return int(np.sum(following - causes <= within)), len(causes)
    if len(log) == 0:
        return 0, 0
    first, last = day_number(to_local(np.array(log.span, np.int64), log.time_zone))
    days = np.arange(first, last + 1)
    days = days[np.isin(weekday(days), [WEEKDAYS.index(day) for day in trigger.weekdays])]
    window = max(2 * pattern.evidence.spread_minutes, 15.0)
    expected = days * DAY_MINUTES + clock_minutes(trigger.at)
    local = to_local(action, log.time_zone) / MINUTE
    nearest = np.searchsorted(local, expected - window)
    return int(np.sum(np.append(local, np.inf)[nearest] <= expected + window)), len(days)
