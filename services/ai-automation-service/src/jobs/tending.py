"""Looking after deployed automations: now at the start, and every half minute while there is something to do."""

from __future__ import annotations

import logging
from threading import Event, Thread

from src.analysis.deploying import Deployments
from src.errors import ServiceError

logger = logging.getLogger(__name__)

_EVERY = 30.0  # s; a look at our own database, and at Home Assistant only where something is open


class Tending:
    """A thread around :meth:`Deployments.tend`."""

    def __init__(self, deployments: Deployments, *, every: float = _EVERY) -> None:
        self._deployments = deployments
        self._every = every
        self._closing = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin with what a process that died left open."""
        self._thread = Thread(target=self._tend, name="tending", daemon=True)
        self._thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """End; a step that Home Assistant keeps waiting is left to the next process."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _tend(self) -> None:
        while True:
            try:
                self._deployments.tend()
            except ServiceError as error:
                logger.warning("automations_not_tended", extra={"code": error.code, "why": error.message})
            except Exception:
                logger.exception("automations_not_tended")  # the thread has to live
            if self._closing.wait(self._every):
                return
