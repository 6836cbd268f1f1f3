"""Is a pattern that was found in a simulated home true?"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from src.domain.events import Int64Array
from src.domain.patterns import (
    DayTypeTrigger,
    HeldTrigger,
    Kind,
    MissedTrigger,
    NumericTrigger,
    Pattern,
    PresenceTrigger,
    RateTrigger,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
    TogetherTrigger,
)
from src.simulation.change_claims import changed, was_missed
from src.simulation.clock_claims import CHANCE, due_then
from src.simulation.home import Planted, SimulatedHome
from src.simulation.log_reading import Node, instants, numbers, stays
from src.simulation.matching import NEAR_LENGTH, done, matches
from src.simulation.occasions import comings_and_goings, crossings
from src.simulation.span import MINUTE
from src.simulation.truth import Truth

# A cover passes through these; to say that it begins to open is to say that it opens.
_ARRIVES = {"opening": "open", "closing": "closed", "locking": "locked", "unlocking": "unlocked"}
_COINCIDE = 0.6  # share of one cause's instants that are another's
_BEFORE, _AFTER = 3 * MINUTE, 20 * MINUTE  # when a thing may be due, seen from what is said to cause it
_TOGETHER_SECONDS = 150.0


class Verdict(StrEnum):
    """What a found pattern is."""

    PLANTED = "planted"  # a routine of the truth
    EQUIVALENT = "equivalent"  # follows from routines of the truth: an echo, a chain, a part of its days
    NATURAL = "natural"  # a regularity of sensors
    FALSE = "false"


def _settled(node: Node) -> Node:
    return node[0], _ARRIVES.get(node[1], node[1])


class Judge:
    """The truth of one home, ready to be asked."""

    def __init__(self, home: SimulatedHome) -> None:
        self._home = home
        self._truth = Truth(home)
        self._natural_clock = {
            (routine.entity_id, routine.to) for routine in home.natural if routine.kind is Kind.TIME_OF_DAY
        }
        self._natural_follow = {
            ((routine.trigger_entity, routine.trigger_to), (routine.entity_id, routine.to))
            for routine in home.natural
            if routine.kind is Kind.CO_OCCURRENCE
        }

    def planted(self, pattern: Pattern) -> Planted | None:
        """The routine that a pattern is, None if it is none."""
        return next((routine for routine in self._home.planted if matches(self._home, routine, pattern)), None)

    def __call__(self, pattern: Pattern) -> Verdict:
        """The verdict on a pattern; ``PLANTED`` wins over ``EQUIVALENT``, that over ``NATURAL``."""
        if self.planted(pattern) is not None:
            return Verdict.PLANTED
        if self._follows(pattern):
            return Verdict.EQUIVALENT
        return Verdict.NATURAL if self._natural(pattern) else Verdict.FALSE

    def _natural(self, pattern: Pattern) -> bool:
        trigger, things = pattern.trigger, done(pattern)
        if isinstance(trigger, StateTrigger) and len(things) == 1:
            return ((trigger.entity_id, trigger.to), things[0]) in self._natural_follow
        if isinstance(trigger, RateTrigger | MissedTrigger):
            return False
        if isinstance(trigger, HeldTrigger) and not things:
            away = self._home.away
            return (
                trigger.entity_id.startswith(("person.", "device_tracker."))
                and trigger.to == "not_home"
                and any(end - start >= trigger.for_seconds * 1_000_000 for start, end in away)
            )
        return bool(things) and all(thing in self._natural_clock for thing in things)

    def _follows(self, pattern: Pattern) -> bool:
        """Whether a pattern follows from the truth."""
        trigger = pattern.trigger
        things = tuple(_settled(thing) for thing in done(pattern))
        match trigger:
            case TimeTrigger() | DayTypeTrigger() | SunTrigger():
                return all(due_then(self._truth, pattern, thing) for thing in things)
            case StateTrigger() if len(things) > 1 and pattern.kind is Kind.SEQUENCE:
                chain = [_settled((trigger.entity_id, trigger.to)), *things]
                return all(
                    any(self._truth.links(before, thing) for before in chain[:number])
                    for number, thing in enumerate(chain)
                    if number
                )
            case StateTrigger():
                cause = _settled((trigger.entity_id, trigger.to))
                person = cause[0].startswith(("person.", "device_tracker."))
                return all(
                    self._truth.links(cause, thing)
                    or (person and self._coincides(instants(self._home.log, cause), thing))
                    for thing in things
                )
            case PresenceTrigger():
                people = [stays(self._home.log, name) for name in trigger.entity_ids]
                causes = comings_and_goings(trigger.event, people)
                to = "home" if trigger.event in ("arrives", "first_arrives") else "not_home"
                alone = (trigger.entity_ids[0], to) if len(trigger.entity_ids) == 1 else None
                return all(
                    (alone is not None and self._truth.links(alone, thing)) or self._coincides(causes, thing)
                    for thing in things
                )
            case NumericTrigger():
                level = trigger.above if trigger.above is not None else trigger.below
                assert level is not None
                measured = numbers(self._home.log, trigger.entity_id)
                causes = crossings(*measured, level, rising=trigger.above is not None)
                return all(self._coincides(causes, thing) for thing in things)
            case TogetherTrigger():
                return self._together(things)
            case HeldTrigger():
                return self._lasts(trigger, things)
            case RateTrigger():
                return changed(self._truth, trigger)
            case MissedTrigger():
                return was_missed(self._truth, trigger)

    # A claim that one thing follows another

    def _coincides(self, causes: Int64Array, thing: Node) -> bool:
        """Whether most instants of a cause are occasions of a routine that does the thing."""
        if len(causes) == 0:
            return False
        for due in self._truth.due(thing):
            if due.routine.at_minutes is not None or len(due.time) == 0:
                continue  # a clock is nobody's coming home
            following = np.append(due.time, np.iinfo(np.int64).max)[np.searchsorted(due.time, causes - _BEFORE)]
            if float(np.mean(following - causes <= _AFTER)) >= _COINCIDE:
                return True
        return False

    def _together(self, things: tuple[Node, ...]) -> bool:
        """Whether every thing goes with another within a minute or two, by a routine or as an echo."""
        joined = [
            thing for thing in things if any(self._moves_with(thing, other) for other in things if other != thing)
        ]
        return len(joined) == len(things)

    def _moves_with(self, one: Node, other: Node) -> bool:
        ones, others = self._truth.same(one), self._truth.same(other)
        if {entity_id for entity_id, _ in ones} & {entity_id for entity_id, _ in others}:
            return True
        for routine, cause, effect in self._truth.edges:
            quick = routine.delay_seconds is None or routine.delay_seconds <= _TOGETHER_SECONDS
            if quick and ((cause in ones and effect in others) or (cause in others and effect in ones)):
                return True
        return any(
            a.routine.at_minutes is not None
            and b.routine.at_minutes is not None
            and len(a.time) > 0
            and len(b.time) > 0
            and float(np.mean(np.abs(a.time[:, None] - b.time[None, :]).min(axis=1) <= 3 * MINUTE)) >= _COINCIDE
            for a in self._truth.due(one)
            for b in self._truth.due(other)
        )

    # A claim about how long

    def _lasts(self, trigger: HeldTrigger, things: tuple[Node, ...]) -> bool:
        home = self._home
        sources = {trigger.entity_id} | self._truth.sources.get(trigger.entity_id, set())
        for routine in home.planted:
            if (
                not things
                and routine.kind is Kind.ANOMALY
                and routine.at_minutes is None
                and routine.entity_id in sources
            ):
                return True
            if things and routine.kind is Kind.DURATION and routine.entity_id in sources - {trigger.entity_id}:
                assert routine.for_seconds is not None
                return abs(routine.for_seconds - trigger.for_seconds) <= NEAR_LENGTH * routine.for_seconds
        return any(self._between_clocks(trigger, thing) for thing in things)

    def _between_clocks(self, trigger: HeldTrigger, thing: Node) -> bool:
        """Whether beginning and end are both due by routines that lie so far apart."""
        for begin in self._truth.due((trigger.entity_id, trigger.to)):
            for end in self._truth.due(thing):
                if len(begin.time) == 0 or len(end.time) == 0:
                    continue
                following = np.searchsorted(end.time, begin.time)
                usable = following < len(end.time)
                lasted = (end.time[following[usable]] - begin.time[usable]) / 1_000_000
                near = np.abs(lasted - trigger.for_seconds) <= NEAR_LENGTH * trigger.for_seconds
                if usable.any() and float(near.mean()) * begin.chance * end.chance >= CHANCE:
                    return True
        return False
