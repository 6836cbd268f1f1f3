"""Does again what was asked for by the API and interrupted: the service was stopped, or it died in the middle.

The nightly run needs none of this: :class:`src.jobs.nightly.Nightly` asks by itself whether its night wants a run.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Event, Lock, Thread

from src.analysis.pipeline import Clock, DetectRequest, failure
from src.domain.local_time import DAY
from src.domain.patterns import Json
from src.domain.runs import Run, RunState, RunTrigger
from src.errors import InputError, NoHistory, RunInProgress, RunInterrupted, ServiceError
from src.jobs.lease import KeptLease
from src.jobs.runner import Runner
from src.store.owners import new_owner, retire, take
from src.store.store import Store

logger = logging.getLogger(__name__)

TIMES = 2  # a request is resumed; a run that kills its process each time must not do so for ever
NOT_AFTER = DAY  # a request that is older is not what anybody waits for
_LEASE = "resuming"
_EVERY = 30.0  # s; a run of a process that died elsewhere is known to be dead when its lease has run out


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A request whose last run was interrupted.

    Attributes:
        last: that run.
        begun: how often it was begun.
    """

    last: Run
    begun: int

    @property
    def first(self) -> str:
        """Id of the run by which it was asked for."""
        return self.last.resumes or self.last.id

    @property
    def given_up(self) -> bool:
        return self.begun > TIMES


class Resuming:
    """A thread that looks for interrupted runs, and submits each again.

    Args:
        every: seconds between two looks.
    """

    def __init__(self, runner: Runner, store: Store, *, clock: Clock, every: float = _EVERY) -> None:
        self._runner = runner
        self._store = store
        self._clock = clock
        self._every = every
        self._owner = new_owner()
        self._one_at_a_time = Lock()
        self._closing = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread = Thread(target=self._keep_looking, name="resuming", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Submit no more. Returns at once: for a signal's handler."""
        self._closing.set()

    def close(self, timeout: float = 5.0) -> None:
        """End. A run that is under way is the runner's to end."""
        self.stop()
        if self._thread is not None:
            self._thread.join(timeout)
        retire(self._owner)

    def look(self) -> list[Run]:
        """Do again what was interrupted, one after the other; the runs that did it, as they ended.

        A second caller waits for the first.

        Raises:
            RunError: the service is stopping. StoreError.
        """
        with self._one_at_a_time:
            return self._look()

    def _look(self) -> list[Run]:
        self._runner.recover()
        if self._closing.is_set() or not self._waiting():
            return []
        # Several processes may start at once, and each finds the same.
        if not take(self._store, _LEASE, self._owner, now=self._clock()):
            return []
        lease = KeptLease(self._store, _LEASE, self._owner, clock=self._clock)
        try:
            ended: list[Run] = []
            # Each time anew: a run that was waited for, or that somebody asked for meanwhile, may do for the rest.
            while not self._closing.is_set() and (waiting := self._waiting()):
                run = self._resume(waiting[0])
                ended += [] if run is None else [run]
            return ended
        finally:
            lease.give_back()

    def _keep_looking(self) -> None:
        while True:
            try:
                self.look()
            except ServiceError as error:
                logger.warning("runs_not_resumed", extra={"code": error.code, "why": error.message})
            except Exception:
                logger.exception("runs_not_resumed")  # the thread has to live
            if self._closing.wait(self._every):
                return

    def _waiting(self) -> list[Interrupted]:
        """What is to be done again, in the order in which it was asked for; explains what is given up."""
        since = self._clock() - NOT_AFTER
        if not any(_interrupted(run) for run in self._store.runs.since(since, state=RunState.FAILED)):
            return []
        waiting: list[Interrupted] = []
        for each in interrupted(self._store.runs.since(since)):
            if each.given_up:
                self._explain(each)
            else:
                waiting.append(each)
        return waiting

    def _explain(self, given_up: Interrupted) -> None:
        error = _reason(given_up)
        if given_up.last.error != error:
            logger.warning("run_given_up", extra={"run": given_up.last.id, "begun": given_up.begun})
            self._store.runs.explain(given_up.last.id, error)

    def _resume(self, interrupted: Interrupted) -> Run | None:
        """Submit it; the run when it has ended. None: something else is under way and was waited for, or the end."""
        try:
            request = DetectRequest.from_json(interrupted.last.request)
            submitted = self._runner.submit(request, trigger=interrupted.last.trigger, resumes=interrupted.first)
        except RunInProgress as busy:
            self._runner.wait_for_end(busy.about or "", self._closing)
            return None
        except (InputError, NoHistory) as error:
            return self._refused(interrupted, error)
        if not submitted.joined:
            logger.info("run_resumed", extra={"run": submitted.run.id, "resumes": interrupted.first})
        return self._runner.wait_for_end(submitted.run.id, self._closing)

    def _refused(self, interrupted: Interrupted, error: ServiceError) -> Run:
        """Record what cannot be asked any more, such as a file that is gone, so that people see it and it ends."""
        logger.warning("run_not_resumed", extra={"resumes": interrupted.first, "code": error.code})
        last, now = interrupted.last, self._clock()
        run = self._store.runs.start(trigger=last.trigger, request=last.request, now=now, resumes=interrupted.first)
        return self._store.runs.fail(run.id, failure(run.id, error), now=now)


def interrupted(runs: Iterable[Run]) -> list[Interrupted]:
    """Requests of the API whose last run was interrupted, and that nothing has answered since.

    Answered by a later run of the same request, whatever became of it, or by a later whole run that succeeded.

    Args:
        runs: all of some time, in the order in which they began.
    """
    begun: dict[str, int] = {}
    waiting: dict[str, Interrupted] = {}
    for run in runs:
        first = run.resumes or run.id
        begun[first] = begun.get(first, 0) + 1
        whole = run.whole and run.state is RunState.SUCCEEDED
        waiting = {id: each for id, each in waiting.items() if not (whole or each.last.request == run.request)}
        if _interrupted(run):
            waiting[first] = Interrupted(run, begun[first])
    return list(waiting.values())


def _interrupted(run: Run) -> bool:
    """On the command line whoever interrupts a run has seen it end."""
    code = None if run.error is None else run.error.get("code")
    return run.trigger is RunTrigger.API and run.state is RunState.FAILED and code == RunInterrupted.code


def _reason(given_up: Interrupted) -> Json:
    run_id = given_up.last.id
    return {
        "code": RunInterrupted.code,
        "message": f"Run {run_id} did not finish, and neither did those before it: it was begun {given_up.begun} times"
        " and interrupted each time. It is not begun again.",
        "remedy": "If nobody stopped the service, it most likely took more memory than there is: give the service more,"
        " or ask for a shorter span (start, end), and start another.",
    }
