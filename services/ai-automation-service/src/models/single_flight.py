"""A value that is made by the first caller that needs it while the others wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from src.errors import ModelUnavailable

T = TypeVar("T")

REMEMBERED = 60.0  # seconds for which a failed load is not tried again


class SingleFlight(Generic[T]):
    """Loads once, however many threads ask; remembers a failure for a minute.

    Args:
        load: makes the value; raises ModelUnavailable when it cannot.
        clock: seconds, monotonic.
    """

    def __init__(self, load: Callable[[], T], clock: Callable[[], float]) -> None:
        self._load = load
        self._clock = clock
        self._lock = threading.Lock()
        self._value: T | None = None
        self._failed: tuple[float, ModelUnavailable] | None = None
        self.seconds: float | None = None  # what the load took

    @property
    def value(self) -> T | None:
        """What was loaded; None before. Never waits."""
        return self._value

    @property
    def failure(self) -> ModelUnavailable | None:
        """The failure of the last load while it is remembered. Never waits."""
        failed = self._failed
        return failed[1] if failed and self._clock() - failed[0] < REMEMBERED else None

    def get(self) -> T:
        """The value.

        Raises:
            ModelUnavailable: it could not be loaded, now or within the last minute.
        """
        if self._value is not None:
            return self._value
        with self._lock:
            if (made := self.value) is not None:  # by the thread that this one waited for
                return made
            if failure := self.failure:
                # A new one: threads must not share a traceback.
                raise ModelUnavailable(failure.about or "", failure.tried)
            started = time.perf_counter()
            try:
                self._value = self._load()
            except ModelUnavailable as error:
                self._failed = (self._clock(), error)
                raise
            self.seconds = time.perf_counter() - started
            return self._value
