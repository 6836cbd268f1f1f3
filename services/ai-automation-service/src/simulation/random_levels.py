"""A level that a measurement crosses often enough for a routine, and at no fixed time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from src.domain.events import Float64Array, Int64Array
from src.domain.local_time import DAY, day_number, to_local
from src.simulation.background import Meter, readings
from src.simulation.daylight import Position
from src.simulation.moments import AWAKE
from src.simulation.occasions import crossings
from src.simulation.span import MINUTE, Span
from src.simulation.streams import stream
from src.simulation.weather import Sky

_FRESH = 120 * MINUTE  # crossings nearer to the one before are its flicker
_SHOWER_RISE = 10.0  # % above the usual


def fresh(times: Int64Array) -> Int64Array:
    """The first of each bout of crossings."""
    return times[np.diff(times, prepend=times[0] - 2 * _FRESH) > _FRESH] if len(times) else times


def varies(times: Int64Array, time_zone: str) -> float:
    """Deviation of the wall-clock time of each day's first instant, minutes, drift of the season apart."""
    local = to_local(times, time_zone)
    days, first = np.unique(day_number(local), return_index=True)
    minutes = (local[first] % DAY) / MINUTE
    if len(days) < 4:
        return 0.0
    return float(np.std(minutes - np.polyval(np.polyfit(days - days[0], minutes, 1), days - days[0])))


def _possible(times: Int64Array, span: Span) -> bool:
    """Often enough, mostly while people are up, and not at one time of the day."""
    times = fresh(times)
    if not 0.45 * span.days <= len(times) <= 3 * span.days:
        return False
    minute = to_local(times, span.time_zone) % DAY // MINUTE
    awake = (minute >= AWAKE[0]) & (minute < AWAKE[1])
    return float(np.mean(awake)) >= 0.85 and varies(times, span.time_zone) >= 60


def _rounded(value: float) -> float:
    return float(f"{value:.2g}")


def random_level(
    meters: Sequence[Meter], span: Span, position: Position, seed: int, rng: np.random.Generator
) -> tuple[Meter, float, bool] | None:
    """A meter, a level, and whether it is crossed upwards; None when no meter has one."""
    sky = Sky.over(span, position, stream(seed, "sky"))
    found: list[tuple[Meter, float, bool]] = []
    for meter in meters:
        if meter.curve == "shower":
            found.append((meter, _rounded(meter.base + _SHOWER_RISE), True))
        if meter.curve not in ("light", "outdoor"):
            continue
        line = readings(meter, span, stream(seed, meter.info.entity_id), sky)
        values: Float64Array = np.array([float(name) for name in line.names])[line.code]
        good = []
        for share in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
            level = _rounded(float(np.quantile(values[values > 0] if meter.curve == "light" else values, share)))
            for rising in (False, True):
                if _possible(crossings(line.time, values, level, rising=rising), span):
                    good.append((meter, level, rising))
        if good:
            found.append(good[int(rng.integers(len(good)))])
    return found[int(rng.integers(len(found)))] if found else None
