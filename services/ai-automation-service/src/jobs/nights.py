"""When nights are due: one instant for each local date the schedule names, whatever the clocks do.

APScheduler's cron trigger fires at instants at which the wall clock shows the wanted time (its issue 120). When
clocks go back that is twice in a night, and a date that has no midnight gets no midnight run. Here the schedule
is read on the wall clock alone, as a list of dates and times, and each is turned into one instant afterwards:

- a time that happens twice is taken the first time;
- a time that never happens is taken as late after midnight as it would have been, had the clock not moved
  (03:00 becomes 04:00 in a night that leaves out the hour from three to four);
- a date is a night, so of several times on one date only the first counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from src.domain.cron import wall_trigger
from src.domain.events import MICROSECONDS
from src.domain.local_time import DAY, to_local, to_utc
from src.errors import InvalidSetting

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Night:
    """One due run.

    Attributes:
        date: local date it stands for, ``YYYY-MM-DD``.
        due: µs UTC.
    """

    date: str
    due: int


class Schedule:
    """A cron expression on a home's wall clock.

    Raises:
        InvalidSetting: not a cron expression of five fields. UnknownTimeZone.
    """

    def __init__(self, cron: str, time_zone: str) -> None:
        try:
            self._wall = wall_trigger(cron)
        except ValueError as error:
            raise InvalidSetting("ANALYSIS_SCHEDULE", cron, str(error)) from None
        self._cron = cron
        self.time_zone = time_zone
        _to_local(0, time_zone)

    def __str__(self) -> str:
        return f"{self._cron} {self.time_zone}"

    def next(self, after: int) -> Night | None:
        """The first night due later than ``after`` (µs UTC); None when the schedule names no more dates."""
        # A moved clock may carry a time over midnight, so the search begins a date early.
        midnight = _to_local(after, self.time_zone) // DAY * DAY - DAY
        while True:
            night = self._first_from(midnight)
            if night is None or night.due > after:
                return night
            midnight = _midnight_after(night)

    def last(self, now: int) -> Night | None:
        """The latest night that is due at ``now`` (µs UTC); None when there was none for four years."""
        day = _to_local(now, self.time_zone) // DAY * DAY
        for back in (1, 8, 32, 367, 1462):
            latest = None
            night = self._first_from(day - back * DAY)
            while night is not None and night.due <= now:
                latest = night
                night = self._first_from(_midnight_after(night))
            if latest is not None:
                return latest
        return None

    def _first_from(self, midnight: int) -> Night | None:
        """The night of the first named date at or after a wall-clock midnight (µs)."""
        wall = self._wall.get_next_fire_time(None, _EPOCH + timedelta(microseconds=midnight))
        if wall is None:
            return None
        local = (wall - _EPOCH) // timedelta(microseconds=1)
        due = int(to_utc(np.array([local], np.int64), self.time_zone)[0])
        return Night(wall.date().isoformat(), due)


def _midnight_after(night: Night) -> int:
    day = datetime.fromisoformat(night.date).replace(tzinfo=UTC) - _EPOCH
    return (day.days + 1) * DAY


def _to_local(instant: int, time_zone: str) -> int:
    return int(to_local(np.array([instant], np.int64), time_zone)[0])


def as_datetime(instant: int) -> datetime:
    """µs UTC as an aware datetime in UTC."""
    return _EPOCH + timedelta(seconds=instant // MICROSECONDS, microseconds=instant % MICROSECONDS)
