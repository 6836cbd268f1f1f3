"""A recorder in SQLite, Home Assistant's default."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path
from typing import ClassVar

from src.errors import HistoryUnreadable
from src.history.recorder_database import DatabaseChanged, RecorderDatabase, Row
from src.history.recorder_file import connected, copied, stamp, unreadable, way_in


class SqliteRecorder(RecorderDatabase):
    """The database file, opened the way its state asks for; see :mod:`src.history.recorder_file`.

    Raises:
        HistoryUnreadable: it cannot be opened, is locked for long, or is damaged.
        DatabaseChanged: Home Assistant began to write while it was copied.
    """

    backend: ClassVar[str] = "sqlite"
    # A column holds what was put there: a state may be a number, or bytes.
    state_text: ClassVar[str] = f"CAST({RecorderDatabase.state_text} AS TEXT)"

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._connection: sqlite3.Connection | None = None
        try:
            how = way_in(path)
            self.details = {"opened": how}
            self._before = stamp(path) if how == "stopped" else None
            if how == "copy":
                self._folder = tempfile.TemporaryDirectory(prefix="ai-automation-")
                path = copied(path, Path(self._folder.name))
            self._connection = connected(path, "immutable=1" if how == "stopped" else "mode=ro")
        except BaseException as error:
            self.close()
            if isinstance(error, sqlite3.Error):
                raise unreadable(self._path, error) from error
            if isinstance(error, OSError):
                raise _not_opened(self._path, error) from error
            raise

    def rows(self, sql: str, *values: object) -> list[Row]:
        assert self._connection is not None
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            self.confirm()
            raise unreadable(self._path, error) from error

    def tables(self) -> set[str]:
        return {name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def columns(self, table: str) -> set[str]:
        return {name for (name,) in self.rows("SELECT name FROM pragma_table_info(?)", table)}

    def confirm(self) -> None:
        """What was read from a file that looked stopped counts only if it is the same file still."""
        try:
            changed = self._before is not None and stamp(self._path) != self._before
        except OSError as error:
            raise _not_opened(self._path, error) from error
        if changed:
            raise DatabaseChanged

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def _not_opened(path: Path, error: OSError) -> HistoryUnreadable:
    return HistoryUnreadable(path, (error.strerror or str(error)).lower(), "Check the disk, and who may read the file.")
