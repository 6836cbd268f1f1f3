"""The store: opens the database, migrates it, and hands out the repositories."""

from __future__ import annotations

from src.store.embeddings import EmbeddingRepository
from src.store.events import EventRepository
from src.store.leases import LeaseRepository
from src.store.patterns import PatternRepository
from src.store.runs import RunRepository


class Store:
    """One open database. Safe to share between threads.

    Attributes:
        events, patterns, runs, embeddings, leases: the repositories.
    """

    events: EventRepository
    patterns: PatternRepository
    runs: RunRepository
    embeddings: EmbeddingRepository
    leases: LeaseRepository

    @classmethod
    def open(cls, url: str) -> Store:
        """Connect and migrate to the newest schema.

        Args:
            url: SQLAlchemy URL, ``sqlite:///path`` or ``postgresql://...``; ``sqlite://`` for one in memory.

        Raises:
            DatabaseUnreachable, DatabaseTooNew.
        """
        raise NotImplementedError

    def check(self) -> None:
        """Read and write once. Raises DatabaseUnreachable."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError
