"""Retrieval: of all sentences, those nearest to a question."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RETRIEVED = 100


def nearest(
    question: NDArray[np.float32], sentences: NDArray[np.float32], limit: int = RETRIEVED
) -> list[tuple[int, float]]:
    """The rows most similar to a question, exactly: a home has hundreds of patterns, not millions.

    Args:
        question: float32 (d,), unit length.
        sentences: float32 (n, d), rows of unit length.

    Returns:
        (row, cosine) of the ``limit`` best, best first; of equals the earlier row first.
    """
    if len(sentences) == 0:
        return []
    similarity = np.clip(sentences.astype(np.float64) @ question.astype(np.float64), -1.0, 1.0)
    order = np.argsort(-similarity, kind="stable")[:limit]
    return [(int(row), float(similarity[row])) for row in order]
