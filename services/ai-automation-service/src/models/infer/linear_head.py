"""Category and priority from a sentence's vector: the classifier that serves while flan-t5 cannot be had.

A multinomial logistic regression over the embedding model's vectors. Its classes are the pairs of category and
priority, because what makes a routine important depends on what it is about; each answer is the sum over the other
(:mod:`src.models.infer.fallback_classifier`).
``data/linear_head.json`` holds the weights with the figures they reached on sentences they had not seen;
``scripts/train_linear_head.py`` makes it from ``data/labelled_sentences.csv``, and ``docs/classification.md`` tells
how far to trust it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from src.domain.patterns import Json
from src.errors import ModelCorrupt

FloatArray = NDArray[np.float64]

WEIGHTS = Path(__file__).parents[1] / "data" / "linear_head.json"
_DIGITS = 5


@dataclass(frozen=True)
class LinearHead:
    """The regression, its temperature already in the weights.

    Attributes:
        pairs: (category, priority) of each class.
        weights: float64 (classes, dimensions).
        intercepts: float64 (classes,).
        embedding: id of the embedding model whose vectors it was trained on, at any precision; it means nothing to
            another's.
        figures: what it reached on held-out sentences, as the training wrote them.
        data_sha256: of the file of sentences it was trained on.

    Raises:
        ValueError: shapes that do not fit each other, or numbers that are not finite.
    """

    pairs: tuple[tuple[str, str], ...]
    weights: FloatArray
    intercepts: FloatArray
    embedding: str
    figures: Json
    data_sha256: str

    def __post_init__(self) -> None:
        count = len(self.pairs)
        if count < 2 or len(set(self.pairs)) < count:
            raise ValueError(f"the classes {self.pairs} are not two or more different pairs")
        if self.weights.ndim != 2 or len(self.weights) != count or self.intercepts.shape != (count,):
            raise ValueError(
                f"weights of shape {self.weights.shape} and intercepts of shape {self.intercepts.shape} "
                f"for {count} classes"
            )
        if not (np.isfinite(self.weights).all() and np.isfinite(self.intercepts).all()):
            raise ValueError("weights that are not finite")

    @property
    def dimensions(self) -> int:
        """Width of the vectors it takes."""
        return int(self.weights.shape[1])

    @property
    def made_by(self) -> str:
        """What its classifications say they were made by."""
        return f"linear-head@{self.data_sha256[:7]}"

    def reads(self, embedding: str) -> bool:
        """Whether an embedding model, by its id, is the one it was trained on, at whatever precision.

        One with a variant is a person's own way to run that model, so its vectors are others.
        """
        model, _, form = embedding.rpartition(":")
        return model == self.embedding and "+" not in form

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> LinearHead:
        """The head that comes with the service.

        Raises:
            ModelCorrupt: the file is not there, or not a linear head.
        """
        try:
            return cls.from_json(json.loads(path.read_bytes()))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise ModelCorrupt("linear head", f"{path.name} cannot be used ({error!r})") from error

    @classmethod
    def from_json(cls, value: Json) -> LinearHead:
        """The inverse of :meth:`to_json`. Raises KeyError, TypeError or ValueError on what is not a head."""
        return cls(
            pairs=tuple((str(category), str(priority)) for category, priority in value["pairs"]),
            weights=np.array(value["weights"], np.float64),
            intercepts=np.array(value["intercepts"], np.float64),
            embedding=str(value["embedding"]),
            figures=dict(value["figures"]),
            data_sha256=str(value["data_sha256"]),
        )

    def to_json(self) -> Json:
        """Weights rounded to five digits after the point."""
        return {
            "embedding": self.embedding,
            "data_sha256": self.data_sha256,
            "figures": self.figures,
            "pairs": [list(pair) for pair in self.pairs],
            "intercepts": [round(float(number), _DIGITS) for number in self.intercepts],
            "weights": [[round(float(number), _DIGITS) for number in row] for row in self.weights],
        }

    def probabilities(self, vectors: NDArray[np.floating]) -> FloatArray:
        """Vectors (n, dimensions), rows of unit length, to the probabilities of the pairs (n, classes); rows sum to 1.

        Raises:
            ValueError: vectors of another width.
        """
        if vectors.ndim != 2 or vectors.shape[1] != self.dimensions:
            raise ValueError(f"vectors of shape {vectors.shape}; the head takes (n, {self.dimensions})")
        logits = vectors.astype(np.float64) @ self.weights.T + self.intercepts
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)
