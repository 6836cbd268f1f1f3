"""What ``mine`` and ``detect`` have in common: which history, which part of it, which kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from src.domain.events import EventLog
from src.domain.instants import read_instant
from src.domain.local_time import day_number, isoformat, to_local, zone
from src.domain.patterns import Json, Kind
from src.domain.position import Position, read_position
from src.errors import InvalidSetting, UnknownKind


@dataclass(frozen=True, slots=True)
class Reading:
    """Which history to read and which part of it to mine.

    Attributes:
        start, end: ISO 8601 as typed; a time without an offset is on the home's wall clock. ``end`` is exclusive.
        position: latitude and longitude as typed, for routines that follow the sun; None: what the history says.
    """

    file: Path
    time_zone: str | None = None
    entities: Path | None = None
    kinds: tuple[Kind, ...] | None = None
    start: str | None = None
    end: str | None = None
    position: str | None = None

    def check(self) -> None:
        """Refuse what can be seen before a long file is read.

        Raises:
            UnknownTimeZone, InvalidSetting: a zone, a bound or a position that is none.
        """
        if self.time_zone:
            zone(self.time_zone)
        self.bounds(self.time_zone or "UTC")
        self.place()

    def place(self) -> Position | None:
        """``position`` in degrees north and east.

        Raises:
            InvalidSetting: no place on the earth.
        """
        return None if self.position is None else read_position("--position", self.position)

    def bounds(self, time_zone: str) -> tuple[int | None, int | None]:
        """``start`` and ``end`` as µs UTC.

        Raises:
            InvalidSetting: not ISO 8601, no such date, or nothing between the two.
        """
        low = None if self.start is None else read_instant("--start", self.start, time_zone)
        high = None if self.end is None else read_instant("--end", self.end, time_zone)
        if low is not None and high is not None and low >= high:
            raise InvalidSetting("--end", self.end, f"an instant after --start ({self.start})")
        return low, high

    def cut(self, log: EventLog) -> EventLog:
        """The asked-for part of a log.

        Raises:
            InvalidSetting: no event lies in it.
        """
        part = log.between(*self.bounds(log.time_zone))
        if not len(part):
            first, last = (isoformat(instant, log.time_zone) for instant in log.span)
            wanted = f"a span that holds events; the history runs from {first} to {last}"
            raise InvalidSetting("--start and --end", (self.start, self.end), wanted)
        return part


def kinds_from(text: str) -> tuple[Kind, ...]:
    """``time_of_day,co_occurrence`` as kinds, in the order of :class:`Kind`.

    Raises:
        UnknownKind: one of them is none.
    """
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in {str(kind) for kind in Kind}:
            raise UnknownKind(name, [str(kind) for kind in Kind])
    return tuple(kind for kind in Kind if str(kind) in names)


def span_of(log: EventLog) -> Json:
    """First and last event on the home's clock, and how many calendar days they touch."""
    first, last = log.span
    days = day_number(to_local(np.array([first, last], np.int64), log.time_zone))
    return {
        "start": isoformat(first, log.time_zone),
        "end": isoformat(last, log.time_zone),
        "days": int(days[1] - days[0]) + 1,
        "time_zone": log.time_zone,
    }


def by_size(*counts: Mapping[str, int]) -> dict[str, int]:
    """Sums by reason, most first; ties by name, so that the order is always the same."""
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))
