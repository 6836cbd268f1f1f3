"""Closing many parts in one bounded time, however many of them hang."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from threading import Thread

from src.errors import ServiceError

logger = logging.getLogger(__name__)


class Closing:
    """A number of seconds for all that is to be closed.

    Each part is closed in a thread of its own, which is left behind when it takes too long. What goes wrong in one is
    logged and keeps none of the others from being closed.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = clock() + seconds

    def together(self, parts: Mapping[str, Callable[[], object]], seconds: float) -> None:
        """Close these at once, and wait until all are closed, ``seconds`` have passed, or the whole time is used up."""
        until = min(self._until, self._clock() + seconds)
        threads = [
            Thread(target=partial(_close, name, part), name=f"closing-{name}", daemon=True)
            for name, part in parts.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, until - self._clock()))
        late = [name for name, thread in zip(parts, threads, strict=True) if thread.is_alive()]
        if late:
            logger.warning("not_closed_in_time", extra={"parts": late})


def _close(name: str, part: Callable[[], object]) -> None:
    try:
        part()
    except ServiceError as error:
        logger.warning("not_closed", extra={"part": name, "code": error.code, "why": error.message})
    except Exception:
        # There is nobody above this thread to tell, and nothing is left to do about it.
        logger.exception("not_closed", extra={"part": name})
