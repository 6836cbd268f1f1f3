"""BERT and XLM-RoBERTa encoders as OpenVINO graphs, built from their source weights without PyTorch.

Both take ``input_ids`` and ``attention_mask``, int64 (batch, length), padded on the right. Sources: Devlin et al.,
"BERT", https://arxiv.org/abs/1810.04805; Conneau et al., "Unsupervised Cross-lingual Representation Learning at
Scale", https://arxiv.org/abs/1911.02116; mean pooling from Reimers and Gurevych, "Sentence-BERT",
https://arxiv.org/abs/1908.10084.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from src.domain.patterns import Json
from src.models.layers import Layers, Precision
from src.models.weights import WeightFile, WeightsUnreadable

if TYPE_CHECKING:
    from openvino import Model, Node

_MASKED = np.float32(-1e9)  # far below any attention score, and still finite when a whole row is masked
_TINY = np.float32(1e-9)


@dataclass(frozen=True, slots=True)
class BertConfig:
    """What the graph needs to know of a model's ``config.json``.

    Attributes:
        first_position: row of the position table that the first token takes; XLM-RoBERTa starts after its padding id.
    """

    layers: int
    heads: int
    epsilon: float
    first_position: int

    @classmethod
    def from_json(cls, config: Json) -> BertConfig:
        """Of a hub's ``config.json``.

        Raises:
            WeightsUnreadable: a model, or a variant of one, that this graph is not.
        """
        kind = config.get("model_type")
        if kind not in ("bert", "xlm-roberta", "roberta"):
            raise WeightsUnreadable(f"config.json is of a {kind!r} model, not of BERT or XLM-RoBERTa")
        for name, wanted in (("hidden_act", "gelu"), ("position_embedding_type", "absolute")):
            if config.get(name, wanted) != wanted:
                raise WeightsUnreadable(f"config.json has {name} {config[name]!r}; only {wanted!r} is known")
        return cls(
            layers=int(config["num_hidden_layers"]),
            heads=int(config["num_attention_heads"]),
            epsilon=float(config["layer_norm_eps"]),
            first_position=0 if kind == "bert" else int(config["pad_token_id"]) + 1,
        )


def embedding_graph(weights: WeightFile, config: BertConfig, precision: Precision) -> Model:
    """Token ids to sentence vectors: ``sentence_embedding``, float32 (batch, width), rows of unit length.

    The mean is taken over the tokens of the attention mask only.
    """
    from openvino import opset15 as ops

    graph = _Encoder(weights, config, precision)
    hidden = graph.hidden()
    mask = ops.unsqueeze(ops.convert(graph.mask, "f32"), ops.constant(np.int64(2)))
    axis = ops.constant(np.int64(1))
    total = ops.reduce_sum(ops.multiply(hidden, mask), axis)
    count = ops.maximum(ops.reduce_sum(mask, axis), ops.constant(_TINY))
    unit = ops.normalize_l2(ops.divide(total, count), axis, 1e-12, "max")
    return graph.model(unit, "sentence_embedding")


def reranker_graph(weights: WeightFile, config: BertConfig, precision: Precision) -> Model:
    """Token ids of a pair to its relevance: ``logits``, float32 (batch, 1)."""
    from openvino import opset15 as ops

    graph = _Encoder(weights, config, precision)
    first = ops.gather(graph.hidden(), ops.constant(np.int64(0)), ops.constant(np.int64(1)))
    dense = ops.tanh(graph.layers.linear(first, "classifier.dense"))
    return graph.model(graph.layers.linear(dense, "classifier.out_proj"), "logits")


class _Encoder:
    """The stack of transformer layers, between its two inputs and the hidden states."""

    def __init__(self, weights: WeightFile, config: BertConfig, precision: Precision) -> None:
        from openvino import opset15

        self._ops = opset15
        self._config = config
        self.layers = Layers(weights, precision)
        self._prefix = _prefix(weights)
        self.ids = self._input("input_ids")
        self.mask = self._input("attention_mask")

    def hidden(self) -> Node:
        """float32 (batch, length, width)."""
        ops, layers = self._ops, self.layers
        x = layers.layer_norm(self._embedded(), f"{self._prefix}embeddings.LayerNorm", self._config.epsilon)
        absent = ops.subtract(ops.constant(np.float32(1)), ops.convert(self.mask, "f32"))
        spread = ops.unsqueeze(absent, ops.constant(np.array([1, 2], np.int64)))
        bias = ops.multiply(spread, ops.constant(_MASKED))
        for number in range(self._config.layers):
            x = self._layer(x, bias, f"{self._prefix}encoder.layer.{number}.")
        return x

    def model(self, output: Node, name: str) -> Model:
        from openvino import Model

        output.output(0).set_names({name})
        return Model([self._ops.result(output)], [self.ids, self.mask], name)

    def _input(self, name: str) -> Node:
        node = self._ops.parameter([-1, -1], np.int64, name)
        node.output(0).set_names({name})
        return node

    def _embedded(self) -> Node:
        ops, layers = self._ops, self.layers
        zero, one = ops.constant(np.int64(0)), ops.constant(np.int64(1))
        first = self._config.first_position
        length = ops.gather(ops.shape_of(self.ids), one, zero)
        past = ops.add(length, ops.constant(np.int64(first)))
        positions = ops.range(ops.constant(np.int64(first)), past, one, "i64")
        # The only token type there is in a single text, and in XLM-RoBERTa.
        kind = layers.weights.read(f"{self._prefix}embeddings.token_type_embeddings.weight")[0]
        words = layers.embedding(self.ids, f"{self._prefix}embeddings.word_embeddings.weight")
        places = layers.embedding(positions, f"{self._prefix}embeddings.position_embeddings.weight")
        return ops.add(words, ops.add(places, ops.constant(kind)))

    def _layer(self, x: Node, bias: Node, at: str) -> Node:
        ops, layers, epsilon = self._ops, self.layers, self._config.epsilon
        query, key, value = (
            layers.split_heads(layers.linear(x, f"{at}attention.self.{name}"), self._config.heads)
            for name in ("query", "key", "value")
        )
        context = layers.join_heads(ops.scaled_dot_product_attention(query, key, value, bias))
        attended = layers.linear(context, f"{at}attention.output.dense")
        x = layers.layer_norm(ops.add(attended, x), f"{at}attention.output.LayerNorm", epsilon)
        inner = ops.gelu(layers.linear(x, f"{at}intermediate.dense"), "erf")
        outer = layers.linear(inner, f"{at}output.dense")
        return layers.layer_norm(ops.add(outer, x), f"{at}output.LayerNorm", epsilon)


def _prefix(weights: WeightFile) -> str:
    """The encoder's name inside the file: none for a bare encoder, its module's with a head."""
    for prefix in ("", "bert.", "roberta."):
        if f"{prefix}embeddings.word_embeddings.weight" in weights:
            return prefix
    raise WeightsUnreadable(f"{weights.path.name} has no embeddings.word_embeddings.weight")
