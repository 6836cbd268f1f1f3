"""A clock that hardly moves while anything works, and then goes on to the next thing that is due.

Home Assistant runs as it is: its event loop asks this clock, and so do all who ask for the time of day. To be set
before the first of its modules is imported, for they keep what they import.
"""

from __future__ import annotations

import asyncio
import datetime as datetime_module
import selectors
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

_REAL = datetime_module.datetime
_LOOK = 2e-5  # s of its own time that a look at it takes
_WAITING = 0.002  # s of real time between two looks at what still works


class FrozenClock:
    """The time, in s since the epoch; it moves by :meth:`advance`, and a little whenever it is looked at.

    Without that, what follows from a thing would happen in the same instant, and nobody could tell which came first.
    """

    def __init__(self, now: float) -> None:
        self.now = now

    def look(self) -> float:
        self.now += _LOOK
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class _LikeDatetime(type):
    """Real datetimes are instances of the class that stands for them."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _REAL)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, _REAL)


def set_clock(clock: FrozenClock) -> None:
    """Make it the time of this process. Timeouts of threads go on by the real one."""

    class Frozen(_REAL, metaclass=_LikeDatetime):
        def __new__(cls, *args: Any, **named: Any) -> Any:
            return _REAL(*args, **named)

        @classmethod
        def now(cls, tz: datetime_module.tzinfo | None = None) -> Any:
            return _REAL.fromtimestamp(clock.look(), tz)

        @classmethod
        def utcnow(cls) -> Any:
            return _REAL.fromtimestamp(clock.look(), datetime_module.UTC).replace(tzinfo=None)

    datetime_module.datetime = Frozen  # type: ignore[misc]  # the module's own name is what others look up
    time.time = clock.look


class FrozenLoop(asyncio.SelectorEventLoop):
    """An event loop on a frozen clock: it waits for what works, in threads too, and jumps where it would sleep.

    Args:
        working: whether a thread that the loop does not know still has to do.

    Attributes:
        frozen: while it is not, time passes as it does; so what starts threads of its own can be waited for.
    """

    def __init__(self, clock: FrozenClock, working: Callable[[], bool]) -> None:
        self._clock = clock
        self.frozen = False
        self._elsewhere = working
        self._jobs = 0
        super().__init__(_Patient(self))
        # What a float can tell apart at today's date; less, and what is due just now would never be.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._clock.now

    def run_in_executor(  # type: ignore[override]  # the types of func are its caller's affair
        self, executor: Executor | None, func: Any, *args: Any
    ) -> Any:
        future = super().run_in_executor(executor, func, *args)
        self._jobs += 1
        future.add_done_callback(self._job_done)
        return future

    def _job_done(self, _: object) -> None:
        self._jobs -= 1

    @property
    def working(self) -> bool:
        return self._jobs > 0 or self._elsewhere()

    def jump(self, seconds: float) -> None:
        self._clock.advance(seconds)


class _Patient(selectors.DefaultSelector):
    """Where an event loop sleeps: until something is heard, or everything else is done and the clock has moved."""

    def __init__(self, loop: FrozenLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        if not self._loop.frozen:
            before = time.monotonic()
            heard = super().select(timeout)
            self._loop.jump(time.monotonic() - before)
            return heard
        while self._loop.working:
            if heard := super().select(_WAITING):
                return heard
        if heard := super().select(0):
            return heard
        if timeout is None:
            return super().select(_WAITING)
        self._loop.jump(timeout)
        return []
