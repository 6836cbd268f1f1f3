"""A collector of OpenTelemetry traces on loopback: takes OTLP over HTTP and keeps what it was told."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class TracedSpan:
    """A span as the collector read it; ids in hex, ``parent`` empty for the first of a trace."""

    name: str
    trace: str
    id: str
    parent: str
    failed: bool
    attributes: dict[str, object]


class Collector:
    """Listens until its ``with`` ends.

    Attributes:
        status: what it answers.
        open: while it is not set, it takes a request and does not answer.
        asked: set by each request.
        bodies: what was posted, as it came.
        headers: of the last request.
    """

    def __init__(self) -> None:
        self.status = 200
        self.open = threading.Event()
        self.open.set()
        self.asked = threading.Event()
        self.bodies: list[bytes] = []
        self.headers: dict[str, str] = {}
        self.paths: set[str] = set()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def resources(self) -> list[dict[str, object]]:
        """What each batch says of who sent it."""
        return [
            {each.key: each.value.string_value for each in resource.resource.attributes}
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        ]

    @property
    def spans(self) -> list[TracedSpan]:
        """All of them, in the order in which they ended."""
        return [
            TracedSpan(
                span.name,
                span.trace_id.hex(),
                span.span_id.hex(),
                span.parent_span_id.hex(),
                span.status.code == 2,
                {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes},
            )
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.open.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # each is waited for, with its socket
    block_on_close = True

    def __init__(self, owner: Collector) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Who leaves in the middle is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        owner = self.server.owner
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        owner.headers = {name.lower(): value for name, value in self.headers.items()}
        owner.paths.add(self.path)
        owner.asked.set()
        owner.open.wait()
        if owner.status == 200:
            owner.bodies.append(body)
        with suppress(OSError):
            self.send_response(owner.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""
