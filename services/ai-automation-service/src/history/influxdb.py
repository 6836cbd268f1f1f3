"""History from an InfluxDB that Home Assistant writes to, versions 1 and 2.

It is read in windows of time, oldest first, each short enough to be held. A window is read whole before any of it is
given away, so that a break loses nothing: what was given is complete up to its end.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from src.domain.events import MICROSECONDS, EntityInfo
from src.domain.local_time import DAY, zone
from src.domain.progress import Progress, silent
from src.errors import HistoryUnreadable
from src.history.influxdb_layout import Points, PointStream, described, state_of
from src.history.influxdb_server import InfluxAccess
from src.history.metadata import merged, read_entities
from src.history.source import HistoryRead, SourceInfo
from src.history.table import EventTable
from src.history.timestamps import from_utc

MOST_POINTS = 200_000  # in a window: some 60 MB

_SHORTEST = MICROSECONDS  # a window this short is read whatever it holds
_LONGEST = 32 * DAY
_LOOK_BACK = 30 * DAY  # for the state an entity was in before, and for what is said of it now

_NO_ORIGINS = (
    "InfluxDB does not keep who caused a change, so what automations did cannot be told from what people did and may"
    " be shown as a habit; Home Assistant's recorder database keeps it and is the better source."
)
_NO_ZONE = "InfluxDB does not say in which time zone the home is; UTC is assumed."

_States = dict[str, dict[int, str]]  # by entity id and instant


def read_influxdb(
    access: InfluxAccess,
    *,
    now: int,
    time_zone: str | None = None,
    entities: str | Path | None = None,
    since: int | None = None,
    most: int = MOST_POINTS,
    progress: Progress = silent,
) -> Generator[HistoryRead, None, None]:
    """The changes of state that an InfluxDB holds, in parts of ascending time. Close it when you stop before its end.

    Points that repeat an entity's state, as every change of an attribute writes one, are counted as ``unchanged``. All
    origins are unknown, and areas only from ``entities``.

    Args:
        now: µs UTC; later points have a wrong clock, or are the next run's.
        time_zone: the home's; None: UTC, with a warning.
        entities: CSV of entity metadata, which counts before what InfluxDB says.
        since: only events at or after this instant, µs UTC.
        most: points to hold at a time.

    Yields:
        parts, at least one; a log may be empty. Warnings come with the first one.

    Raises:
        HistoryUnreadable: also after some parts; those are complete. UnknownTimeZone.
    """
    if time_zone:
        zone(time_zone)
    by_hand, warnings = read_entities(Path(entities)) if entities else ({}, ())
    warnings = (*warnings, _NO_ORIGINS) if time_zone else (*warnings, _NO_ORIGINS, _NO_ZONE)
    with _opened(access) as points:
        begin = min(now, _first(access, points) if since is None else max(since, 0))
        reading = _Reading(access, points, time_zone or "UTC", by_hand, begin, now)
        at, span = begin, DAY
        while at < now:
            stop = min(at + span, now)
            states = _states(points.all(at, stop), most if stop - at > _SHORTEST else None)
            if states is None:
                span = max((stop - at) // 4, _SHORTEST)
                continue
            if states:
                yield reading.part(states, at, stop, warnings)
                warnings = ()
            if 8 * sum(map(len, states.values())) < most:
                span = min(2 * span, _LONGEST)
            at = stop
            progress("read", (at - begin) / DAY, (now - begin) / DAY, "days")
        if warnings:
            yield reading.part({}, begin, begin, warnings)


class _Reading:
    """What is remembered from window to window: the state of each entity, and what it is."""

    def __init__(
        self,
        access: InfluxAccess,
        points: Points,
        time_zone: str,
        by_hand: Mapping[str, EntityInfo],
        begin: int,
        now: int,
    ) -> None:
        self._points = points
        self._by_hand = by_hand
        self._time_zone = time_zone
        self._source = SourceInfo(access.key, "influxdb", {"version": 2 if access.org else 1})
        before = _states(points.newest(max(0, begin - _LOOK_BACK), begin)) or {}
        self._state = {entity_id: by_time[max(by_time)] for entity_id, by_time in before.items()}
        # Newest first: what an entity is called now counts, not what it was called then.
        self._info = described(points.said(max(0, now - _LOOK_BACK), now))

    def part(self, states: _States, start: int, stop: int, warnings: tuple[str, ...]) -> HistoryRead:
        """The changes among a window's states."""
        table = EventTable()
        for entity_id, by_time in states.items():
            times = sorted(by_time)
            before = [self._state.get(entity_id), *(by_time[time] for time in times)]
            changed = [time for time, old in zip(times, before, strict=False) if by_time[time] != old]
            self._state[entity_id] = before[-1] or ""
            table.add(
                from_utc(np.array(changed, np.int64)),
                [entity_id] * len(changed),
                [by_time[time] for time in changed],
            )
            if len(changed) < len(times):
                table.skipped["unchanged"] += len(times) - len(changed)
        log = table.log(self._time_zone, MappingProxyType({}))
        if not self._info.keys() >= set(log.entities):
            older = described(self._points.said(start, stop))
            self._info = {entity_id: EntityInfo(entity_id) for entity_id in log.entities} | older | self._info
        info = MappingProxyType({entity_id: self._about(entity_id) for entity_id in log.entities})
        return HistoryRead(replace(log, info=info), self._source, dict(table.skipped), warnings)

    def _about(self, entity_id: str) -> EntityInfo:
        found = self._info[entity_id]
        return merged(self._by_hand[entity_id], found) if entity_id in self._by_hand else found


def _opened(access: InfluxAccess) -> Points:
    if access.org:
        from src.history.influxdb_2 import InfluxPoints2

        return InfluxPoints2(access)
    from src.history.influxdb_1 import InfluxPoints1

    return InfluxPoints1(access)


def _first(access: InfluxAccess, points: Points) -> int:
    """The oldest instant there is."""
    first = min((point.time for point in points.first()), default=None)
    if first is None:
        raise HistoryUnreadable(
            access.key,
            "nothing in it was written by Home Assistant",
            "Set INFLUXDB_DATABASE to where Home Assistant's `influxdb:` integration writes, and let it run.",
        )
    return max(first, 0)


def _states(points: PointStream, most: int | None = None) -> _States | None:
    """All states, by entity and instant; None if there are more than ``most``. The rest is not asked for then."""
    states: _States = {}
    with closing(points):
        for count, point in enumerate(points):
            if most is not None and count >= most:
                return None
            state = state_of(point)
            if state is None:
                continue
            by_time = states.setdefault(point.entity_id, {})
            # Text and number of one state may come as two points.
            if point.text is not None:
                by_time[point.time] = state
            else:
                by_time.setdefault(point.time, state)
    return states
