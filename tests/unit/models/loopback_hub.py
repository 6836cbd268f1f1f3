"""A models' hub on the loopback interface, with a host for large files on another port, and ways to misbehave.

    hub.misbehave("model.safetensors", Cut(1000), times=2)

has the first two requests for that file's content end after 1000 bytes; then it is served well.
"""

from __future__ import annotations

import hashlib
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = (".safetensors", ".bin")


@dataclass
class Asked:
    """One request.

    Attributes:
        large: it came to the host for large files.
        token: its Authorization header.
        range: its Range header.
    """

    method: str
    path: str
    large: bool
    token: str | None
    range: str | None

    @property
    def file(self) -> str:
        return self.path.partition("?")[0].rpartition("/")[2]


@dataclass(frozen=True)
class Status:
    """That answer instead of the file."""

    code: int
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "GET"


@dataclass(frozen=True)
class Cut:
    """The connection drops after so many bytes of the body; ``reset`` does it without a goodbye."""

    after: int
    reset: bool = False
    method: str = "GET"


@dataclass(frozen=True)
class Hang:
    """The body stops after so many bytes, until the hub is released; None: not even a status line comes."""

    after: int | None = None
    method: str = "GET"


@dataclass(frozen=True)
class Trickle:
    """A byte of the body every so many seconds; ``headers``: already of the head."""

    seconds: float = 1.0
    headers: bool = False
    method: str = "GET"


@dataclass(frozen=True)
class Content:
    """Other bytes than the hub states."""

    change: Callable[[bytes], bytes]
    method: str = "GET"


@dataclass(frozen=True)
class NoRanges:
    """The wish for a part is ignored."""

    method: str = "GET"


@dataclass(frozen=True)
class Redirect:
    """Elsewhere."""

    to: str
    method: str = "GET"


Fault = Status | Cut | Hang | Trickle | Content | NoRanges | Redirect


