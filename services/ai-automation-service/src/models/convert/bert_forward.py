"""A BERT encoder in numpy, one layer's weights in memory at a time.

It is what the graphs are calibrated on and measured against: float32 throughout, every token of every text in one
matrix, no padding. Memory is that of one layer: about 4 bytes times the tokens times the widest layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from src.models.convert.bert_names import BertConfig, prefix
from src.models.convert.weights import FloatArray, WeightFile

Kind = Literal["hidden", "context", "inner"]
_MOST_TOKENS, _LEAST_TOKENS = 6144, 2048  # in one matrix; the wider the model, the fewer
_NARROW = 384  # width of a model that has the most


class Observer(Protocol):
    """Sees each linear layer of the encoder with what it is given."""

    def __call__(self, name: str, kind: Kind, inputs: FloatArray, weight: FloatArray, bias: FloatArray) -> None:
        """Look, and leave the arrays as they are.

        Args:
            name: of the layer in the weights; query, key and value are one, ``...attention.self``.
            kind: what the inputs are: hidden states, what attention gathered, or a feed-forward block's inner units.
            inputs: (tokens, channels).
            weight: (outputs, channels).
            bias: (outputs,).
        """


def nothing(name: str, kind: Kind, inputs: FloatArray, weight: FloatArray, bias: FloatArray) -> None:
    """Nobody looks."""


@dataclass(frozen=True)
class Texts:
    """All tokens in one row, text after text.

    Attributes:
        ids, places: int64 (tokens,), token and position of each.
        ends: int64 (texts + 1,), where texts begin and end.
    """

    ids: NDArray[np.int64]
    places: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, sequences: Sequence[Sequence[int]]) -> Texts:
        """Of token ids, special tokens included."""
        ids = np.concatenate([np.asarray(sequence, np.int64) for sequence in sequences])
        places = np.concatenate([np.arange(len(sequence), dtype=np.int64) for sequence in sequences])
        return cls(ids, places, np.cumsum([0, *map(len, sequences)]))


def portions(sequences: Sequence[Sequence[int]], tokens: int = _MOST_TOKENS) -> Iterator[Sequence[Sequence[int]]]:
    """The sequences in their order, as many at a time as have no more than ``tokens`` together, but at least one."""
    first, total = 0, 0
    for place, sequence in enumerate(sequences):
        if total and total + len(sequence) > tokens:
            yield sequences[first:place]
            first, total = place, 0
        total += len(sequence)
    if first < len(sequences):
        yield sequences[first:]


class Forward:
    """The encoder of one file of weights.

    Attributes:
        tokens: at most that many should be asked for at once, to keep the memory of one layer small.

    Raises:
        WeightsUnreadable: it is not in there, or (any method) a tensor is missing.
    """

    def __init__(self, weights: WeightFile, config: BertConfig) -> None:
        self._weights = weights
        self._config = config
        self._prefix = prefix(weights)
        width = weights.shape(f"{self._prefix}embeddings.word_embeddings.weight")[1]
        self.tokens = max(_LEAST_TOKENS, min(_MOST_TOKENS, _MOST_TOKENS * _NARROW // width))

    def hidden(self, texts: Texts, observe: Observer = nothing) -> FloatArray:
        """The last layer's output, float32 (tokens, width)."""
        x = self._embedded(texts)
        for number in range(self._config.layers):
            x = self._layer(x, texts, f"{self._prefix}encoder.layer.{number}.", observe)
        return x

    def linear(self, name: str) -> tuple[FloatArray, FloatArray]:
        """Weight (outputs, channels) and bias (outputs,) of a layer."""
        return self._weights.read(f"{name}.weight"), self._weights.read(f"{name}.bias")

    def _embedded(self, texts: Texts) -> FloatArray:
        at = f"{self._prefix}embeddings"
        words = self._weights.rows(f"{at}.word_embeddings.weight", texts.ids)
        places = self._weights.rows(f"{at}.position_embeddings.weight", texts.places + self._config.first_position)
        kind = self._weights.read(f"{at}.token_type_embeddings.weight")[0]
        return self._normalised(words + places + kind, f"{at}.LayerNorm")

    def _layer(self, x: FloatArray, texts: Texts, at: str, observe: Observer) -> FloatArray:
        def product(inputs: FloatArray, name: str, kind: Kind, layer: tuple[FloatArray, FloatArray]) -> FloatArray:
            weight, bias = layer
            observe(name, kind, inputs, weight, bias)
            return np.asarray(inputs @ weight.T + bias, np.float32)

        heads = [self.linear(f"{at}attention.self.{name}") for name in ("query", "key", "value")]
        joined = np.concatenate([weight for weight, _ in heads]), np.concatenate([bias for _, bias in heads])
        context = self._attended(product(x, f"{at}attention.self", "hidden", joined), texts)
        name = f"{at}attention.output.dense"
        attended = product(context, name, "context", self.linear(name))
        x = self._normalised(attended + x, f"{at}attention.output.LayerNorm")
        name = f"{at}intermediate.dense"
        inner = gelu(product(x, name, "hidden", self.linear(name)))
        name = f"{at}output.dense"
        return self._normalised(product(inner, name, "inner", self.linear(name)) + x, f"{at}output.LayerNorm")

    def _attended(self, joined: FloatArray, texts: Texts) -> FloatArray:
        heads = self._config.heads
        context = np.empty((len(joined), joined.shape[1] // 3), np.float32)
        for first, past in zip(texts.ends[:-1], texts.ends[1:], strict=True):
            query, key, value = (
                part.reshape(past - first, heads, -1).transpose(1, 0, 2) for part in np.split(joined[first:past], 3, 1)
            )
            scores = query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(query.shape[2]))
            shares = np.exp(scores - scores.max(axis=2, keepdims=True))
            shares /= shares.sum(axis=2, keepdims=True)
            context[first:past] = (shares @ value).transpose(1, 0, 2).reshape(past - first, -1)
        return context

    def _normalised(self, x: FloatArray, name: str) -> FloatArray:
        centred = x - x.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + np.float32(self._config.epsilon))
        scaled = centred / spread * self._weights.read(f"{name}.weight") + self._weights.read(f"{name}.bias")
        return np.asarray(scaled, np.float32)


def gelu(x: FloatArray) -> FloatArray:
    """``x`` times the normal distribution's function; its error function is Abramowitz and Stegun's 7.1.26 (1.5e-7)."""
    half = np.abs(x) * np.float32(np.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * half)
    terms = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
    tail = np.zeros_like(t)
    for term in reversed(terms):
        tail += np.float32(term)
        tail *= t
    half *= -half
    tail *= np.exp(half, out=half)
    tail /= 2
    np.subtract(1, tail, out=tail, where=x >= 0)
    tail *= x
    return np.asarray(tail, np.float32)
