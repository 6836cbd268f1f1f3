"""InfluxDB 1: InfluxQL over ``GET /query``, answered in chunks of JSON, one a line.

https://docs.influxdata.com/influxdb/v1/tools/api/#query-http-endpoint
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Self

import httpx

from src.errors import HistoryUnreadable
from src.history.influxdb_layout import DEVICE_CLASS, NAME, STATE, TEXT, UNIT, VALUE, Point, PointStream, Said
from src.history.influxdb_server import InfluxAccess, InfluxServer, shortened

_CHUNK = 10_000  # points in one line
_OURS = """"domain" != '' AND "entity_id" != ''"""  # other programs may write to the same database
_BY_ENTITY = 'GROUP BY "domain", "entity_id"'
_STATES = f'SELECT "{STATE}", "{VALUE}" FROM /.*/ WHERE {_OURS}'  # noqa: S608  # made of constants
_SAYINGS = (NAME, DEVICE_CLASS, UNIT)
_LAST = ", ".join(f'last("{name}{TEXT}") AS "{name}"' for name in _SAYINGS)
_LAST_SAID = f'SELECT {_LAST}, last("{STATE}") AS "{STATE}", last("{VALUE}") AS "{VALUE}" FROM /.*/ WHERE {_OURS}'  # noqa: S608  # made of constants

Series = Mapping[str, Any]


class InfluxPoints1:
    """A database of InfluxDB 1; see :class:`src.history.influxdb_layout.Points`.

    What is read is its default retention policy, which is where Home Assistant writes.
    """

    def __init__(self, access: InfluxAccess) -> None:
        self._database = access.database
        self._server = InfluxServer(
            access,
            who="Check INFLUXDB_USERNAME and INFLUXDB_PASSWORD, and that this user may read the database;"
            " for InfluxDB 2 set INFLUXDB_ORG and INFLUXDB_TOKEN.",
            auth=httpx.BasicAuth(access.username, access.password) if access.username else None,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def first(self) -> PointStream:
        """The oldest of each entity and measurement."""
        return self._points(f"{_STATES} {_BY_ENTITY} LIMIT 1")

    def newest(self, start: int, stop: int) -> PointStream:
        """The newest of each entity and measurement."""
        return self._points(f"{_STATES} AND {_within(start, stop)} {_BY_ENTITY} ORDER BY time DESC LIMIT 1")

    def all(self, start: int, stop: int) -> PointStream:
        """By measurement and entity, each in order of time."""
        return self._points(f"{_STATES} AND {_within(start, stop)} {_BY_ENTITY}")

    def said(self, start: int, stop: int) -> Iterator[Said]:
        """From the newest fields, and from tags where attributes are tags."""
        tags = ", ".join(f'"{name}"' for name in _SAYINGS)
        for series, entity_id in self._series(f"{_LAST_SAID} AND {_within(start, stop)} {_BY_ENTITY}, {tags}"):
            known = {name: text for name, text in series["tags"].items() if name in _SAYINGS}
            for values in series["values"]:
                known |= {name: text for name, text in zip(series["columns"], values, strict=True) if text is not None}
            for what, text in known.items():
                if text != "":
                    yield Said(str(series["name"]), entity_id, what, str(text))

    def _points(self, query: str) -> PointStream:
        for series, entity_id in self._series(query):
            columns = series["columns"]
            at, state, value = (columns.index(name) for name in ("time", STATE, VALUE))
            for row in series["values"]:
                text, number = row[state], row[value]
                yield Point(
                    entity_id,
                    int(row[at]),
                    text if isinstance(text, str) else None,
                    float(number) if isinstance(number, int | float) else None,
                )

    def _series(self, query: str) -> Iterator[tuple[Series, str]]:
        """Parts of series as they come, with the entity id of each."""
        try:
            for result in self._results(query):
                for series in result.get("series", ()):
                    tags = series["tags"]
                    yield series, f"{tags['domain']}.{tags['entity_id']}"
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise self._server.refused(
                "what it answers is not InfluxDB's", "Check that INFLUXDB_URL is an InfluxDB's."
            ) from error

    def _results(self, query: str) -> Iterator[Mapping[str, Any]]:
        params = {"db": self._database, "q": query, "epoch": "u", "chunked": "true", "chunk_size": str(_CHUNK)}
        more = True
        for line in self._server.lines("GET", "/query", params):
            if not line.strip():
                continue
            try:
                answer = json.loads(line)
            except ValueError:
                if line.endswith("\n"):
                    raise
                raise self._server.broken() from None
            self._refuse(answer)
            for result in answer["results"]:
                self._refuse(result)
                more = bool(result.get("partial"))
                yield result
        if more:  # the last part of an answer says that no more is to come
            raise self._server.broken()

    def _refuse(self, said: Mapping[str, Any]) -> None:
        """Errors come with status 200, and may come after the first parts of an answer."""
        error = said.get("error")
        if error is None:
            return
        words = shortened(str(error))
        if words.startswith("database not found"):
            raise self._unknown_database(words)
        if "timeout" in words or "limit" in words:
            raise self._server.refused(words, "Raise that limit in InfluxDB's configuration, under [coordinator].")
        raise self._server.refused(words, "InfluxDB's log says more; try again when it is well.")

    def _unknown_database(self, words: str) -> HistoryUnreadable:
        return self._server.refused(
            words, "Set INFLUXDB_DATABASE to the `database` of Home Assistant's `influxdb:`, or start it once."
        )


def _within(start: int, stop: int) -> str:
    return f"time >= {start}u AND time < {stop}u"
