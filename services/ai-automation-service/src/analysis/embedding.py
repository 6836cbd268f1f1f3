"""Vectors of sentences, each made once: the store keeps them by content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from src.analysis.patience import Models
from src.domain.progress import Progress, silent
from src.errors import ModelError
from src.store.store import Store

_BATCH = 256


@dataclass(frozen=True)
class Vectors:
    """Vectors by text, and where they came from.

    Attributes:
        model: the embedding model's id; None when it could not be had, and then there are no vectors.
        by_text: float32 (384,) of unit length for every text that was asked for.
        embedded, cached: how many were computed and how many were known.
        missing: why the model could not be had.
    """

    model: str | None
    by_text: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    embedded: int = 0
    cached: int = 0
    missing: ModelError | None = None

    def rows(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 (n, 384), in the order of the texts."""
        return np.stack([self.by_text[text] for text in texts])

    def plus(self, other: Vectors) -> Vectors:
        """Both, or none when the model could not be had for one of them."""
        for each in (self, other):
            if each.model is None:
                return each
        return Vectors(
            self.model, {**self.by_text, **other.by_text}, self.embedded + other.embedded, self.cached + other.cached
        )


def embed(
    store: Store,
    models: Models,
    texts: Sequence[str],
    *,
    now: int,
    keep: bool = True,
    progress: Progress = silent,
    between: Callable[[], None] = lambda: None,
) -> Vectors:
    """The vectors of some texts; only those the store does not know are computed, so often no model is loaded.

    Args:
        now: µs UTC, for the store.
        keep: put new vectors into the store.
        between: called before each batch; what it raises ends the work.
    """
    wanted = list(dict.fromkeys(texts))
    try:
        model = models.embedding_id
        known = store.embeddings.get(model, wanted)
        vectors = {text: known[text] for text in wanted if text in known}
        new = [text for text in wanted if text not in vectors]
        for begin in range(0, len(new), _BATCH):
            between()
            progress("embed", begin, len(new), "sentences")
            batch = new[begin : begin + _BATCH]
            made = dict(zip(batch, models.generate_embeddings(batch), strict=True))
            if models.embedding_id != model:
                # Loading it has settled which revision it is, so what was known is of another.
                return embed(store, models, wanted, now=now, keep=keep, progress=progress, between=between)
            if keep:
                store.embeddings.put(model, made, now=now)
            vectors.update(made)
    except ModelError as error:
        return Vectors(None, missing=error)
    progress("embed", len(new), len(new), "sentences")
    return Vectors(model, vectors, embedded=len(new), cached=len(wanted) - len(new))
