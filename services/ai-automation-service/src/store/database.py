"""One database behind one engine: how it is connected, and how a transaction begins and ends.

On both databases one transaction writes at a time and readers never wait for it. SQLite works that way;
PostgreSQL is made to with an advisory lock. So what holds on one holds on the other, no two writers can
deadlock, and a check made inside a write transaction stays true until its end.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, Select, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import StaticPool

from src.box.memory import available_memory
from src.errors import DatabaseUnreachable, StoreError
from src.store.failures import busy, failure, is_busy

logger = logging.getLogger(__name__)

BUSY_TIMEOUT = 30.0  # seconds to wait for another writer
_CONNECT_TIMEOUT = 10  # seconds PostgreSQL has to answer
_WRITER_LOCK = 0x6169_6175_746F  # "aiauto"; any number that no other program on this database uses
_SECRET_OPTIONS = ("password", "sslpassword", "oauth_client_secret")

_SQLITE_SETTINGS = (
    "PRAGMA foreign_keys = ON",
    # In WAL mode NORMAL may lose the last commits when the power fails, so that people would be told of a run
    # that is gone afterwards. FULL costs one fsync a commit.
    "PRAGMA synchronous = FULL",
    "PRAGMA journal_size_limit = 67108864",
)
_MOST_CACHE, _LEAST_CACHE = 16 << 20, 2 << 20  # bytes that a connection keeps of an SQLite file


class Database:
    """A connection pool and its two kinds of transactions. Safe to share between threads.

    Attributes:
        name: the URL without password, for messages.
        sqlite: SQLite if true, else PostgreSQL.
    """

    def __init__(self, url: str) -> None:
        """Raises DatabaseUnreachable."""
        parsed = _parsed(url)
        self.name = _without_secrets(parsed)
        self.sqlite = parsed.drivername == "sqlite"
        # One connection is the whole of a database in memory, so its threads take turns.
        in_memory = self.sqlite and parsed.database in (None, "", ":memory:")
        self._turn: AbstractContextManager[Any] = threading.RLock() if in_memory else nullcontext()
        try:
            if self.sqlite and not in_memory:
                _make_folder(parsed)
            self._engine = _sqlite_engine(parsed, in_memory) if self.sqlite else _postgresql_engine(parsed)
        except (OSError, ArgumentError, ImportError) as error:
            raise DatabaseUnreachable(self.name, str(error)) from error
        dbapi = self._engine.dialect.dbapi
        assert dbapi is not None
        self._errors = (StatementError, PoolTimeout, dbapi.Error)
        self._in_memory = in_memory

    @classmethod
    def of_file(cls, path: Path) -> Database:
        """The SQLite database in a file. Raises DatabaseUnreachable."""
        return cls(f"sqlite:///{quote(str(path))}")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database.

        Raises:
            StoreError, DatabaseUnreachable.
        """
        with self._translated(), self._turn, self._engine.connect() as connection:
            if not self.sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is the only writing one; committed at the end, rolled back on any exception.

        Raises:
            StoreError, DatabaseUnreachable.
        """
        with self._translated(), self._turn, self._engine.connect() as connection:
            connection = connection.execution_options(sqlite_begin="IMMEDIATE")
            with connection.begin():
                if not self.sqlite:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
                yield connection

    def enter_wal_mode(self) -> None:
        """Switch an SQLite file to write-ahead logging, which it then keeps; for other databases nothing happens.

        SQLite does not wait for another writer here, whatever the busy timeout, so that two processes that open a new
        database at once need this loop.

        Raises:
            StoreError, DatabaseUnreachable.
        """
        if not self.sqlite or self._in_memory:
            return
        until = time.monotonic() + BUSY_TIMEOUT
        with self._translated():
            connection = self._engine.raw_connection()
            try:
                cursor = connection.cursor()
                while True:
                    try:
                        (mode,) = cursor.execute("PRAGMA journal_mode = WAL").fetchone()
                        break
                    except self._errors as error:
                        if not is_busy(error) or time.monotonic() >= until:
                            raise
                    time.sleep(0.02)
            finally:
                connection.close()
        if mode != "wal":
            logger.warning("database_without_wal", extra={"database": self.name, "mode": mode})

    def leave_wal_mode(self) -> None:
        """Have an SQLite file that nobody else has open be one file from here on, without others beside it.

        Raises:
            StoreError, DatabaseUnreachable.
        """
        self._engine.dispose()  # a second connection would keep the mode
        with self._translated(), closing(self._engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA journal_mode = DELETE")

    def rows(self, connection: Connection, query: Select[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query as plain tuples, ``size`` at a time, never more of them in memory.

        SQLAlchemy's own rows take more than twice as long, which shows with a million of them.
        """
        sql = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
        driver = connection.connection.driver_connection
        assert driver is not None
        cursor = driver.cursor() if self.sqlite else driver.cursor(name="rows", binary=True)
        try:
            cursor.execute(sql)
            while chunk := cursor.fetchmany(size):
                yield chunk
        finally:
            cursor.close()

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database; None for any other, and for one in memory."""
        if not self.sqlite or self._in_memory:
            return None
        with self.read() as connection:
            opened = connection.exec_driver_sql("SELECT file FROM pragma_database_list WHERE name = 'main'")
            return Path(opened.scalar_one())

    def copy_to(self, path: Path) -> None:
        """Copy an SQLite database as it is at one moment into a new file, while others read and write it.

        In one step: in write-ahead mode a reader keeps no writer waiting, and a copy in several steps begins anew
        whenever somebody wrote in between (https://www.sqlite.org/c3ref/backup_finish.html).

        Raises:
            StoreError: no room, or another process keeps the database locked. DatabaseUnreachable.
        """
        until = time.monotonic() + BUSY_TIMEOUT

        def patient(status: int, _remaining: int, _pages: int) -> None:
            if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() >= until:
                raise busy()

        with self._translated(), closing(self._engine.raw_connection()) as connection:
            driver = connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            with closing(sqlite3.connect(path)) as copy:
                driver.backup(copy, progress=patient)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, without others beside it

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            raise failure(error, name=self.name) from error


def _parsed(url: str) -> URL:
    """The URL with the driver that this service uses."""
    # The text itself stays out of the message: it may hold a password.
    unreadable = DatabaseUnreachable(
        "of DATABASE_URL", "its URL cannot be read; in a password, @ is written as %40, / as %2F and : as %3A"
    )
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError):
        raise unreadable from None
    if backend == "sqlite":
        return parsed.set(drivername="sqlite")
    if "@" in f"{parsed.host}{parsed.database}":  # the end of a password that was not written so
        raise unreadable
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise DatabaseUnreachable(_without_secrets(parsed), "only SQLite and PostgreSQL are supported")


def _without_secrets(url: URL) -> str:
    secret = {option: "***" for option in _SECRET_OPTIONS if option in url.query}
    return url.update_query_dict(secret).render_as_string(hide_password=True)


def _make_folder(url: URL) -> None:
    if url.database and not url.database.startswith("file:"):
        Path(url.database).absolute().parent.mkdir(parents=True, exist_ok=True)


def _to_json(value: object) -> str:
    """Strict JSON in plain ASCII: PostgreSQL takes neither NaN nor a bare NUL. Raises StoreError."""
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise StoreError(f"A record cannot be written as JSON: {error}.", "Please report it.") from error


def keep_temporary_files(folder: Path) -> None:
    """Have SQLite make the files that it sorts in, for the whole process, where Python makes its own.

    It chooses a folder when it is loaded, which is before the settings are, and the only other way to tell it is
    https://www.sqlite.org/pragma.html#pragma_temp_store_directory. Nothing may be sorting while this changes.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        told = connection.execute("PRAGMA temp_store_directory").fetchone()
        if told != (str(folder),):
            quoted = str(folder).replace("'", "''")
            connection.execute(f"PRAGMA temp_store_directory = '{quoted}'")


def _sqlite_engine(url: URL, in_memory: bool) -> Engine:
    keep_temporary_files(Path(tempfile.gettempdir()))
    pool = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}} if in_memory else {}
    engine = create_engine(url, json_serializer=_to_json, hide_parameters=True, **pool)

    @event.listens_for(engine, "connect")
    def set_up(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin below, never by the module's own rules
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT * 1000)}")
        for setting in _SQLITE_SETTINGS:
            cursor.execute(setting)
        cursor.execute(f"PRAGMA cache_size = -{cache_bytes() // 1024}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its lock at once: a reader that turns writer fails when another wrote in between.
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('sqlite_begin', 'DEFERRED')}")

    return engine


def cache_bytes(root: Path = Path("/")) -> int:
    """What a connection may keep of an SQLite file: with all connections of the pool, an eighth of the memory.

    Args:
        root: where ``proc`` and ``sys`` are found.
    """
    share = (available_memory(root) or _MOST_CACHE * 128) // 128
    return max(_LEAST_CACHE, min(_MOST_CACHE, share))


def _postgresql_engine(url: URL) -> Engine:
    defaults = {"connect_timeout": _CONNECT_TIMEOUT, "application_name": "ai-automation-service"}
    arguments = {name: value for name, value in defaults.items() if name not in url.query}
    engine = create_engine(
        url,
        json_serializer=_to_json,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args=arguments,
        isolation_level="READ COMMITTED",  # a writer sees what was committed while it waited for its turn
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET lock_timeout = '{BUSY_TIMEOUT}s'")
        # A writer that was cut off in the middle must not keep the others out until TCP notices.
        cursor.execute("SET idle_in_transaction_session_timeout = '60s'")
        cursor.close()
        connection.commit()

    return engine
