"""Opening Home Assistant's database without disturbing it, whether it runs, was stopped or crashed.

Home Assistant keeps its database in WAL mode: what is new stands in ``NAME-wal`` until it is moved into the
database, and ``NAME-shm`` is how the processes that have it open tell each other. A reader that may not find
these makes them, and files of another owner would lock Home Assistant out. So nothing is ever made beside the
database:

- ``-wal`` and ``-shm`` are both there: it runs (or crashed); read through SQLite's own protocol, ``mode=ro``.
- a ``-wal`` with content and no ``-shm``: nobody has it open, it is a copy or was left by a crash; database and
  WAL are copied to a temporary folder and read there.
- neither: it was stopped; read as ``immutable=1``, and what was read counts only if the file is the same afterwards.
- not in WAL mode: ``mode=ro``, with SQLite's ordinary locks.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

from src.errors import HistoryUnreadable
from src.history.recorder_database import DatabaseChanged

_BUSY_SECONDS = 5.0
_WAL_MODE = 2


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def way_in(path: Path) -> str:
    """How a database is to be opened: ``live``, ``stopped`` or ``copy``.

    Raises:
        OSError, sqlite3.Error.
    """
    with path.open("rb") as file:
        header = file.read(20)
    wal, shm = _beside(path, "-wal"), _beside(path, "-shm")
    if header[18:19] != bytes([_WAL_MODE]) and not _size(wal):
        return "live"
    if wal.exists() and shm.exists():
        return "live" if _size(wal) or _readable_live(path) else "stopped"
    return "copy" if _size(wal) else "stopped"


def _readable_live(path: Path) -> bool:
    """Whether the protocol works here; in a folder that may not be written to it can fail for want of a lock."""
    try:
        with closing(connected(path, "mode=ro")) as connection:
            connection.execute("SELECT 1 FROM sqlite_master").fetchall()
    except sqlite3.OperationalError as error:
        return "locked" in str(error)  # then it is alive, and is waited for again
    return True


def connected(path: Path, mode: str) -> sqlite3.Connection:
    """A connection that cannot write. Raises sqlite3.Error."""
    connection = sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    # A byte that is not UTF-8 becomes a lone surrogate, which the table refuses, instead of ending the read.
    connection.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    return connection


def copied(path: Path, folder: Path) -> Path:
    """Database and WAL, copied to a folder.

    Raises:
        OSError
        DatabaseChanged: Home Assistant began to write in the meantime.
    """
    copy = folder / "recorder.db"
    before = stamp(path)
    shutil.copyfile(path, copy)
    shutil.copyfile(_beside(path, "-wal"), _beside(copy, "-wal"))
    if stamp(path) != before or _beside(path, "-shm").exists():
        raise DatabaseChanged
    return copy


def stamp(path: Path) -> tuple[tuple[int, int, int], ...]:
    """What changes when the database or its WAL does."""
    stats = [file.stat() for file in (path, _beside(path, "-wal")) if file.exists()]
    return tuple((stat.st_ino, stat.st_size, stat.st_mtime_ns) for stat in stats)


def unreadable(path: Path, error: sqlite3.Error) -> HistoryUnreadable:
    """What SQLite said, as ours."""
    text = str(error)
    if "locked" in text or "busy" in text:
        why, remedy = (
            "another program keeps it locked",
            "Try again when Home Assistant has finished its backup or purge.",
        )
    elif "malformed" in text or "not a database" in text or "disk I/O" in text:
        why = f"the database is damaged ({text})"
        remedy = "Copy it again while Home Assistant is stopped, or restore it from a backup."
    elif "unable to open" in text or "readonly" in text:
        why = f"SQLite may not open it together with its -wal and -shm files ({text})"
        remedy = "Let the service read all three files, or stop Home Assistant properly and try again."
    else:
        why, remedy = f"the database cannot be used ({text})", "Check that it is Home Assistant's recorder database."
    return HistoryUnreadable(path, why, remedy)
