"""The home's own event store: what the recorder purges after ten days stays here."""

from __future__ import annotations

from dataclasses import dataclass

from src.domain.events import EventLog
from src.domain.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changed. ``known`` events were there already."""

    added: int
    known: int


class EventRepository:
    """Events, entity metadata, and how far each source has been read."""

    def add(self, log: EventLog, *, source: str, progress: Progress = silent) -> Imported:
        """Add a log; an event (time, entity, state) that is there already stays as it is.

        Committed in chunks in order of time, each with the source's position, so that a killed import goes on
        where it stopped and nothing is doubled. Metadata is merged: what is newly known replaces what was not.
        The log's time zone becomes the home's.
        """
        raise NotImplementedError

    def position(self, source: str) -> int | None:
        """The newest instant (µs UTC) that was imported from a source, None for a new one."""
        raise NotImplementedError

    def load(self, start: int | None = None, end: int | None = None) -> EventLog:
        """The events with ``start <= time < end`` (µs UTC), with metadata and the home's time zone.

        Raises:
            NoHistory: nothing was ever imported.
        """
        raise NotImplementedError

    def count(self) -> int:
        raise NotImplementedError

    def span(self) -> tuple[int, int] | None:
        """First and last instant, µs UTC; None when empty."""
        raise NotImplementedError

    def time_zone(self) -> str | None:
        """The home's zone as last imported."""
        raise NotImplementedError
