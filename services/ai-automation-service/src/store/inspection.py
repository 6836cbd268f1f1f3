"""A look at a database that changes nothing: not its schema, not a file beside it, not what its writers wait for.

A file of SQLite that a process has open is read through its own protocol; one that nobody has open is read as it
lies there. See https://www.sqlite.org/wal.html#read_only_databases and https://www.sqlite.org/uri.html.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, create_engine, func, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError, StatementError
from sqlalchemy.pool import NullPool

from src.errors import DatabaseUnreachable, StoreError
from src.store import migration
from src.store.database import Database
from src.store.failures import failure
from src.store.schema import event, home, metadata, run

Backend = Literal["sqlite", "postgresql"]
Condition = migration.Condition | Literal["absent"]

SQLITE = sqlite3.sqlite_version

_RECENT = 10  # runs
_ERRORS = 5  # of a damaged file that are told
_WRITER_BYTE = 120  # of NAME-shm: https://www.sqlite.org/walformat.html#walidxlock
_LOCK = "hhqqi"  # struct flock of Linux


@dataclass(frozen=True, slots=True)
class RunSeen:
    """Of a run what says how it went.

    Attributes:
        code: of its error; None without one.
        created_at, finished_at: µs UTC.
    """

    state: str
    trigger: str
    stage: str
    created_at: int
    finished_at: int | None
    code: str | None


@dataclass(frozen=True)
class Inspection:
    """What a database is and holds.

    Attributes:
        condition: ``older`` is upgraded when the service opens it, ``newer`` was written by a later version.
        revision: of its schema, and ``known``, the newest of this version.
        bytes: of the file and its write-ahead log, or of the server's database.
        journal: SQLite's journal mode.
        unread: bytes of a write-ahead log that nobody has open, which this look leaves out.
        writer: the process that has kept the database locked for writing for as long as was looked.
        damage: what SQLite's quick check says; None: it was not done, or not in time.
        rows: by table; those that could not be counted in time are missing.
        newest: µs UTC of the newest event, and ``oldest``.
        runs: the newest, newest first.
        last_success: µs UTC of the end of the last run that succeeded.
    """

    backend: Backend
    condition: Condition
    known: str
    revision: str | None = None
    bytes: int | None = None
    journal: str | None = None
    unread: int = 0
    writer: int | None = None
    damage: tuple[str, ...] | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    newest: int | None = None
    oldest: int | None = None
    time_zone: str | None = None
    position_known: bool = False
    runs: tuple[RunSeen, ...] = ()
    last_success: int | None = None


def inspect_store(url: str, *, seconds: float, deep: bool = False, lock_seconds: float = 1.0) -> Inspection:
    """Look at the database of a URL.

    Args:
        seconds: that counting and the quick check may take; what is not done then is missing.
        deep: check every page of a file, however large it is, as far as the time allows.
        lock_seconds: for which a writer has to hold its lock to be told.

    Raises:
        StoreError, DatabaseUnreachable: it cannot be read.
    """
    until = time.monotonic() + seconds
    path = _file_of(url)
    if path is None:
        return _inspect_server(url, seconds, until)
    if not path.exists():
        return Inspection("sqlite", "absent", migration.newest_revision())
    writer = _writer(path, lock_seconds)
    wal, shm = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
    live = wal.exists() and shm.exists()
    unread = 0 if live or not wal.exists() else wal.stat().st_size
    size = path.stat().st_size + (wal.stat().st_size if wal.exists() else 0)
    mode = "mode=ro" if live or not _in_wal_mode(path) else "immutable=1"

    def connect() -> sqlite3.Connection:
        opened = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=seconds / 4)
        opened.set_progress_handler(lambda: int(time.monotonic() > until), 10_000)
        return opened

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
    try:
        with _translated(str(path)), engine.connect() as connection:
            journal = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
            seen = _inspected(connection, "sqlite", until)
            damage = _damage(connection, size, until, deep=deep)
    finally:
        engine.dispose()
    return replace(seen, bytes=size, journal=journal, unread=unread, writer=writer, damage=damage)


def _inspect_server(url: str, seconds: float, until: float) -> Inspection:
    database = Database(_impatient(url, seconds))
    try:
        with database.read() as connection:
            connection.execute(text("SET TRANSACTION READ ONLY"))
            connection.execute(text(f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}"))
            size = connection.scalar(text("SELECT pg_database_size(current_database())"))
            seen = _inspected(connection, "postgresql", until)
    finally:
        database.close()
    return replace(seen, bytes=size)


def _inspected(connection: Connection, backend: Backend, until: float) -> Inspection:
    condition, revision = migration.condition_of(connection, alone=backend == "sqlite")
    seen = Inspection(backend, condition, migration.newest_revision(), revision)
    if condition in ("foreign", "empty", "newer"):
        return seen
    runs = connection.execute(
        select(run.c.state, run.c.trigger, run.c.stage, run.c.created_at, run.c.finished_at, run.c.error)
        .order_by(run.c.number.desc())
        .limit(_RECENT)
    ).all()
    known = connection.execute(select(home.c.time_zone)).one_or_none()
    placed = "latitude" in {column["name"] for column in inspect(connection).get_columns("home")}
    return replace(
        seen,
        runs=tuple(RunSeen(*row[:5], code=str(row[5]["code"]) if row[5] else None) for row in runs),
        last_success=connection.scalar(select(func.max(run.c.finished_at)).where(run.c.state == "succeeded")),
        newest=connection.scalar(select(func.max(event.c.time))),
        oldest=connection.scalar(select(func.min(event.c.time))),
        time_zone=None if known is None else known.time_zone,
        position_known=placed and connection.scalar(select(home.c.latitude)) is not None,
        rows=_counted(connection, sorted(set(inspect(connection).get_table_names()) & set(metadata.tables)), until),
    )


def _counted(connection: Connection, tables: list[str], until: float) -> dict[str, int]:
    """Rows by table; the largest is counted last."""
    rows: dict[str, int] = {}
    for name in sorted(tables, key=lambda name: name == event.name):
        if time.monotonic() > until:
            break
        try:
            rows[name] = int(connection.scalar(select(func.count()).select_from(metadata.tables[name])) or 0)
        except StatementError as error:
            if not _out_of_time(error):
                raise
            break
    return rows


def _damage(connection: Connection, size: int, until: float, *, deep: bool) -> tuple[str, ...] | None:
    """What the quick check says, without the names of rows; a large file is only checked when asked to."""
    if size > 256 * 2**20 and not deep:
        return None
    try:
        said = [str(row[0]) for row in connection.exec_driver_sql(f"PRAGMA quick_check({_ERRORS})")]
    except StatementError as error:
        if _out_of_time(error) or time.monotonic() > until:
            return None
        raise
    return tuple(line.splitlines()[0] for line in said if line != "ok")


def _out_of_time(error: StatementError) -> bool:
    cause = error.orig
    return getattr(cause, "sqlite_errorname", "") == "SQLITE_INTERRUPT" or getattr(cause, "sqlstate", "") == "57014"


def _file_of(url: str) -> Path | None:
    """The file of an SQLite database; None for a server's, or a URL whose mistake its own opener tells."""
    try:
        parsed = make_url(url)
        sqlite = parsed.get_backend_name() == "sqlite"
    except (ArgumentError, ValueError):
        return None
    if not sqlite:
        return None
    if parsed.database in (None, "", ":memory:"):
        raise StoreError(
            "The database is kept in memory alone, so that all is lost with each restart.",
            "Set DATABASE_URL to sqlite:////path/to/file.db, or leave it empty for a file in DATA_DIR.",
        )
    return Path(str(parsed.database))


