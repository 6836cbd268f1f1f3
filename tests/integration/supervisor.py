"""What Home Assistant's Supervisor is to an add-on, on loopback: its proxy to the core, its services, its ingress.

What it does with requests is read from supervisor/api/proxy.py, ingress.py and __init__.py of
https://github.com/home-assistant/supervisor, and homeassistant/components/hassio/ingress.py of
https://github.com/home-assistant/core.
"""

from __future__ import annotations

import json
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from socketserver import StreamRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Any, Self

Headers = list[tuple[str, str]]
PROXIED = ("GET", "POST", "DELETE")
OLDER = ("GET", "POST")  # before https://github.com/home-assistant/supervisor/pull/6521


@dataclass(frozen=True)
class Onward:
    """Where a request goes, and as what.

    Attributes:
        port: on loopback.
        sender: the address it seems to come from.
    """

    port: int
    path: str
    headers: Headers
    sender: str = "127.0.0.1"


@dataclass(frozen=True)
class Said:
    """An answer of its own."""

    status: int
    body: str
    media_type: str = "application/json"


Decide = Callable[[str, str, Headers], Onward | Said]


class Passage:
    """A server that passes requests on, one for each connection. Listens until its ``with`` ends."""

    def __init__(self, decide: Decide) -> None:
        self.decide = decide
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


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, owner: Passage) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Who leaves in the middle is no error."""


class _Handler(StreamRequestHandler):
    server: _Server
    rbufsize = 0  # what follows the head is passed on as it comes

    def handle(self) -> None:
        head = bytearray()
        while not head.endswith(b"\r\n\r\n"):
            byte = self.rfile.read(1)
            if not byte:
                return
            head += byte
        first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        method, path, _ = first.split(" ")
        parted = [line.partition(":") for line in lines]
        headers = [(name, value.strip()) for name, _, value in parted]
        decided = self.server.owner.decide(method, path, headers)
        if isinstance(decided, Said):
            body = decided.body.encode()
            self.wfile.write(
                f"HTTP/1.1 {decided.status} Said\r\nContent-Type: {decided.media_type}\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
                + body
            )
            return
        with socket.create_connection(("127.0.0.1", decided.port), 20, (decided.sender, 0)) as onward:
            onward.settimeout(None)
            sent = [f"{method} {decided.path} HTTP/1.1", *(f"{name}: {value}" for name, value in decided.headers)]
            onward.sendall("\r\n".join([*sent, "", ""]).encode("latin-1"))
            threading.Thread(target=_pass_on, args=(self.request, onward), daemon=True).start()
            _pass_on(onward, self.request)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _named(headers: Headers, wanted: str) -> str:
    return next((value for name, value in headers if name.lower() == wanted), "")


def _once(headers: Headers, *dropped: str) -> Headers:
    """Without some, and as one request of its connection, but where the connection becomes a WebSocket."""
    if _named(headers, "upgrade"):
        return [each for each in headers if each[0].lower() not in dropped]
    kept = [each for each in headers if each[0].lower() not in ("connection", "keep-alive", *dropped)]
    return [*kept, ("Connection", "close")]


class Supervisor(Passage):
    """``http://supervisor``, with a core behind it that takes the same token.

    Attributes:
        token: SUPERVISOR_TOKEN of the add-on.
        services: by name, as ``/services/NAME`` gives them.
        passes: methods that its proxy knows.
        asked: method and path of every request.
    """

    def __init__(self, core: int, token: str) -> None:
        super().__init__(self._decide)
        self.token = token
        self.services: dict[str, dict[str, Any]] = {}
        self.passes: tuple[str, ...] = PROXIED
        self.asked: list[tuple[str, str]] = []
        self._core = core

    def _decide(self, method: str, path: str, headers: Headers) -> Onward | Said:
        self.asked.append((method, path))
        if path in ("/core/websocket", "/core/api/websocket"):
            return Onward(self._core, "/api/websocket", _once(headers))
        if _named(headers, "authorization") != f"Bearer {self.token}":
            return Said(401, "401: Unauthorized", "text/plain")
        if path.startswith("/core/api/"):
            if method not in self.passes:
                return Said(405, "405: Method Not Allowed", "text/plain")
            return Onward(self._core, path.removeprefix("/core"), _once(headers))
        service = self.services.get(path.removeprefix("/services/"))
        if service is None:
            return Said(400, json.dumps({"result": "error", "message": "Service not enabled"}))
        return Said(200, json.dumps({"result": "ok", "data": service}))


class Ingress(Passage):
    """Home Assistant as the browser sees it: one add-on's page below ``prefix``, everything else is not there.

    Attributes:
        sender: where its requests seem to come from.
        page: what is served at ``/harness`` and ``/harness.js``.
        passed: paths as the add-on was asked for them.
        stray: paths that were asked for outside of the prefix.
    """

    def __init__(self, addon: int, sender: str) -> None:
        super().__init__(self._decide)
        self.prefix = f"/api/hassio_ingress/{secrets.token_urlsafe(32)}"
        self.sender = sender
        self.page: dict[str, Said] = {}
        self.passed: list[str] = []
        self.stray: list[str] = []
        self._addon = addon

    def _decide(self, method: str, path: str, headers: Headers) -> Onward | Said:
        if path in self.page:
            return self.page[path]
        if not path.startswith(f"{self.prefix}/"):
            self.stray.append(path)
            return Said(404, "404: Not Found", "text/plain")
        inner = path.removeprefix(self.prefix)
        self.passed.append(inner)
        host = _named(headers, "host")
        told = [
            ("X-Hass-Source", "core.ingress"),
            ("X-Ingress-Path", self.prefix),
            ("X-Forwarded-For", "192.168.1.50, 172.30.32.1"),
            ("X-Forwarded-Host", host),
            ("X-Forwarded-Proto", "http"),
            ("X-Remote-User-Id", "0123456789abcdef0123456789abcdef"),
            ("X-Remote-User-Name", "anna"),
            ("X-Remote-User-Display-Name", "Anna"),
        ]
        return Onward(self._addon, inner, [*_once(headers, "accept-encoding"), *told], self.sender)
