"""How often any routine happens in a log: whether what was found on some days holds on others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, EventLog, Float64Array, Int64Array
from src.domain.local_time import DAY, day_number, to_local, weekday
from src.domain.patterns import (
    WEEKDAYS,
    DayTypeTrigger,
    HeldTrigger,
    Json,
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
from src.simulation.daylight import is_dark, sun_times
from src.simulation.log_reading import Node, departures, in_state, instants, numbers, stays
from src.simulation.matching import clock_minutes, done
from src.simulation.occasions import comings_and_goings, crossings
from src.simulation.span import DAY_MINUTES, MINUTE

Taken = tuple[int, int]  # hits and opportunities
_NEVER = np.iinfo(np.int64).max


def happened(log: EventLog, pattern: Pattern) -> Taken:
    """``(hits, opportunities)`` of a pattern in a log.

    By kind of trigger, an opportunity and what takes it:

    - a time or the sun: a day of its weekdays; the action within twice the spread of the time, at least a quarter of an
      hour.
    - a state, a person, a level: its coming about while the conditions hold and the action's state is not there yet;
      the action within the pattern's own delay; of a sequence all its actions, in order.
    - together: the first of the things being set; two thirds of them within the pattern's own time.
    - held with an action: the entity leaving the state; after about so long, within a quarter or twice the spread.
    - a rate: the log as a whole; a rate nearer to the new one than to the old.

    What happened once (a thing left open, a routine that was missed) has no opportunities.
    """
    trigger = pattern.trigger
    if len(log) == 0:
        return 0, 0
    match trigger:
        case TimeTrigger() | DayTypeTrigger() | SunTrigger():
            return _by_clock(log, pattern)
        case StateTrigger():
            causes = instants(log, (trigger.entity_id, trigger.to))
            return _after(log, pattern, causes, trigger.within_seconds)
        case PresenceTrigger():
            causes = comings_and_goings(trigger.event, [stays(log, name) for name in trigger.entity_ids])
            return _after(log, pattern, causes, trigger.within_seconds)
        case NumericTrigger():
            level = trigger.above if trigger.above is not None else trigger.below
            assert level is not None
            causes = crossings(*numbers(log, trigger.entity_id), level, rising=trigger.above is not None)
            return _after(log, pattern, causes, trigger.within_seconds)
        case TogetherTrigger():
            return _together(log, done(pattern), trigger.within_seconds)
        case HeldTrigger():
            return _lasted(log, pattern, trigger)
        case RateTrigger():
            return _rate(log, trigger)
        case MissedTrigger():
            return 0, 0


def _observed_days(log: EventLog) -> Int64Array:
    return np.unique(day_number(to_local(log.time, log.time_zone)))


def _expected(log: EventLog, trigger: TimeTrigger | SunTrigger) -> Float64Array:
    """When a trigger is due on the log's days, minutes on the wall clock since 1970."""
    days = _observed_days(log)
    days = np.arange(days[0], days[-1] + 1)
    days = days[np.isin(weekday(days), [WEEKDAYS.index(day) for day in trigger.weekdays])]
    if isinstance(trigger, TimeTrigger):
        return np.asarray(days * DAY_MINUTES + clock_minutes(trigger.at), np.float64)
    if log.position is None or len(days) == 0:
        return np.empty(0, np.float64)
    rise, fall = sun_times(int(days[0]), int(days[-1] - days[0]) + 1, log.time_zone, log.position)
    events = (rise if trigger.event == "sunrise" else fall)[days - days[0]]
    return np.asarray(to_local(events, log.time_zone) / MINUTE + trigger.offset_minutes, np.float64)


