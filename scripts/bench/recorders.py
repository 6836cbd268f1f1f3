"""Recorder databases of any size, written by SQL alone: half of the rows switches, the rest readings.

python -m scripts.bench.recorders PATH ROWS
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from scripts.bench.engines import ROOT

sys.path.insert(0, str(ROOT / "services" / "ai-automation-service"))

_ENTITIES = 400
_START = 1_750_000_000  # s
_SECONDS_PER_ROW = 3.0  # 29,000 rows a day: a busy home

# Of ten entities four are switched, four report one of 400 levels, one reports one of 20,000, and one counts upwards,
# never the same twice. Every sixth row is a change of attributes, and rows are up to two seconds late.
_STATES = """
WITH RECURSIVE row(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row WHERE n < :rows)
INSERT INTO states (state_id, state, last_changed_ts, last_updated_ts, old_state_id, attributes_id, origin_idx,
                    context_id_bin, context_user_id_bin, metadata_id)
SELECT n,
       CASE WHEN entity % 10 < 4 THEN CASE WHEN (n / :entities) % 2 THEN 'on' ELSE 'off' END
            WHEN entity % 10 < 8 THEN CAST(15 + chance % 400 / 40.0 AS TEXT)
            WHEN entity % 10 < 9 THEN CAST(chance % 20000 / 10.0 AS TEXT)
            ELSE CAST(n / 1000.0 AS TEXT) END,
       CASE WHEN n % 6 = 0 THEN at - 60 END,
       at, CASE WHEN n > :entities THEN n - :entities END, entity + 1, 0, randomblob(16),
       CASE WHEN n % 40 = 1 THEN x'00112233445566778899aabbccddeeff' END, entity + 1
FROM (SELECT n, n * 7 % :entities AS entity, abs(random()) AS chance,
             :start + n * :seconds + abs(random()) % 2000000 / 1e6 AS at FROM row)
"""
# One row in 33 comes of an automation, one in 40 of a person in the app.
_EVENTS = """
INSERT INTO events (event_type_id, time_fired_ts, context_id_bin, context_user_id_bin, origin_idx)
SELECT CASE WHEN state_id % 33 = 0 THEN 1 ELSE 2 END, last_updated_ts, context_id_bin, context_user_id_bin, 0
FROM states WHERE state_id % 33 = 0 OR state_id % 40 = 1
"""
_NAMES = """
WITH RECURSIVE entity(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM entity WHERE n < :entities - 1)
INSERT INTO states_meta SELECT n + 1, CASE WHEN n = 0 THEN 'automation.evening'
    WHEN n % 10 < 4 THEN 'light.l' || n ELSE 'sensor.s' || n END FROM entity
"""
_ATTRIBUTES = """
INSERT INTO state_attributes SELECT metadata_id, NULL, json_object('friendly_name', entity_id) FROM states_meta
"""


def write_busy_recorder(path: Path, rows: int) -> None:
    """Write a recorder database of so many states; 10 million take a minute and 2 GB."""
    from src.simulation.recorder_database import INDEXES, SCHEMA, TABLES

    values = {"rows": rows, "entities": _ENTITIES, "start": _START, "seconds": _SECONDS_PER_ROW}
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.executescript(TABLES)
        connection.execute("INSERT INTO schema_changes VALUES (1, ?, NULL)", (SCHEMA,))
        connection.execute("INSERT INTO recorder_runs VALUES (1, '2025-06-15 15:06:00.000000', NULL, 0, NULL)")
        connection.execute("INSERT INTO event_types VALUES (1, 'automation_triggered'), (2, 'call_service')")
        for statement in (_NAMES, _ATTRIBUTES, _STATES, _EVENTS):
            connection.execute(statement, {name: values[name] for name in values if f":{name}" in statement})
        connection.commit()
        connection.executescript(INDEXES)


if __name__ == "__main__":
    write_busy_recorder(Path(sys.argv[1]), int(sys.argv[2]))
