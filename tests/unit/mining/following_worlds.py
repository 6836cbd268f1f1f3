"""Rows of small homes in which one thing leads to another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np

from tests.unit.mining.conftest import Row, day

Moments = list[datetime]


def moments(days: int, seed: int, per_day: int = 3, hours: tuple[float, float] = (7.0, 23.0)) -> Moments:
    """Instants at no fixed hour, at least twenty minutes apart."""
    rng = np.random.default_rng(seed)
    found: Moments = []
    for number in range(days):
        for hour in np.sort(rng.uniform(*hours, per_day)).tolist():
            at = day(number, hour)
            if not found or at - found[-1] > timedelta(minutes=20):
                found.append(at)
    return found


def switched(
    moments: Moments, entity: str, seed: int, *, minutes: tuple[float, float], states: tuple[str, str] = ("off", "on")
) -> list[Row]:
    """On at each moment, off again after some minutes; what comes while it is on changes nothing."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = [(day(0, 0.001), entity, states[0])]
    until = day(0)
    for at in sorted(moments):
        if at > until:
            until = at + timedelta(minutes=float(rng.uniform(*minutes)))
            rows += [(at, entity, states[1]), (until, entity, states[0])]
    return rows


def answers(
    causes: Moments,
    seed: int,
    *,
    seconds: tuple[float, float],
    probability: float = 0.85,
    only: Callable[[datetime], bool] = lambda at: True,
) -> Moments:
    """What people do some time after each cause, most of the time."""
    rng = np.random.default_rng(seed)
    return [
        at + timedelta(seconds=float(rng.uniform(*seconds)))
        for at in causes
        if rng.uniform() < probability and only(at)
    ]


def busy_home(days: int, seed: int) -> list[Row]:
    """Two motion sensors and two lamps that are used all day long, all independent."""
    rows: list[Row] = []
    for number, entity in enumerate(("binary_sensor.hall_motion", "binary_sensor.kitchen_motion")):
        rows += switched(moments(days, seed + number, 25), entity, seed + number, minutes=(0.5, 3))
    for number, entity in enumerate(("light.hall", "light.kitchen")):
        rows += switched(moments(days, seed + 10 + number, 5), entity, seed + number, minutes=(5, 50))
    return rows
