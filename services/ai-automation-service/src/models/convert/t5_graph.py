"""T5 (version 1.1, as flan-t5) as an OpenVINO graph that scores a whole tree of answers, without PyTorch.

The encoder reads a batch of prompts once. The decoder reads the tree of all allowed answers once for each prompt: the
nodes lie side by side, each at the position of its depth, and a node sees itself and its ancestors only. Its output at
a node is therefore what decoding that answer alone, token by token, would give. Sources: Raffel et al., "Exploring
the Limits of Transfer Learning with a Unified Text-to-Text Transformer", https://arxiv.org/abs/1910.10683; gated GELU
from Shazeer, https://arxiv.org/abs/2002.05202; T5 1.1 in
https://github.com/google-research/text-to-text-transfer-transformer/blob/main/released_checkpoints.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from src.domain.patterns import Json
from src.models.catalog.model_card import Precision
from src.models.convert.layers import Layers
from src.models.convert.weights import FloatArray, WeightFile, WeightsUnreadable

if TYPE_CHECKING:
    from openvino import Model, Node

_MASKED = np.float32(-1e9)  # far below any attention score, and still finite when a whole row is masked


@dataclass(frozen=True, slots=True)
class T5Config:
    """What the graph needs to know of a model's ``config.json``.

    Attributes:
        layers, decoder_layers: of the encoder and of the decoder.
        buckets, farthest: relative positions share that many biases; those from ``farthest`` tokens on share the last.
        scale_output: the decoder's output is divided by the root of its width before the output head, as in models
            whose head is the embedding table.
    """

    layers: int
    decoder_layers: int
    heads: int
    width: int
    epsilon: float
    buckets: int
    farthest: int
    scale_output: bool

    @classmethod
    def from_json(cls, config: Json) -> T5Config:
        """Of a hub's ``config.json``.

        Raises:
            WeightsUnreadable: a model, or a variant of one, that this graph is not.
        """
        if config.get("model_type") != "t5":
            raise WeightsUnreadable(f"config.json is of a {config.get('model_type')!r} model, not of T5")
        if config.get("feed_forward_proj") != "gated-gelu":
            raise WeightsUnreadable(
                f"config.json has feed_forward_proj {config.get('feed_forward_proj')!r}; only 'gated-gelu' is known"
            )
        padding = config.get("pad_token_id", 0)
        if config.get("decoder_start_token_id", padding) != padding:
            raise WeightsUnreadable("config.json starts the decoder with another token than the padding")
        return cls(
            layers=int(config["num_layers"]),
            decoder_layers=int(config.get("num_decoder_layers") or config["num_layers"]),
            heads=int(config["num_heads"]),
            width=int(config["d_model"]),
            epsilon=float(config.get("layer_norm_epsilon", 1e-6)),
            buckets=int(config.get("relative_attention_num_buckets", 32)),
            farthest=int(config.get("relative_attention_max_distance", 128)),
            # transformers 5 writes "scale_decoder_outputs", and "tie_word_embeddings" as true whatever it was.
            scale_output=config.get("scale_decoder_outputs", config.get("tie_word_embeddings", True)) is not False,
        )


def classifier_graphs(weights: WeightFile, config: Json, precision: Precision) -> dict[str, Model]:
    """What a conversion saves, by file name: one graph, encoder and decoder together.

    Raises:
        WeightsUnreadable: as :meth:`T5Config.from_json`, or a tensor is missing.
        KeyError, TypeError, ValueError: ``config.json`` lacks a number or holds something else.
    """
    return {"model": classifier_graph(weights, T5Config.from_json(config), precision)}


def classifier_graph(weights: WeightFile, config: T5Config, precision: Precision) -> Model:
    """Prompts and a tree of answers to the model's score of every edge of the tree.

    Inputs, all int64:
        input_ids, attention_mask: (batch, length), padded on the right.
        tree_tokens: (nodes,), the token of each node; the root's is the decoder's start token.
        tree_depths: (nodes,), 0 for the root.
        tree_mask: (nodes, nodes), 1 where the node of the row sees the node of the column.
        edge_nodes, edge_tokens: (edges,), which token is asked for after which node.

    Output ``edge_scores``, float32 (batch, edges): the logit of the token. Of the output head only the rows of these
    tokens are multiplied, so probabilities are had among them and not among all words: see
    :meth:`src.models.infer.label_tree.LabelTree.log_probabilities`.
    """
    return _T5(weights, config, precision).model()


def position_buckets(distances: NDArray[np.int64], config: T5Config, *, both_ways: bool) -> NDArray[np.int64]:
    """Which bias serves a distance (position of the key minus that of the query).

    The nearer half of the buckets is for one distance each, the farther half grows with the logarithm; ``both_ways``
    (the encoder) keeps one half of all buckets for keys after the query. Computed in float32, as the models were
    trained: the bucket of some distances depends on it.
    """
    buckets = config.buckets // 2 if both_ways else config.buckets
    after = np.where(distances > 0, buckets, 0) if both_ways else np.zeros_like(distances)
    away = np.abs(distances) if both_ways else np.maximum(-distances, 0)
    exact = buckets // 2
    ratio = np.maximum(away, 1).astype(np.float32) / np.float32(exact)
    steps = np.log(ratio) / np.float32(math.log(config.farthest / exact)) * np.float32(buckets - exact)
    far = np.minimum(exact + steps.astype(np.int64), buckets - 1)
    return after + np.where(away < exact, away, far)


class _T5:
    def __init__(self, weights: WeightFile, config: T5Config, precision: Precision) -> None:
        from openvino import opset15

        self._ops = opset15
        self._config = config
        self._layers = Layers(weights, precision)
        self._words = _first_of(weights, "shared.weight", "encoder.embed_tokens.weight")
        self._head = _first_of(weights, "lm_head.weight", self._words)

    def model(self) -> Model:
        from openvino import Model

        ops = self._ops
        ids, mask = self._input("input_ids", 2), self._input("attention_mask", 2)
        tokens, depths = self._input("tree_tokens", 1), self._input("tree_depths", 1)
        sight = self._input("tree_mask", 2)
        nodes, asked = self._input("edge_nodes", 1), self._input("edge_tokens", 1)

        padding = self._hidden_where_zero(mask, [1, 2])
        length = ops.gather(ops.shape_of(ids), self._integer(1), self._integer(0))
        places = ops.range(self._integer(0), length, self._integer(1), "i64")
        memory = self._encoder(ids, ops.add(self._position_bias(places, "encoder", both_ways=True), padding))

        bias = ops.add(self._position_bias(depths, "decoder", both_ways=False), self._hidden_where_zero(sight, [0, 1]))
        batch = ops.gather(ops.shape_of(ids), ops.constant(np.array([0], np.int64)), self._integer(0))
        shape = ops.concat([batch, ops.shape_of(tokens)], 0)
        decoded = self._decoder(ops.broadcast(tokens, shape), memory, bias, padding)
        scores = self._edge_scores(decoded, nodes, asked)

        scores.output(0).set_names({"edge_scores"})
        return Model([ops.result(scores)], [ids, mask, tokens, depths, sight, nodes, asked], "t5_label_tree")

    def _input(self, name: str, dimensions: int) -> Node:
        node = self._ops.parameter([-1] * dimensions, np.int64, name)
        node.output(0).set_names({name})
        return node

    def _integer(self, value: int) -> Node:
        return self._ops.constant(np.int64(value))

    def _hidden_where_zero(self, mask: Node, new_axes: list[int]) -> Node:
        """What to add to attention scores: 0 where the mask is 1, else far below any score."""
        ops = self._ops
        absent = ops.subtract(ops.constant(np.float32(1)), ops.convert(mask, "f32"))
        return ops.unsqueeze(ops.multiply(absent, ops.constant(_MASKED)), ops.constant(np.array(new_axes, np.int64)))

    def _position_bias(self, positions: Node, stack: str, *, both_ways: bool) -> Node:
        """(length,) positions to (1, heads, length, length); the stack's first layer holds it for all of them.

        The bias of every distance up to ``farthest`` is looked up here and now; beyond, all share the last.
        """
        ops, farthest = self._ops, self._config.farthest
        low, high = -farthest, farthest if both_ways else 0
        buckets = position_buckets(np.arange(low, high + 1), self._config, both_ways=both_ways)
        name = f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        table: FloatArray = self._layers.weights.read(name)[buckets]
        of_key = ops.unsqueeze(positions, self._integer(0))
        of_query = ops.unsqueeze(positions, self._integer(1))
        distances = ops.clamp(ops.subtract(of_key, of_query), low, high)
        bias = ops.gather(ops.constant(table), ops.subtract(distances, self._integer(low)), self._integer(0))
        return ops.unsqueeze(ops.transpose(bias, ops.constant(np.array([2, 0, 1], np.int64))), self._integer(0))

    def _encoder(self, ids: Node, bias: Node) -> Node:
        x = self._layers.embedding(ids, self._words)
        for number in range(self._config.layers):
            at = f"encoder.block.{number}.layer."
            x = self._attend(x, None, bias, f"{at}0", "SelfAttention")
            x = self._feed_forward(x, f"{at}1")
        return self._norm(x, "encoder.final_layer_norm")

    def _decoder(self, tokens: Node, memory: Node, bias: Node, padding: Node) -> Node:
        x = self._layers.embedding(tokens, self._words)
        for number in range(self._config.decoder_layers):
            at = f"decoder.block.{number}.layer."
            x = self._attend(x, None, bias, f"{at}0", "SelfAttention")
            x = self._attend(x, memory, padding, f"{at}1", "EncDecAttention")
            x = self._feed_forward(x, f"{at}2")
        return self._norm(x, "decoder.final_layer_norm")

    def _attend(self, x: Node, memory: Node | None, bias: Node, at: str, name: str) -> Node:
        """``x`` plus attention from its normalised self to ``memory``, or to itself. Scores are not scaled."""
        ops, layers = self._ops, self._layers
        normal = self._norm(x, f"{at}.layer_norm")
        seen = normal if memory is None else memory
        query, key, value = (
            layers.split_heads(layers.linear(of, f"{at}.{name}.{part}", bias=False), self._config.heads)
            for of, part in ((normal, "q"), (seen, "k"), (seen, "v"))
        )
        context = ops.scaled_dot_product_attention(query, key, value, bias, ops.constant(np.float32(1)))
        return ops.add(x, layers.linear(layers.join_heads(context), f"{at}.{name}.o", bias=False))

    def _feed_forward(self, x: Node, at: str) -> Node:
        ops, layers = self._ops, self._layers
        normal, inner = self._norm(x, f"{at}.layer_norm"), f"{at}.DenseReluDense"
        gate = ops.gelu(layers.linear(normal, f"{inner}.wi_0", bias=False), "tanh")
        gated = ops.multiply(gate, layers.linear(normal, f"{inner}.wi_1", bias=False))
        return ops.add(x, layers.linear(gated, f"{inner}.wo", bias=False))

    def _norm(self, x: Node, name: str) -> Node:
        """Root mean square norm: no mean is taken off, nothing is added."""
        ops = self._ops
        mean = ops.reduce_mean(ops.multiply(x, x), ops.constant(np.array([-1], np.int64)), True)
        root = ops.sqrt(ops.add(mean, ops.constant(np.float32(self._config.epsilon))))
        return ops.multiply(ops.divide(x, root), self._layers.vector(f"{name}.weight"))

    def _edge_scores(self, decoded: Node, nodes: Node, tokens: Node) -> Node:
        """The output head for the asked tokens only: a dozen of its 32,128 rows are read."""
        ops = self._ops
        if self._config.scale_output:
            decoded = ops.multiply(decoded, ops.constant(np.float32(self._config.width**-0.5)))
        said = ops.gather(decoded, nodes, self._integer(1))
        asked = self._layers.embedding(tokens, self._head)
        return ops.reduce_sum(ops.multiply(said, asked), ops.constant(np.array([-1], np.int64)), False)


def _first_of(weights: WeightFile, *names: str) -> str:
    for name in names:
        if name in weights:
            return name
    raise WeightsUnreadable(f"{weights.path.name} has no tensor {names[0]}")
