"""A thread that calls a method of an object now and then, for as long as the object is there."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable


class Sweeper:
    """Calls ``sweep`` every ``period`` seconds from a daemon thread, which is started by the first :meth:`start`.

    It does not keep alive the object whose method it calls, and ends with it.
    """

    def __init__(self, sweep: Callable[[], object], period: float) -> None:
        self._sweep = weakref.WeakMethod(sweep)
        self._period = period
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start, unless it runs already."""
        with self._lock:
            if self._thread is None:
                owner = getattr(self._sweep(), "__self__", None)
                if owner is not None:
                    weakref.finalize(owner, self._stopped.set)
                self._thread = threading.Thread(
                    target=_run, args=(self._sweep, self._period, self._stopped), name="model-sweeper", daemon=True
                )
                self._thread.start()

    def stop(self) -> None:
        """Stop and wait for a call that is under way."""
        self._stopped.set()
        with self._lock:
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()


def _run(sweep: weakref.WeakMethod[Callable[[], object]], period: float, stopped: threading.Event) -> None:
    while not stopped.wait(period):
        method = sweep()
        if method is None:
            return
        method()
        del method
