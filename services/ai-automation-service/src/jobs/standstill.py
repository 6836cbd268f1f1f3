"""A home at which nothing is in the middle of anything that must not be cut in two."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from src.analysis.pipeline import Clock
from src.analysis.turns import Turns
from src.errors import AutomationBusy, RestoreBlocked
from src.jobs.lease import KeptLease
from src.jobs.runner import RUN_LEASE
from src.store.owners import new_owner, retire, take
from src.store.store import Store

_LOOK = 0.25  # s


@contextmanager
def standstill(
    store: Store, clock: Clock, *, patience: float, wait: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """No run is at work and no automation is being changed, by any process, for as long as the context lasts.

    Args:
        patience: s to wait for the end of what is under way.
        wait: waits for so many seconds.

    Raises:
        RestoreBlocked: something still was after that time.
    """
    owner = new_owner()
    try:
        waited = 0.0
        while not take(store, RUN_LEASE, owner, now=clock()):
            if waited >= patience:
                running = store.runs.running()
                raise RestoreBlocked(f"Run {running[-1].id} is at work" if running else "A run is at work")
            wait(_LOOK)
            waited += _LOOK
        lease = KeptLease(store, RUN_LEASE, owner, clock=clock)
        try:
            with Turns(store, clock, wait=wait).turn(max(patience - waited, 0.0)):
                yield
        except AutomationBusy as error:
            raise RestoreBlocked("An automation is being changed") from error
        finally:
            lease.give_back()
    finally:
        retire(owner)
