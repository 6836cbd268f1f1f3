"""Ends a request that a server answers too slowly."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from src.models.download.retry import RetryPolicy


class Watch:
    """Cuts the connection of a request that brings next to nothing, whatever it is waiting for.

    A time limit on each read is not enough: a server that sends one byte a second never exceeds it.

    Attributes:
        why: the reason, once it was cut.
    """

    def __init__(self, policy: RetryPolicy, deadline: float, clock: Callable[[], float]) -> None:
        self._policy = policy
        self._deadline = deadline
        self._clock = clock
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._since = clock()
        self._bytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="download-watch", daemon=True)
        self.why: str | None = None

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def trace(self, event: str, information: dict[str, object]) -> None:
        """Called by ``httpx`` with what it does; the events that return a stream are those that open a connection."""
        stream = information.get("return_value")
        if event.endswith(".complete") and hasattr(stream, "get_extra_info"):
            with self._lock:
                self._socket = stream.get_extra_info("socket")

    def count(self, received: int) -> None:
        """That many bytes of the body came."""
        with self._lock:
            self._bytes += received

    def _look(self) -> None:
        while not self._ended.wait(min(0.25, self._policy.patience / 8)):
            with self._lock:
                now = self._clock()
                if now >= self._deadline:
                    self._cut("the time is up")
                elif now - self._since >= self._policy.patience:
                    rate = self._bytes / (now - self._since)
                    if rate < self._policy.least_rate:
                        self._cut(f"the server sent {rate:.0f} bytes a second for {now - self._since:.1f} s")
                    self._since, self._bytes = now, 0

    def _cut(self, why: str) -> None:
        self.why = why
        if self._socket is not None:
            # The plain socket's method: that of ssl forgets its state under the reading thread.
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
