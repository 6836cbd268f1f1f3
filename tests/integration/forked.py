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
