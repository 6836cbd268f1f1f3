"""Loose habits of the morning that come later on free days: breakfast, the blinds, the first light.

They keep to no window that a clock could be set by, yet everybody knows that they are an hour later at the weekend.
The question is asked once and in one direction, because a home of a month has few free days and every further question
would cost all of them: is the first time of the morning later on Saturday and Sunday?

*Unit*: the day. *Null model*: the labels of the days are exchangeable; whole days change places, so what things have in
common on one day (everybody slept in) stays together. *Family*: the things that have a morning habit at all, chosen
without a look at the labels (an independent filter; Bourgon, Gentleman and Huber 2010): used on at least half of the
mornings, half of the times within an hour. The largest rank-sum statistic of all of them is compared with the largest
of each permutation (maxT; Westfall and Young 1993), so the p-value pays for all of them. What then comes later is only
told where either sort of day keeps to an hour of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from src.domain.events import BoolArray, Float64Array, Int64Array
from src.mining.clock_days import MIN_DAYS, ThingDays
from src.mining.kind import Home, Trial

_FROM, _UNTIL = 240.0, 840.0  # minutes of the day: from four in the night until two in the afternoon
_MIN_SHARE = 0.5
_HALF_WITHIN = 60.0  # minutes
_MIN_FREE_DAYS = 3
_MIN_LATER, _MAX_LATER = 20.0, 180.0  # minutes
_PERMUTATIONS = 4000
_SEED = 20_251_121


@dataclass(frozen=True)
class Shift:
    """A thing whose mornings begin later on free days.

    Attributes:
        times: minutes after midnight, medians of workdays and of free days.
        p_value: of the label permutation on the discovery days, over all things together.
        discovery, holdout: days on their own side of the middle between both times; chance puts half of them there.
        hits: int64 (n,), indices of those days' first actions, ascending.
        values: float64 (n,), minutes from its sort of day's time.
    """

    thing: ThingDays
    times: tuple[float, float]
    p_value: float
    discovery: Trial
    holdout: Trial
    hits: Int64Array
    values: Float64Array


def shifts(home: Home, things: Sequence[ThingDays]) -> list[Shift]:
    """Those of the things that come later on free days, with p-values that pay for all of them."""
    free = home.changes.weekdays >= 5
    mornings = _mornings(home, things)
    if not mornings:
        return []
    days = np.flatnonzero(home.discovery)
    first = np.array([times[days] for _, times, _ in mornings])
    p_values = later_p(first, free[days])
    found = []
    for (thing, times, index), p_value in zip(mornings, p_values.tolist(), strict=True):
        there = ~np.isnan(times)
        known = there & home.discovery
        early, late = np.median(times[known & ~free]), np.median(times[known & free])
        if not _MIN_LATER <= late - early <= _MAX_LATER or not (
            _keeps(times[known & ~free]) and _keeps(times[known & free])
        ):
            continue
        own_side = there & ((times > (early + late) / 2) == free)
        off = times - np.where(free, late, early)
        discovery, holdout = (
            Trial(int(np.count_nonzero(own_side & part)), int(np.count_nonzero(there & part)), 0.5)
            for part in (home.discovery, home.holdout)
        )
        hit = np.flatnonzero(own_side & (home.discovery | home.holdout))
        found.append(Shift(thing, (float(early), float(late)), p_value, discovery, holdout, index[hit], off[hit]))
    return found


def _mornings(home: Home, things: Sequence[ThingDays]) -> list[tuple[ThingDays, Float64Array, Int64Array]]:
    """(thing, first times, their indices) of what has a morning habit; of one entity only what comes first."""
    free = home.changes.weekdays >= 5
    chosen: dict[str, tuple[float, ThingDays, Float64Array, Int64Array]] = {}
    for thing in things:
        times, index = first_times(thing.wall, home.changes.days)
        there = ~np.isnan(times) & home.discovery
        if not all(
            np.count_nonzero(there & sort) >= max(least, _MIN_SHARE * np.count_nonzero(home.discovery & sort))
            for sort, least in ((free, _MIN_FREE_DAYS), (~free, MIN_DAYS))
        ):
            continue
        middle = float(np.median(times[there]))
        best = chosen.get(thing.entity_id)
        if _keeps(times[there]) and (best is None or middle < best[0]):
            chosen[thing.entity_id] = (middle, thing, times, index)
    return [(thing, times, index) for _, thing, times, index in chosen.values()]


def _keeps(minutes: Float64Array) -> bool:
    """Whether some half of the times lies within an hour, wherever the other half is."""
    ascending = np.sort(minutes)
    half = (len(minutes) + 1) // 2
    return bool((ascending[half - 1 :] - ascending[: len(minutes) - half + 1]).min() <= _HALF_WITHIN)


def first_times(wall: Float64Array, days: int) -> tuple[Float64Array, Int64Array]:
    """Minutes after midnight of each day's first action of the morning (NaN: none), and its index.

    Args:
        wall: float64 (n,), ascending, minutes since the first local midnight.
    """
    start = np.arange(days) * 1440.0
    index = np.searchsorted(wall, start + _FROM).astype(np.int64)
    minute = np.append(wall, np.inf)[index] - start
    return np.where(minute < _UNTIL, minute, np.nan), index


def later_p(first: Float64Array, free: BoolArray) -> Float64Array:
    """p-values, one-sided and for all things together, that first times are later on free days.

    Args:
        first: float64 (things, days), NaN where there is none.
        free: bool (days,).

    Returns:
        float64 (things,), at least 1 / (permutations + 1).
    """
    there = ~np.isnan(first)
    ranks = np.zeros(first.shape)
    for row, values in enumerate(first):
        known = values[there[row]]
        ranks[row, there[row]] = ((known[:, None] > known).sum(axis=1) + (known[:, None] >= known).sum(axis=1) + 1) / 2
    rng = np.random.default_rng(_SEED)
    order = np.argsort(rng.random((_PERMUTATIONS, len(free))), axis=1, kind="stable")
    labels = np.concatenate([free[None], free[order]]).astype(np.float64)
    n = there.sum(axis=1)
    k = labels @ there.T
    deviation = np.sqrt(np.maximum(k * (n - k) * (n + 1) / 12.0, 1e-9))
    z = np.where((k > 0) & (k < n), (labels @ ranks.T - k * (n + 1) / 2) / deviation, 0.0)
    largest = z[1:].max(axis=1)
    # A statistic that ties with the observed one up to rounding is as extreme.
    return np.asarray((1 + (largest[:, None] >= z[0] - 1e-9).sum(axis=0)) / (_PERMUTATIONS + 1), np.float64)
