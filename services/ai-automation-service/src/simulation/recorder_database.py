"""A simulated home as Home Assistant's recorder database with the registries beside it (schema 53)."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from src.domain.events import MICROSECONDS, EventLog, Origin
from src.domain.position import Position

SCHEMA = 53

TABLES = """
CREATE TABLE schema_changes (change_id INTEGER PRIMARY KEY, schema_version INTEGER, changed DATETIME);
CREATE TABLE recorder_runs (run_id INTEGER PRIMARY KEY, start DATETIME, "end" DATETIME,
    closed_incorrect BOOLEAN, created DATETIME);
CREATE TABLE states_meta (metadata_id INTEGER PRIMARY KEY, entity_id VARCHAR(255));
CREATE TABLE state_attributes (attributes_id INTEGER PRIMARY KEY, hash BIGINT, shared_attrs TEXT);
CREATE TABLE states (state_id INTEGER PRIMARY KEY, entity_id CHAR(0), state VARCHAR(255), attributes CHAR(0),
    event_id SMALLINT, last_changed CHAR(0), last_changed_ts FLOAT, last_reported_ts FLOAT, last_updated CHAR(0),
    last_updated_ts FLOAT, old_state_id INTEGER, attributes_id INTEGER, context_id CHAR(0), context_user_id CHAR(0),
    context_parent_id CHAR(0), origin_idx SMALLINT, context_id_bin BLOB, context_user_id_bin BLOB,
    context_parent_id_bin BLOB, metadata_id INTEGER);
CREATE TABLE event_types (event_type_id INTEGER PRIMARY KEY, event_type VARCHAR(64));
CREATE TABLE event_data (data_id INTEGER PRIMARY KEY, hash BIGINT, shared_data TEXT);
CREATE TABLE events (event_id INTEGER PRIMARY KEY, event_type CHAR(0), event_data CHAR(0), origin CHAR(0),
    origin_idx SMALLINT, time_fired CHAR(0), time_fired_ts FLOAT, context_id CHAR(0), context_user_id CHAR(0),
    context_parent_id CHAR(0), data_id INTEGER, context_id_bin BLOB, context_user_id_bin BLOB,
    context_parent_id_bin BLOB, event_type_id INTEGER);
"""
INDEXES = """
CREATE INDEX ix_states_last_updated_ts ON states (last_updated_ts);
CREATE INDEX ix_states_metadata_id_last_updated_ts ON states (metadata_id, last_updated_ts);
CREATE INDEX ix_states_context_id_bin ON states (context_id_bin);
CREATE INDEX ix_events_context_id_bin ON events (context_id_bin);
CREATE INDEX ix_events_event_type_id_time_fired_ts ON events (event_type_id, time_fired_ts);
CREATE INDEX ix_events_time_fired_ts ON events (time_fired_ts);
CREATE UNIQUE INDEX ix_states_meta_entity_id ON states_meta (entity_id);
"""
_USER = bytes(range(16))
_HOME = "zone.home"
_TRIGGERED, _CALLED = 1, 2
_FIRST_STATE = 1


def _context(time: int, number: int) -> bytes:
    """16 bytes that begin with the time, as a ULID does."""
    return (time // 1000).to_bytes(6, "big") + number.to_bytes(10, "big")


def write_recorder(log: EventLog, path: Path) -> None:
    """Write a log as ``home-assistant_v2.db`` of a server that is not running.

    Origins become what they were made from: an automation's changes share their context with an
    ``automation_triggered`` event, a person's carry a user. A row whose state did not change is one that only its
    attributes changed in, as Home Assistant records it. Where the log knows the home's position, the home's zone says
    it, and is one entity and one state more. Overwrites ``path``.
    """
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(TABLES + INDEXES)
        start = log.span[0] / MICROSECONDS
        connection.execute("INSERT INTO schema_changes VALUES (1, ?, ?)", (SCHEMA, _text(start)))
        connection.executemany(
            "INSERT INTO recorder_runs VALUES (?, ?, NULL, 0, ?)",
            [(number, _text(at), _text(at)) for number, at in enumerate(_starts(log), 1)],
        )
        connection.executemany(
            "INSERT INTO event_types VALUES (?, ?)", [(_TRIGGERED, "automation_triggered"), (_CALLED, "call_service")]
        )
        attributes = [(entity_id, _attributes(log, entity_id)) for entity_id in log.entities]
        states, events = _rows(log)
        if log.position is not None:
            attributes.append((_HOME, _zone(log.position)))
            states.insert(0, _placed(log, len(attributes)))
        connection.executemany(
            "INSERT INTO states_meta VALUES (?, ?)",
            [(number, entity_id) for number, (entity_id, _) in enumerate(attributes, 1)],
        )
        connection.executemany(
            "INSERT INTO state_attributes VALUES (?, NULL, ?)",
            [(number, shared) for number, (_, shared) in enumerate(attributes, 1)],
        )
        connection.executemany(
            "INSERT INTO states (state_id, state, last_changed_ts, last_updated_ts, old_state_id, attributes_id,"
            " origin_idx, context_id_bin, context_user_id_bin, metadata_id) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?)",
            states,
        )
        connection.executemany(
            "INSERT INTO events (event_type_id, time_fired_ts, context_id_bin, context_user_id_bin, origin_idx)"
            " VALUES (?, ?, ?, ?, 0)",
            events,
        )


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _starts(log: EventLog) -> list[float]:
    """The first instant and each restart: when states of unknown origin come after a minute without."""
    unknown = log.time[log.origin == Origin.UNKNOWN]
    restarts = unknown[np.diff(unknown, prepend=np.int64(-(2**60))) > 60 * MICROSECONDS]
    first = log.span[0]
    return [at / MICROSECONDS for at in (first, *restarts[restarts > first].tolist())]


def _attributes(log: EventLog, entity_id: str) -> str:
    info = log.about(entity_id)
    known = {"device_class": info.device_class, "friendly_name": info.name, "unit_of_measurement": info.unit}
    return json.dumps({key: value for key, value in known.items() if value is not None})


def _zone(position: Position) -> str:
    """What the home's zone says of itself."""
    latitude, longitude = position
    return json.dumps(
        {"latitude": latitude, "longitude": longitude, "radius": 100, "passive": False, "friendly_name": "Home"}
    )


