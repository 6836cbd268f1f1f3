"""Levels that a measurement crosses: when, and at which of them actions follow.

A level is looked for from the actions: the levels that a sensor crossed in the quarter of an hour before an action form
an interval, and a level inside most of these intervals may be what people act on. The same intervals a day and
three quarters of an hour earlier and later show what the time of day alone would give.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from src.domain.events import MICROSECONDS, Float64Array, Int64Array
from src.domain.local_time import DAY
from src.mining.readings import Readings

LEVELS = 99
FINER = 9  # steps that are tried between the best of these
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

    def crossings(self, at: float, upward: bool) -> Int64Array:
        """int64 µs UTC, when ``at`` was reached from well below it, or fallen below from well above."""
        level = int(np.searchsorted(self.levels, at, "right")) - 1
        lowest, highest = int(self.reached.min()), int(self.reached.max())
        above = self.readings.value >= at
        if upward:
            armed, crossed = (self.reached <= max(level - _HYSTERESIS, lowest)) & ~above, above
        else:
            armed, crossed = (self.reached > min(level + _HYSTERESIS, highest - 1)) & above, ~above
        side = np.flatnonzero(armed | crossed)
        crosses = crossed[side[1:]] & armed[side[:-1]]
        return self.readings.time[side[1:][crosses]]

    def between(self, low: int, high: int) -> Float64Array:
        """float64 (:data:`FINER`,), even steps from one level (by its place) to another, these themselves included."""
        last = len(self.levels) - 1
        return np.linspace(self.levels[max(low, 0)], self.levels[min(high, last)], FINER)

    def written(self, at: float, upward: bool) -> float:
        """A level with readings on both sides as a person would write it: the fewest digits that part the same ones."""
        value = self.readings.value
        low, high = float(value[value < at].max()), float(value[value >= at].min())
        for digits in range(-3, 7):
            level = round((low + high) / 2, digits)
            if (low <= level < high) if upward else (low < level <= high):
                return float(level)
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
        reached = np.where(seen >= 0, scale.reached[np.maximum(seen, 0)], -1).astype(np.int16)
        early, late = (np.stack([np.roll(reached, back) for back in backs]) for backs in (_EARLY, _LATE))
        known = early.min(axis=0) >= 0
        found: list[tuple[int, bool, int]] = []
        for upward in (True, False):
            low, high = (early.min(axis=0), late.max(axis=0)) if upward else (late.min(axis=0), early.max(axis=0))
            crossed = np.where(known & (low < high), low, high)
            met, *around = (self._count(crossed, high, at, owner, len(scale.levels)) for at, owner in self._views)
            usual = np.mean(np.stack(around), axis=0)
            excess = (met - usual) / np.sqrt(usual + 2.0)
            best = excess.argmax(axis=1)
            each = np.arange(self.owners)
            chosen = np.flatnonzero((met[each, best] >= least) & (excess[each, best] >= _MIN_EXCESS))
            found += [(place, upward, int(best[place])) for place in chosen.tolist()]
        return sorted(found)

    def _count(
        self, low: NDArray[np.int16], high: NDArray[np.int16], at: Int64Array, owner: Int64Array, levels: int
    ) -> Float64Array:
        """float64 (owners, levels), before how many of each owner's occasions a level was crossed.

        Args:
            low, high: int16 (steps,), the first level crossed before the end of each step and the first that was not.
            at, owner: int64 (n,), the step of each occasion, and whose it is.
        """
        first, last = low[at], high[at]
        some = np.flatnonzero(first < last)
        base = owner[some] * (levels + 1)
        marks = np.bincount(base + first[some], minlength=self.owners * (levels + 1))
        marks -= np.bincount(base + last[some], minlength=self.owners * (levels + 1))
        return np.cumsum(marks.reshape(self.owners, levels + 1), axis=1)[:, :-1].astype(np.float64)
