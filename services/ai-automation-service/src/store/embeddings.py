"""Vectors by content: a sentence that did not change is not embedded again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


class EmbeddingRepository:
    """Vectors keyed by model and the sha256 of the text."""

    def get(self, model: str, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors that are known, by text."""
        raise NotImplementedError

    def put(self, model: str, vectors: Mapping[str, NDArray[np.float32]], *, now: int) -> None:
        """Keep vectors by text; one that is there already stays."""
        raise NotImplementedError