def _impatient(url: str, seconds: float) -> str:
    """The URL of a server with so much time for a connection, of which libpq takes whole seconds and at least two."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return url  # its own opener tells the mistake
    if "connect_timeout" in parsed.query:
        return url
    return parsed.update_query_dict({"connect_timeout": str(max(2, int(seconds)))}).render_as_string(
        hide_password=False
    )


def _in_wal_mode(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(20)[18:19] == b"\x02"
    except OSError as error:
        raise DatabaseUnreachable(str(path), (error.strerror or str(error)).lower()) from error


def _writer(path: Path, seconds: float) -> int | None:
    """The process that holds the writer's lock the whole time; None if there is none, or it changes hands.

    Asked of the system, before SQLite has the file open here: it loses its locks when another handle of this process
    is closed. 0 is a process of another container.
    """
    shm = path.with_name(path.name + "-shm")
    until = time.monotonic() + seconds
    with suppress(OSError), shm.open("rb") as file:
        while True:
            asked = struct.pack(_LOCK, fcntl.F_WRLCK, os.SEEK_SET, _WRITER_BYTE, 1, 0)
            kind, _, _, _, holder = struct.unpack(_LOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
            if kind == fcntl.F_UNLCK:
                return None
            if time.monotonic() >= until:
                return int(holder)
            time.sleep(0.02)
    return None


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise failure(error, name=name) from error
