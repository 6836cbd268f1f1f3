"""The processes that prepare models for this one: how one is started, and that none outlives the service's stop."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from src.models.download.hub import SourceFailed
from src.settings import environment_of_children

_SERVICE = Path(__file__).resolve().parents[3]


class Children:
    """The preparing processes of one serving process, so that none outlives its closing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alive: set[subprocess.Popen[str]] = set()
        self._ended = False

    @contextlib.contextmanager
    def started(self, python: str) -> Iterator[subprocess.Popen[str]]:
        """A new one. Raises SourceFailed: the interpreter cannot be started, or :meth:`end` was called."""
        with self._lock:
            if self._ended:
                raise SourceFailed("the service is stopping")
            child = _start(python)
            self._alive.add(child)
        try:
            with child:
                try:
                    yield child
                finally:
                    # What it did not read before it died is no error; its code and its last words say why.
                    with contextlib.suppress(BrokenPipeError):
                        assert child.stdin
                        child.stdin.close()
        finally:
            with self._lock:
                self._alive.discard(child)

    def end(self) -> None:
        """Kill those at work, and start no more. What they were writing is removed by who waits for them."""
        with self._lock:
            self._ended = True
            for child in self._alive:
                child.kill()


def _start(python: str) -> subprocess.Popen[str]:
    """Raises SourceFailed: the interpreter cannot be started."""
    try:
        return subprocess.Popen(
            [python, "-m", "src.models.prepare.prepare_process"],
            cwd=_SERVICE,
            env=environment_of_children(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise SourceFailed(
            f"{python}, which is to convert it, cannot be started ({error.strerror}): set MODEL_CONVERT_PYTHON to a"
            " Python that has what conversion needs, or to nothing"
        ) from error
