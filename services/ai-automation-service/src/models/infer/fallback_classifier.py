"""What classifies while flan-t5 cannot be had, whichever labels the settings ask for.

The linear head knows its own labels only. It answers a question whose labels are all among them, and renormalises. It
also answers for other priorities, by rank: they are listed most first, so three of them are its three under other
names. For other categories the nearest description has to do (:mod:`src.models.infer.embedding_labels`).

The head also knows the vectors of one embedding model only. Under another one the nearest description tells the
category, and nothing tells the priority: nearness cannot (``docs/classification.md``). ``made_by`` tells all of this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from src.domain.labels import PRIORITIES, Labels
from src.models.infer.answers import Classification
from src.models.infer.embedding_labels import MADE_BY, EmbeddingLabels
from src.models.infer.linear_head import LinearHead

FloatArray = NDArray[np.float64]


class FallbackClassifier:
    """Category and priority from the vectors of sentences.

    Args:
        head: None: it was trained on another embedding model than the one that serves.
        embed: texts to rows of unit length; asked where descriptions have to do.

    Attributes:
        made_by: what its classifications say they were made by.

    Raises:
        ModelError: whatever ``embed`` raises.
    """

    def __init__(
        self, head: LinearHead | None, labels: Labels, embed: Callable[[Sequence[str]], NDArray[np.float32]]
    ) -> None:
        self._head = head
        self._labels = labels
        self._shares = _shares(labels.priorities)
        known = {category for category, _ in head.pairs} if head else set()
        self._described = None if known.issuperset(labels.categories) else EmbeddingLabels.of(labels.categories, embed)
        by_rank = "" if set(labels.priorities) <= set(PRIORITIES) else " by rank"
        if head is None:
            self.made_by = f"category: {MADE_BY}, priority: none"
        elif self._described is not None:
            self.made_by = f"category: {MADE_BY}, priority: {head.made_by}{by_rank}"
        else:
            self.made_by = head.made_by + (f", priority{by_rank}" if by_rank else "")

    def predict(self, vectors: NDArray[np.float32]) -> list[Classification]:
        """Labels for the vectors of sentences: float32 (n, dimensions), rows of unit length.

        Raises:
            ValueError: vectors of another width than the head's.
        """
        categories = self._categories(vectors)
        priorities = self._priorities(vectors)
        return [
            Classification(
                category=max(category, key=category.__getitem__),
                priority=max(priority, key=priority.__getitem__, default=None),
                category_probabilities=category,
                priority_probabilities=priority,
                made_by=self.made_by,
            )
            for category, priority in zip(categories, priorities, strict=True)
        ]

    def _categories(self, vectors: NDArray[np.float32]) -> list[dict[str, float]]:
        if self._described is not None:
            return _named(self._labels.categories, self._described.probabilities(vectors))
        assert self._head is not None
        of_pairs = _belongs([category for category, _ in self._head.pairs], self._labels.categories)
        return _named(self._labels.categories, _normal(self._head.probabilities(vectors) @ of_pairs))

    def _priorities(self, vectors: NDArray[np.float32]) -> list[dict[str, float]]:
        if self._head is None:
            return [{} for _ in vectors]
        of_pairs = _belongs([priority for _, priority in self._head.pairs], PRIORITIES)
        return _named(self._labels.priorities, _normal(self._head.probabilities(vectors) @ of_pairs @ self._shares))


def _named(labels: Sequence[str], shares: FloatArray) -> list[dict[str, float]]:
    return [dict(zip(labels, row.tolist(), strict=True)) for row in shares]


def _shares(priorities: Sequence[str]) -> FloatArray:
    """How much of each of the head's priorities goes to each of these: (3, priorities).

    Those that the head knows by name keep their own. Otherwise both lists are laid over the same line, most important
    first, each label as wide as the others of its list, and a label gets what it covers.
    """
    if set(priorities) <= set(PRIORITIES):
        return _belongs(PRIORITIES, priorities)
    own = np.linspace(0, 1, len(PRIORITIES) + 1)
    others = np.linspace(0, 1, len(priorities) + 1)
    covered = np.minimum(own[1:, None], others[None, 1:]) - np.maximum(own[:-1, None], others[None, :-1])
    return np.asarray(np.clip(covered, 0, None) * len(PRIORITIES), np.float64)


def _belongs(of: Sequence[str], labels: Sequence[str]) -> FloatArray:
    """1 where the label of the row is the label of the column, else 0."""
    return np.array([[float(each == label) for label in labels] for each in of], np.float64)


def _normal(shares: FloatArray) -> FloatArray:
    """Rows that sum to 1; a row without any share is even."""
    raised = shares + np.finfo(np.float64).tiny
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)
