"""Reads the state of the service for one scrape. What cannot be read is left out and counted; the rest is told."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar, get_args

from prometheus_client import Metric

from src import __version__
from src.api.services import Services
from src.box.cpus import allowed_cpus
from src.box.disk import free_bytes
from src.box.memory import available_memory, box_memory
from src.domain.events import MICROSECONDS
from src.domain.patterns import Kind
from src.domain.runs import Run, RunState
from src.jobs.live import LiveState
from src.models.download.board import Stage
from src.observability import state
from src.observability.metrics import REGISTRY, SCRAPE_ERRORS
from src.observability.state import Readings

logger = logging.getLogger(__name__)

PATIENCE = 1.0  # seconds that a scrape waits for the database
_NEWEST = 5  # runs that are looked at; one of them has ended

T = TypeVar("T")


class Patient(Generic[T]):
    """Asks in a thread of its own, which may take longer than whoever asks will wait.

    The thread is a daemon, and there is one at a time: whoever asks meanwhile waits for the same answer.
    """

    def __init__(self, ask: Callable[[], T], patience: float) -> None:
        self._ask = ask
        self._patience = patience
        self._lock = threading.Lock()
        self._pending: Future[T] | None = None

    def answer(self) -> T:
        """Raises TimeoutError, or what asking raised."""
        with self._lock:
            pending = self._pending
            if pending is None:
                pending = self._pending = Future()
                threading.Thread(target=self._work, args=(pending,), name="scrape", daemon=True).start()
        return pending.result(self._patience)

    def _work(self, pending: Future[T]) -> None:
        answer: T | None = None
        failed: Exception | None = None
        try:
            answer = self._ask()
        except Exception as error:
            failed = error
        with self._lock:
            self._pending = None
        if failed is None:
            pending.set_result(answer)  # type: ignore[arg-type]  # it is a T where nothing failed
        else:
            pending.set_exception(failed)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What the store says of runs."""

    newest: tuple[Run, ...]
    success: Run | None


class Scraper:
    """Everything that ``GET /metrics`` tells, as the library's encoders take it.

    Args:
        patience: seconds to wait for the database.
    """

    def __init__(self, services: Services, patience: float = PATIENCE) -> None:
        self._services = services
        self._runs = Patient(self._recorded, patience)
        self._next = Patient(lambda: services.nightly.next_run, patience)
        self._success: tuple[object, Run | None] = (None, None)
        self._failing: set[str] = set()

    def collect(self) -> Iterator[Metric]:
        """The state first, so that what of it cannot be read is counted in the same scrape."""
        readings = Readings()
        readings.put(state.INFO, 1, __version__)
        parts: dict[str, Callable[[Readings], None]] = {
            "runs": self._read_runs,
            "schedule": self._read_schedule,
            "models": self._read_models,
            "downloads": self._read_downloads,
            "live": self._read_live,
            "limits": _read_limits,
            "disk": self._read_disk,
        }
        for part, read in parts.items():
            self._attempt(part, read, readings)
        yield from readings.collect()
        yield from REGISTRY.collect()

    def _attempt(self, part: str, read: Callable[[Readings], None], readings: Readings) -> None:
        try:
            read(readings)
        except Exception as error:
            SCRAPE_ERRORS.labels(part).inc()
            if part not in self._failing:  # said once; the counter tells how long
                self._failing.add(part)
                logger.warning("scrape_incomplete", extra={"part": part, "why": str(error) or type(error).__name__})
        else:
            self._failing.discard(part)

    def _recorded(self) -> _Recorded:
        runs = self._services.store.runs
        newest = tuple(runs.page(limit=_NEWEST).items)
        # The search for the last success reads many records, so it is made anew only when a run began or ended.
        key = tuple((run.id, run.state) for run in newest)
        if self._success[0] != key:
            self._success = (key, runs.latest_success())
        return _Recorded(newest, self._success[1])

    def _read_runs(self, readings: Readings) -> None:
        recorded = self._runs.answer()
        running = any(run.state is RunState.RUNNING for run in recorded.newest)
        readings.put(state.RUN_IN_PROGRESS, running)
        ended = [run.finished_at for run in recorded.newest if run.finished_at is not None]
        readings.put(state.LAST_RUN, _seconds(max(ended, default=None)))
        success = recorded.success
        if success is None:
            return
        readings.put(state.LAST_SUCCESS, _seconds(success.finished_at))
        for kind in Kind:
            readings.put(state.PATTERNS_TESTED, success.counts.get(f"tested_{kind}"), kind)
            readings.put(state.PATTERNS_KEPT, success.counts.get(f"found_{kind}"), kind)

    def _read_schedule(self, readings: Readings) -> None:
        due = self._next.answer()
        readings.put(state.NEXT_NIGHTLY, None if due is None else due.timestamp())

    def _read_models(self, readings: Readings) -> None:
        waiting = self._services.models.waiting()
        for name, info in self._services.models.get_model_info().items():
            loaded = info["state"] == "loaded"
            readings.put(state.MODEL_LOADED, loaded, name)
            readings.put(state.QUEUE_SEQUENCES, waiting.get(name, 0), name)
            readings.put(state.MODEL_MEMORY, info["memory_bytes"] if loaded else 0, name)

    def _read_downloads(self, readings: Readings) -> None:
        for download in self._services.models.downloads:
            readings.put(state.DOWNLOAD_BYTES, download.bytes_done, download.name)
            readings.put(state.DOWNLOAD_TOTAL, download.bytes_total, download.name)
            for stage in get_args(Stage):
                readings.put(state.DOWNLOAD_STAGE, download.stage == stage, download.name, stage)

    def _read_live(self, readings: Readings) -> None:
        if self._services.live is None:
            return
        status = self._services.live.status()
        readings.put(state.LIVE_CONNECTED, status.state in (LiveState.FILLING, LiveState.LISTENING))
        readings.put(state.LIVE_EVENTS, status.events)
        readings.put(state.LIVE_LAST_EVENT, _seconds(status.last_event))

    def _read_disk(self, readings: Readings) -> None:
        settings = self._services.settings
        for name, folder in (("data", settings.data_dir), ("models", settings.models_dir)):
            readings.put(state.DISK_FREE, free_bytes(folder), name)


def _read_limits(readings: Readings) -> None:
    box = box_memory()
    readings.put(state.MEMORY_LIMIT, box.limit if box else available_memory())
    readings.put(state.MEMORY_HELD, box.held if box else None)
    readings.put(state.CPUS_ALLOWED, allowed_cpus() or os.cpu_count())


def _seconds(instant: int | None) -> float | None:
    return None if instant is None else instant / MICROSECONDS
