"""How far a model's answers at one precision agree with those at float32. Nothing here measures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scripts.bench.worker import Json

FloatArray = NDArray[np.float32]


def of_vectors(reference: FloatArray, other: FloatArray) -> Json:
    """Of unit vectors (n, width): the cosines of each text with itself, and how many keep their nearest neighbour.

    The nearest neighbour of a text is the other text whose vector is nearest to its own, both at the same precision.
    """
    cosines = (reference * other).sum(axis=1)
    same = _nearest(reference) == _nearest(other)
    return {
        "cosine_mean": round(float(cosines.mean()), 5),
        "cosine_min": round(float(cosines.min()), 5),
        "same_nearest": round(float(same.mean()), 3),
    }


def of_scores(reference: FloatArray, other: FloatArray) -> Json:
    """Of logits (queries, passages): correlation, largest difference, and how many queries keep their best."""
    return {
        "correlation": round(float(np.corrcoef(reference.ravel(), other.ravel())[0, 1]), 5),
        "largest_difference": round(float(np.abs(reference - other).max()), 4),
        "same_best": round(float((reference.argmax(axis=1) == other.argmax(axis=1)).mean()), 3),
    }


def of_labels(reference: FloatArray, other: FloatArray) -> Json:
    """Of probabilities (texts, labels) of one question: how many keep their label, and the largest difference."""
    return {
        "same_label": round(float((reference.argmax(axis=1) == other.argmax(axis=1)).mean()), 3),
        "largest_difference": round(float(np.abs(reference - other).max()), 4),
    }


def _nearest(vectors: FloatArray) -> NDArray[np.int64]:
    """For each row the place of the other row with the largest product."""
    products = vectors @ vectors.T
    np.fill_diagonal(products, -np.inf)
    nearest: NDArray[np.int64] = products.argmax(axis=1)
    return nearest
