"""Child processes from a server that has imported everything: really new ones, within milliseconds."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from typing import Any

import pytest
from sqlalchemy import Engine, event

# What a program does to files, as the interpreter tells it: https://docs.python.org/3/library/audit_events.html
_FILE_STEPS = {
    "open",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.remove",
    "os.chmod",
    "shutil.rmtree",
    "sqlite3.connect",
}

CONTEXT = multiprocessing.get_context("forkserver")
PATIENCE = 60.0  # seconds until a child counts as hanging
KILLED = -signal.SIGKILL


@contextmanager
def importable() -> Iterator[None]:
    """The fork server looks there for what it imports beforehand, not in this process's sys.path."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        yield


def started(work: Callable[..., None], *arguments: Any) -> ForkServerProcess:
    """A child at work."""
    process = CONTEXT.Process(target=work, args=arguments)
    process.start()
    return process


def exit_code(process: ForkServerProcess) -> int | None:
    """Of a child, once it has ended; None: it hung, and was killed."""
    process.join(PATIENCE)
    code = process.exitcode
    process.kill()
    process.join()
    process.close()
    return code


def kill_at(moment: int, folder: str) -> None:
    """Have this process kill itself right before its so manieth statement or step with a file there; 0: never."""
    left = [moment]

    def count(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(name: str, about: tuple[Any, ...]) -> None:
        if name in _FILE_STEPS and folder in str(about[0]).removeprefix("file:"):
            count()

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    sys.addaudithook(heard)
