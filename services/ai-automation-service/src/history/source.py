"""What a history source is, and how one is chosen for a path."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from src.domain.events import EventLog
from src.domain.patterns import Json
from src.domain.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Which source a log was read from.

    Attributes:
        key: stable identity of the source (its absolute path), under which the store keeps how far it has read.
        format: ``csv`` | ``jsonl`` | ``parquet`` | ``recorder``.
        details: format's own facts, such as the recorder's schema version.
    """

    key: str
    format: str
    details: Json = field(default_factory=dict)


@dataclass(frozen=True)
class HistoryRead:
    """An event log and how it was read.

    Attributes:
        skipped: rows that were not used, by reason (``bad_timestamp``, ``bad_entity_id``, ``missing_field``, ...).
        warnings: sentences a person should see (an unknown schema version, a time zone that was assumed, ...).
    """

    log: EventLog
    source: SourceInfo
    skipped: dict[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def read_history(
    source: str | Path,
    *,
    time_zone: str | None = None,
    entities: str | Path | None = None,
    since: int | None = None,
    progress: Progress = silent,
) -> HistoryRead:
    """Read a history source whole.

    Args:
        source: path of a CSV, JSON Lines or Parquet file (gzip too) or of a recorder database.
        time_zone: the home's IANA zone; None: the source's own if it has one, else UTC with a warning.
        entities: CSV of entity metadata (``entity_id,name,area,device_class,unit``; other columns are ignored).
        since: only events at or after this instant, µs UTC.

    Raises:
        HistoryNotFound, HistoryUnreadable, HistoryColumnsMissing, HistoryEmpty, UnknownTimeZone.
    """
    raise NotImplementedError
