"""A models' hub on the loopback interface: what ``huggingface_hub`` asks for, and ways to misbehave."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class LoopbackHub:
    """Serves ``folder/<owner>/<name>/<file>`` as the head of each repository.

    Attributes:
        requests: method and path of everything it was asked.
        hang_on: the body of a file of that name stops in the middle, until :meth:`release`.
        lie_about: entity tags of files of that name are of other content.
        hanging: set when a request hangs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requests: list[str] = []
        self.hang_on: str | None = None
        self.lie_about: str | None = None
        self.silent = False
        self.hanging = threading.Event()
        self._released = threading.Event()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                hub.answer(self, body=False)

            def do_GET(self) -> None:
                hub.answer(self, body=True)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def asked_for(self, text: str) -> int:
        """How many requests had that in their path."""
        return sum(text in request for request in self.requests)

    def release(self) -> None:
        self._released.set()

    @contextmanager
    def running(self) -> Iterator[LoopbackHub]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self.release()
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def answer(self, request: BaseHTTPRequestHandler, *, body: bool) -> None:
        self.requests.append(f"{request.command} {request.path}")
        if self.silent:
            self.hanging.set()
            self._released.wait()
            request.close_connection = True
            return
        owner, _, rest = request.path.strip("/").partition("/")
        name, _, rest = rest.partition("/resolve/")
        file = self.folder / owner / name / rest.partition("/")[2]
        if not rest or not file.is_file():
            missing = "EntryNotFound" if (self.folder / owner / name).is_dir() else "RepoNotFound"
            _head(request, 404, 0, {"X-Error-Code": missing})
            return
        content = file.read_bytes()
        stated = content + b"?" if file.name == self.lie_about else content
        tag = _tag(file.name, stated)
        _head(request, 200, len(content), {"X-Repo-Commit": COMMIT, "ETag": f'"{tag}"'})
        if body:
            if file.name == self.hang_on:
                request.wfile.write(content[: len(content) // 2])
                self.hanging.set()
                self._released.wait()
                request.close_connection = True
                return
            request.wfile.write(content)


def _tag(name: str, content: bytes) -> str:
    """As hubs do: sha256 for large-file storage, git's blob hash for the rest."""
    if name.endswith((".safetensors", ".bin")):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _head(request: BaseHTTPRequestHandler, status: int, length: int, headers: dict[str, str]) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(length))
    request.end_headers()
