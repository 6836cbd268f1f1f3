"""How a claim about the last days fits a frame that searches older days and asks the later ones.

What is told and not automated is news: a habit that changed, a window left open. Its evidence lies in the very days
that the frame holds out, and one test covers all days. The frame combines two independent p-values after Fisher; here
the two are chosen so that their combination is that one test's p-value, neither better nor worse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from src.mining.statistics import benjamini_yekutieli

_SMALLEST = 1e-280


def as_pair(p_value: float, later: float = 1.0) -> tuple[float, float]:
    """Two p-values that Fisher's method combines to ``p_value``.

    Args:
        p_value: of the one test.
        later: what the held-out days alone are to show, as far as the pair allows.

    Returns:
        of the searched and of the held-out days.
    """
    wanted = min(max(p_value, _SMALLEST), 1.0)
    # The product x of the pair solves x (1 - log x) = p, which grows with x.
    low, high = math.log(wanted) - 10.0 - math.log(1 - math.log(wanted)), 0.0
    for _ in range(80):
        middle = (low + high) / 2
        if middle + math.log(1 - middle) < math.log(wanted):
            low = middle
        else:
            high = middle
    second = max(min(later, 1.0), math.exp(high))
    return min(1.0, math.exp(high) / second), second


def as_paid(p_values: Sequence[float]) -> list[float]:
    """P-values whose q-values after Benjamini and Yekutieli, over just these, are the given ones.

    For what pays for its whole family itself, by Bonferroni: to pay again for those few that are handed on would make
    each of them the weaker for the others.

    Args:
        p_values: that pay for everything already.
    """
    count = len(p_values)
    price = float(benjamini_yekutieli(np.array([_SMALLEST]), count)[0]) / _SMALLEST if count else 1.0
    paid = [0.0] * count
    for rank, place in enumerate(sorted(range(count), key=lambda each: p_values[each]), 1):
        paid[place] = p_values[place] * rank / price
    return paid
