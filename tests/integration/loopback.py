"""A web server on loopback that answers as told and remembers who asked: a stranger nobody should call, or an echo."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Answer = tuple[int, dict[str, str], bytes]
Answering = Callable[[str, str, dict[str, str]], Answer]


def nothing(method: str, path: str, headers: dict[str, str]) -> Answer:
    """What a stranger says."""
    return 200, {}, b"{}"


def closed_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Loopback:
    """Listens until its ``with`` ends.

    Attributes:
        answering: (method, path, headers) -> status, headers, body.
        calls: first line and headers of each request.
        opened: how many connections were made to it, those without a request too.
    """

    def __init__(self, answering: Answering = nothing) -> None:
        self.answering = answering
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.opened = 0
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def host(self) -> str:
        """With the port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # a connection that nobody asks anything on is not waited for
    block_on_close = False

    def __init__(self, owner: Loopback) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.owner.opened += 1
        super().process_request(request, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """Who leaves in the middle is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        owner = self.server.owner
        headers = dict(self.headers.items())
        owner.calls.append((self.requestline, headers))
        self.rfile.read(int(headers.get("Content-Length") or 0))
        status, extra, body = owner.answering(self.command, self.path, headers)
        with suppress(OSError):
            self.send_response(status)
            for name, value in {**extra, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    do_POST = do_HEAD = do_PUT = do_CONNECT = do_GET  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""
