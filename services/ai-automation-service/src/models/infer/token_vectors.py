"""The vectors of a text's tokens, read out of a sentence encoder's own graph before it pools them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from src.errors import ModelUnavailable
from src.models.catalog.model_catalog import Role
from src.models.infer.batches import batches
from src.models.infer.runtime import Network, Runtime
from src.models.infer.tokenizer import TextTokenizer

if TYPE_CHECKING:
    from openvino import Model


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """A text as an encoder sees it.

    Attributes:
        tokens: special ones included.
        vectors: float32 (tokens, width), the encoder's last hidden layer; not normalised.
    """

    tokens: tuple[str, ...]
    vectors: NDArray[np.float32]


class TokenEncoder:
    """A sentence encoder without its pooling. Threads may call it at once.

    Its graph is compiled by the first call, so it costs nothing where it is not used; where it is, about 60 MB.

    Args:
        folder: a cache entry with ``model.xml``.
    """

    def __init__(self, folder: Path, runtime: Runtime, tokenizer: TextTokenizer) -> None:
        self._folder = folder
        self._runtime = runtime
        self._tokenizer = tokenizer
        self._lock = threading.Lock()
        self._network: Network | None = None

    def encode(self, texts: Sequence[str]) -> list[TokenVectors]:
        """In the order of the texts. A text's vectors do not depend on the other texts.

        Raises:
            ModelUnavailable: the graph cannot be read or compiled, or does not pool by a mean over tokens.
        """
        network = self._compiled()
        ids = self._tokenizer.texts(texts)
        encoded: dict[int, TokenVectors] = {}
        for batch in batches(ids, pad=self._tokenizer.pad):
            hidden = network({"input_ids": batch.ids, "attention_mask": batch.mask})[0]
            for row, index in enumerate(batch.indices.tolist()):
                vectors = hidden[row, : len(ids[index])].copy()  # a view would keep the whole batch
                encoded[index] = TokenVectors(self._tokenizer.pieces(ids[index]), vectors)
        return [encoded[index] for index in range(len(texts))]

    def _compiled(self) -> Network:
        with self._lock:
            if self._network is None:
                from openvino import Core

                try:
                    graph = Core().read_model(str(self._folder / "model.xml"))
                    self._network = self._runtime.load(unpooled(graph))
                except (RuntimeError, ValueError) as error:
                    raise ModelUnavailable(Role.EMBEDDING, [f"token vectors: {error}"]) from error
            return self._network


def unpooled(graph: Model) -> Model:
    """A sentence encoder's graph up to its last hidden layer: float32 (batch, length, width).

    Raises:
        ValueError: nowhere are hidden states times the mask summed up, as a mean over tokens does.
    """
    from openvino import Model, opset15

    for node in graph.get_ordered_ops():
        if node.get_type_name() != "ReduceSum":
            continue
        masked = node.input_value(0)
        if masked.get_node().get_type_name() == "Multiply" and masked.get_partial_shape().rank.get_length() == 3:
            hidden = masked.get_node().input_value(0)
            return Model([opset15.result(hidden)], graph.get_parameters(), "tokens")
    raise ValueError("the graph takes no mean over tokens")
