"""Many events into the database at once, by the fastest way each database has."""

from __future__ import annotations

import numpy as np
from sqlalchemy import Connection

from src.domain.events import Origin
from src.store.columns import Rows

_INSERT = "INSERT INTO event (time, entity, state, origin) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_LEARN_ORIGIN = "UPDATE event SET origin = ? WHERE time = ? AND entity = ? AND state = ? AND origin = ?"

# PostgreSQL's binary COPY: https://www.postgresql.org/docs/current/sql-copy.html (header, tuples, trailer).
_COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_COPY_TRAILER = b"\xff\xff"
_COPY_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("time_length", ">i4"),
        ("time", ">i8"),
        ("entity_length", ">i4"),
        ("entity", ">i4"),
        ("state_length", ">i4"),
        ("state", ">i4"),
        ("origin_length", ">i4"),
        ("origin", ">i2"),
    ]
)


def insert_events(connection: Connection, rows: Rows) -> int:
    """Insert events that are not there and give a known origin to those that are there without one.

    Returns:
        How many were inserted.
    """
    if connection.dialect.name == "sqlite":
        return _into_sqlite(connection, rows)
    return _into_postgresql(connection, rows)


def _into_sqlite(connection: Connection, rows: Rows) -> int:
    added = connection.exec_driver_sql(_INSERT, list(rows.tuples())).rowcount
    learnt = rows.of_known_origin()
    if added < len(rows) and len(learnt):
        changes = [
            (origin, time, entity, state, int(Origin.UNKNOWN)) for time, entity, state, origin in learnt.tuples()
        ]
        connection.exec_driver_sql(_LEARN_ORIGIN, changes)
    return added


def _into_postgresql(connection: Connection, rows: Rows) -> int:
    connection.exec_driver_sql(
        "CREATE TEMP TABLE incoming (time bigint, entity integer, state integer, origin smallint) ON COMMIT DROP"
    )
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy("COPY incoming FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(_copy_data(rows))
    added = connection.exec_driver_sql(
        "INSERT INTO event (time, entity, state, origin) SELECT time, entity, state, origin FROM incoming"
        " ON CONFLICT DO NOTHING"
    ).rowcount
    if added < len(rows):
        connection.exec_driver_sql(
            "UPDATE event SET origin = incoming.origin FROM incoming"
            " WHERE event.time = incoming.time AND event.entity = incoming.entity AND event.state = incoming.state"
            " AND event.origin = %(unknown)s AND incoming.origin <> %(unknown)s"
            # Says what the join implies, so that the planner reads this part of the table only.
            " AND event.time BETWEEN %(first)s AND %(last)s",
            {"unknown": int(Origin.UNKNOWN), "first": int(rows.time[0]), "last": int(rows.time[-1])},
        )
    return added


def _copy_data(rows: Rows) -> bytes:
    table = np.empty(len(rows), _COPY_ROW)
    table["fields"] = 4
    for name in ("time", "entity", "state", "origin"):
        table[name] = getattr(rows, name)
        table[f"{name}_length"] = _COPY_ROW[name].itemsize
    return _COPY_HEADER + table.tobytes() + _COPY_TRAILER
