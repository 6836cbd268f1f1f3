"""Servers of InfluxDB on loopback: a real one of version 1, and one of ours that speaks the query API of version 2."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from src.history.influxdb_server import InfluxAccess
from tests.unit.history.influx_points import Written

DATABASE = "home assistant"
SECRET = "p4ss/word&more"  # of a server that lives as long as a test
TOKEN = "t0ken-with==and/slash"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Influx(Protocol):
    """A server with one database that Home Assistant writes to."""

    access: InfluxAccess

    def write(self, points: list[Written]) -> None: ...


class RealInflux:
    """An ``influxd`` that asks for a password; the reader is a user that may do nothing but read."""

    def __init__(self, port: int) -> None:
        self.access = InfluxAccess(
            f"http://127.0.0.1:{port}", DATABASE, username="reader", password=SECRET, timeout=20.0
        )
        self._client = httpx.Client(base_url=self.access.url, auth=("admin", SECRET), trust_env=False, timeout=20.0)

    def prepare(self) -> None:
        quoted = f"'{SECRET}'"
        for statement in (
            f"CREATE USER admin WITH PASSWORD {quoted} WITH ALL PRIVILEGES",
            f"CREATE USER reader WITH PASSWORD {quoted}",
        ):
            self.ask(statement)
        self.empty()

    def empty(self) -> None:
        """The database anew."""
        self.ask(f'DROP DATABASE "{DATABASE}"')
        self.ask(f'CREATE DATABASE "{DATABASE}"')
        self.ask(f'GRANT READ ON "{DATABASE}" TO reader')

    def ask(self, statement: str) -> Any:
        answer = self._client.post("/query", data={"q": statement})
        assert answer.status_code == 200, answer.text
        assert '"error"' not in answer.text, answer.text
        return answer.json()

    def write(self, points: list[Written]) -> None:
        for low in range(0, len(points), 5000):
            body = "\n".join(point.line() for point in points[low : low + 5000])
            answer = self._client.post("/write", params={"db": DATABASE, "precision": "ns"}, content=body.encode())
            assert answer.status_code == 204, answer.text

    def close(self) -> None:
        self._client.close()


_CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:{backup}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
query-log-enabled = false
[monitor]
store-enabled = false
[subscriber]
enabled = false
[continuous_queries]
enabled = false
[http]
bind-address = "127.0.0.1:{port}"
auth-enabled = true
log-enabled = false
"""


@contextmanager
def real_influx(folder: Path) -> Iterator[RealInflux]:
    """A private ``influxd``; the test is skipped where it is not installed."""
    program = shutil.which("influxd")
    if program is None:
        pytest.skip("influxd (Debian's package influxdb) is not installed")
    port, backup = free_ports(2)
    config = folder / "influxd.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port, backup=backup))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "-config", config], stdout=log, stderr=log)
    influx = RealInflux(port)
    try:
        for _ in range(600):
            with suppress(httpx.TransportError):
                if httpx.get(f"{influx.access.url}/ping", trust_env=False).status_code == 204:
                    break
            assert process.poll() is None, (folder / "log").read_text()
            Event().wait(0.05)
        influx.prepare()
        yield influx
    finally:
        influx.close()
        process.terminate()
        process.wait(30)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        server = self.server
        assert isinstance(server, LoopbackServer)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server.requests.append((self.path, dict(self.headers.items()), body))
        with suppress(BrokenPipeError, ConnectionResetError):
            server.answer(self, body)

    def send(self, status: int, text: str, kind: str = "application/json", **headers: str) -> None:
        """A whole answer."""
        data = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def send_pieces(self, pieces: list[str], *, whole: bool = True) -> None:
        """A chunked answer; one that is not ``whole`` ends without its last chunk."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            data = piece.encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        if whole:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # the name is the base class's
        """Say nothing."""


Answer = Callable[[Handler, bytes], None]


class LoopbackServer(ThreadingHTTPServer):
    """Answers as it is told, and remembers what it was asked: path, headers, body."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.let_go = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def serving(server: LoopbackServer) -> Iterator[LoopbackServer]:
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()


