"""History from Home Assistant's recorder database (SQLite, schema 42 to 53: 2024.3 and later)."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from src.domain.events import MICROSECONDS, EntityInfo, Float64Array, Int64Array, Origin
from src.domain.position import Position
from src.domain.progress import Progress
from src.errors import HistoryUnreadable
from src.history.contexts import Contexts, Starts, read_contexts, read_starts
from src.history.metadata import Registry, merged, recorded_info, recorded_position
from src.history.recorder_file import DatabaseChanged, opened
from src.history.table import LONGEST_STATE, EventTable, Found
from src.history.timestamps import INVALID, MISSING, from_utc

OLDEST_SCHEMA = 42
NEWEST_SCHEMA = 53

_HOME = "zone.home"
_PAGE = 20_000  # rows; each page is a transaction of its own, so that Home Assistant never waits for a long one
_NEEDED = {
    "states": {
        "state_id", "metadata_id", "state", "last_updated_ts", "last_changed_ts", "old_state_id", "attributes_id",
        "context_id_bin", "context_user_id_bin", "context_parent_id_bin",
    },
    "states_meta": {"metadata_id", "entity_id"},
}  # fmt: skip

_PAGE_OF_STATES = """
    SELECT state_id, metadata_id, CAST(substr(state, 1, ?) AS TEXT), CAST(last_updated_ts AS REAL),
           CAST(last_changed_ts AS REAL), old_state_id, context_id_bin, context_user_id_bin, context_parent_id_bin
    FROM states WHERE state_id > ? AND state_id <= ? ORDER BY state_id LIMIT ?
