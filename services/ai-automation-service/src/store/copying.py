"""Rows from one database into another, table by table, as they are stored and never many of them at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import JSON, Boolean, Connection, MetaData, Table, Text, cast, func, select

from src.store.database import Database
from src.store.schema import lease, metadata, probe

CHUNK = 10_000  # rows in memory
_MOST = 8 << 20  # bytes and characters in memory, but for the last row

# A lease is a right of a process that lives, and the probe says nothing: neither is part of what a home has.
STAYING = frozenset({lease.name, probe.name})
CARRIED: tuple[Table, ...] = tuple(table for table in metadata.sorted_tables if table.name not in STAYING)

Rows = Sequence[Sequence[Any]]


def tables_of(connection: Connection) -> tuple[Table, ...]:
    """The tables that are carried, as a database of any revision has them: what others point to comes first."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name not in STAYING and not name.startswith("alembic_"))
    return tuple(found.sorted_tables)


def rows_of(database: Database, connection: Connection, table: Table) -> Iterator[Rows]:
    """Every row in the order of its key, each value as SQLite stores it."""
    # Cast, because PostgreSQL's driver would read a record and so lose how it was spelled.
    columns = [
        cast(column, Text).label(column.name) if isinstance(column.type, JSON) and not database.sqlite else column
        for column in table.columns
    ]
    yield from database.rows(connection, select(*columns).order_by(*table.primary_key.columns), CHUNK)


def rows_of_file(source: sqlite3.Connection, table: str, columns: Iterable[str]) -> Iterator[Rows]:
    """Every row of a table of an SQLite file, fewer at a time where they are long."""
    cursor = source.execute(f"SELECT {_listed(columns)} FROM {_quoted(table)}")  # noqa: S608 - names of our schema
    try:
        rows: list[tuple[Any, ...]] = []
        held = 0
        for row in cursor:
            rows.append(row)
            for value in row:
                if type(value) is str or type(value) is bytes:
                    held += len(value)
            if len(rows) == CHUNK or held > _MOST:
                yield rows
                rows, held = [], 0
        if rows:
            yield rows
    finally:
        cursor.close()


def write_to_file(target: sqlite3.Connection, table: str, columns: Sequence[str], rows: Rows) -> None:
    """Insert rows into a table of an SQLite file."""
    target.executemany(_insert(table, columns), rows)


def write(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows into the table, each value as SQLite stores it."""
    columns = [column.name for column in table.columns]
    driver = connection.connection.driver_connection
    assert driver is not None
    if isinstance(driver, sqlite3.Connection):
        driver.executemany(_insert(table.name, columns), rows)
        return
    truths = [number for number, column in enumerate(table.columns) if isinstance(column.type, Boolean)]
    copy = f"COPY {_quoted(table.name)} ({_listed(columns)}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(copy) as into:
        for row in rows:
            values = list(row)
            for number in truths:
                values[number] = bool(values[number])
            into.write_row(values)


def count_of(connection: Connection, table: Table) -> int:
    """How many rows it has."""
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _insert(table: str, columns: Sequence[str]) -> str:
    places = ", ".join("?" * len(columns))
    return f"INSERT INTO {_quoted(table)} ({_listed(columns)}) VALUES ({places})"  # noqa: S608 - names of our schema


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(map(_quoted, columns))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
