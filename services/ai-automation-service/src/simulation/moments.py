"""When routines happen: for each kind, the instants at which its things are set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, Float64Array, Int64Array
from src.domain.local_time import DAY, day_number, to_local, weekday
from src.domain.patterns import WEEKDAYS, Kind
from src.simulation.daylight import Position, is_dark, sun_times
from src.simulation.home import Condition, Planted
from src.simulation.occasions import Stays, comings_and_goings, crossings
from src.simulation.span import DAY_MINUTES, MINUTE, Span
from src.simulation.timeline import Timeline

# Nobody gets up to answer a sensor before or after this, minutes after midnight.
AWAKE = (330, DAY_MINUTES - 5)
_UNEVEN = 0.35  # deviation of the gap between two steps, as a share of it
_SCENES_APART = 150  # minutes


@dataclass(frozen=True)
class Surroundings:
    """What a device's uses depend on.

    Attributes:
        active: bool (span.minutes,), somebody is at home and awake.
        present: bool (span.minutes,), nobody is on holiday: routines run.
        departures: int64 (n,), instants (µs UTC, ascending) at which the last person leaves.
        lines: timelines that routines may be triggered by.
        streams: random numbers by name.
        position: of the home.
        busier: float64 (span.days,), how much more things are used, on days with guests for one.
        gatherings: by area, int64, instants (µs UTC, ascending) around which people tend to use what is there.
        given_up: when a routine was dropped, µs UTC; the others go on to the end.
    """

    span: Span
    active: BoolArray
    present: BoolArray
    departures: Int64Array
    lines: Mapping[str, Timeline]
    streams: Callable[[str], np.random.Generator]
    position: Position
    busier: Float64Array
    gatherings: Mapping[str, Int64Array] = field(default_factory=dict)
    given_up: Mapping[Planted, int] = field(default_factory=dict)

    def stays(self, person: str) -> Stays:
        """When a person came and left."""
        return Stays(self.lines[person].when("home"), self.lines[person].when("not_home"))


def _on_days(routine: Planted, weekdays: tuple[str, ...], span: Span) -> Int64Array:
    """int64, the days of the span a routine of the clock may happen on."""
    chosen = np.isin(span.weekdays, [WEEKDAYS.index(day) for day in weekdays])
    midnight = np.arange(span.days) * DAY_MINUTES
    if routine.since_minutes is not None:
        later = midnight >= routine.since_minutes
        chosen &= ~later if routine.kind is Kind.ANOMALY else later
    return np.flatnonzero(chosen)


def due_by_clock(routine: Planted, span: Span, position: Position) -> Float64Array:
    """Moments of the span (minutes, ascending) about which a routine of the clock or the sun is due.

    Of the kinds time_of_day, day_type, solar and seasonal, and of a routine that was missed in the end.
    """
    days = _on_days(routine, routine.weekdays, span)
    if routine.kind is Kind.SOLAR:
        assert routine.offset_minutes is not None
        rise, fall = sun_times(span.first_day, span.days, span.time_zone, position)
        events = (rise if routine.sun_event == "sunrise" else fall)[days]
        local = to_local(events, span.time_zone) - span.first_day * DAY
        return np.asarray(local / MINUTE + routine.offset_minutes, np.float64)
    assert routine.at_minutes is not None
    due = days * DAY_MINUTES + routine.at_minutes
    if routine.other_minutes is not None:
        others = tuple(day for day in WEEKDAYS if day not in routine.weekdays)
        due = np.concatenate([due, _on_days(routine, others, span) * DAY_MINUTES + routine.other_minutes])
    return np.sort(due)


def _by_clock(routine: Planted, around: Surroundings, rng: np.random.Generator) -> Int64Array:
    span = around.span
    due = due_by_clock(routine, span, around.position)
    due = due[rng.random(len(due)) < routine.probability]
    minutes = due + rng.normal(0, routine.spread_minutes, len(due))
    at = np.clip(minutes, 0, span.minutes - 1).astype(np.int64)
    return np.sort(span.utc(minutes[around.present[at]]))


def _delays(mean: float, spread: float, count: int, rng: np.random.Generator) -> Int64Array:
    """Lognormal delays, µs, of that mean and deviation (s): never before the trigger, and with a long tail."""
    variance = np.log1p((spread / mean) ** 2)
    delay = rng.lognormal(np.log(mean) - variance / 2, np.sqrt(variance), count)
    return np.asarray(np.maximum(delay, 1.5) * MICROSECONDS, np.int64)


def _causes(routine: Planted, around: Surroundings) -> Int64Array:
    """Instants (µs UTC) at which what sets a routine off happens."""
    if routine.kind is Kind.PRESENCE:
        assert routine.presence_event is not None
        return comings_and_goings(routine.presence_event, [around.stays(person) for person in routine.people])
    assert routine.trigger_entity is not None
    line = around.lines[routine.trigger_entity]
    if routine.kind is Kind.THRESHOLD:
        assert routine.level is not None
        values = np.array([float(name) for name in line.names])[line.code]
        found = crossings(line.time, values, routine.level, rising=bool(routine.rising))
        local = to_local(found, around.span.time_zone)
        minute = (local - around.span.first_day * DAY) // MINUTE
        awake = (local % DAY // MINUTE >= AWAKE[0]) & (local % DAY // MINUTE < AWAKE[1])
        return found[awake & around.present[np.clip(minute, 0, around.span.minutes - 1)]]
    assert routine.trigger_to is not None
    return line.when(routine.trigger_to)


def _holds(condition: Condition, times: Int64Array, around: Surroundings) -> BoolArray:
    if condition.holds == "workdays":
        days = weekday(day_number(to_local(times, around.span.time_zone)))
        return np.isin(days, [WEEKDAYS.index(day) for day in condition.weekdays])
    if condition.holds == "somebody_home":
        found = np.zeros(len(times), np.bool_)
        for person in condition.entity_ids:
            found |= around.stays(person).at_home(times)
        return found
    dark = is_dark(times, around.span.time_zone, around.position)
    return dark if condition.holds == "dark" else ~dark


def _by_cause(routine: Planted, around: Surroundings, rng: np.random.Generator) -> Int64Array:
    assert routine.delay_seconds is not None
    causes = _causes(routine, around)
    days = weekday(day_number(to_local(causes, around.span.time_zone)))
    holds = np.isin(days, [WEEKDAYS.index(day) for day in routine.weekdays])
    for condition in routine.conditions:
        holds &= _holds(condition, causes, around)
    taken = causes[holds & (rng.random(len(causes)) < routine.probability)]
    return np.sort(taken + _delays(routine.delay_seconds, routine.spread_minutes * 60, len(taken), rng))


def _steps(routine: Planted, entity_id: str, around: Surroundings) -> Int64Array:
    """When a sequence comes to one of its things; a step that is left out ends it."""
    rng = around.streams(f"sequence {routine.steps}")
    first = routine.steps[0]
    at = around.lines[first.entity_id].when(first.to)
    for step in routine.steps[1:]:
        at = at[rng.random(len(at)) < routine.probability]
        at = at + _delays(step.after_seconds, step.after_seconds * _UNEVEN, len(at), rng)
        if step.entity_id == entity_id:
            break
    return np.sort(at)


def _together(routine: Planted, entity_id: str, around: Surroundings) -> Int64Array:
    """When one thing of a scene is set; each time at another moment of a minute or so."""
    assert routine.per_day is not None
    span = around.span
    rng = around.streams(f"scene {routine.steps}")
    count = rng.poisson(routine.per_day * span.days * 2.2)
    hour = np.where(rng.random(count) < 0.6, rng.normal(19.0, 2.6, count), rng.uniform(6.5, 23.5, count))
    minute = np.sort(rng.integers(0, span.days, count) * DAY_MINUTES + np.clip(hour, 0, 23.9) * 60)
    minute = minute[around.active[minute.astype(np.int64)]]
    kept: list[float] = []
    for moment in minute.tolist():
        if not kept or moment - kept[-1] >= _SCENES_APART:
            kept.append(moment)
    at = span.utc(np.array(kept, np.float64))
    within = routine.spread_minutes * MINUTE
    late = (rng.random((len(routine.steps), len(at))) * within).astype(np.int64)
    taken = rng.random((len(routine.steps), len(at))) < routine.probability
    number = [step.entity_id for step in routine.steps].index(entity_id)
    return np.sort((at + late[number])[taken[number]])


def moments(routine: Planted, entity_id: str, around: Surroundings, rng: np.random.Generator) -> dict[str, Int64Array]:
    """When a routine sets one of its entities, and to what: by state, instants (µs UTC, ascending).

    Empty for a routine that is about how long or how often a thing is used.
    """
    if routine.kind in (Kind.SEQUENCE, Kind.SCENE):
        draw = _steps if routine.kind is Kind.SEQUENCE else _together
        return {to: draw(routine, entity_id, around) for thing, to in routine.things if thing == entity_id}
    if routine.kind in (Kind.DURATION, Kind.FREQUENCY) or (routine.kind is Kind.ANOMALY and routine.at_minutes is None):
        return {}
    by_cause = routine.kind in (Kind.CO_OCCURRENCE, Kind.PRESENCE, Kind.THRESHOLD)
    at = (_by_cause if by_cause else _by_clock)(routine, around, rng)
    until = around.given_up.get(routine)
    return {routine.to: at if until is None else at[at < until]}


def left_open(routine: Planted, around: Surroundings, rng: np.random.Generator) -> tuple[int, int]:
    """From when to when (µs UTC) a thing is forgotten: many hours of the last days."""
    assert routine.since_minutes is not None
    span = around.span
    hours = rng.uniform(9, 16)
    latest = span.minutes - 10 * 60
    awake = np.flatnonzero(around.active[: latest + 1])
    awake = awake[awake >= min(routine.since_minutes, latest - 60)]
    start = float(rng.choice(awake)) if len(awake) else latest - 30.0
    begin = int(span.utc(np.array([start]))[0])
    return begin, begin + round(hours * 60 * MINUTE)