"""

log = logging.getLogger(__name__)


def read_recorder(path: Path, registry: Registry, since: int | None, progress: Progress) -> tuple[EventTable, Found]:
    """The state changes of a recorder database, with who caused them.

    Args:
        registry: what Home Assistant's registries say; entities it leaves out are counted, not read.
        since: µs UTC; rows of earlier updates are not looked at.

    Raises:
        HistoryUnreadable: another program's database, an older schema, damaged, or locked for long.
    """
    for _ in range(2):
        table = EventTable(since)
        try:
            with opened(path) as (connection, how):
                found = _read(connection, path, table, registry, since, progress)
            return table, replace(found, details=found.details | {"opened": how})
        except DatabaseChanged:
            log.info("recorder database was written to while it was read; reading it again")
    raise HistoryUnreadable(path, "it keeps changing while it is read", "Try again when Home Assistant has started.")


def _read(
    connection: sqlite3.Connection,
    path: Path,
    table: EventTable,
    registry: Registry,
    since: int | None,
    progress: Progress,
) -> Found:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    schema, warnings = _checked_schema(connection, path, tables)
    start = None if since is None else since / MICROSECONDS
    # The end is fixed before the contexts are read, so that each row's context is among them.
    first, last = _range(connection, start)
    contexts = read_contexts(connection, tables, start)
    if not contexts.known:
        warnings = (
            *warnings,
            "The recorder keeps no automations and no service calls: who caused a change is unknown.",
        )
    starts = read_starts(connection, tables)
    ids = dict(connection.execute("SELECT metadata_id, entity_id FROM states_meta").fetchall())
    left_out = {key: registry.left_out[name] for key, name in ids.items() if name in registry.left_out}
    position = first - 1
    while rows := connection.execute(_PAGE_OF_STATES, (2 * LONGEST_STATE, position, last, _PAGE)).fetchall():
        position = rows[-1][0]
        _add(rows, table, ids, left_out, contexts, starts)
        progress("read", position - first + 1, last - first + 1, "rows")
    info = _described(connection, tables, ids, registry)
    place = _position(connection, tables, ids) or registry.position
    return Found({"schema": schema}, (*registry.warnings, *warnings), registry.time_zone, info, place)


def _checked_schema(connection: sqlite3.Connection, path: Path, tables: set[str]) -> tuple[int | None, tuple[str, ...]]:
    if not {"states", "schema_changes"} <= tables:
        names = ", ".join(sorted(tables)[:5])[:120] or "none"
        raise HistoryUnreadable(
            path,
            f"it is a SQLite database, but not Home Assistant's (tables: {names})",
            "Give Home Assistant's recorder database, usually home-assistant_v2.db in its config folder.",
        )
    versions = connection.execute(
        "SELECT schema_version FROM schema_changes ORDER BY change_id DESC LIMIT 1"
    ).fetchall()
    schema = versions[0][0] if versions else None
    missing = [
        f"{name}.{column}"
        for name, needed in _NEEDED.items()
        for column in sorted(needed - {row[1] for row in connection.execute(f"PRAGMA table_info({name})")})
    ]
    if schema is not None and schema < OLDEST_SCHEMA:
        raise HistoryUnreadable(
            path,
            f"its schema is {schema}, from before Home Assistant 2024.3 (schema {OLDEST_SCHEMA})",
            "Start Home Assistant 2024.3 or later on it once: that upgrades it.",
        )
    if missing:
        raise HistoryUnreadable(
            path,
            f"its schema {schema} has no {', '.join(missing[:5])}",
            f"Schemas {OLDEST_SCHEMA} to {NEWEST_SCHEMA} can be read; look for a later version of this service.",
        )
    if schema is None or schema > NEWEST_SCHEMA:
        return schema, (
            f"The recorder's schema {schema} is not one this version knows ({OLDEST_SCHEMA} to {NEWEST_SCHEMA}); "
            "it was read as if it were the newest of these.",
        )
    return schema, ()


def _range(connection: sqlite3.Connection, start: float | None) -> tuple[int, int]:
    """First and last state id to read; the last is the smaller when there is none."""
    (last,) = connection.execute("SELECT max(state_id) FROM states").fetchone()
    if start is None:
        (first,) = connection.execute("SELECT min(state_id) FROM states").fetchone()
    else:
        (first,) = connection.execute(
            "SELECT min(state_id) FROM states WHERE last_updated_ts >= ?", (start,)
        ).fetchone()
    return (1, 0) if first is None or last is None else (first, last)


def _add(
    rows: list[tuple[Any, ...]],
    table: EventTable,
    ids: Mapping[int, str],
    left_out: Mapping[int, str],
    contexts: Contexts,
    starts: Starts,
) -> None:
    if left_out:
        table.skipped.update(left_out[row[1]] for row in rows if row[1] in left_out)
        rows = [row for row in rows if row[1] not in left_out]
    # A change of attributes alone is recorded with the time of the last change of state.
    changes = [row for row in rows if row[4] is None or row[4] == row[3]]
    if len(changes) < len(rows):
        table.skipped["attributes_only"] += len(rows) - len(changes)
    if not changes:
        return
    _, metadata, states, updated, changed, before, context, user, parent = zip(*changes, strict=True)
    seconds = np.array(
        [at if at is not None else other for at, other in zip(changed, updated, strict=True)], np.float64
    )
    origin = contexts.origins(context, user, parent)
    for index in starts.first_reports(metadata, states, seconds, np.array([old is None for old in before], np.bool_)):
        if origin[index] == Origin.DEVICE:
            origin[index] = Origin.UNKNOWN
    table.add(_instants(seconds), list(map(ids.get, metadata)), states, origin)


def _instants(seconds: Float64Array) -> Int64Array:
    """Instants of seconds since the epoch; NaN is a time that is missing."""
    usable = np.isfinite(seconds) & (np.abs(seconds) < 1e12)
    micro = np.where(usable, np.rint(np.where(usable, seconds, 0.0) * MICROSECONDS), INVALID)
    return from_utc(np.where(np.isnan(seconds), MISSING, micro).astype(np.int64))


def _described(
    connection: sqlite3.Connection, tables: set[str], ids: Mapping[int, str], registry: Registry
) -> dict[str, EntityInfo]:
    """What is known of each recorded entity; the newest attributes fill in what its registry entry does not say."""
    info: dict[str, EntityInfo] = {}
    for metadata_id, entity_id in ids.items():
        if entity_id in registry.left_out or not isinstance(entity_id, str):
            continue
        recorded = recorded_info(entity_id, _newest_attributes(connection, tables, metadata_id))
        entry = registry.entities.get(entity_id)
        info[entity_id] = merged(entry.info, recorded, entry.fallback) if entry else recorded
    return info


def _position(connection: sqlite3.Connection, tables: set[str], ids: Mapping[int, str]) -> Position | None:
    """Where the home is: the newest attributes of its zone say it."""
    homes = [metadata_id for metadata_id, entity_id in ids.items() if entity_id == _HOME]
    return next((recorded_position(_newest_attributes(connection, tables, each)) for each in homes), None)


def _newest_attributes(connection: sqlite3.Connection, tables: set[str], metadata_id: int) -> str | None:
    """The attributes an entity was last recorded with, a JSON object."""
    if "state_attributes" not in tables:
        return None
    newest = connection.execute(
        "SELECT shared_attrs FROM states JOIN state_attributes USING (attributes_id)"
        " WHERE metadata_id = ? AND state IS NOT NULL ORDER BY last_updated_ts DESC LIMIT 1",
        (metadata_id,),
    ).fetchone()
    return newest[0] if newest else None
