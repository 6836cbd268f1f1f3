"""Which request and which run the code at hand works for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the HTTP request that is being answered, or that asked for the work; None where no request did."""

run_id: ContextVar[str | None] = ContextVar("run_id", default=None)
"""The id of the run that is being executed, None outside of one."""


@contextmanager
def in_run(identifier: str) -> Iterator[None]:
    """Have all that is logged meanwhile belong to a run."""
    token = run_id.set(identifier)
    try:
        yield
    finally:
        run_id.reset(token)


def hand_over(work: Callable[..., object], *arguments: object) -> Callable[[], object]:
    """Work for another thread, which is to go on for the same request, run and trace: a thread begins with none."""
    return partial(copy_context().run, work, *arguments)
