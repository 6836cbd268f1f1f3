"""One at a time changes the automations of a home: in this process by a lock, among processes by a lease."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from src.domain.events import MICROSECONDS
from src.errors import AutomationBusy
from src.store.owners import new_owner, retire, take
from src.store.store import Store

_NAME = "automations"
_TTL = 120 * MICROSECONDS  # longer than Home Assistant may take for one step
_PATIENCE = 30.0  # s
_PAUSE = 0.2  # s


class Turns:
    """Hands out the turn.

    Args:
        clock: µs UTC.
        wait: sleeps for so many seconds.
    """

    def __init__(self, store: Store, clock: Callable[[], int], wait: Callable[[float], None] = time.sleep) -> None:
        self._store = store
        self._clock = clock
        self._wait = wait
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, patience: float = _PATIENCE) -> Iterator[Callable[[], None]]:
        """Wait for the turn and have it. What is yielded is called before each step: it keeps the turn.

        Args:
            patience: s.

        Raises:
            AutomationBusy: another still had it after that time, or has taken it over since.
        """
        if not (self._lock.acquire(timeout=patience) if patience else self._lock.acquire(blocking=False)):
            raise AutomationBusy
        try:
            owner = new_owner()
            try:
                self._take(owner, patience)
                try:
                    yield lambda: self._keep(owner)
                finally:
                    self._store.leases.release(_NAME, owner)
            finally:
                retire(owner)
        finally:
            self._lock.release()

    def _take(self, owner: str, patience: float) -> None:
        waited = 0.0
        while not take(self._store, _NAME, owner, now=self._clock(), ttl=_TTL):
            if waited >= patience:
                raise AutomationBusy
            self._wait(_PAUSE)
            waited += _PAUSE

    def _keep(self, owner: str) -> None:
        # Lost where the machine slept: whoever took it over has settled what was begun here.
        if not self._store.leases.acquire(_NAME, owner, now=self._clock(), ttl=_TTL):
            raise AutomationBusy
