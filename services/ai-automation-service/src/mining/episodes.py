"""Episodes: one entity staying in one state, from the change that began it to the change that ended it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, EventLog, Float64Array, Int64Array
from src.domain.local_time import DAY
from src.mining.changes import Changes

# States in which nothing is going on: what is worth ending is any other.
_RESTING = "closed disarmed docked false home idle locked not_home off paused standby stopped 0"
RESTING = frozenset(_RESTING.split())

_HOUR = 3_600 * MICROSECONDS
_SHORT_SILENCE = 60 * MICROSECONDS  # a restart; the state before it held through it
_SILENT_SHARE = 0.05
_UNUSUAL_GAP = 3.0  # times the longest gap of an ordinary day


@dataclass(frozen=True)
class Episodes:
    """What one entity was in, one state after the other, ascending in time.

    Attributes:
        thing: int64 (n,), code of the state that was held.
        begin: int64 (n,), µs UTC.
        end: int64 (n,), µs UTC; of the last one the end of the log.
        into: int64 (n,), code of the state taken next; -1 for the last one, which is still going on.
        by_person: bool (n,), a person may have ended it.
        whole: bool (n,), begin and end are known and nothing can have been missed in between. What still goes on is
            whole if nothing was missed so far.
    """

    thing: Int64Array
    begin: Int64Array
    end: Int64Array
    into: Int64Array
    by_person: BoolArray
    whole: BoolArray

    @property
    def lasted(self) -> Int64Array:
        """int64 (n,), µs."""
        return self.end - self.begin

    @property
    def running(self) -> BoolArray:
        """Which still went on when the log ended."""
        return np.asarray(self.into < 0, np.bool_)


def codes_by_entity(changes: Changes) -> dict[str, tuple[int, ...]]:
    """The things of each entity, by entity id."""
    found: dict[str, list[int]] = {}
    for thing in changes.things:
        found.setdefault(thing.entity_id, []).append(thing.code)
    return {entity_id: tuple(codes) for entity_id, codes in found.items()}


def find_episodes(changes: Changes, codes: Sequence[int], outages: Int64Array) -> Episodes:
    """The episodes of one entity.

    Args:
        codes: all its things.
        outages: int64 (2, m), when nothing was recorded at all; of :func:`find_outages`.
    """
    index = np.sort(np.concatenate([changes.of(code) for code in codes]))
    thing = changes.thing[index].astype(np.int64)
    begin = changes.time[index]
    end = np.append(begin[1:], changes.span[1])
    into = np.append(thing[1:], -1)
    by_person = np.append(changes.by_person[index][1:], False)
    silences = changes.silences[codes[0]]
    allowed = np.maximum(_SHORT_SILENCE, _SILENT_SHARE * (end - begin))
    heard = changes.heard(codes[0], begin - 1) & ((into < 0) | changes.heard(codes[0], end - 1))
    whole = (
        heard
        & (into != thing)  # the same state again: what was between was flapping
        & (_covered(silences, begin, end) <= allowed)
        & (_covered(outages, begin, end) <= 0)
    )
    return Episodes(thing, begin, end, into, by_person, np.asarray(whole, np.bool_))


def _covered(spans: Int64Array, begin: Int64Array, end: Int64Array) -> Float64Array:
    """How much of each [begin, end] the disjoint ascending spans (2, m) cover, µs."""
    if spans.shape[1] == 0:
        return np.zeros(len(begin))
    edges = spans.T.reshape(-1).astype(np.float64)
    length = (spans[1] - spans[0]).astype(np.float64)
    total = np.repeat(np.cumsum(length) - length, 2)
    total[1::2] += length
    return np.asarray(np.interp(end, edges, total) - np.interp(begin, edges, total), np.float64)


def find_outages(log: EventLog) -> Int64Array:
    """When a whole home was silent far longer than it ever is on an ordinary day: nothing was recorded then.

    Returns:
        int64 (2, m), µs UTC, from the last row before to the first row after; ascending.
    """
    if len(log) < 2:
        return np.zeros((2, 0), np.int64)
    gap = np.diff(log.time)
    starts = np.flatnonzero(np.diff(log.time // DAY, prepend=log.time[0] // DAY - 1))
    ordinary = float(np.median(np.maximum.reduceat(gap, np.minimum(starts, len(gap) - 1))))
    unusual = np.flatnonzero(gap > max(2.0 * _HOUR, _UNUSUAL_GAP * ordinary))
    return np.stack([log.time[unusual], log.time[unusual + 1]])
