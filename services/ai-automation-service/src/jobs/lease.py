"""Who holds a lease, whether they are still alive, and how a lease is kept while work goes on."""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path
from threading import Event, Lock, Thread
from uuid import uuid4

from src.analysis.pipeline import Clock
from src.domain.events import MICROSECONDS
from src.errors import StoreError
from src.store.store import Store

logger = logging.getLogger(__name__)

TTL = 60 * MICROSECONDS
_RENEWALS = 3  # chances to renew before a lease runs out

_alive_here: set[str] = set()
_guard = Lock()


def new_owner() -> str:
    """``host:pid:uuid`` of this process; to be given back with :func:`retire` when its owner has closed."""
    owner = f"{here()}:{os.getpid()}:{uuid4().hex}"
    with _guard:
        _alive_here.add(owner)
    return owner


def here() -> str:
    """Where a process number means the same process: the host, and on Linux its namespace of process numbers."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return f"{socket.gethostname()}/{''.join(filter(str.isdigit, namespace))}"


def retire(owner: str) -> None:
    """The owner will not come back; what it still holds may be taken."""
    with _guard:
        _alive_here.discard(owner)


def surely_dead(owner: str) -> bool:
    """Whether an owner was a process of this host that is gone. False when in doubt: its lease runs out by itself.

    A restarted container has its predecessor's host name and process number, so an owner with this process's own
    number is alive only if this process made it.
    """
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    if host != here() or not rest.isdigit():
        return False
    pid = int(rest)
    if pid == os.getpid():
        with _guard:
            return owner not in _alive_here
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def take(store: Store, name: str, owner: str, *, now: int) -> bool:
    """Acquire a lease, from a dead process of this host too. False while somebody else's is valid.

    Looks before it writes: whoever waits for a lease asks often.
    """
    holder = store.leases.holder(name, now=now)
    if holder is not None and holder != owner:
        if not surely_dead(holder):
            return False
        store.leases.release(name, holder)
    return store.leases.acquire(name, owner, now=now, ttl=TTL)


class KeptLease:
    """A lease that was taken, renewed by a thread until it is given back."""

    def __init__(self, store: Store, name: str, owner: str, *, clock: Clock) -> None:
        self._store = store
        self._name = name
        self._owner = owner
        self._clock = clock
        self._done = Event()
        self._thread = Thread(target=self._keep, name=f"lease-{name}", daemon=True)
        self._thread.start()

    def give_back(self) -> None:
        """Stop renewing and release; once more does no harm. Without a database the lease runs out by itself."""
        self._done.set()
        self._thread.join()
        try:
            self._store.leases.release(self._name, self._owner)
        except StoreError as error:
            logger.warning("lease_not_released", extra={"lease": self._name, "why": error.message})

    def renew(self) -> bool:
        """Put off the end of the lease; False once it is somebody else's."""
        try:
            if self._store.leases.acquire(self._name, self._owner, now=self._clock(), ttl=TTL):
                return True
        except StoreError as error:
            logger.warning("lease_not_renewed", extra={"lease": self._name, "why": error.message})
            return True
        # The machine slept past the end of the lease and another process went on; publishing will fail.
        logger.warning("lease_lost", extra={"lease": self._name})
        return False

    def _keep(self) -> None:
        while not self._done.wait(TTL / MICROSECONDS / _RENEWALS) and self.renew():
            pass
