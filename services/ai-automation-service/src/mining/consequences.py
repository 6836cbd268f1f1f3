"""An end that merely follows from its beginning is no routine of its own.

A lamp that comes on at 19:00 every day and stays on for an hour or so goes off around 20:00 every day, without anybody
minding the clock then. To tell it from a lamp that is switched off at 20:00, both explanations predict each day from
all others: the clock by the times at which it ended then, the beginning by how long it lasted then. The clock is
believed only if it gives the days that came a decisively higher likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from src.domain.events import Float64Array, Int64Array
from src.domain.patterns import DayTypeTrigger, Kind, SunTrigger, TimeTrigger
from src.mining.changes import spread
from src.mining.kind import Candidate, Home
from src.mining.statistics import circular_difference

_CLOCKS = (TimeTrigger, DayTypeTrigger, SunTrigger)
_MINUTE = 60_000_000
_TIGHT_MINUTES = 12.0  # an end this regular is worth a suggestion whatever it follows from
_HALF_A_DAY = 720.0  # minutes; what ends later than that is rather the beginning of the other state
_SAME = 0.6
_BANDWIDTH = 10.0  # minutes
_DECISIVE = 4.0  # nats by which the clock must be the better explanation


def consequences(home: Home, candidates: Sequence[Candidate]) -> dict[int, int]:
    """Indices of clock routines that only follow from another routine of the same entity, and that one's index."""
    things = home.changes.things
    return {
        index: other
        for index, end in enumerate(candidates)
        if isinstance(end.trigger, _CLOCKS) and spread(end.values) > _TIGHT_MINUTES
        for other, begin in enumerate(candidates)
        if begin.acts
        and begin.kind is not Kind.DURATION
        and begin.target != end.target
        and things[begin.target].entity_id == things[end.target].entity_id
        and _follows(home, begin, end)
    }


def _follows(home: Home, begin: Candidate, end: Candidate) -> bool:
    left = home.changes.departures[begin.target]
    upcoming = np.searchsorted(left, begin.hit_times, "right")
    over = upcoming < len(left)
    begins, ends = begin.hit_times[over], left[upcoming[over]]
    if len(begins) < 2 or float(np.isin(end.hit_times, ends).mean()) < _SAME:
        return False
    lasted = np.asarray((ends - begins) / _MINUTE, np.float64)
    if float(np.median(lasted)) > _HALF_A_DAY:
        return False
    clock = _minute_of_day(home, ends)
    by_clock = _likelihood(np.asarray(circular_difference(clock[:, None], clock, 1440.0), np.float64))
    return by_clock < _likelihood(lasted[:, None] - lasted) + _DECISIVE


def _minute_of_day(home: Home, times: Int64Array) -> Float64Array:
    changes = home.changes
    local = changes.local[np.searchsorted(changes.time, times)]
    return np.asarray(local / _MINUTE % 1440.0, np.float64)


def _likelihood(apart: Float64Array) -> float:
    """Log-likelihood of each of n values under a kernel density of the others, summed.

    Args:
        apart: float64 (n, n), differences of the values, minutes. A day that is like no other counts as one of the
            1440 minutes of a day at random, so that a single odd one decides nothing.
    """
    kernel = np.exp(-0.5 * (apart / _BANDWIDTH) ** 2) / (_BANDWIDTH * np.sqrt(2 * np.pi))
    others = (kernel.sum(axis=1) - kernel.diagonal()) / (len(apart) - 1)
    return float(np.log(0.95 * others + 0.05 / 1440.0).sum())
