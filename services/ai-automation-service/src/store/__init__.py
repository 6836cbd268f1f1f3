"""What is kept: one :class:`Store` over SQLite or PostgreSQL, with a repository for each table."""

from src.store.store import Store

__all__ = ["Store"]
