"""The whole store as one SQLite file, as it is at one moment, while it is read and written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Table, text

from src.errors import DatabaseUnreachable
from src.store.copying import CARRIED, count_of, rows_of, tables_of, write
from src.store.database import Database
from src.store.migration import migrate
from src.store.spool import check_room


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An SQLite file that holds a store.

    Attributes:
        revision: of its schema.
        source: ``sqlite`` or ``postgresql``, where it was taken from.
        rows: by table.
    """

    path: Path
    revision: str
    source: str
    rows: Mapping[str, int]


def take_snapshot(database: Database, path: Path, revision: str, *, what: str = "a copy of the database") -> Snapshot:
    """Write the store into a new file, and check it.

    From PostgreSQL it is read in one REPEATABLE READ transaction. Neither keeps a writer waiting.

    Args:
        revision: that the database has, which may be an earlier one than this version brings it to.
        what: is made, for the error of a disk without room.

    Raises:
        NoRoom: seen beforehand. StoreError: seen in the middle. DatabaseUnreachable: it is in memory, or damaged.
    """
    if database.sqlite:
        file = database.file
        if file is None:
            raise DatabaseUnreachable(database.name, "it is in memory, where no other process can see it")
        check_room(path.parent, _file_size(database), what)
        database.copy_to(path)
    else:
        check_room(path.parent, 0, what)
        _from_postgresql(database, path, revision, what)
    return Snapshot(path, revision, "sqlite" if database.sqlite else "postgresql", _checked_rows(database, path))


def _file_size(database: Database) -> int:
    with database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def _size_on_server(connection: Connection, tables: Iterable[Table]) -> int:
    """Bytes of half of the tables; a third or so is needed, as SQLite stores the same in less.

    Of these tables alone: other programs may keep theirs beside them.
    """
    query = text(
        "SELECT sum(pg_total_relation_size(to_regclass(quote_ident(name)))) FROM unnest(CAST(:names AS text[])) AS name"
    )
    return int(connection.execute(query, {"names": [table.name for table in tables]}).scalar_one() or 0) // 2


def _from_postgresql(database: Database, path: Path, revision: str, what: str) -> None:
    fresh = Database.of_file(path)
    try:
        migrate(fresh, revision)
        fresh.leave_wal_mode()  # a write-ahead log would hold it all a second time meanwhile
        with database.read() as connection, fresh.write() as target:
            tables = tables_of(target)
            check_room(path.parent, _size_on_server(connection, tables), what)
            for table in tables:
                for rows in rows_of(database, connection, table):
                    write(target, table, rows)
    finally:
        fresh.close()


def _checked_rows(database: Database, path: Path) -> Mapping[str, int]:
    """Rows by table of a snapshot. Raises DatabaseUnreachable: the database it was taken of is damaged."""
    copy = Database.of_file(path)
    try:
        with copy.read() as connection:
            found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
            if found != "ok":
                raise DatabaseUnreachable(database.name, f"it is damaged (SQLite says: {found})")
            return {table.name: count_of(connection, table) for table in tables_of(connection)}
    finally:
        copy.close()


def rows_in(database: Database) -> Mapping[str, int]:
    """Rows by table of the store itself."""
    with database.read() as connection:
        return {table.name: count_of(connection, table) for table in CARRIED}
