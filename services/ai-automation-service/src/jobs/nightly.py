"""The nightly run: one a night whatever happens.

Two timers ask one question. At the due time, and every few minutes besides, :meth:`Nightly.look` asks whether the
latest due night still wants its run; a catch-up after a restart, a retry after a failure, a machine that slept
through the night or had a wrong clock when it started are all the same answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event, Lock

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from src.analysis.pipeline import Clock, DetectRequest, failure
from src.analysis.sources import standing_history
from src.domain.events import MICROSECONDS
from src.domain.local_time import zone
from src.domain.runs import Run, RunState, RunTrigger
from src.errors import InputError, NoHistory, RunInProgress, ServiceError
from src.jobs.lease import KeptLease
from src.jobs.nights import Night, Schedule, as_datetime
from src.jobs.runner import Runner
from src.observability import metrics
from src.settings import Settings
from src.store.owners import new_owner, retire, take
from src.store.store import Store

logger = logging.getLogger(__name__)

RETRIES = 3
RETRY_AFTER = 10 * 60 * MICROSECONDS
_LOOK_EVERY = 5 * 60  # seconds
_GRACE = 23 * 3600  # seconds a due time may be late and still count; the next one is due after 24 hours


class Nightly:
    """APScheduler around :class:`Runner`, with a catch-up at start and a lease per night in the database.

    Args:
        first: called before each look; waits for what was interrupted and is done again, which may do for the night.
    """

    def __init__(
        self,
        runner: Runner,
        store: Store,
        settings: Settings,
        *,
        clock: Clock,
        first: Callable[[], object] = lambda: None,
    ) -> None:
        self._runner = runner
        self._store = store
        self._settings = settings
        self._clock = clock
        self._first = first
        self._owner = new_owner()
        self._one_at_a_time = Lock()
        self._closing = Event()
        self._schedule: Schedule | None = None
        self._mark: str | None = None  # the restore that put there what the schedule was read from
        self._scheduler: BackgroundScheduler | None = None

    def start(self) -> None:
        """Catch up on a missed night, then schedule the next."""
        scheduler = BackgroundScheduler(timezone=UTC)
        options = {"coalesce": True, "max_instances": 1, "misfire_grace_time": _GRACE}
        scheduler.add_job(self.look, NightTrigger(lambda: self.schedule), id="night", **options)
        scheduler.add_job(
            self.look,
            IntervalTrigger(seconds=_LOOK_EVERY, timezone=UTC),
            id="look",
            next_run_time=datetime.now(UTC),
            **options,
        )
        scheduler.start()
        self._scheduler = scheduler
        logger.info("nightly_scheduled", extra={"schedule": str(self.schedule), "next": str(self.next_run)})

    @property
    def schedule(self) -> Schedule:
        """The schedule in the home's zone: TZ, else the history's own as it was first known; till then in UTC.

        A restore brings a home of its own.
        """
        mark = self._store.restored()
        if mark != self._mark:
            self._schedule, self._mark = None, mark
        if self._schedule is None:
            time_zone = self._settings.tz or self._store.events.time_zone()
            if time_zone is None:
                return Schedule(self._settings.analysis_schedule, "UTC")
            self._schedule = Schedule(self._settings.analysis_schedule, time_zone)
        return self._schedule

    @property
    def next_run(self) -> datetime | None:
        """When the next one is due, in the home's zone."""
        night = self.schedule.next(self._clock())
        return None if night is None else as_datetime(night.due).astimezone(zone(self.schedule.time_zone))

    def stop(self) -> None:
        """Ask no more. Returns at once: for a signal's handler."""
        self._closing.set()

    def close(self) -> None:
        """Ask no more. A run that is under way is the runner's to end."""
        self.stop()
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None
        retire(self._owner)

    def look(self) -> Run | None:
        """Run the latest due night if it still wants its run; returns that run when it has ended."""
        if self._closing.is_set() or not self._one_at_a_time.acquire(blocking=False):
            return None
        try:
            self._first()
            self._runner.recover()
            night = self.wanted()
            return None if night is None else self._run(night)
        except NoHistory:
            logger.info("night_without_history")
        except ServiceError as error:
            logger.warning("night_failed", extra={"code": error.code, "why": error.message})
        finally:
            self._one_at_a_time.release()
        return None

    def wanted(self) -> Night | None:
        """The latest due night, if it has not been run, nor made up for, nor failed too often or too lately."""
        now = self._clock()
        night = self.schedule.last(now)
        if night is None or self._store.runs.succeeded_night(night.date) is not None:
            return None
        runs = self._runs_since(night.due)
        if any(run.state is RunState.SUCCEEDED and run.whole for run in runs):
            return None
        failed = [run for run in runs if run.night == night.date and run.state is RunState.FAILED]
        if len(failed) > RETRIES:
            return None
        if failed and not _may_retry(failed[0], now):
            return None
        return night

    def _runs_since(self, due: int) -> list[Run]:
        """Newest first."""
        runs: list[Run] = []
        cursor: str | None = None
        while True:
            page = self._store.runs.page(limit=10, cursor=cursor)
            runs.extend(run for run in page.items if run.created_at >= due)
            if page.next is None or len(page.items) == 0 or page.items[-1].created_at < due:
                return runs
            cursor = page.next

    def _run(self, night: Night) -> Run | None:
        name = f"night:{night.date}"
        if not take(self._store, name, self._owner, now=self._clock()):
            return None
        lease = KeptLease(self._store, name, self._owner, clock=self._clock)
        try:
            return self._submit(night)
        finally:
            lease.give_back()

    def _submit(self, night: Night) -> Run | None:
        """Submit until the run is this night's own, after whatever else is under way; wait for its end.

        Asks again each time whether the night still wants it: another process may have run it before the lease was
        taken, and the run that was waited for may have made up for it.
        """
        request = DetectRequest(
            history=standing_history(self._settings), entities=self._settings.history_entities or None
        )
        while not self._closing.is_set() and self.wanted() == night:
            try:
                run = self._runner.submit(request, trigger=RunTrigger.NIGHTLY, night=night.date).run
            except RunInProgress as busy:
                self._runner.wait_for_end(busy.about or "", self._closing)
                continue
            except InputError as error:
                return self._refused(night, request, error)
            run = self._runner.wait_for_end(run.id, self._closing) or run
            if run.night == night.date:
                return run
        return None

    def _refused(self, night: Night, request: DetectRequest, error: InputError) -> Run:
        """Record a night whose history cannot be read as a failed run, so that people see it and retries end."""
        logger.warning("night_refused", extra={"code": error.code, "why": error.message})
        now = self._clock()
        run = self._store.runs.start(trigger=RunTrigger.NIGHTLY, request=request.to_json(), now=now, night=night.date)
        metrics.run_ended(RunTrigger.NIGHTLY, "failed")
        return self._store.runs.fail(run.id, failure(run.id, error), now=now)


class NightTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler 3 has no types
    """APScheduler's view of a :class:`Schedule`. Its own cron trigger fires twice where clocks go back."""

    def __init__(self, schedule: Callable[[], Schedule]) -> None:
        self._schedule = schedule

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The first due instant after the previous one; after ``now`` when there was none."""
        after = previous_fire_time or now
        night = self._schedule().next(int(after.timestamp() * MICROSECONDS))
        return None if night is None else as_datetime(night.due)


def _may_retry(failed: Run, now: int) -> bool:
    """At once when the process died in the middle, else after ten minutes: the cause may need time to pass."""
    if failed.error is not None and failed.error.get("code") == "run_interrupted":
        return True
    return now - (failed.finished_at or failed.created_at) >= RETRY_AFTER
