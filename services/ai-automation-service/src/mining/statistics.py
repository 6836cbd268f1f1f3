"""The statistics the miner rests on: intervals, tails, corrections. Pure functions of numbers.

Sources: Wilson 1927 (interval); Fisher 1925 (combining independent p-values); Hoeffding 1956 (a sum of unequal
chances has a lighter tail than the binomial of the same mean); Benjamini and Yekutieli 2001 (false discovery rate under
any dependence).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import betainc

from src.domain.events import Float64Array

_SMALLEST = 1e-300  # below this a p-value is a statement about floating point, not about a home


def wilson(hits: int, opportunities: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson score interval of a share, 95 % by default. (0, 1) without opportunities."""
    if opportunities == 0:
        return 0.0, 1.0
    share = hits / opportunities
    denominator = 1 + z * z / opportunities
    centre = (share + z * z / (2 * opportunities)) / denominator
    half = z * math.sqrt(share * (1 - share) / opportunities + z * z / (4 * opportunities**2)) / denominator
    return max(0.0, centre - half), min(1.0, centre + half)


def upper_tail(hits: int, opportunities: int, chance: float) -> float:
    """Probability of at least ``hits`` of ``opportunities`` when each is taken with the mean chance ``chance``.

    Exact for equal chances. For unequal ones with that mean it is an upper bound whenever ``hits`` exceeds the
    expected number by at least one (Hoeffding 1956, theorem 4), which is the only region where it decides anything.
    """
    if hits <= 0:
        return 1.0
    if hits > opportunities:
        return _SMALLEST
    tail = float(betainc(hits, opportunities - hits + 1, min(max(chance, 0.0), 1.0)))
    return min(1.0, max(tail, _SMALLEST))


def lower_tail(hits: int, opportunities: int, chance: float) -> float:
    """Probability of at most ``hits`` of ``opportunities`` when each is taken with ``chance``."""
    if hits >= opportunities:
        return 1.0
    return float(betainc(opportunities - hits, hits + 1, 1 - min(max(chance, 0.0), 1.0)))


def fisher(a: float, b: float) -> float:
    """Fisher's combination of two independent p-values (Fisher 1925): the chance of a product this small."""
    product = max(a * b, _SMALLEST)
    return min(1.0, max(product * (1 - math.log(product)), _SMALLEST))


def surprise(hits: Float64Array, opportunities: Float64Array, chance: Float64Array) -> Float64Array:
    """``n * KL(hits/n || chance)`` in nats, 0 where the share does not exceed the chance; same shape as the inputs.

    The Chernoff exponent of :func:`upper_tail`: a cheap stand-in for -log p, good enough to choose by.
    """
    n = np.maximum(opportunities, 1e-9)
    p = np.minimum(np.maximum(chance, 1e-9), 1 - 1e-9)
    share = np.minimum(np.maximum(hits / n, 0.0), 1.0)
    inside = np.maximum(share, 1e-12)
    outside = np.maximum(1 - share, 1e-12)
    divergence = share * np.log(inside / p) + (1 - share) * np.log(outside / (1 - p))
    return np.where(share > p, n * divergence, 0.0)


def benjamini_yekutieli(p_values: Float64Array, family: int) -> Float64Array:
    """q-values that control the false discovery rate whatever the dependence between tests.

    Args:
        p_values: float64 (n,), the smallest of a family; those that were not passed in count as 1.
        family: how many tests were made in all, at least n.

    Returns:
        float64 (n,), in the order given, each at most 1.
    """
    n = len(p_values)
    if n == 0:
        return p_values.astype(np.float64)
    order = np.argsort(p_values, kind="stable")
    harmonic = math.log(family) + 0.5772156649015329 + 0.5 / family
    scaled = p_values[order] * family * harmonic / np.arange(1, n + 1)
    monotone = np.minimum.accumulate(scaled[::-1])[::-1]
    q_values = np.empty(n, np.float64)
    q_values[order] = np.minimum(monotone, 1.0)
    return q_values


def circular_difference(a: Float64Array, b: float | Float64Array, period: float) -> Float64Array:
    """``a - b`` on a circle, in [-period/2, period/2)."""
    return np.asarray((a - b + period / 2) % period - period / 2, np.float64)
