"""Sentences to vectors: all-MiniLM-L6-v2, pooled and normalised inside its graph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from src.errors import ModelCorrupt
from src.models.batches import batches
from src.models.catalog import Role
from src.models.runtime import Network, Runtime
from src.models.tokenizer import TextTokenizer


class EmbeddingModel:
    """A loaded sentence encoder. Threads may call it at once.

    Args:
        folder: a cache entry with ``model.xml`` and ``tokenizer.json``.
        dimensions: width of its vectors.

    Raises:
        ModelCorrupt: the tokenizer cannot be read.
        RuntimeError: OpenVINO cannot compile the graph.
    """

    def __init__(self, folder: Path, runtime: Runtime, *, max_tokens: int, dimensions: int) -> None:
        self.dimensions = dimensions
        self._tokenizer = TextTokenizer(folder / "tokenizer.json", max_tokens, Role.EMBEDDING)
        self._network: Network = runtime.load(folder / "model.xml")

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 (n, dimensions), rows of unit length, in the order of the texts.

        A text's vector does not depend on the other texts: padding is masked, and every row of a batch is
        computed by itself.
        """
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        if not texts:
            return vectors
        for batch in batches(self._tokenizer.texts(texts), pad=self._tokenizer.pad):
            output = self._network({"input_ids": batch.ids, "attention_mask": batch.mask})[0]
            if output.shape != (len(batch.indices), self.dimensions):
                raise ModelCorrupt(Role.EMBEDDING, f"its graph gives {output.shape[1:]}, not ({self.dimensions},)")
            vectors[batch.indices] = output
        return vectors
