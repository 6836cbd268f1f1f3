"""How good a ranking is, question by question, and how sure one can be of the mean.

Scores and gains are (questions, sentences); every figure is float64 (questions,).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from src.domain.patterns import Json

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

TOP = 10
_BOOTSTRAPS = 10_000


def ndcg(scores: FloatArray, gains: FloatArray, top: int = TOP) -> FloatArray:
    """Normalised discounted cumulative gain; NaN where nothing can be gained.

    Source: Järvelin and Kekäläinen, "Cumulated gain-based evaluation", 2002, https://doi.org/10.1145/582415.582418.
    """
    top = min(top, scores.shape[1])
    discounts = 1 / np.log2(np.arange(2, top + 2))
    reached = np.take_along_axis(gains, _first(scores, top), axis=1) @ discounts
    best = -np.sort(-gains, axis=1)[:, :top] @ discounts
    return _ratio(reached, best)


def reciprocal_rank(scores: FloatArray, right: BoolArray) -> FloatArray:
    """One over the rank of the first right answer; 0 without one."""
    hits = np.take_along_axis(right, _first(scores, scores.shape[1]), axis=1)
    return np.where(hits.any(axis=1), 1 / (hits.argmax(axis=1) + 1), 0.0)


def recall(scores: FloatArray, right: BoolArray, top: int = TOP) -> FloatArray:
    """Share of the right answers among the first, of as many as fit there; NaN where there are none."""
    hits = np.take_along_axis(right, _first(scores, top), axis=1).sum(axis=1)
    possible = np.minimum(right.sum(axis=1), top)
    return _ratio(hits, possible)


def nearest_only(scores: FloatArray, cosine: FloatArray, retrieved: int) -> FloatArray:
    """The scores of the sentences that would be retrieved; the others rank behind them."""
    kept = np.full_like(scores, -np.inf)
    order = _first(cosine, retrieved)
    np.put_along_axis(kept, order, np.take_along_axis(scores, order, axis=1), axis=1)
    return kept


def interval(values: FloatArray) -> list[float]:
    """95 % interval of the mean; questions are drawn anew."""
    drawn = np.random.default_rng(1).integers(0, len(values), (_BOOTSTRAPS, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])
    return [round(float(low), 4), round(float(high), 4)]


def summary(values: FloatArray) -> Json:
    """Mean and interval."""
    return {"mean": round(float(values.mean()), 4), "interval": interval(values)}


def compare(one: FloatArray, other: FloatArray) -> Json:
    """``one`` minus ``other``: mean and interval of the difference, and a two-sided sign test."""
    difference = one - other
    better, worse = int((difference > 1e-12).sum()), int((difference < -1e-12).sum())
    p_value = float(binomtest(better, better + worse).pvalue) if better + worse else 1.0
    return {**summary(difference), "better": better, "worse": worse, "sign_test_p": round(p_value, 4)}


def _ratio(parts: NDArray[np.generic], wholes: NDArray[np.generic]) -> FloatArray:
    """NaN where there is no whole."""
    whole = np.asarray(wholes, np.float64)
    return np.asarray(parts, np.float64) / np.where(whole > 0, whole, np.nan)


def _first(scores: FloatArray, top: int) -> NDArray[np.intp]:
    return np.argsort(-scores, axis=1, kind="stable")[:, :top]