class OurInflux2(LoopbackServer):
    """The part of version 2's query API that is used here.

    It takes the one form of Flux that the reader writes, and answers as the documentation says: annotated CSV, a table
    for each series, a new header where the columns change type, errors as JSON.
    """

    def __init__(self) -> None:
        super().__init__(self.query)
        self.access = InfluxAccess(self.url, DATABASE, org="home", token=TOKEN, timeout=20.0)
        self.points: list[Written] = []

    def write(self, points: list[Written]) -> None:
        self.points.extend(points)

    def query(self, handler: Handler, body: bytes) -> None:
        address = urlsplit(handler.path)
        if handler.headers["Authorization"] != f"Token {TOKEN}":
            handler.send(401, json.dumps({"code": "unauthorized", "message": "unauthorized access"}))
        elif address.path != "/api/v2/query":
            handler.send(404, json.dumps({"code": "not found", "message": "path not found"}))
        elif parse_qs(address.query) != {"org": ["home"]}:
            handler.send(404, json.dumps({"code": "not found", "message": "organization name not found"}))
        else:
            asked = json.loads(body)
            assert asked["dialect"]["annotations"] == ["datatype", "group", "default"]
            flux = asked["query"]
            found = re.match(r'from\(bucket: "(.*)"\)', flux)
            assert found
            if found[1] != DATABASE:
                message = f'failed to initialize execute state: could not find bucket "{found[1]}"'
                handler.send(404, json.dumps({"code": "not found", "message": message}))
            else:
                handler.send_pieces(self._tables(flux))

    def _tables(self, flux: str) -> list[str]:
        """The answer in pieces that do not end where lines do."""
        start, stop = (_instant(flux, name) for name in ("start", "stop"))
        fields = re.findall(r'r\._field == "(\w+)"', flux)
        series: defaultdict[tuple[Any, ...], dict[int, str | float]] = defaultdict(dict)
        for point in self.points:
            if {"domain", "entity_id"} <= point.tags.keys() and (start or 0) <= point.time < (stop or 2**62):
                for field in fields:
                    if field in point.fields:
                        key = (point.measurement, field, tuple(sorted(point.tags.items())))
                        series[key][point.time] = point.fields[field]
        kept = re.search(r"keep\(columns: \[(.*)\]\)", flux)
        assert kept
        wanted = re.findall(r'"(\w+)"', kept[1])
        lines: list[str] = []
        before = None
        for table, ((measurement, field, tags), values) in enumerate(series.items()):
            rows = sorted(values.items())
            rows = rows[:1] if "first()" in flux else rows[-1:] if "last()" in flux else rows
            known = {"_field": field, "_measurement": measurement, **dict(tags)}
            columns = [name for name in wanted if name in known or name in ("_time", "_value")]
            text = isinstance(rows[0][1], str)
            if before != (columns, text):
                lines += _header(columns, text)
                before = (columns, text)
            for time, value in rows:
                cells = {**known, "_time": _stamp(time), "_value": value if text else f"{value:g}"}
                lines.append(",".join(["", "", str(table), *(_cell(str(cells[name])) for name in columns)]))
        whole = "".join(f"{line}\r\n" for line in [*lines, ""])
        return [whole[low : low + 1000] for low in range(0, len(whole), 1000)]


def _header(columns: list[str], text: bool) -> list[str]:
    kinds = {"_time": "dateTime:RFC3339", "_value": "string" if text else "double"}
    types = [kinds.get(name, "string") for name in columns]
    groups = ["false" if name in kinds else "true" for name in columns]
    return [
        "",
        ",".join(["#datatype", "string", "long", *types]),
        ",".join(["#group", "false", "false", *groups]),
        ",".join(["#default", "_result", "", *("" for _ in columns)]),
        ",".join(["", "result", "table", *columns]),
    ]


def _instant(flux: str, name: str) -> int | None:
    found = re.search(rf"{name}: ([^,)]+)", flux)
    return None if found is None else (datetime.fromisoformat(found[1]) - _EPOCH) // timedelta(microseconds=1)


def _stamp(time: int) -> str:
    """RFC 3339 with nanoseconds and without zeros at the end, as Go writes it."""
    seconds, micro = divmod(time, 1_000_000)
    fraction = f".{micro:06}789".rstrip("0") if micro else ""
    return f"{(_EPOCH + timedelta(seconds=seconds)).strftime('%Y-%m-%dT%H:%M:%S')}{fraction}Z"


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in '",\r\n') else text
