"""The home's own event store: what the recorder purges after ten days stays here."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import EllipsisType, MappingProxyType
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Column, Connection, Table, func, insert, select, update

from src.domain.events import EntityInfo, EventLog, Int32Array, Int64Array
from src.domain.position import Position, position_of
from src.domain.progress import Progress, silent
from src.errors import NoHistory
from src.store.columns import ROW, Rows, by_text, distinct, in_order, joined, storable, used_ids
from src.store.database import Database
from src.store.entities import METADATA
from src.store.insertion import insert_events
from src.store.replacement import check_mark, mark_of
from src.store.schema import entity, event, home, source, state_text

CHUNK = 50_000  # events in one transaction: a second's work at most, so that other writers need not wait long
_KEYS = 5_000  # values in one IN, well below what both databases bind

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changed. ``known`` events were there already."""

    added: int
    known: int


class EventRepository:
    """Events, entity metadata, and how far each source has been read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        log: EventLog,
        *,
        source: str,
        progress: Progress = silent,
        until: int | None = None,
        mark: str | EllipsisType | None = ...,
    ) -> Imported:
        """Add a log; an event (time, entity, state) that is there already stays as it is.

        Only its origin, if it was unknown, is replaced by a known one; such an event counts as known. Committed in
        chunks in order of time, each with the source's position, so that a killed import goes on where it stopped and
        nothing is doubled. Metadata is merged: what the log knows of an entity replaces what was known before, what
        it does not know stays. The log's time zone becomes the home's, and so does the place it is at, if the log
        knows that. Characters that no database can hold (NUL, halves of surrogate pairs) are stored as U+FFFD.

        Args:
            until: µs UTC; an event after it was dated by a wrong clock, and the source's position does not follow it.
            mark: what :meth:`Store.restored` said when it was last looked how far the source has been read.

        Raises:
            StoreReplaced: a backup was restored since then, or else since the first chunk.
            StoreError: the database cannot be written; the chunks before this one are kept.
        """
        key = storable(source)
        with self._database.write() as connection:
            if mark is ...:
                mark = mark_of(connection)
            check_mark(connection, mark)
            _set_home(connection, log.time_zone, log.position)
            _merge_metadata(connection, log.info)
        entity_ids = np.full(len(log.entities), -1, np.int32)
        state_ids = np.full(len(log.states), -1, np.int32)
        added = 0
        for low in range(0, len(log), CHUNK):
            high = min(low + CHUNK, len(log))
            with self._database.write() as connection:
                check_mark(connection, mark)
                _look_up_entities(connection, log.entities, log.entity[low:high], entity_ids)
                _look_up_states(connection, log.states, log.state[low:high], state_ids)
                rows = distinct(
                    log.time[low:high],
                    entity_ids[log.entity[low:high]],
                    state_ids[log.state[low:high]],
                    log.origin[low:high],
                )
                added += insert_events(connection, rows)
                _advance(connection, key, log.time[low:high], until)
            progress("import", high, len(log), "events")
        return Imported(added, len(log) - added)

    def position(self, source: str) -> int | None:
        """The newest instant (µs UTC) that was imported from a source, None for a new one."""
        with self._database.read() as connection:
            return _position(connection, storable(source))

    def load(
        self, start: int | None = None, end: int | None = None, *, entities: Collection[str] | None = None
    ) -> EventLog:
        """The events with ``start <= time < end`` (µs UTC), with metadata, the home's time zone and position.

        Ascending by time, entity id and state text, with dictionaries in alphabetical order and limited to what
        is used: one content, one log, whatever the order of the imports and the database.

        Args:
            entities: ids of those whose events are wanted; None: all.

        Raises:
            NoHistory: the store holds no event.
        """
        chosen = select(event.c.time, event.c.entity, event.c.state, event.c.origin).order_by(
            event.c.time, event.c.entity, event.c.state
        )
        if start is not None:
            chosen = chosen.where(event.c.time >= start)
        if end is not None:
            chosen = chosen.where(event.c.time < end)
        if entities is not None:
            ids = select(entity.c.id).where(entity.c.entity_id.in_(sorted(entities)))
            chosen = chosen.where(event.c.entity.in_(ids))
        with self._database.read() as connection:
            time_zone, position = _time_zone(connection), _home_position(connection)
            if time_zone is None or connection.scalar(select(event.c.time).limit(1)) is None:
                raise NoHistory
            rows = joined(
                [np.fromiter(chunk, ROW, len(chunk)) for chunk in self._database.rows(connection, chosen, CHUNK)]
            )
            if not len(rows):
                return EventLog(rows.time, rows.entity, rows.state, rows.origin, (), (), time_zone, position=position)
            return in_order(_decoded(connection, rows, time_zone, position))

    def count(self) -> int:
        """How many events there are."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(event)).scalar_one()

    def span(self) -> tuple[int, int] | None:
        """First and last instant, µs UTC; None when empty."""
        with self._database.read() as connection:
            # Two queries, each answered by one end of the primary key.
            first = connection.scalar(select(func.min(event.c.time)))
            last = connection.scalar(select(func.max(event.c.time)))
        return None if first is None or last is None else (first, last)

    def time_zone(self) -> str | None:
        """The home's zone as last imported."""
        with self._database.read() as connection:
            return _time_zone(connection)


def _time_zone(connection: Connection) -> str | None:
    return connection.scalar(select(home.c.time_zone))


def _position(connection: Connection, key: str) -> int | None:
    return connection.scalar(select(source.c.position).where(source.c.key == key))


