"""How well passages answer a query: a cross-encoder that reads each pair as one sequence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from src.models.batches import batches
from src.models.catalog import Role
from src.models.runtime import Runtime
from src.models.tokenizer import TextTokenizer


class Reranker:
    """A loaded cross-encoder. Threads may call it at once.

    Args:
        folder: a cache entry with ``model.xml`` and ``tokenizer.json``.

    Raises:
        ModelCorrupt: the tokenizer cannot be read.
        RuntimeError: OpenVINO cannot compile the graph.
    """

    def __init__(self, folder: Path, runtime: Runtime, *, max_tokens: int) -> None:
        self._tokenizer = TextTokenizer(folder / "tokenizer.json", max_tokens, Role.RERANKER)
        self._network = runtime.load(folder / "model.xml", fast=True)

    def score(self, query: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """The logit of each pair, float32 (n,), in the order of the passages; higher is more relevant.

        Raises:
            InvalidSetting: the query alone is longer than the model reads.
        """
        logits = np.empty(len(passages), np.float32)
        if not passages:
            return logits
        for batch in batches(self._tokenizer.pairs(query, passages), pad=self._tokenizer.pad):
            output = self._network({"input_ids": batch.ids, "attention_mask": batch.mask})[0]
            logits[batch.indices] = output.reshape(len(batch.indices))
        return logits
