"""An SQLite file from elsewhere that says it holds a store: read with distrust, and brought to the newest schema.

Nothing that its schema may do is set off, and only rows of tables that we know by name, with the columns we know, are
read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from src.errors import BackupTooNew, BackupUnreadable
from src.store.copying import CARRIED, STAYING, rows_of_file, write_to_file
from src.store.database import Database
from src.store.foreign_file import MOST_IN_VALUE, foreign_file
from src.store.migration import known_revisions, migrate, newest_revision
from src.store.spool import check_room

_STORAGE = {"TEXT": "text", "JSON": "text", "BLOB": "blob", "DOUBLE": "real"}  # the others are whole numbers

Columns = Mapping[str, str]  # the declared type by name, in the order of the table


@dataclass(frozen=True, slots=True)
class StoredCopy:
    """A store in an SQLite file, of the newest schema.

    Attributes:
        revision: that it had when it was written.
        rows: by table.
    """

    path: Path
    revision: str
    rows: Mapping[str, int]


def check_copy(path: Path, folder: Path, *, name: str, version: str, revision: str) -> StoredCopy:
    """Check a file and bring what it holds to the newest schema.

    Args:
        folder: for the files that are made; nothing else is written.
        name: of the backup, for errors.
        version: of the service that wrote it; revision: of the schema that it says it has.

    Raises:
        BackupTooNew: its revision is not known here.
        BackupUnreadable: it is damaged, or holds something else than it says.
        NoRoom
    """
    if revision not in known_revisions():
        raise BackupTooNew(name, version, f"schema {revision}", newest_revision())
    fresh = folder / "fresh.db"
    check_room(folder, 2 * path.stat().st_size, "what the backup holds")
    schema = _schema_of(fresh, revision)
    try:
        with foreign_file(path) as source:
            _check(source, schema, name, revision)
            if revision == newest_revision():
                return StoredCopy(path, revision, _rows(source, [table.name for table in CARRIED]))
            _copy(source, fresh, schema)
    except sqlite3.Error as error:
        raise BackupUnreadable(name, f"its database cannot be read (SQLite says: {error})") from error
    _migrate(fresh, None)
    with closing(sqlite3.connect(fresh)) as upgraded:
        return StoredCopy(fresh, revision, _rows(upgraded, [table.name for table in CARRIED]))


def _migrate(path: Path, to: str | None) -> None:
    database = Database.of_file(path)
    try:
        migrate(database, to)
    finally:
        database.close()


def _schema_of(fresh: Path, revision: str) -> Mapping[str, Columns]:
    """The tables of a revision, from a new database that is made for it."""
    _migrate(fresh, revision)
    with closing(sqlite3.connect(fresh)) as made:
        tables = [row[0] for row in made.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {
            table: {row[0]: row[1] for row in made.execute("SELECT name, type FROM pragma_table_info(?)", [table])}
            for table in tables
            if table not in STAYING and not table.startswith(("alembic_", "sqlite_"))
        }


def _check(source: sqlite3.Connection, schema: Mapping[str, Columns], name: str, revision: str) -> None:
    found = source.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise BackupUnreadable(name, f"its database is damaged (SQLite says: {found})")
    tables = dict(source.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'"))
    if "alembic_version" not in tables:
        raise BackupUnreadable(name, "its database is of another program")
    if source.execute("SELECT version_num FROM alembic_version").fetchmany(2) != [(revision,)]:
        raise BackupUnreadable(name, "its database has another schema than it says")
    for table, columns in schema.items():
        plain = str(tables.get(table, "")).upper().startswith("CREATE TABLE")  # and not VIRTUAL, however that is put
        there = source.execute("SELECT name, hidden FROM pragma_table_xinfo(?)", [table]).fetchall()
        if not plain or sorted(there) != sorted((column, 0) for column in columns):
            raise BackupUnreadable(name, f"its table {table} is not what schema {revision} says")
        _check_values(source, table, columns, name)


def _check_values(source: sqlite3.Connection, table: str, columns: Columns, name: str) -> None:
    """SQLite keeps whatever is put into a column; PostgreSQL and who reads the store later would not."""
    wrong = []
    for column, declared in columns.items():
        storage = _STORAGE.get(declared, "integer")
        wrong.append(f"typeof(\"{column}\") NOT IN ('{storage}', 'null')")
        if declared == "JSON":
            wrong.append(f'"{column}" IS NOT NULL AND json_valid("{column}") = 0')
    # One value too long ends the reading of it; so many that are not are no row of ours, either.
    long = [column for column, declared in columns.items() if _STORAGE.get(declared) in ("text", "blob")]
    if long:
        wrong.append(" + ".join(f'coalesce(length(CAST("{column}" AS BLOB)), 0)' for column in long))
        wrong[-1] += f" > {MOST_IN_VALUE}"
    query = f'SELECT 1 FROM "{table}" WHERE {" OR ".join(wrong)} LIMIT 1'  # noqa: S608 - names of our schema
    if source.execute(query).fetchone() is not None:
        raise BackupUnreadable(name, f"its table {table} holds values of another type or length than it should")
    # Text that is no UTF-8 ends the reading of it: better here than in the middle of the restore.
    texts = [column for column, declared in columns.items() if _STORAGE.get(declared) == "text"]
    for _ in rows_of_file(source, table, texts) if texts else ():
        pass


def _copy(source: sqlite3.Connection, fresh: Path, schema: Mapping[str, Columns]) -> None:
    with closing(sqlite3.connect(fresh, isolation_level=None)) as target:
        target.execute("BEGIN")
        for table, columns in schema.items():
            for rows in rows_of_file(source, table, columns):
                write_to_file(target, table, list(columns), rows)
        target.execute("COMMIT")


def _rows(connection: sqlite3.Connection, tables: list[str]) -> Mapping[str, int]:
    return {
        table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608 - names of our schema
        for table in tables
    }
