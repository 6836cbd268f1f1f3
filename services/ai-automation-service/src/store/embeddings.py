"""Vectors by content: a sentence that did not change is not embedded again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, insert, select

from src.store.database import Database
from src.store.schema import embedding

_KEYS = 5_000  # values in one IN, well below what both databases bind
_FLOAT = np.dtype("<f4")


class EmbeddingRepository:
    """Vectors keyed by model and the sha256 of the text."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, model: str, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors that are known, by text: float32 (dims,) each."""
        digests = {text: _digest(text) for text in texts}
        with self._database.read() as connection:
            found = dict(_vectors(connection, model, list(digests.values())))
        return {text: found[digest] for text, digest in digests.items() if digest in found}

    def put(self, model: str, vectors: Mapping[str, NDArray[np.float32]], *, now: int) -> None:
        """Keep vectors by text; one that is there already stays."""
        digests = {_digest(text): vector for text, vector in vectors.items()}
        with self._database.write() as connection:
            known = {digest for digest, _ in _vectors(connection, model, list(digests))}
            rows = [
                {
                    "model": model,
                    "digest": digest,
                    "dims": len(vector),
                    "vector": np.ascontiguousarray(vector, _FLOAT).tobytes(),
                    "created": now,
                }
                for digest, vector in digests.items()
                if digest not in known
            ]
            if rows:
                connection.execute(insert(embedding), rows)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _vectors(
    connection: Connection, model: str, digests: Sequence[bytes]
) -> Iterator[tuple[bytes, NDArray[np.float32]]]:
    for low in range(0, len(digests), _KEYS):
        query = select(embedding.c.digest, embedding.c.vector).where(
            embedding.c.model == model, embedding.c.digest.in_(digests[low : low + _KEYS])
        )
        for row in connection.execute(query):
            yield row.digest, np.frombuffer(row.vector, _FLOAT).astype(np.float32)
