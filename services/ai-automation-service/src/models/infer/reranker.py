"""How well passages answer a query: a cross-encoder that reads each pair as one sequence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from src.models.catalog.model_catalog import Role
from src.models.infer.batches import Batch
from src.models.infer.request_queue import WAITING, RequestQueue
from src.models.infer.runtime import Runtime
from src.models.infer.tokenizer import TextTokenizer
from src.observability.metrics import ModelMetrics


class Reranker:
    """A loaded cross-encoder. Threads may call it at once.

    Args:
        folder: a cache entry with ``model.xml`` and ``tokenizer.json``.
        waiting: pairs of all callers together that may wait for it.
        name: in the catalog.

    Raises:
        ModelCorrupt: the tokenizer cannot be read.
        RuntimeError: OpenVINO cannot compile the graph.
    """

    def __init__(
        self, folder: Path, runtime: Runtime, *, max_tokens: int, waiting: int = WAITING, name: str = Role.RERANKER
    ) -> None:
        self._metrics = ModelMetrics(name)
        self._tokenizer = TextTokenizer(folder / "tokenizer.json", max_tokens, Role.RERANKER)
        network = runtime.load(folder / "model.xml", fast=True)

        def run(batch: Batch) -> NDArray[np.float32]:
            output = network({"input_ids": batch.ids, "attention_mask": batch.mask})[0]
            return output.reshape(len(batch.ids))

        self._queue = RequestQueue(run, name=name, pad=self._tokenizer.pad, limit=waiting, workers=network.parallel)

    def score(self, query: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """The logit of each pair, float32 (n,), in the order of the passages; higher is more relevant.

        Raises:
            InvalidSetting: the query alone is longer than the model reads.
            ModelBusy: more pairs wait for it than may.
        """
        if not passages:
            return np.empty(0, np.float32)
        with self._metrics.tokenizing():
            sequences = self._tokenizer.pairs(query, passages)
        return self._queue.ask(sequences)

    @property
    def waiting(self) -> int:
        """Pairs that wait for it now."""
        return self._queue.waiting