def _by_clock(log: EventLog, pattern: Pattern) -> Taken:
    trigger = pattern.trigger
    claims = trigger.times if isinstance(trigger, DayTypeTrigger) else (trigger,)
    action = instants(log, done(pattern)[0], by_people=True)
    local = to_local(action, log.time_zone) / MINUTE
    window = max(2 * pattern.evidence.spread_minutes, 15.0)
    hits = opportunities = 0
    for claim in claims:
        assert isinstance(claim, TimeTrigger | SunTrigger)
        expected = _expected(log, claim)
        nearest = np.append(local, np.inf)[np.searchsorted(local, expected - window)]
        hits += int(np.sum(nearest <= expected + window))
        opportunities += len(expected)
    return hits, opportunities


def _after(log: EventLog, pattern: Pattern, causes: Int64Array, within_seconds: float) -> Taken:
    things = done(pattern)
    causes = causes[_hold(log, pattern.conditions, causes)]
    causes = causes[~in_state(log, things[0], causes)]
    steps = things if pattern.kind is Kind.SEQUENCE else things[:1]
    at, within = causes, round(within_seconds * MICROSECONDS)
    for thing in steps:
        action = np.append(instants(log, thing, by_people=True), _NEVER)
        following = np.searchsorted(action[:-1], at, "right")
        at = action[np.minimum(following, len(action) - 1)]
    return int(np.sum((at != _NEVER) & (at - causes <= within))), len(causes)


def _hold(log: EventLog, conditions: Sequence[Json], times: Int64Array) -> BoolArray:
    """At which instants all conditions hold; a season is not asked for, the log lies in it or not."""
    holds = np.ones(len(times), np.bool_)
    for condition in conditions:
        if condition["type"] == "time":
            days = weekday(day_number(to_local(times, log.time_zone)))
            holds &= np.isin(days, [WEEKDAYS.index(day) for day in condition["weekdays"]])
        elif condition["type"] == "sun" and log.position is not None:
            dark = is_dark(times, log.time_zone, log.position)
            holds &= dark if condition["is"] == "below_horizon" else ~dark
        elif condition["type"] == "presence":
            home = np.zeros(len(times), np.bool_)
            for name in condition["entity_ids"]:
                home |= stays(log, name).at_home(times)
            holds &= home if condition["is"] == "somebody_home" else ~home
        elif condition["type"] == "state":
            holds &= in_state(log, (condition["entity_id"], condition["state"]), times)
    return holds


def _together(log: EventLog, things: Sequence[Node], within_seconds: float) -> Taken:
    within = round(within_seconds * MICROSECONDS)
    own = [instants(log, thing, by_people=True) for thing in things]
    every = np.sort(np.concatenate(own))
    starts: list[int] = []
    for at in every.tolist():
        if not starts or at - starts[-1] > within:
            starts.append(at)
    first = np.array(starts, np.int64)
    set_then = np.zeros(len(first), np.int64)
    for times in own:
        nearest = np.append(times, _NEVER)[np.searchsorted(times, first)]
        set_then += nearest <= first + within
    return int(np.sum(set_then * 3 >= 2 * len(things))), len(first)


def _lasted(log: EventLog, pattern: Pattern, trigger: HeldTrigger) -> Taken:
    if not pattern.actions:
        return 0, 0
    node = (trigger.entity_id, trigger.to)
    came, went = instants(log, node), departures(log, node)
    before = np.searchsorted(came, went, "right") - 1
    known = before >= 0
    lasted = (went[known] - came[before[known]]) / MICROSECONDS
    near = max(0.25 * trigger.for_seconds, 120 * pattern.evidence.spread_minutes)
    return int(np.sum(np.abs(lasted - trigger.for_seconds) <= near)), len(lasted)


def _rate(log: EventLog, trigger: RateTrigger) -> Taken:
    weeks = max((log.span[1] - log.span[0]) / DAY, 1.0) / 7
    rate = max(len(instants(log, (trigger.entity_id, trigger.to))) / weeks, 0.05)
    before, after = max(trigger.per_week_before, 0.05), max(trigger.per_week_after, 0.05)
    return int(abs(np.log(rate / after)) < abs(np.log(rate / before))), 1
