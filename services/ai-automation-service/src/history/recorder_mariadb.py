"""A recorder in MariaDB, or in MySQL.

What the server says: https://mariadb.com/kb/en/mariadb-error-code-reference/
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

import pymysql
from pymysql.constants import CR, ER
from sqlalchemy import URL

from src.errors import HistoryUnreadable
from src.history.recorder_database import RecorderDatabase, Row
from src.history.recorder_server import CONNECT_SECONDS, LOCK_SECONDS, STATEMENT_SECONDS, Failure, shown

_PORT = 3306
_NO_PASSWORD_HELPS = 1698  # the account is for the server's own machine
_STATEMENT_TIMEOUTS = (1969, 3024)  # MariaDB's and MySQL's
_KILLED = 1927
_FAILURES = {
    Failure.LOST: {CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST, ER.SERVER_SHUTDOWN, _KILLED},
    Failure.UNREACHABLE: {CR.CR_CONN_HOST_ERROR, CR.CR_CONNECTION_ERROR, CR.CR_UNKNOWN_HOST},
    Failure.NOT_LET_IN: {ER.ACCESS_DENIED_ERROR, _NO_PASSWORD_HELPS, ER.HOST_NOT_PRIVILEGED},
    Failure.NO_DATABASE: {ER.BAD_DB_ERROR},
    Failure.NOT_ALLOWED: {ER.DBACCESS_DENIED_ERROR, ER.TABLEACCESS_DENIED_ERROR, ER.COLUMNACCESS_DENIED_ERROR},
    Failure.DROPPED: {ER.NO_SUCH_TABLE, ER.BAD_FIELD_ERROR},
    Failure.BUSY: {ER.LOCK_WAIT_TIMEOUT, ER.LOCK_DEADLOCK, ER.CON_COUNT_ERROR, *_STATEMENT_TIMEOUTS},
}


class MariadbRecorder(RecorderDatabase):
    """A connection that reads only, each question a transaction of its own.

    Raises:
        HistoryUnreadable: no connection.
    """

    backend: ClassVar[str] = "mariadb"

    def __init__(self, url: URL) -> None:
        self.name = shown(url, self.backend, _PORT)
        self.details = {}
        options = {key: str(value) for key, value in url.query.items() if key in ("unix_socket", "ssl_ca")}
        try:
            self._connection = pymysql.connect(
                host=url.host or "localhost",
                port=url.port or _PORT,
                user=url.username,
                password=str(url.password or ""),
                database=url.database,
                charset="utf8mb4",
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                read_timeout=STATEMENT_SECONDS + CONNECT_SECONDS,
                write_timeout=STATEMENT_SECONDS,
                program_name="ai-automation-service",
                **options,
            )
        # RuntimeError: a way to log in that needs a package which is not there.
        except (pymysql.MySQLError, RuntimeError, OSError) as error:
            raise self._failure(error) from error
        try:
            self._settle()
        except BaseException:
            self.close()
            raise

    def _settle(self) -> None:
        """Read only; no wait for a table that is being changed; no long question; nothing old kept for us."""
        self.rows("SET SESSION TRANSACTION READ ONLY")
        self.rows("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        self.rows(f"SET SESSION lock_wait_timeout = {LOCK_SECONDS}")
        if "mariadb" in str(self._connection.get_server_info()).lower():
            self.rows(f"SET SESSION max_statement_time = {STATEMENT_SECONDS}")
        else:
            self.rows(f"SET SESSION max_execution_time = {STATEMENT_SECONDS * 1000}")

    def rows(self, sql: str, *values: object) -> list[Row]:
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql.replace("?", "%s"), values or None)
                return list(cursor.fetchall())
        except (pymysql.MySQLError, OSError) as error:
            raise self._failure(error) from error

    def tables(self) -> set[str]:
        return self._names("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")

    def columns(self, table: str) -> set[str]:
        return self._names(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?",
            table,
        )

    def close(self) -> None:
        with suppress(pymysql.MySQLError):  # closed already, or the server is gone
            self._connection.close()

    def _names(self, sql: str, *values: object) -> set[str]:
        names = (name for (name,) in self.rows(sql, *values))
        return {name.decode() if isinstance(name, bytes) else str(name) for name in names}

    def _failure(self, error: Exception) -> HistoryUnreadable:
        code: Any = error.args[0] if error.args else None
        said = str(error.args[1] if len(error.args) > 1 else error)
        if isinstance(error, pymysql.err.InterfaceError):  # asked after the connection was lost
            return Failure.LOST.of(self.name)
        for failure, codes in _FAILURES.items():
            if code in codes:
                return failure.of(self.name, said)
        return (Failure.UNREACHABLE if isinstance(error, OSError) else Failure.UNEXPECTED).of(self.name, said)
