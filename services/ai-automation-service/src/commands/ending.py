"""The last seconds of the process: it ends in time, whatever its threads hang in.

Who stops a service waits: ``docker stop`` for 10 s (https://docs.docker.com/reference/cli/docker/container/stop/),
and kills it then. An interpreter that ends by itself waits for its threads, of which one may be waiting for somebody
else's answer. Then it takes its modules apart, for seconds on a slow board, and no thread of ours runs any more.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator

logger = logging.getLogger(__name__)

LAST = 8.0  # seconds after the first signal; less than the 10 that Docker gives
_LINGER = 1.0  # seconds that threads may go on when all is closed
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_DONE = b"\0"  # no signal has that number


def leave() -> None:
    """End the process now, with the code of one that was stopped in order. Threads and exit handlers are not asked."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(0)


class Ending:
    """Bounds the time between a signal to end and the end.

    It learns of the signal from the operating system, through a pipe that the interpreter writes to, because handlers
    in Python do not run while the main thread waits inside a library, as for a lock of the database.

    Args:
        last: seconds after the first signal when the process is left, whatever is still open.
        linger: seconds after the end of the block when it is left, if threads keep it.
        leave: leaves.
    """

    def __init__(self, last: float = LAST, linger: float = _LINGER, leave: Callable[[], object] = leave) -> None:
        self._last = last
        self._linger = linger
        self._leave = leave
        self._closed = threading.Event()
        self._asked = threading.Event()

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """From here to the end of the process, if a signal comes; else to the end of the block.

        Outside the main thread, which alone hears signals, it does nothing.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        atexit.register(self._leave_if_asked)
        thread = threading.Thread(target=self._watch, args=(reading,), name="ending", daemon=True)
        thread.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            self._closed.set()
            with contextlib.suppress(BlockingIOError):  # full of signals, so the thread has read of one
                os.write(writing, _DONE)
            if not self._asked.is_set():
                thread.join()  # it reads _DONE now, or a signal that came at the very last moment
                os.close(reading)
                os.close(writing)
            if not self._asked.is_set():
                atexit.unregister(self._leave_if_asked)

    def _leave_if_asked(self) -> None:
        """All is closed, and what the interpreter would still do is for nobody."""
        if self._asked.is_set():
            self._leave()

    def _watch(self, reading: int) -> None:
        while (told := os.read(reading, 1)) and told != _DONE:
            if told[0] not in _SIGNALS:
                continue
            self._asked.set()
            if self._closed.wait(self._last):
                threading.Event().wait(self._linger)
            names = sorted(thread.name for thread in threading.enumerate() if thread is not threading.current_thread())
            logger.warning("left_open", extra={"threads": names})
            self._leave()
            return
