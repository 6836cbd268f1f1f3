"""When the sun rises and sets at a home, day by day, on its wall clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from importlib.resources import files

import numpy as np
from astral import Observer
from astral.sun import elevation, sunrise, sunset

from src.domain.events import MICROSECONDS, BoolArray, EventLog, Float64Array, Int64Array
from src.domain.local_time import DAY, to_local

_MINUTE = 60 * MICROSECONDS
_EPOCH = date(1970, 1, 1)
_ENTITY = "sun.sun"
_HORIZON = -0.833  # degrees of elevation at which the upper edge of the sun is seen, refraction included
_ENOUGH = 0.5  # share of the days that Home Assistant's own sun must have been seen on


@dataclass(frozen=True)
class Sun:
    """Sunrise and sunset of every local day of a log.

    Attributes:
        rise: float64 (days,), minutes after the local midnight of each day; NaN where the sun does not rise.
        set: float64 (days,), likewise; more than 1440 where the sun of a day sets after midnight.
        up: bool (days,), of a day without sunrise, whether the sun is up throughout rather than down.
        source: ``position`` | ``sun.sun`` | ``time zone``, what the times are taken from.
    """

    rise: Float64Array
    set: Float64Array
    up: BoolArray
    source: str

    def dark(self, minutes: Float64Array) -> BoolArray:
        """Whether the sun was down.

        Args:
            minutes: float64 (n,), minutes on the wall clock since the first local midnight of the log.
        """
        if len(self.rise) == 0:
            return np.zeros(len(minutes), np.bool_)
        day = np.clip((minutes // 1440).astype(np.int64), 0, len(self.rise) - 1)
        at = minutes - day * 1440.0
        before = np.maximum(day - 1, 0)
        light = (at >= self.rise[day]) & (at < self.set[day])
        light |= (day > 0) & (at < self.set[before] - 1440.0)  # yesterday's sun
        light |= np.isnan(self.rise[day]) & self.up[day]
        return np.asarray(~light, np.bool_)


def find_sun(log: EventLog, first_day: int, days: int) -> Sun | None:
    """The sun over a home: by its position, else as its own ``sun.sun`` reported, else over its time zone's city.

    Args:
        first_day: local day number of the first day.

    Returns:
        None for a zone without a place, as UTC is, in a home that says nothing itself.
    """
    if log.position is None:
        reported = _reported(log, first_day, days)
        if reported is not None:
            return reported
    position, source = (log.position, "position") if log.position else (_zone_city(log.time_zone), "time zone")
    if position is None:
        return None
    observer = Observer(*position)
    rise, set_ = (_computed(event, observer, first_day, days, log.time_zone) for event in (sunrise, sunset))
    set_ = rise + (set_ - rise) % 1440.0
    known = ~np.isnan(set_)
    up = np.zeros(days, np.bool_)
    for day in np.flatnonzero(~known).tolist():
        noon, midnight = (_height(observer, first_day + day, hour) for hour in (12, 24))
        up[day] = noon > _HORIZON
        if midnight < _HORIZON < noon and known.any():
            # It does rise: astral finds no event on a date where one comes within seconds of midnight in UTC.
            rise[day], set_[day] = (np.interp(day, np.flatnonzero(known), each[known]) for each in (rise, set_))
    never = np.isnan(set_)
    return Sun(np.where(never, np.nan, rise), set_, up & never, source)


def _computed(
    event: Callable[..., datetime], observer: Observer, first_day: int, days: int, time_zone: str
) -> Float64Array:
    """float64 (days,), minutes after local midnight, in [0, 1440); NaN on days without that event."""
    instants = [_instant(event, observer, _EPOCH + timedelta(days=first_day + day)) for day in range(days)]
    utc = np.array([0 if instant is None else instant for instant in instants], np.int64)
    # A date in UTC may be the day before or after on the wall clock.
    minutes = (to_local(utc, time_zone) / _MINUTE) % 1440.0
    return np.where([instant is None for instant in instants], np.nan, minutes)


def _height(observer: Observer, day: int, hour: int) -> float:
    """The sun's elevation, degrees, at an hour of mean solar time."""
    begin = datetime.combine(_EPOCH, time(), UTC) + timedelta(days=day, hours=hour)
    return float(elevation(observer, begin - timedelta(minutes=4 * observer.longitude)))


def _instant(event: Callable[..., datetime], observer: Observer, day: date) -> int | None:
    # By mean solar time no day's sunset is after its midnight; by another clock it may be, and then counts for no day.
    solar = timezone(timedelta(minutes=round(4 * observer.longitude)))
    try:
        moment = event(observer, day, tzinfo=solar)
    except ValueError:
        return None  # polar day or night
    return round(moment.timestamp() * MICROSECONDS)


def _reported(log: EventLog, first_day: int, days: int) -> Sun | None:
    if _ENTITY not in log.entities:
        return None
    own = log.entity == log.entities.index(_ENTITY)
    columns: list[Float64Array] = []
    for text in ("above_horizon", "below_horizon"):
        if text not in log.states:
            return None
        came = _came(log.state[own], log.states.index(text))
        local = to_local(log.time[own][came], log.time_zone)
        day = (local // DAY - first_day).astype(np.int64)
        inside = (day >= 0) & (day < days)
        day, minute = day[inside], (local[inside] % DAY) / _MINUTE
        seen, first = np.unique(day, return_index=True)
        if len(seen) < max(_ENOUGH * days, 1):
            return None
        columns.append(np.interp(np.arange(days), seen, minute[first]))
    return Sun(columns[0], columns[1], np.zeros(days, np.bool_), _ENTITY)


def _came(state: Int64Array | np.ndarray[tuple[int], np.dtype[np.int32]], code: int) -> BoolArray:
    came = state == code
    came[1:] &= state[1:] != state[:-1]
    if len(came):
        came[0] = False  # what it was at the start says nothing of when it came
    return np.asarray(came, np.bool_)


@lru_cache(maxsize=8)
def _zone_city(name: str) -> tuple[float, float] | None:
    """Latitude and longitude of the city a zone is named after (``zone.tab`` of the IANA database)."""
    for line in files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            _, place, zone_name, *_ = line.split("\t")
            if zone_name == name:
                split = max(place.rfind("+"), place.rfind("-"))
                return _degrees(place[:split]), _degrees(place[split:])
    return None


def _degrees(text: str) -> float:
    """``+5230`` or ``-0733030`` (ISO 6709: degrees, minutes, perhaps seconds) in degrees."""
    digits = text[1:]
    whole = 2 if len(digits) in (4, 6) else 3
    parts = [digits[:whole], digits[whole : whole + 2], digits[whole + 2 :] or "0"]
    value = float(sum(int(part) / 60.0**power for power, part in enumerate(parts)))
    return -value if text[0] == "-" else value
