"""Random routines that keep to the clock or to the sun."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from src.domain.patterns import WEEKDAYS, Kind
from src.simulation.devices import Device
from src.simulation.home import Planted
from src.simulation.span import DAY_MINUTES, Span

DaySets = Sequence[tuple[float, tuple[str, ...]]]
_DAY_SETS: DaySets = (
    (0.44, WEEKDAYS),
    (0.34, WEEKDAYS[:5]),
    (0.14, WEEKDAYS[5:]),
    (0.08, ("tue", "thu")),
)
_MANY_DAYS: DaySets = ((0.6, WEEKDAYS), (0.4, WEEKDAYS[:5]))


def pick_days(rng: np.random.Generator, choices: DaySets) -> tuple[str, ...]:
    """One of the sets, by its weight."""
    weights = np.array([weight for weight, _ in choices])
    return choices[int(rng.choice(len(choices), p=weights / weights.sum()))][1]


def _state(device: Device, rng: np.random.Generator) -> str:
    return device.off if rng.random() < 0.3 else device.on


def _clock(rng: np.random.Generator, taken: Sequence[float] = ()) -> float:
    """A time that people are at home and awake at, apart from those taken."""
    while True:
        part = rng.random()
        if part < 0.35:
            at = rng.uniform(375, 480)
        elif part < 0.85:
            at = rng.uniform(1020, 1410)
        elif part < 0.93:
            at = rng.uniform(510, 1000)
        else:
            at = rng.normal(1439, 8) % DAY_MINUTES
        if all(abs(at - other) > 100 for other in taken):
            return round(float(at), 1)


def time_of_day(device: Device, rng: np.random.Generator) -> Planted:
    """At about a time on some days of the week."""
    weekdays = pick_days(rng, _DAY_SETS)
    rare = len(weekdays) <= 2
    return Planted(
        Kind.TIME_OF_DAY,
        device.info.entity_id,
        _state(device, rng),
        weekdays,
        float(rng.uniform(0.88, 0.97) if rare else rng.uniform(0.7, 0.97)),
        float(rng.uniform(2, 10) if rare else rng.uniform(2, 20)),
        at_minutes=_clock(rng),
    )


def counterpart(first: Planted, device: Device, rng: np.random.Generator) -> Planted:
    """The other state of a device that has a routine of the clock, on the same days at another time."""
    assert first.at_minutes is not None
    return Planted(
        Kind.TIME_OF_DAY,
        first.entity_id,
        device.off if first.to == device.on else device.on,
        first.weekdays,
        float(rng.uniform(0.85, 0.97)),
        float(rng.uniform(2, 10)),
        at_minutes=_clock(rng, (first.at_minutes,)),
    )


def day_type(device: Device, rng: np.random.Generator) -> Planted:
    """At one time on workdays and at another at weekends, mostly later."""
    at = rng.uniform(380, 540) if rng.random() < 0.6 else rng.uniform(1030, 1270)
    apart = rng.uniform(40, 150) * (1 if rng.random() < 0.75 or at < 500 else -1)
    return Planted(
        Kind.DAY_TYPE,
        device.info.entity_id,
        _state(device, rng),
        WEEKDAYS[:5],
        float(rng.uniform(0.85, 0.97)),
        float(rng.uniform(3, 11)),
        at_minutes=round(float(at), 1),
        other_minutes=round(float(at + apart), 1),
    )


def solar(device: Device, rng: np.random.Generator) -> Planted:
    """So long before or after sunrise or sunset, mostly sunset."""
    return Planted(
        Kind.SOLAR,
        device.info.entity_id,
        _state(device, rng),
        pick_days(rng, ((0.8, WEEKDAYS), (0.2, WEEKDAYS[:5]))),
        float(rng.uniform(0.8, 0.97)),
        float(rng.uniform(3, 12)),
        sun_event="sunset" if rng.random() < 0.65 else "sunrise",
        offset_minutes=round(float(rng.uniform(-60, 90))),
    )


def seasonal(device: Device, span: Span, rng: np.random.Generator) -> Planted:
    """A routine of the clock that began when about half of the log was over."""
    return Planted(
        Kind.SEASONAL,
        device.info.entity_id,
        _state(device, rng),
        pick_days(rng, _MANY_DAYS),
        float(rng.uniform(0.85, 0.97)),
        float(rng.uniform(2, 12)),
        at_minutes=_clock(rng),
        since_minutes=float(round(span.days * (1 - rng.uniform(0.42, 0.55))) * DAY_MINUTES),
    )


def missed(device: Device, span: Span, rng: np.random.Generator) -> Planted:
    """A very regular routine of the clock that did not happen on the last days."""
    weekdays = pick_days(rng, _MANY_DAYS)
    days = [WEEKDAYS.index(day) for day in weekdays]
    chances = np.flatnonzero(np.isin(span.weekdays, days))
    lost = int(rng.integers(3, 6))
    first = int(chances[-min(lost, len(chances))])
    return Planted(
        Kind.ANOMALY,
        device.info.entity_id,
        _state(device, rng),
        weekdays,
        float(rng.uniform(0.97, 1.0)),
        float(rng.uniform(2, 7)),
        at_minutes=round(float(rng.uniform(390, 500) if rng.random() < 0.5 else rng.uniform(1030, 1350)), 1),
        since_minutes=float(first * DAY_MINUTES),
    )
