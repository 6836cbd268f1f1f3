"""History from a CSV file."""

from __future__ import annotations

import csv
from itertools import chain, islice
from pathlib import Path

from src.domain.progress import Progress
from src.history.table import Columns, EventTable, Found, origins_of
from src.history.text_lines import TextLines
from src.history.timestamps import parse

_DELIMITERS = (",", ";", "\t")
_NEEDED = {"timestamp", "last_changed", "entity_id", "state"}


def read_csv(path: Path, table: EventTable, time_zone: str, progress: Progress) -> Found:
    """Add the rows of a CSV file, plain or gzip, to a table.

    Its first row names the columns. The delimiter is a comma; a semicolon or a tab is recognised by that row.

    Raises:
        HistoryColumnsMissing: timestamp, entity_id or state is not named.
    """
    source = TextLines(path, table, progress)
    lines = chain.from_iterable(source.batches())
    header = next((line for line in lines if line.strip()), "")
    delimiter = max(_DELIMITERS, key=lambda mark: len(_NEEDED & set(_names(header, mark))))
    names = _names(header, delimiter)
    columns = Columns.of(path, names)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    while True:
        rows: list[list[str]] = []
        gave_up = False
        try:
            # About as many rows as a batch has lines, so that a chunk is bounded in bytes as well.
            rows.extend(islice(reader, source.batch_size))
        except csv.Error:  # a field over csv.field_size_limit(), such as a quote that nobody closed
            table.skipped["state_too_long"] += 1
            gave_up = True
        if not rows and not gave_up:
            break
        _add(rows, len(names), columns, table, time_zone)
    return Found({"compressed": source.compressed}, tuple(source.warnings))


def _names(header: str, delimiter: str) -> list[str]:
    try:
        return [
            name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter, skipinitialspace=True), [])
        ]
    except csv.Error:
        return []


def _add(rows: list[list[str]], width: int, columns: Columns, table: EventTable, time_zone: str) -> None:
    if set(map(len, rows)) - {width}:
        whole = [row for row in rows if len(row) == width]
        table.skipped["wrong_column_count"] += sum(map(bool, rows)) - len(whole)  # an empty line is no row
        rows = whole
    if rows:
        origins = None if columns.origin is None else origins_of([row[columns.origin] for row in rows])
        table.add(
            parse([row[columns.timestamp] for row in rows], time_zone),
            [row[columns.entity_id] for row in rows],
            [row[columns.state] for row in rows],
            origins,
        )