def _placed(log: EventLog, number: int) -> tuple[object, ...]:
    """The row of ``states`` that the home's zone, of that metadata id, is written to at the first start."""
    seconds = log.span[0] / MICROSECONDS
    return _FIRST_STATE, "0", None, seconds, None, number, _context(log.span[0], _FIRST_STATE), None, number


def _rows(
    log: EventLog,
) -> tuple[list[tuple[object, ...]], list[tuple[int, float, bytes, bytes | None]]]:
    """Rows of ``states``, from the one after the home's zone on, and of ``events``."""
    states: list[tuple[object, ...]] = []
    events: list[tuple[int, float, bytes, bytes | None]] = []
    newest: dict[int, tuple[int, int, float]] = {}  # by entity: its newest row, that row's state, since when
    last_run, run_context = -(2**60), b""
    columns = zip(log.time.tolist(), log.entity.tolist(), log.state.tolist(), log.origin.tolist(), strict=True)
    for number, (time, entity, state, origin) in enumerate(columns, _FIRST_STATE + 1):
        seconds = time / MICROSECONDS
        context, user = _context(time, number), None
        if origin == Origin.AUTOMATION:
            if time - last_run > MICROSECONDS:
                events.append((_TRIGGERED, seconds, context, None))
                run_context = context
            last_run, context = time, run_context
        elif origin == Origin.USER:
            user = _USER
            events.append((_CALLED, seconds, context, user))
        before = newest.get(entity)
        same = before is not None and before[1] == state
        since = before[2] if before is not None and same else seconds
        changed = since if same else None
        old = before[0] if before is not None else None
        states.append((number, log.states[state], changed, seconds, old, entity + 1, context, user, entity + 1))
        newest[entity] = (number, state, since)
    return states, events


def write_registries(log: EventLog, config: Path) -> None:
    """Write the home's time zone, position, areas and entities to where Home Assistant keeps them.

    That is ``<config>/.storage``.
    """
    storage = config / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    areas = sorted({info.area for info in log.info.values() if info.area})
    ids = {name: name.lower().replace(" ", "_") for name in areas}
    entities = [
        {
            "entity_id": entity_id,
            "name": info.name,
            "area_id": ids.get(info.area or ""),
            "device_id": None,
            "device_class": info.device_class,
            "unit_of_measurement": info.unit,
            "hidden_by": None,
            "disabled_by": None,
            "entity_category": None,
        }
        for entity_id, info in ((entity_id, log.about(entity_id)) for entity_id in log.entities)
    ]
    latitude, longitude = log.position or (None, None)
    contents: dict[str, dict[str, object]] = {
        "core.config": {"time_zone": log.time_zone, "latitude": latitude, "longitude": longitude},
        "core.area_registry": {"areas": [{"id": ids[name], "name": name} for name in areas]},
        "core.device_registry": {"devices": []},
        "core.entity_registry": {"entities": entities},
    }
    for key, data in contents.items():
        (storage / key).write_text(json.dumps({"version": 1, "key": key, "data": data}, indent=1))
