"""How much goes on at home through the days: when people are up and busy, and when they are out or asleep."""

from __future__ import annotations

import numpy as np

from src.domain.events import Float64Array, Int64Array
from src.domain.local_time import DAY
from src.mining.kind import Home

BIN = 5  # minutes
BINS = 1440 // BIN
REACH_BINS = 180 // BIN  # how far the null models look to either side of a window
_MINUTE = 60_000_000
_AROUND = 6  # bins to either side that a sign of life speaks for


class Activity:
    """How lively the home was, as far as it can tell: by how many of its entities changed within half an hour.

    The liveliness is the square root of their number, half way between two null models. That people use a thing at any
    time they are up is too weak where a whole home keeps to one hour after work. That they use it in proportion to all
    else they do is too strong: several routines at seven make seven busy, and would explain each other away.
    """

    def __init__(self, home: Home) -> None:
        changes = home.changes
        self._bins = changes.days * BINS
        entities, self._entity = np.unique([thing.entity_id for thing in changes.things], return_inverse=True)
        self._codes = {str(entity_id): code for code, entity_id in enumerate(entities)}
        at = ((changes.local - changes.first_day * DAY) // (BIN * _MINUTE)).astype(np.int64)
        seen = np.zeros(len(entities) * self._bins, np.bool_)
        seen[self._entity[changes.thing] * self._bins + np.clip(at, 0, self._bins - 1)] = True
        self._seen = np.flatnonzero(seen)
        self._count = np.bincount(self._seen % self._bins, minlength=self._bins)
        self._per_day = self._count.reshape(-1, BINS).sum(axis=1)
        self._last: tuple[str, Float64Array] | None = None

    def per_day(self, entity_id: str) -> Int64Array:
        """int64 (days,): signs of life of other entities than this one, one for each entity and bin at most."""
        own = np.bincount(self._of(entity_id) // BINS, minlength=len(self._per_day))
        return np.asarray(self._per_day - own, np.int64)

    def _of(self, entity_id: str) -> Int64Array:
        """Bins in which an entity changed."""
        first = self._codes[entity_id] * self._bins
        low, high = np.searchsorted(self._seen, [first, first + self._bins])
        return np.asarray(self._seen[low:high] - first, np.int64)

    def of_others(self, entity_id: str) -> Float64Array:
        """float64 (bins + 1,): liveliness up to each bin, without this entity's own; only its ratios mean anything."""
        if self._last is not None and self._last[0] == entity_id:
            return self._last[1]
        count = self._count.copy()
        count[self._of(entity_id)] -= 1
        # Integers, so that nothing is left of a bin in which nobody was seen.
        until = np.concatenate([np.zeros(_AROUND + 1, np.int64), np.cumsum(count)])
        until = np.concatenate([until, np.full(_AROUND, until[-1])])
        around = until[2 * _AROUND + 1 :] - until[: -2 * _AROUND - 1]
        lively = np.concatenate([[0.0], np.cumsum(np.sqrt(around))])
        self._last = entity_id, lively
        return lively


def lively_chance(
    lively: Float64Array,
    minutes: Float64Array,
    centres: Float64Array,
    half: float,
    on_the_wall: Float64Array | None = None,
) -> Float64Array:
    """Chance that a window holds an action when the actions around it are spread as the home's liveliness is.

    Of the six hours around a window people may be up and at home for one. Whatever they do then falls near its middle,
    and that makes no routine of it.

    Args:
        lively: float64 (bins + 1,), liveliness up to each bin.
        minutes: float64 (n,), the actions, ascending, minutes since the first local midnight.
        centres: float64, any shape, the windows' centres, likewise.
        half: half the windows' width, minutes.
        on_the_wall: the centres on the wall clock, when they and the actions are told by another one.
    """
    at = centres if on_the_wall is None else on_the_wall
    reach = float(REACH_BINS * BIN)

    def between(low: Float64Array, high: Float64Array) -> Float64Array:
        return _up_to(lively, high) - _up_to(lively, low)

    around = between(at - reach, at + reach)
    share = np.where(around > 0, between(at - half, at + half) / np.maximum(around, 1e-9), 0.0)
    actions = np.searchsorted(minutes, centres + reach, "right") - np.searchsorted(minutes, centres - reach, "left")
    return np.asarray(1 - (1 - np.minimum(np.maximum(share, 0.0), 1.0)) ** actions, np.float64)


def _up_to(lively: Float64Array, minutes: Float64Array) -> Float64Array:
    """Liveliness until each moment; the grid is regular, so no search is needed."""
    at = np.minimum(np.maximum(minutes / BIN, 0.0), len(lively) - 1.0)
    below = np.minimum(at.astype(np.int64), len(lively) - 2)
    return np.asarray(lively[below] + (lively[below + 1] - lively[below]) * (at - below), np.float64)
