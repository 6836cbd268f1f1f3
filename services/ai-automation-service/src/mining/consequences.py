"""An end that merely follows from its beginning is no routine of its own.

A lamp that comes on at 19:00 every day and stays on for an hour or so goes off around 20:00 every day, without anybody
minding the clock then. To tell it from a lamp that is switched off at 20:00, the durations are exchanged between
days: if the ends fall into their window as often after the exchange, the clock adds nothing to the beginning.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from src.domain.events import BoolArray, Float64Array, Int64Array
from src.mining.changes import spread
from src.mining.kind import Candidate, Home
from src.mining.statistics import circular_difference, upper_tail

_MINUTE = 60_000_000
_FIXED_MINUTES = 10.0  # a duration this regular makes the end as good a routine as the beginning
_SAME = 0.6
_CLOCK_P = 0.001


def consequences(home: Home, candidates: Sequence[Candidate]) -> set[int]:
    """Indices of clock routines that only follow from a tighter one of the same entity."""
    things = home.changes.things
    clock = [index for index, candidate in enumerate(candidates) if candidate.source is None]
    clock.sort(key=lambda index: (spread(candidates[index].values), index))
    causes: list[int] = []
    found: set[int] = set()
    for index in clock:
        end = candidates[index]
        entity = things[end.target].entity_id
        if any(
            things[candidates[cause].target].entity_id == entity and _follows(home, candidates[cause], end)
            for cause in causes
        ):
            found.add(index)
        else:
            causes.append(index)
    return found


def _follows(home: Home, begin: Candidate, end: Candidate) -> bool:
    if begin.target == end.target:
        return False
    left = home.changes.departures[begin.target]
    upcoming = np.searchsorted(left, begin.hit_times, "right")
    over = upcoming < len(left)
    begins, ends = begin.hit_times[over], left[upcoming[over]]
    if len(begins) == 0 or float(np.isin(end.hit_times, ends).mean()) < _SAME:
        return False
    minutes = (ends - begins) / _MINUTE
    if spread(minutes) <= _FIXED_MINUTES:
        return False
    clock = _minute_of_day(home, begins)
    inside = _inside(clock + minutes, end.values)
    exchanged = _inside(clock[:, None] + minutes[None, :], end.values)
    return upper_tail(int(np.count_nonzero(inside)), len(inside), float(exchanged.mean())) > _CLOCK_P


def _minute_of_day(home: Home, times: Int64Array) -> Float64Array:
    changes = home.changes
    local = changes.local[np.searchsorted(changes.time, times)]
    return np.asarray(local / _MINUTE % 1440.0, np.float64)


def _inside(minutes: Float64Array, window: Float64Array) -> BoolArray:
    """Which times of day lie in the stretch that the window's own hits span."""
    low, high = float(window.min()), float(window.max())
    return np.abs(circular_difference(minutes, (low + high) / 2, 1440.0)) <= (high - low) / 2 + 0.5
