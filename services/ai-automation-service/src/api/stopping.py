"""Whether the process was asked to end, known while requests are still open.

A server that stops first lets open requests finish and only then ends the application's lifespan, so a response that
never finishes by itself, such as a stream of events, would hold the process until it is killed.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """Set once, by the first signal to end. Threads may ask at once.

    Args:
        tell: called then, in the signal's handler: it may set events and nothing else.
    """

    def __init__(self, tell: Callable[[], object] = lambda: None) -> None:
        self._asked = threading.Event()
        self._tell = tell

    def __bool__(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        """Tell open requests, and the work behind them, to come to an end."""
        self._asked.set()
        self._tell()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Listen to the signals that the server listens to, before it; it still gets them.

        Outside the main thread, where no signal can be listened to, there is no server to be stopped by one either.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        servers = {number: signal.signal(number, self._then(signal.getsignal(number))) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in servers.items():
                signal.signal(number, handler)

    def _then(self, server: Any) -> Callable[[int, FrameType | None], None]:
        def handle(number: int, frame: FrameType | None) -> None:
            self.ask()
            if callable(server):
                server(number, frame)

        return handle
