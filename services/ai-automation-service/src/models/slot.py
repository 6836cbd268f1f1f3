"""A place for one model: loaded once however many threads ask, kept while it is in use, given up when it is not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from src.errors import ModelUnavailable

T = TypeVar("T")

State = Literal["not_loaded", "loading", "loaded", "failed", "unloaded"]
Unloading = Literal["unloaded", "not_loaded", "in_use"]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long a failed load is not tried again: doubling with each failure in a row. In seconds."""

    first: float = 60.0
    longest: float = 1800.0

    def pause(self, failures: int) -> float:
        """After the n-th failure in a row, from 1."""
        return float(min(self.longest, self.first * 2 ** min(failures - 1, 32)))


@dataclass(frozen=True, slots=True)
class Failure:
    """A load that failed.

    Attributes:
        until: no new load before, by the slot's clock.
        count: failures in a row.
    """

    error: ModelUnavailable
    until: float
    count: int


class Slot(Generic[T]):
    """Holds a value that is expensive to make and to keep. Threads may use it at once.

    A lease keeps the slot from letting go of its value. Who holds the value without a lease (see :meth:`get`) can go on
    using it, but the memory is given back only when the last holder lets go.

    Args:
        load: makes the value; raises ModelUnavailable when it cannot. Other errors are passed on and not remembered.
        clock: seconds, monotonic.
    """

    def __init__(self, load: Callable[[], T], clock: Callable[[], float], retry: RetryPolicy = RetryPolicy()) -> None:
        self._load = load
        self._clock = clock
        self._retry = retry
        self._changed = threading.Condition()
        self._value: T | None = None
        self._state: State = "not_loaded"
        self._leases = 0
        self._used: float | None = None
        self._failure: Failure | None = None

    @property
    def state(self) -> State:
        return self._state

    @property
    def value(self) -> T | None:
        """What is loaded now; None when nothing is. Never waits."""
        return self._value

    @property
    def failure(self) -> Failure | None:
        """The last load's, when it failed."""
        return self._failure

    @property
    def leases(self) -> int:
        """How many use the value now."""
        return self._leases

    @property
    def used(self) -> float | None:
        """When it was last used or loaded, by the slot's clock; None: never."""
        return self._used

    @contextmanager
    def use(self) -> Iterator[T]:
        """A lease on the value, which is loaded if need be.

        Raises:
            ModelUnavailable: it could not be loaded, now or lately; see :class:`RetryPolicy`.
        """
        value = self._lease(again=False)
        try:
            yield value
        finally:
            self._release()

    def get(self, *, again: bool = False) -> T:
        """The value without a lease.

        Args:
            again: try a failed load again now, and count its failures anew.

        Raises:
            ModelUnavailable: as in :meth:`use`.
        """
        value = self._lease(again=again)
        self._release()
        return value

    def unload(self, timeout: float = 0.0) -> Unloading:
        """Let go of the value at the first moment without a lease. Callers that want it meanwhile still get it.

        Args:
            timeout: seconds to wait for that moment; ``in_use`` when it did not come.
        """
        with self._changed:
            free = self._changed.wait_for(lambda: not self._leases and self._state != "loading", timeout)
            return self._drop() if free else "in_use"

    def unload_idle(self, seconds: float) -> Unloading:
        """:meth:`unload` if nobody has used it for so long."""
        with self._changed:
            if self._leases or self._state == "loading":
                return "in_use"
            if self._used is not None and self._clock() - self._used < seconds:
                return "in_use"
            return self._drop()

    def _drop(self) -> Unloading:
        if self._value is None:
            return "not_loaded"
        self._value = None
        self._state = "unloaded"
        return "unloaded"

    def _lease(self, *, again: bool) -> T:
        with self._changed:
            while self._value is None:
                if self._state == "loading":
                    self._changed.wait()
                    again = False  # what the other thread's load came to holds for this one too
                elif self._failure and not again and self._clock() < self._failure.until:
                    # A new one: threads must not share a traceback.
                    raise ModelUnavailable(self._failure.error.about or "", self._failure.error.tried)
                else:
                    self._fill(anew=again)
            self._leases += 1
            return self._value

    def _release(self) -> None:
        with self._changed:
            self._leases -= 1
            self._used = self._clock()
            self._changed.notify_all()

    def _fill(self, *, anew: bool) -> None:
        """Load. Entered and left with the lock held, which is free meanwhile."""
        before, self._state = self._state, "loading"
        count = 0 if anew or self._failure is None else self._failure.count
        self._changed.release()
        value: T | None = None
        failed: ModelUnavailable | None = None
        try:
            value = self._load()
        except ModelUnavailable as error:
            # Without its traceback, which holds on to all that the load had in hand.
            failed = ModelUnavailable(error.about or "", error.tried)
            raise
        finally:
            self._changed.acquire()
            if value is not None:
                self._value, self._state, self._failure = value, "loaded", None
            elif failed is not None:
                count += 1
                self._state = "failed"
                self._failure = Failure(failed, self._clock() + self._retry.pause(count), count)
            else:
                self._state = before
            self._changed.notify_all()
