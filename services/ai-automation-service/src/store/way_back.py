"""The way back: a database as it is before its upgrade, in a file that the version before can be given."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, text

from src.domain.instants import instant_now
from src.errors import DatabaseUnreachable
from src.settings import Settings
from src.store.archive import write_archive
from src.store.backed_settings import settings_text
from src.store.database import Database
from src.store.snapshot import take_snapshot
from src.store.spool import check_room, put_in_place, spool

logger = logging.getLogger(__name__)

_UNFIT = re.compile(r"[^A-Za-z0-9_.-]")  # for the name of a file


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the copy of a server's database goes, and what else is written into it. An SQLite file's lies beside it.

    Attributes:
        settings: as a backup has them.
        clock: now, µs UTC.
    """

    folder: Path
    settings: str = field(repr=False)
    clock: Callable[[], int] = instant_now

    @classmethod
    def of(cls, settings: Settings) -> Shelf:
        """``DATA_DIR``, and the settings without passwords and tokens."""
        return cls(settings.data_dir.absolute(), settings_text(settings, secrets=False))


def keep_the_way_back(database: Database, shelf: Shelf | None, connection: Connection, revision: str) -> None:
    """Copy what a database holds while nobody else can write it. One of the same revision from before is replaced.

    An SQLite file becomes ``<its name>.<revision>.backup`` beside it; a server's database a backup,
    ``<its name>.<revision>.backup.zip`` on the shelf, and nothing where there is none.

    Args:
        connection: that of the writing transaction, which has written nothing yet.

    Raises:
        NoRoom: the disk cannot hold the copy.
        DatabaseUnreachable: its folder cannot be written to.
        StoreError
    """
    try:
        if database.sqlite:
            kept = _copied(database, revision)
        else:
            kept = None if shelf is None else _backed_up(database, connection, revision, shelf)
    except OSError as error:
        where = "beside it" if shelf is None or database.sqlite else f"into {shelf.folder}"
        why = f"no copy can be put {where} before its upgrade ({error.strerror})"
        raise DatabaseUnreachable(database.name, why) from error
    if kept is not None:
        logger.info("database_copied", extra={"database": database.name, "revision": revision, "copy": kept.name})


def _copied(database: Database, revision: str) -> Path | None:
    """The file as it is; None for a database in memory."""
    file = database.file
    if file is None:
        return None
    kept = file.with_name(f"{file.name}.{revision}.backup")
    with spool(file.parent, kept.name) as folder:
        # What is still in the write-ahead log may belong to the copy as well.
        written = [file, file.with_name(f"{file.name}-wal")]
        size = sum(path.stat().st_size for path in written if path.exists())
        check_room(folder, size, f"a copy of the database before its upgrade, {kept.name}")
        copy = folder / "store.db"
        database.copy_to(copy)
        copy.chmod(file.stat().st_mode & 0o777)
        put_in_place(copy, kept)
    return kept


def _backed_up(database: Database, connection: Connection, revision: str, shelf: Shelf) -> Path:
    """A backup with the tables of that revision, which ``restore`` of the version before takes as its own."""
    name = connection.execute(text("SELECT current_database()")).scalar_one()
    kept = shelf.folder / f"{_UNFIT.sub('_', name)}.{revision}.backup.zip"
    what = f"a copy of the database before its upgrade, {kept.name}"
    # Reading it all may take long, and this connection has nothing to do meanwhile.
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    with spool(shelf.folder, kept.name) as folder:
        snapshot = take_snapshot(database, folder / "store.db", revision, what=what)
        check_room(folder, snapshot.path.stat().st_size, what)
        made = folder / "backup.zip"
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            write_archive(out, snapshot, shelf.settings, shelf.clock())
        put_in_place(made, kept)
    return kept
