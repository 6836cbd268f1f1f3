"""History from Home Assistant's recorder database (schema 42 to 53: 2024.3 and later), whole or in parts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from src.domain.events import MICROSECONDS, EntityInfo, Float64Array, Origin
from src.domain.position import Position
from src.domain.progress import Progress
from src.errors import HistoryUnreadable
from src.history.contexts import Contexts, Followers, Starts, read_contexts, read_starts
from src.history.metadata import Registry, merged, recorded_info, recorded_position
from src.history.recorder_database import EARLIEST, DatabaseChanged, RecorderDatabase, Row
from src.history.recorder_schema import checked_schema
from src.history.seconds import instants_of_seconds
from src.history.table import EventTable, Found

PART = 250_000  # events in one part: some 100 MB with all that is made of them on the way

_HOME = "zone.home"

log = logging.getLogger(__name__)

OpenDatabase = Callable[[], RecorderDatabase]


def read_recorder(
    name: str,
    opened: OpenDatabase,
    registry: Registry,
    since: int | None,
    progress: Progress,
    *,
    part: int | None = None,
    programs: frozenset[bytes] = frozenset(),
) -> Generator[tuple[EventTable, Found], None, None]:
    """The state changes of a recorder database, with who caused them, in parts in the order of their time.

    There is at least one part. It does not matter what Home Assistant does meanwhile: rows that it adds are left for
    the next time, rows that it purges are gone, and a part that was read from a file that changed is read again.

    Args:
        name: of the database, for messages.
        opened: opens it.
        registry: what Home Assistant's registries say; entities it leaves out are counted, not read.
        since: µs UTC; rows of earlier updates are not looked at.
        part: rows that make a part full; None: all in one.
        programs: ids of users that are programs, so that what they ask for counts as an automation's.

    Raises:
        HistoryUnreadable: another program's database, an older schema, damaged, locked for long, not reachable, or
            not for this user. The parts before are good.
    """
    reached = _Reached((EARLIEST if since is None else since / MICROSECONDS, -1), Starts(), 0)
    tries = 0
    while True:
        try:
            with opened() as database:
                for table, found, reached_now in _parts(database, reached, registry, since, progress, part, programs):
                    database.confirm()
                    tries, reached = 0, reached_now
                    yield table, found
            return
        except DatabaseChanged:
            tries += 1
            if tries == 2:
                break
            log.info("recorder database was written to while it was read; reading it again")
    raise HistoryUnreadable(name, "it keeps changing while it is read", "Try again when Home Assistant has started.")


@dataclass(frozen=True)
class _Reached:
    """Where a part ended: the (time, id) of its last row, what was seen of the entities, how many rows there were."""

    after: tuple[Any, int]
    starts: Starts
    rows: int


def _parts(
    database: RecorderDatabase,
    reached: _Reached,
    registry: Registry,
    since: int | None,
    progress: Progress,
    part: int | None,
    programs: frozenset[bytes],
) -> Iterator[tuple[EventTable, Found, _Reached]]:
    tables = database.tables()
    schema, warnings = checked_schema(database, tables)
    start = reached.after[0] if reached.rows else None if since is None else since / MICROSECONDS
    # The end is fixed before the contexts are read, so that each row's context is among them.
    last, first = database.last_state(), database.first_state(reached.after[0])
    contexts = read_contexts(database, tables, start, programs)
    if not contexts.known:
        warnings = (
            *warnings,
            "The recorder keeps no automations and no service calls: who caused a change is unknown.",
        )
    starts, followers = read_starts(database, tables, reached.starts), Followers()
    ids = database.entities()
    left_out = {key: registry.left_out[name] for key, name in ids.items() if name in registry.left_out}
    info = _described(database, tables, ids, registry)
    place = _position(database, tables, ids) or registry.position
    details = {"schema": schema, "backend": database.backend, **database.details}
    found = Found(details, (*registry.warnings, *warnings), registry.time_zone, info, place)
    table = EventTable(since)
    after, rows_read = reached.after, reached.rows
    if since is None and not rows_read and (untimed := database.untimed_states()):
        table.skipped["missing_field"] += untimed
    # Ids without a gap are as many rows; what is gone from between makes the last step a longer one.
    total = 0 if last is None or first is None else max(last - first + 1, 1) + rows_read
    in_part = 0
    for rows in database.states(after, last or 0):
        if not rows:
            continue
        after = (rows[-1][0], rows[-1][1])
        rows_read += len(rows)
        in_part += len(rows)
        _add(rows, table, ids, left_out, contexts, followers, starts)
        progress("read", min(rows_read, total), total, "rows")
        if part is not None and in_part >= part:
            yield table, found, _Reached(after, starts.copy(), rows_read)
            table, in_part = EventTable(since), 0
    if total and rows_read < total:
        progress("read", total, total, "rows")
    if in_part or table.skipped or rows_read == reached.rows:
        yield table, found, _Reached(after, starts, rows_read)


def _add(
    rows: Sequence[Row],
    table: EventTable,
    ids: Mapping[int, str],
    left_out: Mapping[int, str],
    contexts: Contexts,
    followers: Followers,
    starts: Starts,
) -> None:
    if left_out:
        table.skipped.update(left_out[row[2]] for row in rows if row[2] in left_out)
        rows = [row for row in rows if row[2] not in left_out]
    # A change of attributes alone is recorded with the time of the last change of state.
    changes = [row for row in rows if row[4]]
    if len(changes) < len(rows):
        table.skipped["attributes_only"] += len(rows) - len(changes)
    if not changes:
        return
    updated, _, metadata, states, _, first, context, user, parent = zip(*changes, strict=True)
    seconds = _as_numbers(updated)
    origin = contexts.origins(context, user, np.array(parent, np.bool_))
    origin[followers.among(context, metadata) & (origin == Origin.DEVICE)] = Origin.AUTOMATION
    for index in starts.first_reports(metadata, states, seconds, np.array(first, np.bool_)):
        if origin[index] == Origin.DEVICE:
            origin[index] = Origin.UNKNOWN
    table.add(instants_of_seconds(seconds), list(map(ids.get, metadata)), states, origin)


def _as_numbers(times: Sequence[object]) -> Float64Array:
    """float64 (n,); in SQLite a column of numbers may hold a text all the same, which becomes infinity."""
    try:
        return np.array(times, np.float64)
    except (TypeError, ValueError):
        return np.array([each if isinstance(each, int | float) else np.inf for each in times], np.float64)


def _described(
    database: RecorderDatabase, tables: set[str], ids: Mapping[int, str], registry: Registry
) -> dict[str, EntityInfo]:
    """What is known of each recorded entity; the newest attributes fill in what its registry entry does not say."""
    info: dict[str, EntityInfo] = {}
    for metadata_id, entity_id in ids.items():
        if entity_id in registry.left_out or not isinstance(entity_id, str):
            continue
        recorded = recorded_info(entity_id, _newest_attributes(database, tables, metadata_id))
        entry = registry.entities.get(entity_id)
        info[entity_id] = merged(entry.info, recorded, entry.fallback) if entry else recorded
    return info


def _position(database: RecorderDatabase, tables: set[str], ids: Mapping[int, str]) -> Position | None:
    """Where the home is: the newest attributes of its zone say it."""
    homes = [metadata_id for metadata_id, entity_id in ids.items() if entity_id == _HOME]
    return next((recorded_position(_newest_attributes(database, tables, each)) for each in homes), None)


def _newest_attributes(database: RecorderDatabase, tables: set[str], metadata_id: int) -> str | None:
    return database.newest_attributes(metadata_id) if "state_attributes" in tables else None
