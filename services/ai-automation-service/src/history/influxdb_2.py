"""InfluxDB 2: Flux over ``POST /api/v2/query``, answered in annotated CSV.

https://docs.influxdata.com/influxdb/v2/api-guide/api_intro/ and
https://docs.influxdata.com/influxdb/v2/reference/syntax/annotated-csv/
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Self

from src.history.influxdb_layout import DEVICE_CLASS, NAME, STATE, TEXT, UNIT, VALUE, Point, PointStream, Said
from src.history.influxdb_server import InfluxAccess, InfluxServer, shortened

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SAYINGS = (NAME, DEVICE_CLASS, UNIT)
_KEPT = ("_time", "_field", "_value", "_measurement", "domain", "entity_id")
_DIALECT = {
    "header": True,
    "delimiter": ",",
    "annotations": ["datatype", "group", "default"],
    "dateTimeFormat": "RFC3339Nano",
}

Row = dict[str, str]


class InfluxPoints2:
    """A bucket of InfluxDB 2; see :class:`src.history.influxdb_layout.Points`."""

    def __init__(self, access: InfluxAccess) -> None:
        self._bucket = access.database
        self._org = access.org
        self._server = InfluxServer(
            access,
            who="Check INFLUXDB_TOKEN and that it may read the bucket; for InfluxDB 1 leave INFLUXDB_ORG empty.",
            headers={"Authorization": f"Token {access.token}", "Accept": "application/csv"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def first(self) -> PointStream:
        """The oldest of each series."""
        return self._points(0, None, "first()")

    def newest(self, start: int, stop: int) -> PointStream:
        """The newest of each series."""
        return self._points(start, stop, "last()")

    def all(self, start: int, stop: int) -> PointStream:
        """The text and the number of one state come as two points."""
        return self._points(start, stop)

    def said(self, start: int, stop: int) -> Iterator[Said]:
        """From the newest fields, and from tags where attributes are tags."""
        fields = [STATE, VALUE, *(f"{name}{TEXT}" for name in _SAYINGS)]
        for row, is_text in self._rows(self._flux(start, stop, fields, (*_KEPT, *_SAYINGS), "last()")):
            entity_id = f"{row['domain']}.{row['entity_id']}"
            known = {name: row.get(name, "") for name in _SAYINGS}
            if is_text == (row["_field"] != VALUE):  # else an attribute of that name
                known[row["_field"].removesuffix(TEXT)] = row["_value"]
            for what, text in known.items():
                if text:
                    yield Said(row["_measurement"], entity_id, what, text)

    def _points(self, start: int, stop: int | None, one: str | None = None) -> PointStream:
        for row, is_text in self._rows(self._flux(start, stop, [STATE, VALUE], _KEPT, one)):
            if is_text != (row["_field"] == STATE):
                continue  # an attribute of that name
            entity_id = f"{row['domain']}.{row['entity_id']}"
            at = (datetime.fromisoformat(row["_time"]) - _EPOCH) // _MICROSECOND
            value = row["_value"]
            yield Point(entity_id, at, value if is_text else None, None if is_text else float(value))

    def _flux(
        self, start: int, stop: int | None, fields: list[str], kept: tuple[str, ...], one: str | None = None
    ) -> str:
        end = "" if stop is None else f", stop: {_time(stop)}"
        wanted = " or ".join(f"r._field == {_text(field)}" for field in fields)
        return "\n  |> ".join(
            [
                f"from(bucket: {_text(self._bucket)})",
                f"range(start: {_time(start)}{end})",
                f"filter(fn: (r) => {wanted})",
                "filter(fn: (r) => exists r.domain and exists r.entity_id)",  # other programs may write there too
                *([one] if one else []),
                f"keep(columns: [{', '.join(map(_text, kept))}])",
            ]
        )

    def _rows(self, flux: str) -> Iterator[tuple[Row, bool]]:
        """Rows of all tables, by column, each with whether its ``_value`` is a text."""
        body = {"query": flux, "type": "flux", "dialect": _DIALECT}
        lines = self._server.lines("POST", "/api/v2/query", {"org": self._org}, body)
        types: list[str] = []
        defaults: list[str] = []
        header: list[str] = []
        try:
            for cells in csv.reader(self._whole(lines), strict=True):
                if not cells or cells == [""]:
                    header = []
                elif cells[0].startswith("#"):
                    header = []
                    if cells[0] == "#datatype":
                        types = cells
                    elif cells[0] == "#default":
                        defaults = cells
                elif not header:
                    header = cells
                    if "error" not in header and not set(_KEPT) <= set(header):
                        raise LookupError(header)
                else:
                    row = dict(zip(header, (a or b for a, b in zip(cells, defaults, strict=True)), strict=True))
                    if "error" in row:
                        raise self._server.refused(
                            shortened(row["error"]), "InfluxDB's log says more; try again when it is well."
                        )
                    yield row, types[header.index("_value")] == "string"
        except (csv.Error, ValueError, LookupError) as error:
            raise self._server.refused(
                "what it answers is not InfluxDB's", "Check that INFLUXDB_URL is an InfluxDB's."
            ) from error

    def _whole(self, lines: Iterator[str]) -> Iterator[str]:
        for line in lines:
            if not line.endswith("\n"):
                raise self._server.broken()
            yield line


def _text(value: str) -> str:
    """A text as Flux writes it; ``${`` would begin an expression."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${")
    return f'"{escaped}"'


def _time(instant: int) -> str:
    return (_EPOCH + instant * _MICROSECOND).isoformat(timespec="microseconds").replace("+00:00", "Z")
