"""Histories to read: text files, and recorder databases with the tables Home Assistant makes."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.history.mariadb import MariadbServer, private_mariadb
from tests.unit.store.postgresql import Server, private_server

# What the reader needs, and the unused columns that are left from older schemas, as SQLite has them.
TABLES = """
CREATE TABLE event_data (data_id INTEGER PRIMARY KEY, hash BIGINT, shared_data TEXT);
CREATE TABLE event_types (event_type_id INTEGER PRIMARY KEY, event_type VARCHAR(64));
CREATE TABLE events (
    event_id INTEGER PRIMARY KEY, event_type CHAR(0), event_data CHAR(0), origin CHAR(0), origin_idx SMALLINT,
    time_fired CHAR(0), time_fired_ts FLOAT, context_id CHAR(0), context_user_id CHAR(0), context_parent_id CHAR(0),
    data_id INTEGER, context_id_bin BLOB, context_user_id_bin BLOB, context_parent_id_bin BLOB, event_type_id INTEGER
);
CREATE INDEX ix_events_event_type_id_time_fired_ts ON events (event_type_id, time_fired_ts);
CREATE TABLE state_attributes (attributes_id INTEGER PRIMARY KEY, hash BIGINT, shared_attrs TEXT);
CREATE TABLE states_meta (metadata_id INTEGER PRIMARY KEY, entity_id VARCHAR(255) UNIQUE);
CREATE TABLE states (
    state_id INTEGER PRIMARY KEY, entity_id CHAR(0), state VARCHAR(255), attributes CHAR(0), event_id SMALLINT,
    last_changed CHAR(0), last_changed_ts FLOAT, last_updated CHAR(0), last_updated_ts FLOAT, old_state_id INTEGER,
    attributes_id INTEGER, context_id CHAR(0), context_user_id CHAR(0), context_parent_id CHAR(0),
    origin_idx SMALLINT, context_id_bin BLOB, context_user_id_bin BLOB, context_parent_id_bin BLOB, metadata_id INTEGER
);
CREATE INDEX ix_states_metadata_id_last_updated_ts ON states (metadata_id, last_updated_ts);
CREATE INDEX ix_states_last_updated_ts ON states (last_updated_ts);
CREATE TABLE recorder_runs (
    run_id INTEGER PRIMARY KEY, start DATETIME, "end" DATETIME, closed_incorrect BOOLEAN, created DATETIME
);
CREATE TABLE schema_changes (change_id INTEGER PRIMARY KEY, schema_version INTEGER, changed DATETIME);
"""
LAST_REPORTED_SINCE = 43


class RecorderDb:
    """A recorder database that is written the way Home Assistant writes it.

    Each state row points to the one before it of its entity, until a restart or a removal forgets that.
    """

    def __init__(self, path: Path, *, schema: int = 53, wal: bool = True) -> None:
        self.path = path
        self._attributes: dict[str, int] = {}
        self._entities: dict[str, int] = {}
        self._event_types: dict[str, int] = {}
        self._newest: dict[str, int | None] = {}
        self._connection = sqlite3.connect(path, isolation_level=None)
        self.execute("PRAGMA synchronous=OFF")
        if wal:
            self.execute("PRAGMA journal_mode=WAL")
        self._connection.executescript(TABLES)
        if schema >= LAST_REPORTED_SINCE:
            self.execute("ALTER TABLE states ADD COLUMN last_reported_ts FLOAT")
        self.execute("INSERT INTO schema_changes (schema_version) VALUES (?)", schema)

    def execute(self, sql: str, *values: object) -> int:
        """Run one statement; the row id of what it inserted."""
        return self._connection.execute(sql, values).lastrowid or 0

    def start(self, at: datetime) -> None:
        """Home Assistant starts: nothing it recorded before is a row before."""
        self._newest.clear()
        self.execute(
            "INSERT INTO recorder_runs (start, closed_incorrect, created) VALUES (?, 0, ?)",
            at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
            at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
        )

    def state(
        self,
        entity_id: str,
        state: str | None,
        at: datetime,
        *,
        changed: datetime | None = None,
        context: bytes | None = None,
        user: bytes | None = None,
        parent: bytes | None = None,
        attributes: Mapping[str, object] | None = None,
    ) -> int:
        """Record a state; ``changed`` only if it differs from ``at``, as Home Assistant does. None: removed."""
        if entity_id not in self._entities:
            self._entities[entity_id] = self.execute("INSERT INTO states_meta (entity_id) VALUES (?)", entity_id)
        shared = json.dumps(attributes or {})
        if shared not in self._attributes:
            self._attributes[shared] = self.execute("INSERT INTO state_attributes (shared_attrs) VALUES (?)", shared)
        row = self.execute(
            "INSERT INTO states (metadata_id, state, last_updated_ts, last_changed_ts, old_state_id, attributes_id,"
            " context_id_bin, context_user_id_bin, context_parent_id_bin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self._entities[entity_id],
            state,
            at.timestamp(),
            changed.timestamp() if changed else None,
            self._newest.get(entity_id),
            self._attributes[shared],
            context or os.urandom(16),
            user,
            parent,
        )
        self._newest[entity_id] = None if state is None else row
        return row

    def event(self, kind: str, at: datetime, context: bytes, user: bytes | None = None) -> None:
        if kind not in self._event_types:
            self._event_types[kind] = self.execute("INSERT INTO event_types (event_type) VALUES (?)", kind)
        self.execute(
            "INSERT INTO events (event_type_id, time_fired_ts, context_id_bin, context_user_id_bin)"
            " VALUES (?, ?, ?, ?)",
            self._event_types[kind],
            at.timestamp(),
            context,
            user,
        )

    def close(self) -> None:
        """Stop as Home Assistant does: the WAL is moved into the database and goes away."""
        self._connection.close()


MakeRecorder = Callable[..., RecorderDb]


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[MakeRecorder]:
    """Makes a recorder database in ``tmp_path``, the config folder; closed at the end of the test."""
    made: list[RecorderDb] = []

    def make(name: str = "home-assistant_v2.db", **options: bool | int) -> RecorderDb:
        made.append(RecorderDb(tmp_path / name, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for database in made:
        database.close()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariadbServer]:
    with private_mariadb() as running:
        yield running


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    with private_server() as running:
        yield running


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder every user can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
        Path(name).chmod(0o755)


@pytest.fixture
def unprivileged() -> Callable[[], AbstractContextManager[None]]:
    """``with unprivileged():`` permissions count, even in a container of root's."""

    @contextmanager
    def as_nobody() -> Iterator[None]:
        was = os.geteuid()
        if was == 0:
            os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(was)

    return as_nobody
