"""The network half of the fake Home Assistant: HTTP and WebSocket on one loopback port, and ways to misbehave."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

Json = dict[str, Any]

# A log in a test is the client's.
_silent = logging.getLogger(f"{__name__}.wire")
_silent.setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Hang:
    """Nothing more is said, not even to a ping, until the hub stops or is released."""


@dataclass(frozen=True)
class Drop:
    """The connection ends in the middle of the answer."""


@dataclass(frozen=True)
class Say:
    """That text instead of the answer; over HTTP with that status."""

    text: str = "<html>Bad gateway</html>"
    status: int = 502
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Slow:
    """The answer comes after so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Trickle:
    """Over HTTP, a byte of the answer now and then, without an end."""


Trouble = Hang | Drop | Say | Slow | Trickle


def redirect(location: str) -> Say:
    return Say("", 302, {"Location": location})


class Home(Protocol):
    """What the server asks of the home behind it."""

    version: str
    heads: list[tuple[str, dict[str, str]]]
    heard: list[Json]
    greeting: Json | None

    def user_of(self, token: str) -> Json | None: ...
    def rest(self, user: Json, method: str, path: str, body: Any) -> tuple[int, Any]: ...
    def command(self, connection: Connection, message: Json) -> None: ...
    def trouble_on(self, what: str) -> Trouble | None: ...


class Connection:
    """A client's WebSocket."""

    def __init__(self, opened: socket.socket, user: Json) -> None:
        self.user = user
        self.subscriptions: dict[int, Json] = {}
        self.last_id = 0
        self.hanging = False
        self.protocol = ServerProtocol(max_size=None, logger=_silent)
        self._socket = opened
        self._lock = threading.Lock()

    def result(self, number: int, result: Any = None) -> None:
        self.send({"id": number, "type": "result", "success": True, "result": result})

    def error(self, number: int, code: str, message: str) -> None:
        self.send({"id": number, "type": "result", "success": False, "error": {"code": code, "message": message}})

    def event(self, number: int, event: Json) -> None:
        self.send({"id": number, "type": "event", "event": event})

    def send(self, message: Json | str) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        with self._lock:
            if self.protocol.state is State.OPEN and not self.hanging:
                self.protocol.send_text(text.encode())
                self._flush()

    def close(self) -> None:
        with self._lock:
            if self.protocol.state is State.OPEN:
                self.protocol.send_close(1000)
                self._flush()

    def cut(self) -> None:
        """Half a frame, and no goodbye."""
        with self._lock:
            with suppress(OSError):
                self._socket.sendall(Frame(Opcode.TEXT, b'{"id": 1, "type": "result"').serialize(mask=False)[:-9])
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def handshake(self, raw: bytes) -> None:
        with self._lock:
            self.protocol.receive_data(raw)
            for event in self.protocol.events_received():
                if isinstance(event, Request):
                    self.protocol.send_response(self.protocol.accept(event))
            self._flush()

    def messages(self, on_message: Callable[[Json], None]) -> None:
        """Reads until the end."""
        while self.protocol.state is not State.CLOSED:
            try:
                data = self._socket.recv(65536)
            except OSError:
                return
            with self._lock:
                self.protocol.receive_data(data) if data else self.protocol.receive_eof()
                events = self.protocol.events_received()
                if not self.hanging:
                    self._flush()
            for event in events:
                if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    on_message(json.loads(bytes(event.data)))
            if not data:
                return

    def _flush(self) -> None:
        for data in self.protocol.data_to_send():
            with suppress(OSError):
                if data:
                    self._socket.sendall(data)
                else:
                    self._socket.shutdown(socket.SHUT_WR)


class HubServer(ThreadingHTTPServer):
    """Serves until :meth:`stop`; every socket and thread of it is gone then."""

    daemon_threads = False
    request_queue_size = 64

    def __init__(self, home: Home, port: int) -> None:
        self.home = home
        self.connections: list[Connection] = []
        self.released = threading.Event()
        self._sockets: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self) -> None:
        self.released.set()
        self.shutdown()
        self.socket.close()  # what waits to be accepted is refused
        for opened in list(self._sockets):
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self._thread.join()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HubServer

    def do_GET(self) -> None:
        self.server.home.heads.append((self.requestline, dict(self.headers.items())))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.removeprefix("/api/")
        trouble = self._trouble(f"{self.command} {path}")
        if isinstance(trouble, Hang):
            self.server.released.wait()
            self.close_connection = True
        elif isinstance(trouble, Trickle):
            self.close_connection = True
            with suppress(OSError):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while not self.server.released.wait(0.02):
                    self.wfile.write(b" ")
        elif isinstance(trouble, Drop):
            self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Type: application/json\r\n\r\n{"re')
            self.close_connection = True
        elif trouble is not None:
            self._send(trouble.status, trouble.text.encode(), {"Content-Type": "text/html", **trouble.headers})
        elif path == "websocket" and self.headers.get("Upgrade", "").lower() == "websocket":
            self.close_connection = True
            self._websocket()
        else:
            self._rest(path, body)

    do_POST = do_DELETE = do_PUT = do_GET  # noqa: N815 - the names that http.server calls

    def _rest(self, path: str, body: bytes) -> None:
        user = self.server.home.user_of(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if not self.path.startswith("/api/"):
            status, answer = 404, None
        elif user is None:
            return self._send(401, b"401: Unauthorized", {"Content-Type": "text/plain"})
        else:
            try:
                given = json.loads(body) if body else None
            except ValueError:
                return self._json(400, {"message": "Invalid JSON specified"})
            status, answer = self.server.home.rest(user, self.command, path, given)
        if answer is None:
            return self._send(status, b"404: Not Found", {"Content-Type": "text/plain"})
        return self._json(status, answer)

    def _json(self, status: int, answer: Any) -> None:
        self._send(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _websocket(self) -> None:
        home = self.server.home
        connection = Connection(self.request, {})
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        connection.handshake(f"{self.requestline}\r\n{head}\r\n".encode("latin-1"))
        connection.send(home.greeting or {"type": "auth_required", "ha_version": home.version})
        connection.messages(lambda message: self._heard(connection, message))
        if connection in self.server.connections:
            self.server.connections.remove(connection)

    def _heard(self, connection: Connection, message: Json) -> None:
        home = self.server.home
        home.heard.append(message)
        trouble = self._trouble(str(message.get("type")))
        if isinstance(trouble, Hang | Trickle):
            connection.hanging = True
        elif isinstance(trouble, Drop):
            connection.cut()
        elif trouble is not None:
            connection.send(trouble.text)
        elif connection not in self.server.connections:
            user = home.user_of(str(message.get("access_token"))) if message.get("type") == "auth" else None
            if user is None:
                connection.send({"type": "auth_invalid", "message": "Invalid access token or password"})
                connection.close()
            else:
                connection.user = user
                self.server.connections.append(connection)
                connection.send({"type": "auth_ok", "ha_version": home.version})
        else:
            home.command(connection, message)

    def _trouble(self, what: str) -> Hang | Drop | Say | Trickle | None:
        trouble = self.server.home.trouble_on(what)
        if isinstance(trouble, Slow):
            self.server.released.wait(trouble.seconds)
            return None
        return trouble

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""
