"""What a database's error means to a person: one of ours, without passwords, rows or SQL."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from src.errors import DatabaseUnreachable, StoreError

# PostgreSQL's classes and codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
_DISK_FULL = "53100"
_LOCK_NOT_AVAILABLE = "55P03"
_UNREACHABLE_CLASSES = ("08", "28", "3D", "57", "42501", "53300", "25006")

_SQLITE_UNREACHABLE = {
    sqlite3.SQLITE_PERM: "access is denied",
    sqlite3.SQLITE_READONLY: "it can only be read",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened or made",
    sqlite3.SQLITE_PROTOCOL: "its locks do not work on this file system",
    sqlite3.SQLITE_AUTH: "access is denied",
    sqlite3.SQLITE_NOTADB: "the file is not an SQLite database",
}


def failure(error: BaseException, *, name: str) -> StoreError:
    """Our error for one of SQLAlchemy or a driver.

    Args:
        name: the database's URL without its password.
    """
    if isinstance(error, PoolTimeout):
        return busy()
    cause = error.orig if isinstance(error, StatementError) and error.orig is not None else error
    if isinstance(cause, StoreError):
        return cause
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause, name)
    return _of_postgresql(cause, name)


def is_busy(error: BaseException) -> bool:
    """Whether SQLite would have needed a lock that another connection holds."""
    cause = error.orig if isinstance(error, StatementError) else error
    return isinstance(cause, sqlite3.Error) and _primary_code(cause) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _primary_code(error: sqlite3.Error) -> int:
    """SQLite's result code without its extension; 0 for an error of the Python module itself."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _of_sqlite(error: sqlite3.Error, name: str) -> StoreError:
    code = _primary_code(error)
    if code == sqlite3.SQLITE_FULL:
        return _full(name)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return busy()
    if code in _SQLITE_UNREACHABLE:
        return DatabaseUnreachable(name, f"{_SQLITE_UNREACHABLE[code]} (SQLite says: {error})")
    return _refused(error)


def _of_postgresql(error: BaseException, name: str) -> StoreError:
    code: str | None = getattr(error, "sqlstate", None)
    # Without a code it comes from the client: no connection, or a URL with an option that does not exist.
    if code is None and type(error).__name__ in ("OperationalError", "ProgrammingError"):
        return DatabaseUnreachable(name, " ".join(str(error).split()))
    if code is not None and code.startswith(_UNREACHABLE_CLASSES):
        return DatabaseUnreachable(name, " ".join(str(error).split()))
    if code == _DISK_FULL:
        return _full(name)
    if code == _LOCK_NOT_AVAILABLE:
        return busy()
    return _refused(error)


def _full(name: str) -> StoreError:
    return StoreError(
        f"The disk that holds the database is full ({name}).",
        "Free some space and do the same again; what was stored before is still there.",
    )


def busy() -> StoreError:
    """Somebody else's lock was waited for in vain."""
    return StoreError(
        "Another process keeps the database locked.",
        "Try again; if it stays so, look for a process that hangs while it writes.",
    )


def _refused(error: BaseException) -> StoreError:
    return StoreError(
        f"The database refused a statement ({(str(error) or type(error).__name__).splitlines()[0]}).",
        "Please report it, with the lines of the service's log around it.",
    )
