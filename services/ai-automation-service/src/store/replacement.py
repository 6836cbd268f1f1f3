"""Another content in the place of everything a store holds, in one transaction: all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, Integer, delete, func, insert, select, text, update

from src.domain.patterns import Json
from src.domain.runs import RunState
from src.errors import StoreReplaced
from src.store.copying import CARRIED, rows_of_file, write
from src.store.database import Database
from src.store.foreign_file import foreign_file
from src.store.schema import lease, run
from src.store.spool import check_room

# The lease of this name is nobody's: it has run out when it is written, and its owner is the restore that was last.
_MARK = "restored"


def replace(
    database: Database,
    copy: Path,
    *,
    now: int,
    interrupted: Callable[[str], Json],
    before: Callable[[], None],
) -> None:
    """Put what an SQLite file of the newest schema holds in the place of everything there is.

    Leases stay as they are: they belong to processes that live now. Runs that the file has as running are none.

    Args:
        now: µs UTC.
        interrupted: the error of a run, by its id, that was cut off by the backup.
        before: is called when nobody else can write any more, and nothing has been changed yet.

    Raises:
        NoRoom: nothing was changed. StoreError, DatabaseUnreachable: nothing was changed, either.
    """
    if database.sqlite and (file := database.file) is not None:
        # The write-ahead log takes what is new, and every page that the old content was on.
        check_room(file.parent, copy.stat().st_size + file.stat().st_size, "the new content of the database")
    with database.write() as connection, foreign_file(copy) as source:
        if not database.sqlite:
            # Saving what is there may take long, and this connection has nothing to do meanwhile.
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        before()
        for table in reversed(CARRIED):
            connection.execute(delete(table))
        for table in CARRIED:
            for rows in rows_of_file(source, table.name, [column.name for column in table.columns]):
                write(connection, table, rows)
        _end_runs(connection, now, interrupted)
        if not database.sqlite:
            _go_on_counting(connection)
        connection.execute(delete(lease).where(lease.c.name == _MARK))
        connection.execute(insert(lease).values(name=_MARK, owner=uuid4().hex, expires=now))


def mark_of(connection: Connection) -> str | None:
    """Which restore put there what the store holds; None before the first one."""
    return connection.scalar(select(lease.c.owner).where(lease.c.name == _MARK))


def check_mark(connection: Connection, mark: str | None) -> None:
    """Raises StoreReplaced: a backup was restored since the mark was read."""
    if mark_of(connection) != mark:
        raise StoreReplaced


def _end_runs(connection: Connection, now: int, interrupted: Callable[[str], Json]) -> None:
    running = run.c.state == str(RunState.RUNNING)
    # One after the other: nobody knows how many a file from elsewhere has.
    while (run_id := connection.scalar(select(run.c.id).where(running).limit(1))) is not None:
        changes = {"state": str(RunState.FAILED), "error": interrupted(run_id), "finished_at": now}
        connection.execute(update(run).where(run.c.id == run_id).values(changes))


def _go_on_counting(connection: Connection) -> None:
    """The next number that PostgreSQL gives is a new one. Never lower than it was: a rollback does not undo this."""
    for table in CARRIED:
        column = table.autoincrement_column
        if column is None or not isinstance(column.type, Integer):
            continue
        sequence = connection.scalar(select(func.pg_get_serial_sequence(table.name, column.name)))
        if sequence is None:
            continue
        highest = connection.scalar(select(func.max(column))) or 0
        reached = connection.scalar(text(f"SELECT last_value FROM {sequence}"))  # noqa: S608 - PostgreSQL's own name
        connection.execute(select(func.setval(sequence, max(highest, reached or 1))))
