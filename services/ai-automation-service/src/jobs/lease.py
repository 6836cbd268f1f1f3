"""How a lease is kept while work goes on."""

from __future__ import annotations

import logging
from threading import Event, Thread

from src.analysis.pipeline import Clock
from src.domain.events import MICROSECONDS
from src.errors import StoreError
from src.observability.context import hand_over
from src.store.owners import TTL
from src.store.store import Store

logger = logging.getLogger(__name__)

_RENEWALS = 3  # chances to renew before a lease runs out


class KeptLease:
    """A lease that was taken, renewed by a thread until it is given back."""

    def __init__(self, store: Store, name: str, owner: str, *, clock: Clock) -> None:
        self._store = store
        self._name = name
        self._owner = owner
        self._clock = clock
        self._done = Event()
        self._thread = Thread(target=hand_over(self._keep), name=f"lease-{name}", daemon=True)
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
