"""The stages of a run: which one it is in, how long each took, and whether to go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

from src.domain.progress import Progress
from src.errors import RunInterrupted
from src.observability import metrics, tracing
from src.store.store import Store

STAGES = (
    "look",
    "import",
    "load",
    "mine",
    "describe",
    "identify",
    "embed",
    "retrieve",
    "rerank",
    "classify",
    "publish",
)
metrics.expect_stages(STAGES)


class Stages:
    """Records the stage in the run before it begins, and its seconds after it.

    Args:
        wait: for an event, so many seconds at most.

    Attributes:
        timings: seconds by stage.
    """

    def __init__(
        self,
        store: Store,
        run_id: str,
        progress: Progress,
        stopping: Event | None,
        wait: Callable[[Event, float], object] = Event.wait,
    ) -> None:
        self._store = store
        self._run_id = run_id
        self._progress = progress
        self._stopping = stopping or Event()
        self._wait = wait
        self.timings: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Raises RunInterrupted before the stage when the process is stopping."""
        self.check()
        self._store.runs.stage(self._run_id, name)
        self._progress(name, 0, 0)
        with tracing.span(f"stage {name}", {"run.stage": name}):
            began = time.perf_counter()
            yield
            seconds = time.perf_counter() - began
        self.timings[name] = round(seconds, 3)
        metrics.STAGE_SECONDS.labels(name).observe(seconds)

    def report(self, stage: str, done: float, total: float, unit: str = "") -> None:
        """Tell of progress within a stage. Raises RunInterrupted when the process is stopping."""
        self._check()
        self._progress(stage, done, total, unit)

    @property
    def check(self) -> Callable[[], None]:
        """Call it between pieces of work: raises RunInterrupted when the process is stopping."""
        return self._check

    def pause(self, seconds: float) -> None:
        """Do nothing for a while. Raises RunInterrupted at once when the process is stopping."""
        self._wait(self._stopping, seconds)
        self._check()

    def _check(self) -> None:
        if self._stopping.is_set():
            raise RunInterrupted(self._run_id, "the service was stopped")
