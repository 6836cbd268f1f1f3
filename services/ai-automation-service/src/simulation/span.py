"""The days a simulated home is lived in, and how its wall clock becomes UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from src.domain.events import MICROSECONDS, Float64Array, Int64Array
from src.domain.local_time import to_utc, weekday

MINUTE = 60 * MICROSECONDS
DAY_MINUTES = 1440


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days on a home's wall clock.

    A moment of the simulated life is a float, minutes on the wall clock since the midnight the span begins with;
    it becomes UTC in one step, so that habits keep to the clock through both DST nights.

    Attributes:
        first_day: day number (days since 1970-01-01) of the first day.
        days: how many.
        time_zone: IANA name.
    """

    first_day: int
    days: int
    time_zone: str

    @classmethod
    def ending(cls, last: date, days: int, time_zone: str) -> Span:
        """The ``days`` days up to and including ``last``."""
        return cls((last - date(1970, 1, 1)).days - days + 1, days, time_zone)

    @property
    def minutes(self) -> int:
        """Length on the wall clock."""
        return self.days * DAY_MINUTES

    @property
    def weekdays(self) -> Int64Array:
        """int64 (days,), 0 Monday to 6 Sunday."""
        return weekday(np.arange(self.first_day, self.first_day + self.days, dtype=np.int64))

    def utc(self, minutes: Float64Array) -> Int64Array:
        """UTC instants (µs) of moments of the wall clock."""
        local = self.first_day * DAY_MINUTES * MINUTE + np.round(np.asarray(minutes) * MINUTE).astype(np.int64)
        return to_utc(local, self.time_zone)

    @property
    def start(self) -> int:
        """The first instant, µs UTC."""
        return int(self.utc(np.array([0.0]))[0])

    @property
    def end(self) -> int:
        """The instant after the last, µs UTC."""
        return int(self.utc(np.array([float(self.minutes)]))[0])
