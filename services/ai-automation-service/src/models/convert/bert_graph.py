"""BERT and XLM-RoBERTa encoders as OpenVINO graphs, built from their source weights without PyTorch.

Both take ``input_ids`` and ``attention_mask``, int64 (batch, length), padded on the right. Sources: Devlin et al.,
"BERT", https://arxiv.org/abs/1810.04805; Conneau et al., "Unsupervised Cross-lingual Representation Learning at
Scale", https://arxiv.org/abs/1911.02116; mean pooling from Reimers and Gurevych, "Sentence-BERT",
https://arxiv.org/abs/1908.10084.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from src.models.catalog.model_card import Precision
from src.models.convert.bert_names import BertConfig, prefix
from src.models.convert.layers import Layers
from src.models.convert.weights import WeightFile

if TYPE_CHECKING:
    from openvino import Model, Node, Output

    from src.models.convert.calibration import Calibrated

_MASKED = np.float32(-1e9)  # far below any attention score, and still finite when a whole row is masked
_TINY = np.float32(1e-9)


def embedding_graph(
    weights: WeightFile,
    config: BertConfig,
    precision: Precision,
    *,
    pooling: Literal["mean", "cls"] = "mean",
    calibrated: Calibrated | None = None,
) -> Model:
    """Token ids to sentence vectors: ``sentence_embedding``, float32 (batch, width), rows of unit length.

    Args:
        pooling: the mean over the tokens of the attention mask only, or the first token's vector.
        calibrated: layers that multiply whole numbers; the others are at ``precision``.
    """
    graph = _Encoder(weights, config, precision, calibrated)
    return graph.model(sentence_vectors(graph.hidden(), graph.mask, pooling), "sentence_embedding")


def sentence_vectors(hidden: Node | Output, mask: Node | Output, pooling: Literal["mean", "cls"]) -> Node:
    """float32 (batch, width), rows of unit length, of the vectors of tokens (batch, length, width) and their mask."""
    from openvino import opset15 as ops

    axis = ops.constant(np.int64(1))
    if pooling == "cls":
        pooled = ops.gather(hidden, ops.constant(np.int64(0)), axis)
    else:
        present = ops.unsqueeze(ops.convert(mask, "f32"), ops.constant(np.int64(2)))
        count = ops.maximum(ops.reduce_sum(present, axis), ops.constant(_TINY))
        pooled = ops.divide(ops.reduce_sum(ops.multiply(hidden, present), axis), count)
    return ops.normalize_l2(pooled, axis, 1e-12, "max")


def reranker_graph(
    weights: WeightFile, config: BertConfig, precision: Precision, *, calibrated: Calibrated | None = None
) -> Model:
    """Token ids of a pair to its relevance: ``logits``, float32 (batch, 1). ``calibrated`` as for embeddings."""
    from openvino import opset15 as ops

    graph = _Encoder(weights, config, precision, calibrated)
    first = ops.gather(graph.hidden(), ops.constant(np.int64(0)), ops.constant(np.int64(1)))
    dense = ops.tanh(graph.layers.linear(first, "classifier.dense"))
    return graph.model(graph.layers.linear(dense, "classifier.out_proj"), "logits")


class _Encoder:
    """The stack of transformer layers, between its two inputs and the hidden states."""

    def __init__(
        self, weights: WeightFile, config: BertConfig, precision: Precision, calibrated: Calibrated | None
    ) -> None:
        from openvino import opset15

        self._ops = opset15
        self._config = config
        self._calibrated = calibrated or {}
        self.layers = Layers(weights, precision)
        self._prefix = prefix(weights)
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
        at = f"{self._prefix}embeddings"
        places = layers.weights.read(f"{at}.position_embeddings.weight")[self._config.first_position :]
        # The only token type there is in a single text, and in XLM-RoBERTa.
        kind = layers.weights.read(f"{at}.token_type_embeddings.weight")[0]
        zero, one = (ops.constant(np.array([number], np.int64)) for number in (0, 1))
        length = ops.gather(ops.shape_of(self.ids), one, ops.constant(np.int64(0)))
        standing = ops.slice(ops.constant(places + kind), zero, length, one, zero)
        return ops.add(layers.embedding(self.ids, f"{at}.word_embeddings.weight"), standing)

    def _layer(self, x: Node, bias: Node, at: str) -> Node:
        ops, layers, epsilon = self._ops, self.layers, self._config.epsilon
        query, key, value = (layers.split_heads(each, self._config.heads) for each in self._heads(x, at))
        context = layers.join_heads(ops.scaled_dot_product_attention(query, key, value, bias))
        attended = self._linear(context, f"{at}attention.output.dense")
        x = layers.layer_norm(ops.add(attended, x), f"{at}attention.output.LayerNorm", epsilon)
        outer = self._feed_forward(x, at)
        return layers.layer_norm(ops.add(outer, x), f"{at}output.LayerNorm", epsilon)

    def _heads(self, x: Node, at: str) -> list[Node]:
        """Query, key and value, (batch, length, width) each."""
        layer = self._calibrated.get(f"{at}attention.self")
        if layer is None:
            return [self.layers.linear(x, f"{at}attention.self.{name}") for name in ("query", "key", "value")]
        levels, width = self.layers.levels(x, layer.grid), len(layer.rows) // 3
        return [
            self.layers.whole(levels, layer, slice(first, first + width)) for first in range(0, len(layer.rows), width)
        ]

    def _feed_forward(self, x: Node, at: str) -> Node:
        up, down = (self._calibrated.get(f"{at}{name}.dense") for name in ("intermediate", "output"))
        if up is None or down is None:
            inner = self._ops.gelu(self._linear(x, f"{at}intermediate.dense"), "erf")
            return self._linear(inner, f"{at}output.dense")
        # A unit whose range is cut is computed once for each part, which costs less than to copy it.
        wide = self.layers.whole(self.layers.levels(x, up.grid), up, down.grid.channels)
        return self.layers.whole(self.layers.levels(self._ops.gelu(wide, "erf"), down.grid), down)

    def _linear(self, x: Node, name: str) -> Node:
        layer = self._calibrated.get(name)
        if layer is None:
            return self.layers.linear(x, name)
        return self.layers.whole(self.layers.levels(x, layer.grid), layer)
