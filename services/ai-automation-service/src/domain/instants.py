"""Instants: now, and what people write for one. All are µs since the epoch, UTC."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import numpy as np

from src.domain.local_time import to_utc
from src.errors import InvalidSetting

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instant_now() -> int:
    """The system's clock."""
    return time.time_ns() // 1000


def minute_utc(instant: int) -> str:
    """For people, as ``2026-04-30 06:00 UTC``."""
    return (_EPOCH + instant * _MICROSECOND).strftime("%Y-%m-%d %H:%M UTC")


def read_instant(name: str, text: str, time_zone: str) -> int:
    """An ISO 8601 date or time; without an offset it is on the wall clock of ``time_zone``.

    Args:
        name: of the field or option, for the error.

    Raises:
        InvalidSetting: not ISO 8601, no such date, or not from 1900 to 2200.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        wanted = "an ISO 8601 date or time that exists, such as 2026-04-30, 2026-04-30T06:00 or 2026-04-30T06:00+02:00"
        raise InvalidSetting(name, text, wanted) from None
    if not 1900 <= moment.year <= 2200:
        raise InvalidSetting(name, text, "a year from 1900 to 2200")
    wall = (moment.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
    offset = moment.utcoffset()
    if offset is not None:
        return wall - offset // _MICROSECOND
    return int(to_utc(np.array([wall], np.int64), time_zone)[0])
