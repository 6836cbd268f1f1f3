"""History from a Parquet file, through DuckDB."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import numpy as np

from src.box.cpus import threads
from src.box.memory import available_memory
from src.domain.entity_ids import LONGEST_ID
from src.domain.events import Int64Array
from src.domain.progress import Progress
from src.errors import HistoryUnreadable
from src.history.table import LONGEST_STATE, Columns, EventTable, Found, origins_of
from src.history.timestamps import MISSING, Timestamp, from_utc, from_wall_clock, parse

_MOST_MEMORY, _LEAST_MEMORY = 512_000_000, 64_000_000  # bytes
_NUMBERS = ("INTEGER", "BIGINT", "HUGEINT", "UINTEGER", "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL")
_LONGEST_TIMESTAMP = 64
_CHUNK = 65_536  # rows

Instants = Callable[[Sequence[Timestamp], str], Int64Array]


def read_parquet(path: Path, table: EventTable, time_zone: str, progress: Progress) -> Found:
    """Add the rows of a Parquet file to a table.

    A timestamp with a zone is UTC, one without is the wall clock of ``time_zone``; text and numbers are read
    as in the other formats.

    Raises:
        HistoryColumnsMissing: timestamp, entity_id or state is not there.
        HistoryUnreadable: the file is damaged, or its columns hold nothing that could be events.
    """
    try:
        with duckdb.connect(":memory:", config=configuration()) as connection:
            _read(connection, path, table, time_zone, progress)
    except duckdb.Error as error:
        why = str(error).strip().splitlines()[0]
        raise HistoryUnreadable(path, f"it is no whole Parquet file ({why})", "Write or copy it again.") from error
    return Found()


def configuration(root: Path = Path("/")) -> dict[str, str | bool | int | float | list[str]]:
    """DuckDB's settings. Left to itself it takes all processors and 80 % of the memory of the machine.

    A quarter of what the container may have. Nothing but what is linked in: no extension is fetched, and nothing is
    spilled to disk.

    Args:
        root: where ``proc`` and ``sys`` are found.
    """
    share = (available_memory(root) or 4 * _MOST_MEMORY) // 4
    return {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": f"{max(_LEAST_MEMORY, min(_MOST_MEMORY, share))}B",
        "temp_directory": "",
        "threads": threads(2, root),
    }


def _read(
    connection: duckdb.DuckDBPyConnection, path: Path, table: EventTable, time_zone: str, progress: Progress
) -> None:
    source = [_literal(path)]
    described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?, binary_as_string=true)", source).fetchall()
    names = [row[0] for row in described]
    columns = Columns.of(path, names)
    expression, instants = _timestamp(path, names[columns.timestamp], described[columns.timestamp][1])
    # Longer than any event has is cut off here, so that a chunk of rows is bounded in bytes as well.
    state = f"left(CAST({_quoted(names[columns.state])} AS VARCHAR), {2 * LONGEST_STATE})"
    entity = f"left(CAST({_quoted(names[columns.entity_id])} AS VARCHAR), {2 * LONGEST_ID})"
    origin = "NULL" if columns.origin is None else f"left(CAST({_quoted(names[columns.origin])} AS VARCHAR), 64)"
    total = connection.execute("SELECT count(*) FROM read_parquet(?)", source).fetchall()[0][0]
    rows = connection.execute(
        f"SELECT {expression}, {entity}, {state}, {origin} FROM read_parquet(?, binary_as_string=true)",  # noqa: S608
        source,
    )
    done = 0
    while chunk := rows.fetchmany(_CHUNK):
        times, entities, states, origins = zip(*chunk, strict=True)
        table.add(instants(times, time_zone), entities, states, origins_of(origins))
        done += len(chunk)
        progress("read", done, total, "rows")


def _timestamp(path: Path, name: str, kind: str) -> tuple[str, Instants]:
    """How to select the timestamp, and what makes instants of what was selected."""
    column = _quoted(name)
    if kind.startswith("TIMESTAMP") and kind.endswith("WITH TIME ZONE"):
        return f"epoch_us(CAST({column} AS TIMESTAMP WITH TIME ZONE))", lambda values, _: from_utc(_whole(values))
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        return f"epoch_us(CAST({column} AS TIMESTAMP))", lambda values, zone: from_wall_clock(_whole(values), zone)
    if kind.startswith(_NUMBERS):
        return f"CAST({column} AS DOUBLE)", parse
    if kind == "VARCHAR":
        return f"left({column}, {_LONGEST_TIMESTAMP})", parse
    raise HistoryUnreadable(
        path, f"its column {name} is of type {kind}", "Store the timestamp as a timestamp, as text or as a number."
    )


def _whole(values: Sequence[Timestamp]) -> Int64Array:
    return np.array([MISSING if value is None else value for value in values], np.int64)


def _literal(path: Path) -> str:
    """A path as DuckDB's pattern that matches it alone: brackets, stars and question marks may be in names."""
    return re.sub(r"[*?\[]", r"[\g<0>]", str(path))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
