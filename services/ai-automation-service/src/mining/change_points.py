"""Where a series of daily counts changes its level, and how surely: rank statistics that do not mind the counts' shape.

Counts of behaviour are broader than Poisson's and hang together from day to day (guests stay for a weekend, shifts for
a week). Ranks deal with the first; the second widens the variance by what the days' ranks show of it.

Sources: Pettitt 1979 (rank sums over all splits); Siegmund 1985, Sequential Analysis (tail of the largest of them, for
as many splits as there are days); Iman 1974 (a rank sum's own tail lies between the normal one and Student's);
Bartlett 1946 (variance of a mean of dependent values).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr, ndtri, stdtr
from scipy.stats import rankdata

from src.domain.events import Float64Array, Int64Array

_LAGS = 7
_LEAST, _MOST = 0.3, 5.0  # how much dependence may widen the variance; more than that is a trend
_STEPS = 129  # of the integral over the place of the split
_MARGIN = 1.3  # counts with many ties have a tail up to this much heavier, as simulated
_SMALLEST = 1e-300


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A split of a series in two.

    Attributes:
        values: length of the series.
        at: index of the first value after the change.
        z: standardized rank sum of the values after it, as if they were independent.
        earliest, latest: shares of the series between which splits were looked at.
    """

    values: int
    at: int
    z: float
    earliest: float
    latest: float

    @property
    def more(self) -> bool:
        """Whether the level rose."""
        return self.z > 0

    def p_value(self, widening: float) -> float:
        """Chance that the largest of all splits is this large, up or down, if the days are exchangeable.

        Args:
            widening: factor on the variance, from :func:`dependence`.
        """
        b = _as_normal(abs(self.z) / float(np.sqrt(widening)), self.values)
        if b < 1.5:  # the approximation is one of the tail
            return 1.0
        share = np.linspace(self.earliest, self.latest, _STEPS)
        # Neighbouring splits say nearly the same, but there is not one at every instant: hence Siegmund's factor.
        discrete = np.exp(-0.583 * b / np.sqrt(self.values * share * (1 - share)))
        density = float(np.exp(-0.5 * b * b) / np.sqrt(2 * np.pi))
        scanned = b * density * float(np.trapezoid(discrete / (share * (1 - share)), share))
        return float(np.clip(_MARGIN * (scanned + 2 * float(ndtr(-b))), _SMALLEST, 1.0))


def find_change(counts: Int64Array, least_before: int, least_after: int) -> ChangePoint | None:
    """The split at which the ranks before and after differ most, None if the series is too short or constant.

    Args:
        counts: int64 (n,), one for each day, in order.
        least_before, least_after: values that must lie on either side, at least one each.
    """
    n = len(counts)
    splits = np.arange(least_before, n - least_after + 1)
    if len(splits) == 0 or counts.min() == counts.max():
        return None
    z = _standardized(rankdata(counts), splits)
    best = int(np.argmax(np.abs(z)))
    return ChangePoint(n, int(splits[best]), float(z[best]), float(splits[0]) / n, float(splits[-1]) / n)


def change_at(change: ChangePoint, rates: Float64Array) -> ChangePoint:
    """The same split of the same days, seen in other values of them.

    Args:
        rates: float64 (n,), one for each of the days, not all the same.
    """
    return replace(change, z=float(_standardized(rankdata(rates), np.array([change.at]))[0]))


def _as_normal(z: float, n: int) -> float:
    """The normal deviate with the tail of a standardized rank sum of n values, z not negative: Iman's compromise."""
    left = n - 1 - z * z
    if left <= 0 or n < 4:
        return z
    student = float(ndtri(stdtr(n - 2, -z * np.sqrt((n - 2) / left))))
    return (z + max(z, -student)) / 2 if np.isfinite(student) else z


def _standardized(ranks: Float64Array, splits: Int64Array) -> Float64Array:
    """For each split the rank sum of what comes after it, less its mean, over its standard deviation."""
    n = len(ranks)
    after = n - splits
    total = np.cumsum(ranks[::-1])[::-1][splits]
    variance = splits * after / n * float(np.var(ranks, ddof=1))
    return np.asarray((total - after * (n + 1) / 2) / np.sqrt(variance), np.float64)


def level_p(before: Int64Array, after: Int64Array, more: bool, widening: float) -> float:
    """Chance that later counts rank this much above (``more``) or below the earlier ones if nothing changed.

    Args:
        before, after: int64 (n,) and (m,), counts of days.
        widening: factor on the variance, of :func:`dependence`.
    """
    both = np.concatenate([before, after])
    if len(before) == 0 or len(after) == 0 or both.min() == both.max():
        return 1.0
    z = float(_standardized(rankdata(both), np.array([len(before)]))[0]) / float(np.sqrt(widening))
    return max(float(ndtr(-z if more else z)), _SMALLEST)


def dependence(counts: Int64Array, at: int) -> float:
    """Factor by which the variance of a mean of days exceeds that of independent days; an estimate, and noisy.

    From the autocorrelation of the ranks of up to seven lags around the level before and after a split (Bartlett's
    weights), with the downward bias of the two estimated levels added back.
    """
    ranks = rankdata(counts)
    parts = [part for part in (ranks[:at], ranks[at:]) if len(part)]
    rest = np.concatenate([part - part.mean() for part in parts])
    n = len(rest)
    power = float(rest @ rest)
    lags = min(_LAGS, n // 4)
    if power <= 0 or lags < 1:
        return 1.0
    factor = 1.0
    for lag in range(1, lags + 1):
        factor += 2 * (1 - lag / (lags + 1)) * (float(rest[lag:] @ rest[:-lag]) / power + len(parts) / n)
    return float(np.clip(factor, _LEAST, _MOST))
