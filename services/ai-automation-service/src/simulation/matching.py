"""Is a found pattern that planted routine? The same kind, the same things, and a trigger within tolerances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import numpy as np

from src.domain.patterns import (
    WEEKDAYS,
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
from src.simulation.home import Planted, SimulatedHome
from src.simulation.log_reading import Node, numbers
from src.simulation.span import DAY_MINUTES

NEAR_MINUTES = 30.0  # of a time of day
NEAR_OFFSET = 25.0  # minutes, of an offset from the sun
NEAR_LEVEL = 0.15  # of what a sensor reads between its 5th and 95th percentile
NEAR_LENGTH = 0.25
NEAR_DAYS = 10  # of the day since which something holds
DAYS_SHARED = 0.5
THINGS_SHARED = 0.6
STEPS_SHARED = 3


def minutes_apart(one: float, other: float) -> float:
    """Distance on the clock's circle, 0 to 720 minutes."""
    gap = abs(one - other) % DAY_MINUTES
    return min(gap, DAY_MINUTES - gap)


def clock_minutes(at: str) -> float:
    """Minutes after midnight of ``HH:MM:SS``."""
    hours, minutes, seconds = at.split(":")
    return int(hours) * 60 + int(minutes) + float(seconds) / 60


def same_days(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether at least half of the days of both are common."""
    a, b = set(one), set(other)
    return bool(a | b) and len(a & b) / len(a | b) >= DAYS_SHARED


def done(pattern: Pattern) -> tuple[Node, ...]:
    """The things a pattern does."""
    return tuple((action.entity_id, action.to) for action in pattern.actions)


def season_begins(pattern: Pattern) -> str | None:
    """``MM-DD`` of the beginning of a pattern's season, None if it says none."""
    for condition in pattern.conditions:
        if condition["type"] == "season" and condition["from"] is not None:
            return str(condition["from"])
    return None


def date_of(home: SimulatedHome, moment: float) -> date:
    """The local date of a moment of a home's span."""
    assert home.span is not None
    return date(1970, 1, 1) + timedelta(days=home.span.first_day + int(moment // DAY_MINUTES))


def days_from(home: SimulatedHome, moment: float, text: str) -> int:
    """Days between a moment of the span and a date, ``YYYY-MM-DD`` or ``MM-DD``."""
    then = date_of(home, moment)
    if len(text) > 5:
        return abs((date.fromisoformat(text) - then).days)
    month, day = (int(part) for part in text.split("-"))
    return min(abs((date(year, month, min(day, 28)) - then).days) for year in (then.year - 1, then.year, then.year + 1))


def common_steps(one: Sequence[Node], other: Sequence[Node]) -> int:
    """Length of the longest sequence of things that both have in the same order."""
    row = [0] * (len(other) + 1)
    for a in one:
        before = row
        row = [0]
        for number, b in enumerate(other):
            row.append(before[number] + 1 if a == b else max(before[number + 1], row[-1]))
    return row[-1]


def matches(home: SimulatedHome, planted: Planted, pattern: Pattern) -> bool:
    """Whether a pattern is that routine of that home. Conditions are not compared; see :func:`conditions_match`."""
    if planted.kind is not pattern.kind:
        return False
    trigger, things = pattern.trigger, done(pattern)
    if isinstance(trigger, TogetherTrigger):
        return _same_scene(home, planted, things)
    if isinstance(trigger, RateTrigger):
        return _same_change(home, planted, trigger)
    if isinstance(trigger, MissedTrigger):
        return (
            (trigger.entity_id, trigger.to) == (planted.entity_id, planted.to)
            and planted.at_minutes is not None
            and planted.since_minutes is not None
            and minutes_apart(clock_minutes(trigger.at), planted.at_minutes) <= 2 * NEAR_MINUTES
            and days_from(home, planted.since_minutes, trigger.since) <= 3
        )
    if isinstance(trigger, HeldTrigger) and planted.kind is Kind.ANOMALY:
        return (trigger.entity_id, trigger.to) == (planted.entity_id, planted.to) and planted.at_minutes is None
    if planted.kind is Kind.SEQUENCE:
        return isinstance(trigger, StateTrigger) and _same_sequence(planted, trigger, things)
    if (planted.entity_id, planted.to) not in things:
        return False
    return _same_cause(home, planted, pattern)


def _same_cause(home: SimulatedHome, planted: Planted, pattern: Pattern) -> bool:
    trigger = pattern.trigger
    if isinstance(trigger, TimeTrigger):
        if planted.at_minutes is None or not same_days(trigger.weekdays, planted.weekdays):
            return False
        begins = season_begins(pattern)
        if planted.kind is Kind.SEASONAL and (
            begins is None
            or planted.since_minutes is None
            or days_from(home, planted.since_minutes, begins) > NEAR_DAYS
        ):
            return False
        return minutes_apart(clock_minutes(trigger.at), planted.at_minutes) <= NEAR_MINUTES
    if isinstance(trigger, DayTypeTrigger):
        others = tuple(day for day in WEEKDAYS if day not in planted.weekdays)
        wanted = ((planted.at_minutes, planted.weekdays), (planted.other_minutes, others))
        return all(
            any(
                at is not None
                and minutes_apart(clock_minutes(time.at), at) <= NEAR_MINUTES
                and same_days(time.weekdays, weekdays)
                for time in trigger.times
            )
            for at, weekdays in wanted
        )
    if isinstance(trigger, SunTrigger):
        return (
            planted.sun_event == trigger.event
            and planted.offset_minutes is not None
            and abs(planted.offset_minutes - trigger.offset_minutes) <= NEAR_OFFSET
            and same_days(trigger.weekdays, planted.weekdays)
        )
    if isinstance(trigger, StateTrigger):
        return (trigger.entity_id, trigger.to) == (planted.trigger_entity, planted.trigger_to)
    if isinstance(trigger, PresenceTrigger):
        if trigger.event == planted.presence_event:
            return tuple(sorted(trigger.entity_ids)) == planted.people
        return False
    if isinstance(trigger, HeldTrigger):
        return (
            (trigger.entity_id, trigger.to) == (planted.trigger_entity, planted.trigger_to)
            and planted.for_seconds is not None
            and abs(trigger.for_seconds - planted.for_seconds) <= NEAR_LENGTH * planted.for_seconds
        )
    return isinstance(trigger, NumericTrigger) and _same_level(home, planted, trigger)


def _same_level(home: SimulatedHome, planted: Planted, trigger: NumericTrigger) -> bool:
    level = trigger.above if trigger.above is not None else trigger.below
    if trigger.entity_id != planted.trigger_entity or planted.level is None or level is None:
        return False
    low, high = np.quantile(numbers(home.log, trigger.entity_id)[1], (0.05, 0.95))
    return (trigger.above is not None) == planted.rising and abs(level - planted.level) <= NEAR_LEVEL * (high - low)


def _same_sequence(planted: Planted, trigger: StateTrigger, things: Sequence[Node]) -> bool:
    found = ((trigger.entity_id, trigger.to), *things)
    common = common_steps(found, [(step.entity_id, step.to) for step in planted.steps])
    return common >= STEPS_SHARED and common >= THINGS_SHARED * len(found)


def _same_scene(home: SimulatedHome, planted: Planted, things: Sequence[Node]) -> bool:
    """A group of lamps may stand beside its members or in the place of one."""
    members = {follower: source for source, follower in home.echoes}
    truth = set(planted.things)
    found = {thing for thing in things if members.get(thing[0], thing[0]) == thing[0] or thing in truth}
    return len(truth & found) >= THINGS_SHARED * len(truth | found)


def _same_change(home: SimulatedHome, planted: Planted, trigger: RateTrigger) -> bool:
    if planted.factor is None or planted.since_minutes is None or trigger.entity_id != planted.entity_id:
        return False
    more = trigger.per_week_after > trigger.per_week_before
    return more == (planted.factor > 1) and days_from(home, planted.since_minutes, trigger.since) <= NEAR_DAYS


def conditions_match(planted: Planted, pattern: Pattern) -> bool:
    """Whether a pattern says the conditions of the routine that it matches, and no others.

    Weekdays count as said by any trigger that names them; ``somebody_home`` by anything about one of its people.
    """
    wanted = {condition.holds for condition in planted.conditions}
    said = set()
    for condition in pattern.conditions:
        if condition["type"] == "time":
            said.add("workdays")
        elif condition["type"] == "sun":
            said.add("dark" if condition["is"] == "below_horizon" else "daylight")
        elif condition["type"] in ("presence", "state"):
            said.add("somebody_home")
    return said == wanted
