"""Runs in the background, one at a time for a home, whatever process or person asked."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from src.analysis.pipeline import Clock, DetectRequest, Pipeline, failure
from src.domain.runs import Run, RunState, RunTrigger
from src.errors import NoHistory, NotFound, RunError, RunInProgress, RunInterrupted, ServiceError
from src.jobs.lease import KeptLease
from src.observability import metrics, tracing
from src.observability.context import hand_over, in_run
from src.store.owners import new_owner, retire, take
from src.store.store import Store

logger = logging.getLogger(__name__)

RUN_LEASE = "run"
_LOOK = 0.25  # seconds between two looks at another process's run
_SLICE = 1.0  # seconds of waiting before the stop signal is looked at again
_HANDOVER = 2.0  # seconds that another process may be between taking the lease and recording its run


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


@dataclass
class _Work:
    """The run this process is at, or was last.

    Attributes:
        cut_off: records that it did not end, in the name of whoever asked for it.
    """

    run: Run
    lease: KeptLease
    cut_off: Callable[[], object]
    progress: RunProgress = RunProgress("queued", 0, 0, "")
    ended: Event = field(default_factory=Event)
    given_up: bool = False  # its record was ended without it

    def report(self, stage: str, done: float, total: float, unit: str = "") -> None:
        self.progress = RunProgress(stage, done, total, unit)


class Runner:
    """One worker thread; the database lease keeps other processes' runners out.

    A request that the running one answers joins it; another one is refused with RunInProgress.

    Args:
        ended: is told of each run that was executed here, as it is recorded then.
    """

    def __init__(
        self,
        store: Store,
        pipeline: Pipeline,
        *,
        clock: Clock,
        ended: Callable[[Run], object] = lambda run: None,
    ) -> None:
        self._store = store
        self._pipeline = pipeline
        self._clock = clock
        self._ended = ended
        self._owner = new_owner()
        self._lock = Lock()
        self._work: _Work | None = None
        self._stopping = Event()

    def recover(self) -> list[Run]:
        """Mark runs failed that a dead process left running (its lease has expired or it was this host's and its
        process is gone). Called at start."""
        with self._lock:
            if self._busy() is not None or not self._store.runs.running():
                return []
            if not take(self._store, RUN_LEASE, self._owner, now=self._clock()):
                return []
            try:
                return self._fail_abandoned()
            finally:
                self._store.leases.release(RUN_LEASE, self._owner)

    def submit(
        self, request: DetectRequest, *, trigger: RunTrigger, night: str | None = None, resumes: str | None = None
    ) -> Submitted:
        """Begin a run in the background.

        Args:
            resumes: id of the first run of this request, if it was interrupted and this one does it again.

        Raises:
            InputError: what can be seen at once. NoHistory: there is nothing to mine. RunInProgress.
            RunError: the service is stopping.
        """
        request.check()
        with self._lock:
            if self._stopping.is_set():
                raise RunError("The service is stopping and takes no new run.", "Ask again when it is back.")
            current = self._current()
            if current is not None:
                return _joined(current, request)
            if request.history is None and self._store.events.span() is None:
                raise NoHistory
            elsewhere = self._acquire()
            if elsewhere is not None:
                return _joined(elsewhere, request)
            return Submitted(self._begin(request, trigger, night, resumes), joined=False)

    def wait(self, run_id: str, timeout: float | None = None) -> Run:
        """The run once it has ended, or as it is after ``timeout`` s. Raises NotFound."""
        work = self._work
        if work is not None and work.run.id == run_id:
            work.ended.wait(timeout)
            return self._store.runs.get(run_id)
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            run = self._store.runs.get(run_id)
            left = _LOOK if until is None else until - time.monotonic()
            if run.state is not RunState.RUNNING or left <= 0 or self._stopping.is_set():
                return run
            self._stopping.wait(min(_LOOK, left))
            self.recover()

    def wait_for_end(self, run_id: str, closing: Event) -> Run | None:
        """The run once it has ended; None when ``closing`` is set before, or there is no such run."""
        while not closing.is_set():
            try:
                run = self.wait(run_id, _SLICE)
            except NotFound:
                return None
            if run.state is not RunState.RUNNING:
                return run
        return None

    def progress(self, run_id: str) -> RunProgress | None:
        """Progress of a run of this process, None for others."""
        work = self._work
        return work.progress if work is not None and work.run.id == run_id else None

    def stop(self) -> None:
        """Take no new work, and tell the run under way to end. Returns at once: for a signal's handler."""
        self._stopping.set()

    def close(self, timeout: float = 10.0) -> None:
        """Stop taking work; a run still going after ``timeout`` s is marked failed as interrupted."""
        self.stop()
        with self._lock:
            work = self._busy()
        if work is not None and not work.ended.wait(timeout):
            work.given_up = True
            work.cut_off()
            work.lease.give_back()
        retire(self._owner)

    def _current(self) -> Run | None:
        """The run of this process as its record stands."""
        work = self._busy()
        if work is None:
            return None
        run = self._store.runs.get(work.run.id)
        if run.state is RunState.RUNNING:
            return run
        # People can see that it has ended; its thread is giving back the lease.
        work.ended.wait(_HANDOVER)
        return None

    def _busy(self) -> _Work | None:
        work = self._work
        return None if work is None or work.ended.is_set() else work

    def _acquire(self) -> Run | None:
        """Take the lease; else the run of the process that holds it.

        Raises:
            RunError: another process holds it and does not say for what.
        """
        until = time.monotonic() + _HANDOVER
        while not take(self._store, RUN_LEASE, self._owner, now=self._clock()):
            running = self._store.runs.running()
            if running:
                return running[-1]
            if time.monotonic() >= until:
                raise RunError(
                    "Another process has this home's lease and has recorded no run.",
                    "If that process died, its lease runs out within a minute; ask again then.",
                )
            self._stopping.wait(_LOOK / 5)
        # Whoever holds the lease is the only one at work, so what is still recorded as running was abandoned.
        self._fail_abandoned()
        return None

    def _fail_abandoned(self) -> list[Run]:
        return [self._fail(run, "its process is gone") for run in self._store.runs.running()]

    def _fail(self, run: Run, why: str) -> Run:
        with in_run(run.id):
            logger.warning("run_interrupted", extra={"run": run.id, "why": why})
        metrics.run_ended(run.trigger, "interrupted")
        return self._store.runs.fail(run.id, failure(run.id, RunInterrupted(run.id, why)), now=self._clock())

    def _begin(self, request: DetectRequest, trigger: RunTrigger, night: str | None, resumes: str | None) -> Run:
        """Record the run and start its thread. The lease is held; it is given back when the run ends."""
        try:
            run = self._store.runs.start(
                trigger=trigger, request=request.to_json(), now=self._clock(), night=night, resumes=resumes
            )
        except BaseException:
            self._store.leases.release(RUN_LEASE, self._owner)
            raise
        with in_run(run.id):
            lease = KeptLease(self._store, RUN_LEASE, self._owner, clock=self._clock)
            work = self._work = _Work(run, lease, hand_over(self._fail, run, "the service was stopped"))
            execute = hand_over(self._execute, work, request)
        # A daemon: a run must not keep a process alive that was told to end; the record says it was interrupted.
        Thread(target=execute, name=f"run-{run.id}", daemon=True).start()
        return run

    def _execute(self, work: _Work, request: DetectRequest) -> None:
        began, outcome = time.perf_counter(), "failed"
        try:
            with tracing.span("run", {"run.id": work.run.id, "run.trigger": work.run.trigger}):
                run = self._pipeline.run(work.run, request, progress=work.report, stopping=self._stopping)
            outcome = "succeeded"
            logger.info("run_succeeded", extra={"run": run.id, "found": run.counts.get("found")})
        except ServiceError as error:
            outcome = "interrupted" if isinstance(error, RunInterrupted) else "failed"
            logger.info("run_ended", extra={"run": work.run.id, "code": error.code})
        except Exception:
            # The pipeline has recorded it in the run; there is nobody above this thread to tell.
            logger.exception("run_ended", extra={"run": work.run.id, "code": "internal"})
        finally:
            if not work.given_up:
                metrics.run_ended(work.run.trigger, outcome, time.perf_counter() - began)
            work.lease.give_back()
            work.ended.set()
            self._tell(work.run.id)

    def _tell(self, run_id: str) -> None:
        try:
            self._ended(self._store.runs.get(run_id))
        except ServiceError as error:
            logger.warning("run_not_announced", extra={"run": run_id, "code": error.code, "why": error.message})


def _joined(run: Run, request: DetectRequest) -> Submitted:
    """The run under way, where it does what was asked for; one that imports first does more than one that does not."""
    asked = request.to_json()
    more = {"history": run.request.get("history"), "entities": run.request.get("entities")}
    if run.request in (asked, asked if request.history is not None else {**asked, **more}):
        return Submitted(run, joined=True)
    raise RunInProgress(run.id)
