"""Who holds a lease, and whether they are still alive."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from threading import Lock
from uuid import uuid4

from src.domain.events import MICROSECONDS
from src.store.store import Store

TTL = 60 * MICROSECONDS

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


def take(store: Store, name: str, owner: str, *, now: int, ttl: int = TTL) -> bool:
    """Acquire a lease, from a dead process of this host too. False while somebody else's is valid.

    Looks before it writes: whoever waits for a lease asks often.
    """
    holder = store.leases.holder(name, now=now)
    if holder is not None and holder != owner:
        if not surely_dead(holder):
            return False
        store.leases.release(name, holder)
    return store.leases.acquire(name, owner, now=now, ttl=ttl)