class LoopbackHub:
    """Serves ``folder/<owner>/<name>/<file>`` as the head of each repository, at a free port unless told which.

    Attributes:
        asked: every request.
        commit: of the head.
        lie_about: entity tags of files of that name are of other content.
        silent: nothing is answered, until :meth:`release`.
        redirects: large files are at another host, small ones at another path of this one, as on the public hub.
        hanging: set when a request hangs.
        on_request: called with each request before it is answered.
        on_body: called with the file and the bytes of it sent so far, before each piece.
        piece: bytes of a body sent at a time.
    """

    def __init__(self, folder: Path, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.folder = folder
        self.asked: list[Asked] = []
        self.commit = COMMIT
        self.lie_about: str | None = None
        self.silent = False
        self.redirects = False
        self.hanging = threading.Event()
        self.on_request: Callable[[Asked], None] = lambda asked: None
        self.on_body: Callable[[str, int], None] = lambda file, sent: None
        self.piece = 4096
        self._faults: dict[str, list[Fault]] = {}
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._server = self._serve(address, large=False)
        self._large = self._serve(("127.0.0.1", 0), large=True)
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.elsewhere = f"http://127.0.0.1:{self._large.server_address[1]}"

    @property
    def requests(self) -> list[str]:
        """Method and path of everything it was asked."""
        return [f"{asked.method} {asked.path}" for asked in self.asked]

    def asked_for(self, text: str) -> int:
        """How many requests had that in their path."""
        return sum(text in request for request in self.requests)

    def bodies(self, file: str) -> list[Asked]:
        """The requests that were for a file's content and not redirected."""
        large = self.redirects and file.endswith(LARGE)
        return [
            asked
            for asked in self.asked
            if asked.method == "GET"
            and asked.file == file
            and asked.large == large
            and (asked.large or not self.redirects or asked.path.startswith("/api/"))
        ]

    def misbehave(self, file: str, *faults: Fault, times: int = 1) -> None:
        """The next requests for a file's content (or its headers, as a fault's ``method`` says) go wrong."""
        self._faults.setdefault(file, []).extend([*faults] * times)

    def release(self) -> None:
        self._released.set()

    @contextmanager
    def running(self) -> Iterator[LoopbackHub]:
        servers = (self._server, self._large)
        threads = [threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}) for server in servers]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self.release()
            for server in servers:
                server.shutdown()
            for thread in threads:
                thread.join()
            for server in servers:
                server.server_close()

    def _serve(self, address: tuple[str, int], *, large: bool) -> ThreadingHTTPServer:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self._answer()

            def do_GET(self) -> None:
                self._answer()

            def _answer(self) -> None:
                # Whoever asks may hang up or be killed at any time.
                with suppress(ConnectionError):
                    hub._answer(self, large=large)

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(address, Handler)
        server.daemon_threads = True
        server.handle_error = lambda request, address: None  # type: ignore[method-assign, assignment]
        return server

    def _answer(self, request: BaseHTTPRequestHandler, *, large: bool) -> None:
        headers = request.headers
        asked = Asked(request.command, request.path, large, headers["Authorization"], headers["Range"])
        self.asked.append(asked)
        self.on_request(asked)
        if self.silent:
            self._hang(request)
            return
        place = re.fullmatch(r"/(?:api/)?([^/]+/[^/]+)/resolve/([^/]+)/([^?]+)(?:\?.*)?", request.path)
        file = self.folder / place[1] / place[3] if place else None
        if place is None or file is None or not file.is_file():
            missing = "EntryNotFound" if place and (self.folder / place[1]).is_dir() else "RepoNotFound"
            _head(request, 404, 0, {"X-Error-Code": missing})
            return
        content = file.read_bytes()
        stated = content + b"?" if file.name == self.lie_about else content
        tag, here = _tag(file.name, stated), {"X-Repo-Commit": self.commit}
        if self.redirects and not large and file.name.endswith(LARGE):
            linked = {"X-Linked-ETag": f'"{tag}"', "X-Linked-Size": str(len(content))}
            _head(request, 302, 0, {**here, **linked, "Location": f"{self.elsewhere}{request.path}?signature=secret"})
        elif self.redirects and not large and not request.path.startswith("/api/"):
            _head(request, 307, 0, {**here, "Location": f"/api{request.path}"})
        else:
            self._content(
                request, content, {"ETag": '"of-the-store"'} if large else {**here, "ETag": f'"{tag}"'}, asked
            )

    def _content(self, request: BaseHTTPRequestHandler, content: bytes, headers: dict[str, str], asked: Asked) -> None:
        fault = self._fault(asked)
        if isinstance(fault, Status):
            _head(request, fault.code, 0, fault.headers)
            return
        if isinstance(fault, Redirect):
            _head(request, 302, 0, {"Location": fault.to})
            return
        if isinstance(fault, Content):
            content = fault.change(content)
        if fault == Hang():
            self._hang(request)
            return
        offset = int(asked.range.removeprefix("bytes=").rstrip("-")) if asked.range else 0
        if offset and not isinstance(fault, NoRanges):
            if offset >= len(content):
                _head(request, 416, 0, {"Content-Range": f"bytes */{len(content)}"})
                return
            headers = {**headers, "Content-Range": f"bytes {offset}-{len(content) - 1}/{len(content)}"}
            content = content[offset:]
            status = 206
        else:
            offset, status = 0, 200
        if isinstance(fault, Trickle) and fault.headers:
            self._trickle(request, b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 10_000, fault.seconds)
            return
        _head(request, status, len(content), headers)
        if asked.method == "GET":
            self._body(request, asked.file, content, offset, fault)

    def _body(
        self, request: BaseHTTPRequestHandler, file: str, content: bytes, offset: int, fault: Fault | None
    ) -> None:
        if isinstance(fault, Trickle):
            self._trickle(request, content, fault.seconds)
            return
        limit = fault.after if isinstance(fault, Cut | Hang) and fault.after is not None else len(content)
        for start in range(0, min(limit, len(content)), self.piece):
            self.on_body(file, offset + start)
            request.wfile.write(content[start : min(start + self.piece, limit)])
        if isinstance(fault, Hang):
            self._hang(request)
        elif isinstance(fault, Cut):
            if fault.reset:
                request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.close_connection = True

    def _hang(self, request: BaseHTTPRequestHandler) -> None:
        self.hanging.set()
        self._released.wait()
        request.close_connection = True

    def _trickle(self, request: BaseHTTPRequestHandler, content: bytes, seconds: float) -> None:
        for byte in content:
            request.wfile.write(bytes([byte]))
            if self._released.wait(seconds):
                break
        request.close_connection = True

    def _fault(self, asked: Asked) -> Fault | None:
        with self._lock:
            planned = self._faults.get(asked.file, [])
            if planned and planned[0].method == asked.method:
                return planned.pop(0)
            return None


def _tag(name: str, content: bytes) -> str:
    """As hubs do: sha256 for large-file storage, git's blob hash for the rest."""
    if name.endswith(LARGE):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _head(request: BaseHTTPRequestHandler, status: int, length: int, headers: dict[str, str]) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(length))
    request.end_headers()
