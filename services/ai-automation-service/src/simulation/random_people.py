"""The people of random households: what they do for a living, when they are away, who comes to see them."""

from __future__ import annotations

import numpy as np

from src.simulation.people import EARLY, LATE, NIGHT, OFFICE, SCHOOL, Interval, Person, Shift
from src.simulation.span import DAY_MINUTES, Span


def random_person(name: str, number: int, rng: np.random.Generator) -> Person:
    """Office, home office, shifts, school, or at home; the first is never a child."""
    shift_kinds: tuple[tuple[float, tuple[Shift, ...]], ...] = (
        (0.5, (OFFICE,)),
        (0.12, (EARLY, LATE)),
        (0.05, (EARLY, LATE, NIGHT)),
        (0.18, ()),
        (0.15 if number else 0.0, (SCHOOL,)),
    )
    weights = np.array([weight for weight, _ in shift_kinds])
    shifts = shift_kinds[int(rng.choice(len(shift_kinds), p=weights / weights.sum()))][1]
    offset = rng.normal(0, 35)
    moved = tuple(
        Shift(shift.wake + offset, shift.leave + offset, shift.back + offset, shift.sleep + offset * 0.5)
        for shift in shifts
    )
    days = tuple(sorted(rng.choice(5, int(rng.integers(3, 6)), replace=False).tolist())) if rng.random() < 0.3 else None
    return Person(
        f"person.{name}",
        moved,
        days or (0, 1, 2, 3, 4),
        wake=float(rng.normal(500, 40)),
        sleep=float(rng.normal(1400, 40)),
        outings=float(rng.uniform(0.5, 1.6)),
        punctual=float(rng.uniform(5, 20)),
    )


def random_absences(span: Span, rng: np.random.Generator) -> tuple[Interval, ...]:
    """A holiday of some days in every other home."""
    if span.days < 21 or rng.random() < 0.5:
        return ()
    first = int(rng.integers(5, span.days - 12))
    length = int(rng.integers(2, 9))
    return ((first * DAY_MINUTES + float(rng.uniform(500, 1000)), (first + length) * DAY_MINUTES + 1000.0),)


def random_guests(span: Span, rng: np.random.Generator) -> tuple[Interval, ...]:
    """Evenings and, less often, weekends with guests."""
    found = []
    for start in np.flatnonzero(span.weekdays == 4).tolist():
        chance = rng.random()
        if chance < 0.12 and start + 2 < span.days:
            found.append((start * DAY_MINUTES + float(rng.uniform(1000, 1200)), (start + 2) * DAY_MINUTES + 960.0))
        elif chance < 0.45:
            evening = start + int(rng.integers(0, 2))
            if evening < span.days:
                found.append((evening * DAY_MINUTES + float(rng.uniform(1050, 1200)), evening * DAY_MINUTES + 1425.0))
    return tuple(found)
