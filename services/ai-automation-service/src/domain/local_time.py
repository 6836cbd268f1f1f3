"""Between UTC and a home's wall clock, for whole columns at once.

Habits follow the wall clock and delays follow UTC, so both are needed for millions of events. The offsets
of a zone are a step function of UTC; it is sampled once from :mod:`zoneinfo` over the span in question and
then applied with a binary search.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from src.domain.events import MICROSECONDS, Int64Array
from src.errors import UnknownTimeZone

DAY = 86_400 * MICROSECONDS
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_HOUR = 3_600
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The zone of that IANA name.

    Raises:
        UnknownTimeZone: no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownTimeZone(name) from None


def _offset_seconds(tz: ZoneInfo, utc_seconds: int) -> int:
    offset = (_EPOCH + timedelta(seconds=utc_seconds)).astimezone(tz).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


@lru_cache(maxsize=256)
def _transitions(name: str, first_year: int, last_year: int) -> tuple[Int64Array, Int64Array]:
    """Instants (UTC s) from which an offset (s) holds, over whole years. Found by bisection between weekly samples."""
    tz = zone(name)
    low = int(datetime(max(first_year, 2), 1, 1, tzinfo=UTC).timestamp())
    high = int(datetime(min(last_year + 1, 9998), 1, 3, tzinfo=UTC).timestamp())
    starts, offsets = [low], [_offset_seconds(tz, low)]
    at = low
    while at < high:
        following = at + 7 * 24 * _HOUR
        offset = _offset_seconds(tz, following)
        if offset != offsets[-1]:
            a, b = at, following
            while b - a > 1:
                middle = (a + b) // 2
                if _offset_seconds(tz, middle) == offsets[-1]:
                    a = middle
                else:
                    b = middle
            starts.append(b)
            offsets.append(_offset_seconds(tz, b))
        at = following
    return np.array(starts, np.int64), np.array(offsets, np.int64)


def _years(times: Int64Array) -> tuple[int, int]:
    years = times[[0, -1]] if len(times) == 1 else np.array([times.min(), times.max()])
    first, last = (years // MICROSECONDS).astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    return int(first) - 1, int(last) + 1


def to_local(utc: Int64Array, time_zone: str) -> Int64Array:
    """Wall clock of UTC instants.

    Args:
        utc: int64 (n,), µs since the epoch, UTC, in any order.

    Returns:
        int64 (n,), µs since 1970-01-01T00:00 on the wall clock.

    Raises:
        UnknownTimeZone: no such zone.
    """
    zone(time_zone)
    if len(utc) == 0:
        return utc.astype(np.int64)
    starts, offsets = _transitions(time_zone, *_years(utc))
    index = np.searchsorted(starts * MICROSECONDS, utc, "right") - 1
    return np.asarray(utc + offsets[np.maximum(index, 0)] * MICROSECONDS, np.int64)


def to_utc(local: Int64Array, time_zone: str) -> Int64Array:
    """UTC instants of wall-clock times; the inverse of :func:`to_local` wherever that has one.

    A time that happens twice (the clock goes back) is taken the first time. A time that never happens
    (the clock goes forward) is taken with the offset before the change, as PEP 495 does for ``fold=0``.

    Raises:
        UnknownTimeZone: no such zone.
    """
    zone(time_zone)
    if len(local) == 0:
        return local.astype(np.int64)
    starts, offsets = _transitions(time_zone, *_years(local))
    # With fold=0 the old offset holds until the later of both readings of the change.
    before = np.concatenate([offsets[:1], offsets[:-1]])
    turn = (starts + np.maximum(before, offsets)) * MICROSECONDS
    index = np.searchsorted(turn, local, "right") - 1
    return np.asarray(local - offsets[np.maximum(index, 0)] * MICROSECONDS, np.int64)


def day_number(local: Int64Array) -> Int64Array:
    """Days since 1970-01-01 on the wall clock."""
    return np.asarray(local // DAY, np.int64)


def weekday(day: Int64Array) -> Int64Array:
    """0 Monday to 6 Sunday, of day numbers (1970-01-01 was a Thursday)."""
    return np.asarray((day + 3) % 7, np.int64)


def isoformat(utc: int, time_zone: str) -> str:
    """An instant (µs UTC) as ISO 8601 with the zone's offset, to the second."""
    moment = _EPOCH + timedelta(microseconds=utc)
    return moment.astimezone(zone(time_zone)).isoformat(timespec="seconds")
