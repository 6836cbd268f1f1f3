"""How much goes on at home through the days: when people are up, and when they are out or asleep."""

from __future__ import annotations

import numpy as np

from src.domain.events import BoolArray, Float64Array
from src.domain.local_time import DAY
from src.mining.kind import Home

BIN = 5  # minutes
BINS = 1440 // BIN
REACH_BINS = 180 // BIN  # how far the null models look to either side of a window
_MINUTE = 60_000_000
_AROUND = 2  # bins to either side that a sign of life speaks for


class Activity:
    """When somebody was up and about, as far as the home can tell: any entity changing means that, for a while."""

    def __init__(self, home: Home) -> None:
        changes = home.changes
        self._bins = changes.days * BINS
        entities, self._entity = np.unique([thing.entity_id for thing in changes.things], return_inverse=True)
        self._codes = {str(entity_id): code for code, entity_id in enumerate(entities)}
        at = ((changes.local - changes.first_day * DAY) // (BIN * _MINUTE)).astype(np.int64)
        self._seen = np.unique(self._entity[changes.thing] * self._bins + np.clip(at, 0, self._bins - 1))
        self._count = np.bincount(self._seen % self._bins, minlength=self._bins)

    def of_others(self, entity_id: str) -> Float64Array:
        """float64 (bins + 1,): minutes up to each bin in which another entity than this one showed somebody awake."""
        code = self._codes[entity_id]
        own = np.arange(*np.searchsorted(self._seen, [code * self._bins, (code + 1) * self._bins]))
        count = self._count.copy()
        count[self._seen[own] % self._bins] -= 1
        awake = moving_mean(count > 0, _AROUND) > 0
        return np.concatenate([[0.0], np.cumsum(awake) * float(BIN)])


def awake_chance(awake: Float64Array, minutes: Float64Array, centres: Float64Array, half: float) -> Float64Array:
    """Chance that a window holds an action when the actions around it are spread over the time people were up.

    Of the six hours around a window people may be up and at home for one. Whatever they do then falls near its middle,
    and that makes no routine of it.

    Args:
        awake: float64 (bins + 1,), minutes up to each bin in which somebody was up.
    """
    reach = float(REACH_BINS * BIN)
    edges = np.arange(len(awake)) * float(BIN)

    def up(low: Float64Array, high: Float64Array) -> Float64Array:
        return np.asarray(np.interp(high, edges, awake) - np.interp(low, edges, awake), np.float64)

    around = up(centres - reach, centres + reach)
    share = np.where(around > 0, up(centres - half, centres + half) / np.maximum(around, 1e-9), 0.0)
    actions = np.searchsorted(minutes, centres + reach, "right") - np.searchsorted(minutes, centres - reach, "left")
    return np.asarray(1 - (1 - np.clip(share, 0.0, 1.0)) ** actions, np.float64)


def moving_mean(values: BoolArray | Float64Array, half: int) -> Float64Array:
    """Mean of the values within ``half`` places of each one."""
    total = np.concatenate([[0], np.cumsum(values)])
    n = len(values)
    low = np.maximum(np.arange(n) - half, 0)
    high = np.minimum(np.arange(n) + half + 1, n)
    return np.asarray((total[high] - total[low]) / (high - low), np.float64)
