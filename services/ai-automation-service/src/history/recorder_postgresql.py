"""A recorder in PostgreSQL.

What the server says: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

import psycopg
from sqlalchemy import URL

from src.errors import HistoryUnreadable
from src.history.recorder_database import RecorderDatabase, Row
from src.history.recorder_server import CONNECT_SECONDS, LOCK_SECONDS, STATEMENT_SECONDS, Failure, shown

_PORT = 5432
_OPTIONS = ("host", "sslmode", "sslrootcert", "sslcert", "sslkey", "options")

_FAILURES = {
    Failure.NOT_LET_IN: ("28",),
    Failure.NO_DATABASE: ("3D",),
    Failure.NOT_ALLOWED: ("42501",),
    Failure.DROPPED: ("42P01", "42703"),
    Failure.BUSY: ("57014", "55P03", "53300", "40P01", "57P03"),
    Failure.LOST: ("08", "57P"),
}


class PostgresqlRecorder(RecorderDatabase):
    """A connection that reads only, each question a transaction of its own.

    Raises:
        HistoryUnreadable: no connection.
    """

    backend: ClassVar[str] = "postgresql"

    def __init__(self, url: URL) -> None:
        self.name = shown(url, self.backend, _PORT)
        self.details = {}
        self._connection: psycopg.Connection | None = None
        options: dict[str, Any] = {key: str(value) for key, value in url.query.items() if key in _OPTIONS}
        if url.host:
            options["host"] = url.host
        try:
            self._connection = psycopg.connect(
                port=url.port or _PORT,
                user=url.username,
                password=None if url.password is None else str(url.password),
                dbname=url.database,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                application_name="ai-automation-service",
                # A plan is to fit the values of its question; and a pooler in between may not keep prepared ones.
                prepare_threshold=None,
                **options,
            )
        except psycopg.Error as error:
            raise self._failure(error) from error
        try:
            self._settle()
        except BaseException:
            self.close()
            raise

    def _settle(self) -> None:
        """Read only; no wait for a table that is being changed; no long question; every page from an index."""
        self.rows("SET default_transaction_read_only = on")
        self.rows(f"SET lock_timeout = {round(LOCK_SECONDS * 1000)}")
        self.rows(f"SET statement_timeout = {STATEMENT_SECONDS * 1000}")
        # Where the server has not counted its rows it may prefer to read and sort all of them, once for every page.
        self.rows("SET enable_seqscan = off")
        self.rows("SET enable_bitmapscan = off")
        self.rows("SET max_parallel_workers_per_gather = 0")

    def rows(self, sql: str, *values: object) -> list[Row]:
        assert self._connection is not None
        try:
            with self._connection.cursor(binary=True) as cursor:
                cursor.execute(sql.replace("?", "%s"), values or None)
                return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise self._failure(error) from error

    def tables(self) -> set[str]:
        # Those that may not be read too, so that it is the reading that says so.
        return self._names("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND pg_table_is_visible(oid)")

    def columns(self, table: str) -> set[str]:
        return self._names(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped",
            table,
        )

    def close(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):  # the server is gone
                self._connection.close()

    def _names(self, sql: str, *values: object) -> set[str]:
        return {str(name) for (name,) in self.rows(sql, *values)}

    def _failure(self, error: psycopg.Error) -> HistoryUnreadable:
        said = " ".join(str(error).split())
        code = error.sqlstate or _code_of_words(said)
        for failure, beginnings in _FAILURES.items():
            if code.startswith(beginnings):
                return failure.of(self.name, said)
        if code:
            return Failure.UNEXPECTED.of(self.name, said)
        # The client says so itself, without a code.
        return (Failure.LOST if self._connection is not None else Failure.UNREACHABLE).of(self.name, said)


def _code_of_words(said: str) -> str:
    """The code of why there is no connection, of which libpq gives the words alone; empty for another reason."""
    if "authentication failed" in said or "no pg_hba.conf entry" in said or "no password supplied" in said:
        return "28"
    if 'database "' in said and "does not exist" in said:
        return "3D"
    return "42501" if "permission denied for database" in said else ""
