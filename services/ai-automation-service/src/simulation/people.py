"""The people of a home: when they wake, leave, return and sleep, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from src.domain.events import BoolArray, Float64Array
from src.simulation.span import DAY_MINUTES, Span

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shift:
    """One kind of working day. Minutes after midnight; a return or a bedtime after midnight exceeds 1440."""

    wake: float
    leave: float
    back: float
    sleep: float


OFFICE = Shift(wake=400, leave=470, back=1035, sleep=1380)
SCHOOL = Shift(wake=405, leave=455, back=830, sleep=1265)
EARLY = Shift(wake=285, leave=330, back=870, sleep=1310)
LATE = Shift(wake=540, leave=780, back=1350, sleep=1470)
NIGHT = Shift(wake=870, leave=1285, back=1830, sleep=1900)


@dataclass(frozen=True, slots=True)
class Person:
    """How somebody lives.

    Attributes:
        entity_id: of ``person.*``.
        shifts: kinds of working day, a week of each in turn; empty for somebody who does not go out to work.
        work_days: 0 Monday to 6 Sunday.
        wake, sleep: of a free day, minutes after midnight.
        outings: mean number of other trips on a free day; a working day has a third of it, after work.
        punctual: standard deviation of leaving for work, minutes.
    """

    entity_id: str
    shifts: tuple[Shift, ...] = ()
    work_days: tuple[int, ...] = (0, 1, 2, 3, 4)
    wake: float = 500
    sleep: float = 1410
    outings: float = 1.1
    punctual: float = 9


@dataclass(frozen=True)
class Life:
    """What one person's days came to.

    Attributes:
        trips: float64 (n, 2), leaving and returning, moments of the wall clock, in order and apart.
        active: bool (span.minutes,), minutes at home and awake.
    """

    trips: Float64Array
    active: BoolArray


def _apart(trips: Sequence[Interval], first: Sequence[Interval], gap: float = 25) -> list[Interval]:
    """Those that keep a distance from ``first`` and from those before them."""
    kept = list(first)
    for start, end in trips:
        if all(end + gap < a or start > b + gap for a, b in kept):
            kept.append((start, end))
    return sorted(kept)


def live(person: Person, span: Span, absences: Sequence[Interval], rng: np.random.Generator) -> Life:
    """One person's days.

    Args:
        absences: when nobody is at home (holidays), moments of the wall clock.
    """
    work: list[Interval] = []
    outings: list[Interval] = []
    asleep: list[Interval] = []
    bedtime = 0.0  # until the first waking
    for day, weekday in enumerate(span.weekdays):
        midnight = day * DAY_MINUTES
        # The week of a shift turns over on Mondays, whatever day the span begins with.
        week = (span.first_day + day + 3) // 7
        shift = person.shifts[week % len(person.shifts)] if person.shifts and weekday in person.work_days else None
        wake = midnight + rng.normal(shift.wake if shift else person.wake, 14 if shift else 32)
        wake = max(wake, bedtime + 240)
        asleep.append((bedtime, wake))
        bedtime = midnight + rng.normal(shift.sleep if shift else person.sleep, 35)
        sick = rng.random() < 0.03
        if shift and not sick:
            leave = max(midnight + rng.normal(shift.leave, person.punctual), wake + 15)
            back = max(midnight + rng.normal(shift.back, 28), leave + 60)
            work.append((leave, back))
            bedtime = max(bedtime, back + 45)
        for _ in range(rng.poisson(person.outings / (3 if shift else 1))):
            low, high = (shift.back + 30, shift.sleep - 60) if shift else (570, 1170)
            start = midnight + rng.uniform(low, max(high, low + 1))
            outings.append((start, start + rng.uniform(25, 220)))
    asleep.append((bedtime, bedtime + 480))
    stays = [trip for trip in work if all(trip[1] < a or trip[0] > b for a, b in absences)]
    trips = _apart(outings, [*absences, *stays])
    trips = [(start, end) for start, end in trips if start < span.minutes]

    active = np.ones(span.minutes, np.bool_)
    for start, end in [*trips, *asleep]:
        active[max(int(start), 0) : max(int(np.ceil(end)), 0)] = False
    return Life(np.array(trips, np.float64).reshape(-1, 2), active)


def departures_of_all(lives: Sequence[Life], span: Span) -> Float64Array:
    """Moments at which the last person leaves, in order."""
    home = np.zeros(span.minutes + 1, np.int64)
    for life in lives:
        present = np.ones(span.minutes + 1, np.int64)
        for start, end in life.trips:
            present[max(int(start), 0) : max(int(end), 0)] = 0
        home += present
    empty = home == 0
    return np.flatnonzero(empty[1:] & ~empty[:-1]).astype(np.float64) + 1
