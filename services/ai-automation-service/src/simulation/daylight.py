"""When the sun rises and sets at a home, day by day."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from astral import Observer
from astral.sun import sunrise, sunset

from src.domain.events import MICROSECONDS, BoolArray, Int64Array
from src.domain.local_time import day_number, to_local, zone

Position = tuple[float, float]  # degrees north and east


@lru_cache(maxsize=64)
def sun_times(first_day: int, days: int, time_zone: str, position: Position) -> tuple[Int64Array, Int64Array]:
    """Sunrise and sunset of ``days`` local days from day number ``first_day`` on.

    The almanac is astral's, which Home Assistant uses as well.

    Returns:
        Two int64 (days,), µs UTC; read-only.

    Raises:
        ValueError: the sun does not rise or set on one of the days there.
    """
    observer, tz = Observer(*position), zone(time_zone)
    dates = [date(1970, 1, 1) + timedelta(days=first_day + day) for day in range(days)]
    found = tuple(
        np.array([round(of(observer, day, tzinfo=tz).timestamp() * MICROSECONDS) for day in dates], np.int64)
        for of in (sunrise, sunset)
    )
    for column in found:
        column.setflags(write=False)
    return found[0], found[1]


def is_dark(times: Int64Array, time_zone: str, position: Position) -> BoolArray:
    """Which instants (µs UTC) have the sun below the horizon.

    Raises:
        ValueError: the sun does not rise or set on one of the days there.
    """
    if len(times) == 0:
        return np.zeros(0, np.bool_)
    day = day_number(to_local(times, time_zone))
    first = int(day.min())
    rise, fall = sun_times(first, int(day.max()) - first + 1, time_zone, position)
    return np.asarray((times < rise[day - first]) | (times >= fall[day - first]), np.bool_)
