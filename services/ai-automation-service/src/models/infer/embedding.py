"""Sentences to vectors: all-MiniLM-L6-v2, pooled and normalised inside its graph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from src.errors import ModelCorrupt
from src.models.catalog.model_catalog import Role
from src.models.infer.batches import Batch
from src.models.infer.request_queue import WAITING, RequestQueue
from src.models.infer.runtime import Runtime
from src.models.infer.token_vectors import TokenEncoder, TokenVectors
from src.models.infer.tokenizer import TextTokenizer
from src.observability.metrics import ModelMetrics


class EmbeddingModel:
    """A loaded sentence encoder. Threads may call it at once.

    Args:
        folder: a cache entry with ``model.xml`` and ``tokenizer.json``.
        dimensions: width of its vectors.
        name: in the catalog.
        waiting: texts of all callers together that may wait for it.

    Raises:
        ModelCorrupt: the tokenizer cannot be read.
        RuntimeError: OpenVINO cannot compile the graph.
    """

    def __init__(
        self,
        folder: Path,
        runtime: Runtime,
        *,
        max_tokens: int,
        dimensions: int,
        waiting: int = WAITING,
        name: str = Role.EMBEDDING,
    ) -> None:
        self.dimensions = dimensions
        self._metrics = ModelMetrics(name)
        self._tokenizer = TextTokenizer(folder / "tokenizer.json", max_tokens, Role.EMBEDDING)
        self._tokens = TokenEncoder(folder, runtime, self._tokenizer)
        network = runtime.load(folder / "model.xml")

        def run(batch: Batch) -> NDArray[np.float32]:
            output = network({"input_ids": batch.ids, "attention_mask": batch.mask})[0]
            if output.shape[1:] != (dimensions,):
                raise ModelCorrupt(Role.EMBEDDING, f"its graph gives {output.shape[1:]}, not ({dimensions},)")
            return output

        self._queue = RequestQueue(run, name=name, pad=self._tokenizer.pad, limit=waiting, workers=network.parallel)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 (n, dimensions), rows of unit length, in the order of the texts.

        A text's vector does not depend on the other texts: padding is masked, and every row of a batch is
        computed by itself, in sums of the same order (see ``LENGTH_STEP`` of :mod:`src.models.infer.batches`).

        Raises:
            ModelBusy: more texts wait for it than may.
        """
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        with self._metrics.tokenizing():
            sequences = self._tokenizer.texts(texts)
        return self._queue.ask(sequences)

    @property
    def waiting(self) -> int:
        """Texts that wait for it now."""
        return self._queue.waiting

    def token_vectors(self, texts: Sequence[str]) -> list[TokenVectors]:
        """The tokens of each text with the vectors that :meth:`embed` takes the mean of, in the order of the texts.

        Raises:
            ModelUnavailable: its graph gives none; see :class:`~src.models.infer.token_vectors.TokenEncoder`.
        """
        return self._tokens.encode(texts)