def _home_position(connection: Connection) -> Position | None:
    row = connection.execute(select(home.c.latitude, home.c.longitude)).first()
    return None if row is None else position_of(row.latitude, row.longitude)


def _set_home(connection: Connection, time_zone: str, position: Position | None) -> None:
    """A position that is not known does not take the place of one that is."""
    where = {} if position is None else {"latitude": position[0], "longitude": position[1]}
    news: dict[str, str | float] = {"time_zone": time_zone, **where}
    row = connection.execute(select(home)).mappings().first()
    if row is None:
        connection.execute(insert(home).values(id=1, **news))
    elif any(row[name] != value for name, value in news.items()):  # who listens comes here every 15 seconds
        connection.execute(update(home).values(news))


def _advance(connection: Connection, key: str, times: Int64Array, until: int | None) -> None:
    if until is not None:
        times = times[: int(np.searchsorted(times, until, "right"))]
    if not len(times):
        return
    position, before = int(times[-1]), _position(connection, key)
    if before is None:
        connection.execute(insert(source).values(key=key, position=position))
    elif before < position or (until is not None and before > until):
        connection.execute(update(source).where(source.c.key == key).values(position=position))


def _merge_metadata(connection: Connection, info: Mapping[str, EntityInfo]) -> None:
    if not info:
        return
    known = {row.entity_id: row for row in connection.execute(select(entity))}
    fresh: dict[str, dict[str, str | None]] = {}
    changed = []
    for entity_id, about in ((storable(entity_id), about) for entity_id, about in info.items()):
        row = known.get(entity_id)
        news = {name: storable(value) for name in METADATA if (value := getattr(about, name)) is not None}
        if row is None:
            fresh[entity_id] = {"entity_id": entity_id, **dict.fromkeys(METADATA), **news}
        elif any(getattr(row, name) != value for name, value in news.items()):
            changed.append((row.id, news))
    if fresh:
        connection.execute(insert(entity), list(fresh.values()))
    for identifier, news in changed:
        connection.execute(update(entity).where(entity.c.id == identifier).values(news))


def _look_up_entities(connection: Connection, texts: Sequence[str], codes: Int32Array, ids: Int32Array) -> None:
    wanted = _unseen(codes, ids)
    keys = [storable(texts[code]) for code in wanted]
    rows = [{"entity_id": key, **dict.fromkeys(METADATA)} for key in keys]
    _fill(connection, entity, entity.c.entity_id, wanted, keys, rows, ids)


def _look_up_states(connection: Connection, texts: Sequence[str], codes: Int32Array, ids: Int32Array) -> None:
    wanted = _unseen(codes, ids)
    stored = [storable(texts[code]) for code in wanted]
    keys = [hashlib.blake2b(text.encode(), digest_size=16).digest() for text in stored]
    rows = [{"text": text, "digest": key} for text, key in zip(stored, keys, strict=True)]
    _fill(connection, state_text, state_text.c.digest, wanted, keys, rows, ids)


def _unseen(codes: Int32Array, ids: Int32Array) -> list[int]:
    """The codes of a chunk whose id in the database is not known yet."""
    return [code for code in used_ids(codes).tolist() if ids[code] < 0]


def _fill(
    connection: Connection,
    table: Table,
    column: Column[Any],
    codes: Sequence[int],
    keys: Sequence[Any],
    rows: Sequence[dict[str, Any]],
    ids: Int32Array,
) -> None:
    """Write the database's ids of ``keys`` into ``ids`` at ``codes``; a key without one gets its row inserted."""
    known = _ids(connection, table, column, keys)
    missing = {key: row for key, row in zip(keys, rows, strict=True) if key not in known}
    if missing:
        connection.execute(insert(table), list(missing.values()))
        known |= _ids(connection, table, column, missing)
    ids[list(codes)] = [known[key] for key in keys]


def _ids(connection: Connection, table: Table, column: Column[Any], keys: Iterable[Any]) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for some in _batches(keys, _KEYS):
        query = select(column, table.c.id).where(column.in_(some))
        found.update((row[0], row[1]) for row in connection.execute(query))
    return found


def _batches(values: Iterable[_T], size: int) -> Iterable[list[_T]]:
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch


def _decoded(connection: Connection, rows: Rows, time_zone: str, position: Position | None) -> EventLog:
    """Rows with the database's ids replaced by codes of sorted dictionaries."""
    entity_ids, state_ids = used_ids(rows.entity), used_ids(rows.state)
    about = {row.id: row for row in _between(connection, entity, entity_ids)}
    texts = {row.id: row.text for row in _between(connection, state_text, state_ids)}
    entities, entity_codes = by_text(entity_ids, [about[i].entity_id for i in entity_ids.tolist()])
    states, state_codes = by_text(state_ids, [texts[i] for i in state_ids.tolist()])
    info = {}
    for i in entity_ids.tolist():
        known = EntityInfo(about[i].entity_id, *(getattr(about[i], name) for name in METADATA))
        if known != EntityInfo(known.entity_id):
            info[known.entity_id] = known
    return EventLog(
        rows.time,
        entity_codes[rows.entity],
        state_codes[rows.state],
        rows.origin,
        entities,
        states,
        time_zone,
        MappingProxyType(dict(sorted(info.items()))),
        position,
    )


def _between(connection: Connection, table: Table, ids: Int64Array) -> Any:
    """Rows of a dictionary from the first to the last used id: some too many, but in one query of two values."""
    return connection.execute(select(table).where(table.c.id.between(int(ids[0]), int(ids[-1]))))
