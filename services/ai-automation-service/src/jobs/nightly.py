"""The nightly run: one a night whatever happens."""

from __future__ import annotations

from datetime import datetime

from src.analysis.pipeline import Clock
from src.jobs.runner import Runner
from src.settings import Settings
from src.store.store import Store


class Nightly:
    """APScheduler around :class:`Runner`, with a catch-up at start and a lease per night in the database."""

    def __init__(self, runner: Runner, store: Store, settings: Settings, *, clock: Clock) -> None:
        raise NotImplementedError

    def start(self) -> None:
        """Catch up on a missed night, then schedule the next."""
        raise NotImplementedError

    @property
    def next_run(self) -> datetime | None:
        """When the next one is due, in the home's zone."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError
