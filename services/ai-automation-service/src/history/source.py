"""What a history source is, and how one is chosen for a path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType

from src.domain.automations import KnownAutomation
from src.domain.events import EventLog
from src.domain.local_time import zone
from src.domain.patterns import Json
from src.domain.progress import Progress, silent
from src.errors import AutomationsUnreadable, HistoryEmpty, HistoryNotFound, HistoryUnreadable, UnknownTimeZone
from src.history.formats import recognised, unreadable_file
from src.history.metadata import merged, read_entities, read_registry
from src.history.table import EventTable, Found

RECORDER_NAME = "home-assistant_v2.db"


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Which source a log was read from.

    Attributes:
        key: stable identity of the source (its absolute path, or its address without user and password), under which
            the store keeps how far it has read.
        format: ``csv`` | ``jsonl`` | ``parquet`` | ``recorder`` | ``home_assistant`` | ``influxdb``.
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
        automations: those in the config folder of a recorder database, as their file says; empty for other sources.
    """

    log: EventLog
    source: SourceInfo
    skipped: dict[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    automations: tuple[KnownAutomation, ...] = ()


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

    Returns:
        The log, which is empty only when ``since`` left out all of it.

    Raises:
        HistoryNotFound, HistoryUnreadable, HistoryColumnsMissing, HistoryEmpty, UnknownTimeZone.
    """
    (read,) = _read(source, time_zone, entities, since, progress, None, frozenset())
    return read


def read_in_parts(
    source: str | Path,
    *,
    time_zone: str | None = None,
    entities: str | Path | None = None,
    since: int | None = None,
    progress: Progress = silent,
    programs: frozenset[bytes] = frozenset(),
) -> Generator[HistoryRead, None, None]:
    """Read a history source in parts in the order of their time, each a history of its own.

    A recorder database is never held whole; a file is one part. Close the generator when you stop before its end.

    Args:
        programs: ids of users that are programs: in a recorder what they ask for counts as an automation's.

    Raises:
        As :func:`read_history`, at any part; the parts before are good.
    """
    from src.history.recorder import PART

    yield from _read(source, time_zone, entities, since, progress, PART, programs)


def _read(
    source: str | Path,
    time_zone: str | None,
    entities: str | Path | None,
    since: int | None,
    progress: Progress,
    part: int | None,
    programs: frozenset[bytes],
) -> Generator[HistoryRead, None, None]:
    if time_zone:
        zone(time_zone)
    path = _file(source)
    kind = recognised(path)
    config = _config_folder(source, path)
    if kind == "recorder":
        from src.history.recorder import read_recorder
        from src.history.recorder_sqlite import SqliteRecorder

        registry = read_registry(config)
        tables: Iterator[tuple[EventTable, Found]] = read_recorder(
            str(path), partial(SqliteRecorder, path), registry, since, progress, part=part, programs=programs
        )
        automations, unread = _automations(config)
    else:
        tables = iter([_read_file(kind, path, time_zone or "UTC", since, progress)])
        automations, unread = (), ()
    yield from histories(
        tables,
        str(path),
        kind,
        time_zone=time_zone,
        entities=entities,
        since=since,
        said=unread,
        automations=automations,
    )


def histories(
    tables: Iterator[tuple[EventTable, Found]],
    key: str,
    kind: str,
    *,
    time_zone: str | None,
    entities: str | Path | None,
    since: int | None,
    said: tuple[str, ...] = (),
    automations: tuple[KnownAutomation, ...] = (),
) -> Generator[HistoryRead, None, None]:
    """What a reader made of a source's parts, as histories.

    Args:
        key: of the source, see :class:`SourceInfo`.
        said: warnings besides the reader's.

    Raises:
        HistoryEmpty: not one usable event, in a file or in the whole of a database.
        HistoryUnreadable: as the reader does, or the file of entities cannot be read.
    """
    by_hand, warnings = read_entities(Path(entities)) if entities else ({}, ())
    skipped_before: Counter[str] = Counter()
    rows = 0
    for table, found in tables:
        home, assumed = home_zone(time_zone, found.time_zone)
        info = dict(found.info)
        for entity_id, described in by_hand.items():
            info[entity_id] = merged(described, info.get(entity_id, described))
        log = table.log(home, MappingProxyType(info), found.position)
        rows += table.rows
        skipped_before.update(table.skipped)
        if not rows and (kind != "recorder" or since is None):
            continue  # it may be the only part, and an empty history is none
        skipped, skipped_before = dict(skipped_before), Counter()
        if skipped.get("bad_origin"):
            assumed += (f"{skipped['bad_origin']} rows name an origin that is none; they were read as unknown.",)
        every = (*warnings, *found.warnings, *assumed, *said)
        yield HistoryRead(log, SourceInfo(key, kind, found.details), skipped, every, automations)
    if not rows and (kind != "recorder" or since is None):
        raise HistoryEmpty(key, dict(skipped_before))


def _file(source: str | Path) -> Path:
    """The file a path leads to, through symbolic links."""
    try:
        path = Path(source).resolve()
        if not path.exists():
            raise HistoryNotFound(source)
    except PermissionError as error:
        raise unreadable_file(Path(source), error) from error
    except (OSError, ValueError, RuntimeError) as error:  # a name that no file can have, a loop of links
        raise HistoryNotFound(source) from error
    if path.is_dir():
        recorder = path / RECORDER_NAME
        raise HistoryUnreadable(
            path, "it is a folder", f"Give the file itself, such as {recorder if recorder.exists() else RECORDER_NAME}."
        )
    if not path.is_file():
        raise HistoryUnreadable(path, "it is no regular file", "Write it to a file first: it is read more than once.")
    return path


def _read_file(
    kind: str, path: Path, time_zone: str, since: int | None, progress: Progress
) -> tuple[EventTable, Found]:
    """Readers are imported here, so that a history in CSV does not load a database engine."""
    table = EventTable(since)
    try:
        match kind:
            case "csv":
                from src.history.csv_file import read_csv

                return table, read_csv(path, table, time_zone, progress)
            case "jsonl":
                from src.history.jsonl_file import read_jsonl

                return table, read_jsonl(path, table, time_zone, progress)
            case _:
                from src.history.parquet_file import read_parquet

                return table, read_parquet(path, table, time_zone, progress)
    except OSError as error:
        raise unreadable_file(path, error) from error


def _config_folder(source: str | Path, path: Path) -> Path:
    """Home Assistant's config folder: where the database is, or where the link to it is if it was moved away."""
    beside_link = Path(source).absolute().parent
    return beside_link if (beside_link / ".storage").is_dir() else path.parent


def _automations(config: Path) -> tuple[tuple[KnownAutomation, ...], tuple[str, ...]]:
    """The automations in Home Assistant's config folder, and what to say about them. A history is good without."""
    from src.home_assistant.automations_file import AUTOMATIONS_NAME, read_automations  # a CSV needs no YAML

    warnings: list[str] = []
    try:
        return read_automations(config / AUTOMATIONS_NAME, warn=warnings.append), tuple(warnings)
    except AutomationsUnreadable as error:
        return (), () if isinstance(error.__cause__, FileNotFoundError) else (str(error),)


def home_zone(given: str | None, own: str | None) -> tuple[str, tuple[str, ...]]:
    """The home's zone, and what to say about it."""
    if given:
        return given, ()
    if own:
        try:
            zone(own)
        except UnknownTimeZone:
            return "UTC", (f"Home Assistant's time zone {own!r} is not known here; UTC is assumed.",)
        return own, ()
    return "UTC", ("The history does not say in which time zone the home is; UTC is assumed.",)
