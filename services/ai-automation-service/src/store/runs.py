"""Runs and what they published."""

from __future__ import annotations

from src.domain.patterns import Json
from src.domain.runs import Run, RunResult, RunTrigger, Shortlist
from src.store.pages import Page


class RunRepository:
    """One row a run. Publishing is one transaction: a run's results are there whole or not at all."""

    def start(self, *, trigger: RunTrigger, request: Json, now: int, night: str | None = None) -> Run:
        """Record a run that begins now (µs UTC); id ``r_`` and 16 hex digits."""
        raise NotImplementedError

    def stage(self, run_id: str, stage: str) -> None:
        """Note which stage a run is in."""
        raise NotImplementedError

    def publish(self, run_id: str, result: RunResult, *, now: int) -> Run:
        """Mark the run succeeded and replace what people see, in one transaction.

        Patterns are inserted or updated by id, keeping the status a person gave; a pattern this run did not find
        becomes stale unless a person accepted or rejected it; a stale one that is found again is new again.
        Shortlists are kept with the run.

        Raises:
            NotFound: no such run. RunInterrupted: the run is not running any more (its lease was taken over).
        """
        raise NotImplementedError

    def fail(self, run_id: str, error: Json, *, now: int) -> Run:
        """Mark a running run failed. What earlier runs published stays. No change to a run that has ended."""
        raise NotImplementedError

    def get(self, run_id: str) -> Run:
        """Raises NotFound."""
        raise NotImplementedError

    def page(self, *, limit: int = 20, cursor: str | None = None) -> Page[Run]:
        """Newest first."""
        raise NotImplementedError

    def running(self) -> list[Run]:
        """Runs recorded as running, oldest first. After a crash: those whose process died."""
        raise NotImplementedError

    def latest_success(self) -> Run | None:
        raise NotImplementedError

    def succeeded_night(self, night: str) -> Run | None:
        """The successful nightly run of that local date, if there is one."""
        raise NotImplementedError

    def shortlists(self, run_id: str) -> list[Shortlist]:
        """As they were published, in the order of the run."""
        raise NotImplementedError
