"""Runs in the background, one at a time for a home, whatever process or person asked."""

from __future__ import annotations

from dataclasses import dataclass

from src.analysis.pipeline import Clock, DetectRequest, Pipeline
from src.domain.runs import Run, RunTrigger
from src.settings import Settings
from src.store.store import Store


@dataclass(frozen=True, slots=True)
class Submitted:
    """A run and whether it was under way already. ``joined``: the same was asked before and has not ended."""

    run: Run
    joined: bool


@dataclass(frozen=True, slots=True)
class RunProgress:
    """Where a run is: stage, and how much of it is done (``total`` 0: not known)."""

    stage: str
    done: float
    total: float
    unit: str


class Runner:
    """One worker thread; the database lease keeps other processes' runners out.

    A request equal to the running one joins it; a different one is refused with RunInProgress.
    """

    def __init__(self, store: Store, pipeline: Pipeline, settings: Settings, *, clock: Clock) -> None:
        raise NotImplementedError

    def recover(self) -> list[Run]:
        """Mark runs failed that a dead process left running (its lease has expired or it was this host's and its
        process is gone). Called at start."""
        raise NotImplementedError

    def submit(self, request: DetectRequest, *, trigger: RunTrigger, night: str | None = None) -> Submitted:
        """Begin a run in the background. Raises RunInProgress, or InputError for what can be seen at once."""
        raise NotImplementedError

    def wait(self, run_id: str, timeout: float | None = None) -> Run:
        """The run once it has ended, or as it is after ``timeout`` s. Raises NotFound."""
        raise NotImplementedError

    def progress(self, run_id: str) -> RunProgress | None:
        """Progress of a run of this process, None for others."""
        raise NotImplementedError

    def close(self, timeout: float = 10.0) -> None:
        """Stop taking work; a run still going after ``timeout`` s is marked failed as interrupted."""
        raise NotImplementedError
