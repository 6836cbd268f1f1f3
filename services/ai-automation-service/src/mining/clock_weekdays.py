"""The sets of weekdays that a routine of the clock may keep to, and what choosing among them costs."""

from __future__ import annotations

import numpy as np

from src.domain.events import Float64Array, Int64Array
from src.mining.activity import BIN
from src.mining.clock_days import MIN_DAYS
from src.mining.clock_grid import HALF_BINS, own_hours
from src.mining.statistics import surprise

MIN_RATE = 0.5
_MAX_ELSEWHERE = 0.3
_PLAIN_CONTRAST, _CONTRAST = 2.0, 2.0  # nats by which the days of a set must differ from the others, beyond its price

# The price of a set of weekdays (weighted Bonferroni): of the prior weight the three plain sets share 0.4, and the
# seven single days, the other twenty pairs of days and the 96 larger sets 0.2 each.
ALL_DAYS, WORKDAYS, WEEKEND = (0, 1, 2, 3, 4, 5, 6), (0, 1, 2, 3, 4), (5, 6)
PLAIN_SETS = (ALL_DAYS, WORKDAYS, WEEKEND)
PLAIN_COST = 7.5
_SINGLE_COST, _PAIR_COST, _OTHER_COST = 35.0, 100.0, 480.0
_PLAIN = np.array([[float(day in days) for day in range(7)] for days in PLAIN_SETS])
_FIXED = np.concatenate([_PLAIN, np.eye(7)])


class WeekdaySets:
    """The sets of weekdays in question for each window: the plain and single ones, and the set that suits the window.

    Args:
        hits7: float64 (halves, 7, bins), hits on each weekday.
        opportunities: float64 (7,).
    """

    def __init__(self, hits7: Float64Array, opportunities: Float64Array, *, plain: bool) -> None:
        often = (hits7 >= 0.5 * np.maximum(opportunities, 1)[:, None]) & (opportunities >= 2)[:, None]
        size = often.sum(axis=1)
        self._own = (often & ((size >= 2) & (size <= 6))[:, None]).astype(np.float64)
        self._fixed = _PLAIN if plain else _FIXED
        hits = np.matmul(self._fixed, hits7)
        n = np.broadcast_to((self._fixed @ opportunities)[:, None], hits.shape)
        cost = np.broadcast_to(np.where(np.arange(len(self._fixed)) < 3, PLAIN_COST, _SINGLE_COST)[:, None], hits.shape)
        if not plain:
            hits = np.concatenate([hits, (self._own * hits7).sum(axis=1)[:, None]], axis=1)
            n = np.concatenate([n, np.tensordot(self._own, opportunities, (1, 0))[:, None]], axis=1)
            cost = np.concatenate([cost, np.where(size == 2, _PAIR_COST, _OTHER_COST)[:, None]], axis=1)
        # On other days a routine of some days is rare, or it is a routine of all days that was missed by chance.
        other = (hits7.sum(axis=1)[:, None] - hits) / np.maximum(opportunities.sum() - n, 1)
        is_plain = (np.arange(hits.shape[1]) < len(PLAIN_SETS))[:, None]
        self.hits, self.n, self.cost = hits, n, cost
        enough = (hits >= MIN_DAYS) & (hits >= MIN_RATE * n) & (is_plain | (other <= _MAX_ELSEWHERE))
        # Luck picks among many sets; Monday to Friday and the weekend are asked a little, all days nothing.
        row, which, at = np.nonzero(enough)
        least = np.where(which < len(PLAIN_SETS), _PLAIN_CONTRAST, np.log(cost[row, which, at]) + _CONTRAST)
        every = hits7.sum(axis=1)[row, at]
        apart = _contrast(hits[row, which, at], n[row, which, at], every, float(opportunities.sum()))
        enough[row, which, at] = (which == 0) | (apart >= least)
        # bool (halves, sets, bins): worth the null models' chances.
        self.enough = enough

    def scores(
        self, chance7: Float64Array, rows: Int64Array, bins: Int64Array, around7: Float64Array | None = None
    ) -> Float64Array:
        """float64 (sets, n): nats of surprise less the price of the weekdays, of the windows (half, bin).

        Args:
            chance7: float64 (7, n), the chances of the days of each weekday, summed.
            around7: float64 (7, n), the actions around the windows of the days of each weekday, summed.
        """
        hits, n, cost = (column[rows, :, bins].T for column in (self.hits, self.n, self.cost))
        chance = self._summed(chance7, rows, bins, len(hits)) / np.maximum(n, 1)
        if around7 is not None:
            often = self._summed(around7, rows, bins, len(hits)) / np.maximum(n, 1)
            width = (2 * np.array(HALF_BINS, np.float64)[rows] + 1) * BIN
            chance = np.maximum(chance, own_hours(often, width))
        score = surprise(hits, n, chance) - np.log(cost)
        return np.where(self.enough[rows, :, bins].T, score, -np.inf)

    def _summed(self, by_weekday: Float64Array, rows: Int64Array, bins: Int64Array, sets: int) -> Float64Array:
        """float64 (sets, n): sums over the weekdays of each set, of sums on each weekday (float64 (7, n))."""
        total = self._fixed @ by_weekday
        if sets > len(total):
            total = np.concatenate([total, (self._own[rows, :, bins].T * by_weekday).sum(axis=0)[None]])
        return np.asarray(total, np.float64)

    def weekdays(self, row: int, which: int, at: int) -> tuple[int, ...]:
        members = self._fixed[which] if which < len(self._fixed) else self._own[row, :, at]
        return tuple(np.flatnonzero(members).tolist())


def _contrast(hits: Float64Array, n: Float64Array, every: Float64Array, days: float) -> Float64Array:
    """Nats by which a window's share inside of a set of weekdays and outside speaks for two shares and not one.

    The log-likelihood ratio of two binomials: without it the weekdays that luck favoured make a set.

    Args:
        hits, n: float64 (m,), of days inside of the set.
        every: float64 (m,), hits on all days. days: how many they are.
    """

    def likelihood(taken: Float64Array, of: Float64Array, share: Float64Array) -> Float64Array:
        share = np.minimum(np.maximum(share, 1e-9), 1 - 1e-9)
        return np.asarray(taken * np.log(share) + (of - taken) * np.log(1 - share), np.float64)

    rest, left = every - hits, days - n
    pooled = every / max(days, 1.0)
    apart = likelihood(hits, n, hits / np.maximum(n, 1)) + likelihood(rest, left, rest / np.maximum(left, 1))
    return np.asarray(apart - likelihood(hits, n, pooled) - likelihood(rest, left, pooled), np.float64)
