"""History from a JSON Lines file: one object a line."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path

from src.domain.patterns import Json
from src.domain.progress import Progress
from src.history.table import Columns, EventTable, Found, origins_of
from src.history.text_lines import TextLines
from src.history.timestamps import parse

_FIELDS = ("timestamp", "last_changed", "entity_id", "state", "origin")
_SCALARS = {str, int, float, bool, type(None)}

_decode = json.JSONDecoder().raw_decode


def read_jsonl(path: Path, table: EventTable, time_zone: str, progress: Progress) -> Found:
    """Add the objects of a JSON Lines file, plain or gzip, to a table.

    A number or a boolean as a state becomes its JSON text; ``last_changed`` stands in for ``timestamp``.

    Raises:
        HistoryColumnsMissing: there are objects, but they lack timestamp, entity_id or state.
    """
    source = TextLines(path, table, progress)
    names: list[str] = []
    for lines in source.batches():
        rows = _objects(lines, table)
        if rows:
            names = names or sorted(set(chain.from_iterable(rows[:100])))
            _add(rows, table, time_zone)
    if names and not table.rows:
        Columns.of(path, names)
    return Found({"compressed": source.compressed}, tuple(source.warnings))


def _objects(lines: list[str], table: EventTable) -> list[Json]:
    rows: list[Json] = []
    for line in lines:
        text = line.strip()
        if not text:
            continue
        try:
            row, end = _decode(text)
        except (ValueError, RecursionError):
            end = -1
        if end == len(text) and type(row) is dict:
            rows.append(row)
        else:
            table.skipped["bad_json"] += 1
    return rows


def _add(rows: list[Json], table: EventTable, time_zone: str) -> None:
    scalars = [row for row in rows if {type(row.get(name)) for name in _FIELDS} <= _SCALARS]
    if len(scalars) < len(rows):
        table.skipped["bad_json"] += len(rows) - len(scalars)  # a list or an object where a value belongs
    times = [row.get("timestamp") for row in scalars]
    if None in times:
        times = [row.get("timestamp", row.get("last_changed")) for row in scalars]
    table.add(
        parse([str(time) if isinstance(time, bool) else time for time in times], time_zone),
        _texts(scalars, "entity_id"),
        _texts(scalars, "state"),
        origins_of(_texts(scalars, "origin")),
    )


def _texts(rows: list[Json], name: str) -> list[str | None]:
    values = [row.get(name) for row in rows]
    if set(map(type, values)) <= {str, type(None)}:
        return values
    return [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
