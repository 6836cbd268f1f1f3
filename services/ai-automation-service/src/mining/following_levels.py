"""Levels that a measurement crosses: when, and at which of them actions follow.

A level is looked for from the actions: the levels that a sensor crossed in the quarter of an hour before an action form
an interval, and a level inside most of these intervals may be what people act on. The same intervals a day and
three quarters of an hour earlier and later show what the time of day alone would give.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from src.domain.events import MICROSECONDS, Float64Array, Int64Array
from src.domain.local_time import DAY
from src.mining.readings import Readings

LEVELS = 99
_PERCENTILES = 66
_HYSTERESIS = 3  # levels that a number must have been on the other side by, or noise would cross again and again
_STEP = 120 * MICROSECONDS  # the numbers are read every two minutes
_EARLY, _LATE = (8, 6), (3, 1, 0)  # steps before an action: where a number was, and where it has got to
_NEARBY = 2_700 * MICROSECONDS
_MIN_READINGS = 50
_MIN_EXCESS = 4.0  # standard errors above the days around


@dataclass(frozen=True)
class Scale:
    """A sensor's numbers by the levels they have reached.

    Attributes:
        levels: float64 (m,), ascending, in the sensor's unit, at most :data:`LEVELS`: two thirds are quantiles of its
            discovery days, one third equal steps, as what is rare (a shower's damp) has few quantiles.
        reached: int64 (n,), of each reading, how many levels are at or below it.
    """

    readings: Readings
    levels: Float64Array
    reached: Int64Array

    def crossings(self, level: int, upward: bool) -> Int64Array:
        """int64 µs UTC, when a level was reached from well below it, or fell below from well above."""
        lowest, highest = int(self.reached.min()), int(self.reached.max())
        if not lowest <= level < highest:
            return np.zeros(0, np.int64)
        above = self.reached > level
        if upward:
            armed = self.reached <= max(level - _HYSTERESIS, lowest)
            crossed = above
        else:
            armed = self.reached > min(level + _HYSTERESIS, highest - 1)
            crossed = ~above
        side = np.flatnonzero(armed | crossed)
        crosses = crossed[side[1:]] & armed[side[:-1]]
        return self.readings.time[side[1:][crosses]]

    def written(self, level: int, upward: bool) -> float:
        """A level as a person would write it: the fewest digits that part the same readings."""
        high = float(self.levels[level])
        below = self.readings.value[self.readings.value < high]
        low = float(below.max()) if len(below) else high - 1.0
        middle = (low + high) / 2
        for digits in range(-3, 7):
            value = round(middle, digits)
            if (low <= value < high) if upward else (low < value <= high):
                return float(value)
        return low if upward else high


def scale(readings: Readings, until: int) -> Scale | None:
    """The levels of a sensor, None for one that measured too little before ``until`` (µs UTC)."""
    known = readings.value[: np.searchsorted(readings.time, until)]
    if len(known) < _MIN_READINGS:
        return None
    ordered = np.sort(known)
    shares = np.arange(1, _PERCENTILES + 1) / (_PERCENTILES + 1)
    steps = np.linspace(ordered[0], ordered[int(0.995 * len(ordered))], LEVELS - _PERCENTILES)
    at = np.concatenate([(shares * len(ordered)).astype(np.int64), np.searchsorted(ordered, steps)])
    levels = np.unique(ordered[at])
    return Scale(readings, levels, np.searchsorted(levels, readings.value, "right").astype(np.int64))


class Occasions:
    """What people did, as places on a clock of two minutes, so that any sensor can be asked about all of it at once.

    Attributes:
        owners: how many actions there are.
    """

    def __init__(self, times: Int64Array, owner: Int64Array, owners: int, start: int) -> None:
        """Of occasions, int64 (n,), µs UTC, whose they are, and the first instant of the log."""
        self.owners = owners
        self._start = start
        last = int(times.max()) + DAY if len(times) else start
        self._ends = np.arange(start, last + 2 * _STEP, _STEP, dtype=np.int64) + _STEP
        step = (times - start) // _STEP
        self._views: list[tuple[Int64Array, Int64Array]] = []
        for shift in (0, -DAY, DAY, -_NEARBY, _NEARBY):
            at = step + shift // _STEP
            there = (at >= max(_EARLY)) & (at < len(self._ends))
            self._views.append((at[there], owner[there]))

    def worthwhile(self, scale: Scale, least: int) -> list[tuple[int, bool, int]]:
        """Owner, whether upward, and level, where that was crossed before the owner's actions more often than usual.

        Usual is what the same wall-clock times a day before and after show, and the hour around.

        Args:
            least: how many crossings there must be.
        """
        seen = np.searchsorted(scale.readings.time, self._ends, "right") - 1
        reached = np.where(seen >= 0, scale.reached[np.maximum(seen, 0)], -1)
        found: list[tuple[int, bool, int]] = []
        for upward in (True, False):
            met, *around = (self._crossed(scale, reached, at, owner, upward) for at, owner in self._views)
            usual = np.mean(np.stack(around), axis=0)
            excess = (met - usual) / np.sqrt(usual + 2.0)
            best = excess.argmax(axis=1)
            each = np.arange(self.owners)
            chosen = np.flatnonzero((met[each, best] >= least) & (excess[each, best] >= _MIN_EXCESS))
            found += [(place, upward, int(best[place])) for place in chosen.tolist()]
        return sorted(found)

    def _crossed(
        self, scale: Scale, reached: Int64Array, at: Int64Array, owner: Int64Array, upward: bool
    ) -> Float64Array:
        """float64 (owners, levels), before how many of each owner's occasions a level was crossed."""
        early = np.stack([reached[at - back] for back in _EARLY])
        late = np.stack([reached[at - back] for back in _LATE])
        low, high = (early.min(axis=0), late.max(axis=0)) if upward else (late.min(axis=0), early.max(axis=0))
        crossed = (early.min(axis=0) >= 0) & (low < high)
        wide = len(scale.levels) + 1
        marks = np.bincount(owner[crossed] * wide + low[crossed], minlength=self.owners * wide)
        marks -= np.bincount(owner[crossed] * wide + high[crossed], minlength=self.owners * wide)
        return np.cumsum(marks.reshape(self.owners, wide), axis=1)[:, :-1].astype(np.float64)
