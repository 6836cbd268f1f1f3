"""How near a compiled graph is to the exact model, on sentences that it was not calibrated on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from src.domain.patterns import Json
from src.models.convert.bert_forward import Forward, Texts, portions
from src.models.convert.weights import FloatArray
from src.models.infer.batches import Batch, batches

Pooling = Literal["mean", "cls"]

LEAST_COSINE = 0.999
LEAST_SAME_NEIGHBOUR = 0.97
LEAST_CORRELATION = 0.99


class Compiled(Protocol):
    """A graph, as :class:`~src.models.infer.runtime.Network` calls it."""

    def __call__(self, inputs: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]) -> Sequence[FloatArray]: ...


@dataclass(frozen=True, slots=True)
class VectorParity:
    """Vectors against the exact ones.

    Attributes:
        cosine_mean, cosine_min: between the two vectors of a text.
        same_neighbour: share of texts whose nearest other text is the same.
        texts: how many there were.
    """

    cosine_mean: float
    cosine_min: float
    same_neighbour: float
    texts: int

    @property
    def accepted(self) -> bool:
        """Whether searches with these vectors find what they would have found."""
        return self.cosine_mean >= LEAST_COSINE and self.same_neighbour >= LEAST_SAME_NEIGHBOUR

    def to_json(self) -> Json:
        return {
            "cosine_mean": round(self.cosine_mean, 5),
            "cosine_min": round(self.cosine_min, 4),
            "same_neighbour": round(self.same_neighbour, 4),
            "texts": self.texts,
        }


@dataclass(frozen=True, slots=True)
class ScoreParity:
    """Scores against the exact ones.

    Attributes:
        correlation: Pearson's, over all pairs.
        same_best: share of questions whose best passage is the same.
        pairs: how many there were.
    """

    correlation: float
    same_best: float
    pairs: int

    @property
    def accepted(self) -> bool:
        """Whether rankings by these scores are the exact ones but for near ties."""
        return self.correlation >= LEAST_CORRELATION

    def to_json(self) -> Json:
        return {
            "correlation": round(self.correlation, 5),
            "same_best": round(self.same_best, 4),
            "pairs": self.pairs,
        }


Parity = VectorParity | ScoreParity


def vector_parity(exact: FloatArray, found: FloatArray) -> VectorParity:
    """Of float32 (texts, dimensions), rows of unit length."""
    cosines = (exact * found).sum(axis=1, dtype=np.float64)
    same = _neighbours(exact) == _neighbours(found)
    return VectorParity(float(cosines.mean()), float(cosines.min()), float(same.mean()), len(exact))


def score_parity(exact: FloatArray, found: FloatArray) -> ScoreParity:
    """Of float32 (questions, passages)."""
    flat = np.corrcoef(exact.ravel(), found.ravel())[0, 1] if exact.std() > 0 and found.std() > 0 else 0.0
    same = exact.argmax(axis=1) == found.argmax(axis=1)
    return ScoreParity(float(flat), float(same.mean()), exact.size)


def exact_vectors(forward: Forward, sequences: Sequence[Sequence[int]], pooling: Pooling) -> FloatArray:
    """What the graph should give: float32 (texts, width), rows of unit length."""
    found: list[FloatArray] = []
    for portion in portions(sequences, forward.tokens):
        texts = Texts.of(portion)
        hidden = forward.hidden(texts)
        if pooling == "cls":
            found.append(hidden[texts.ends[:-1]])
        else:
            sums = np.add.reduceat(hidden, texts.ends[:-1], axis=0)
            found.append(np.asarray(sums / np.diff(texts.ends)[:, None], np.float32))
    vectors = np.concatenate(found)
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)


def exact_scores(forward: Forward, sequences: Sequence[Sequence[int]]) -> FloatArray:
    """What the graph should give: the logit of each pair, float32 (pairs,)."""
    dense, out = forward.linear("classifier.dense"), forward.linear("classifier.out_proj")
    found: list[FloatArray] = []
    for portion in portions(sequences, forward.tokens):
        texts = Texts.of(portion)
        first = forward.hidden(texts)[texts.ends[:-1]]
        found.append((np.tanh(first @ dense[0].T + dense[1]) @ out[0].T + out[1])[:, 0])
    return np.concatenate(found)


def run(network: Compiled, sequences: Sequence[Sequence[int]], pad: int) -> FloatArray:
    """The graph's output for each sequence, float32 (sequences, width)."""
    rows: dict[int, FloatArray] = {}
    for batch in batches(sequences, pad=pad):
        rows.update(zip(batch.indices.tolist(), _output(network, batch), strict=False))  # some only fill it up
    return np.stack([rows[place] for place in range(len(sequences))])


def _output(network: Compiled, batch: Batch) -> FloatArray:
    return network({"input_ids": batch.ids, "attention_mask": batch.mask})[0]


def _neighbours(vectors: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -2)
    return np.asarray(likeness.argmax(axis=1), np.int64)
