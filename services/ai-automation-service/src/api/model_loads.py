"""Loads that were asked for over HTTP, in threads of their own."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future

from src.errors import ServiceError
from src.models.model_manager import ModelManager
from src.observability.context import hand_over

logger = logging.getLogger(__name__)

_AT_ONCE = 2  # each fetches with a process of its own and compiles with every core


class ModelLoads:
    """One thread a model; whoever asks for the same meanwhile gets the same load.

    The threads are daemons: a download must not keep a process alive that was told to end. What it had fetched is
    still there for the next start.
    """

    def __init__(self, models: ModelManager) -> None:
        self._models = models
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        self._running: dict[str, Future[None]] = {}

    def begin(self, name: str) -> Future[None]:
        """Load a model in the background; the future raises what the load raised."""
        with self._lock:
            load = self._running.get(name)
            if load is None:
                load = self._running[name] = Future()
                work = hand_over(self._load, name, load)
                threading.Thread(target=work, name=f"load-{name}", daemon=True).start()
            return load

    def _load(self, name: str, load: Future[None]) -> None:
        error: Exception | None = None
        with self._turns:
            try:
                self._models.load(name)
            except ServiceError as failure:
                logger.warning("load_failed", extra={"model": name, "code": failure.code, "why": failure.message})
                error = failure
            except Exception as failure:
                logger.exception("load_failed", extra={"model": name, "code": "internal"})
                error = failure
        with self._lock:
            del self._running[name]
        if error is None:
            load.set_result(None)
        else:
            load.set_exception(error)
