"""Runs and what they published."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from src.domain.patterns import Json, Pattern
from src.domain.runs import Run, RunResult, RunState, RunTrigger, Shortlist
from src.domain.whys import Why
from src.errors import NotFound
from src.store.database import Database
from src.store.pages import Page, check_limit, cursor_of, key_of
from src.store.publication import publish_patterns, publish_shortlists, publish_whys, succeed
from src.store.schema import run, shortlist, why


class RunRepository:
    """One row a run. Publishing is one transaction: a run's results are there whole or not at all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(
        self, *, trigger: RunTrigger, request: Json, now: int, night: str | None = None, resumes: str | None = None
    ) -> Run:
        """Record a run that begins now (µs UTC); id ``r_`` and 16 hex digits."""
        begun = Run(
            id=f"r_{secrets.token_hex(8)}",
            state=RunState.RUNNING,
            trigger=trigger,
            created_at=now,
            night=night,
            resumes=resumes,
            request=request,
        )
        with self._database.write() as connection:
            connection.execute(
                insert(run).values(
                    id=begun.id,
                    state=str(begun.state),
                    trigger=str(begun.trigger),
                    created_at=begun.created_at,
                    night=begun.night,
                    resumes=begun.resumes,
                    stage=begun.stage,
                    request=begun.request,
                    inputs=begun.inputs,
                    versions=begun.versions,
                    counts=begun.counts,
                    timings=begun.timings,
                    left_out=begun.left_out,
                )
            )
            return _get(connection, begun.id)

    def stage(self, run_id: str, stage: str) -> None:
        """Note which stage a run is in; nothing happens if it has ended."""
        with self._database.write() as connection:
            connection.execute(update(run).where(*_is_running(run_id)).values(stage=stage))

    def publish(self, run_id: str, result: RunResult, *, now: int) -> Run:
        """Mark the run succeeded and replace what people see, in one transaction.

        Patterns are inserted or updated by id, keeping the status a person gave; a pattern this run did not find
        is shown as fading for a week and becomes stale then, unless a person answered it; a stale one that is found
        again is new again. Shortlists are kept with the run, and the reasons why nothing is suggested for a while.

        Raises:
            NotFound: no such run. RunInterrupted: the run is not running any more (its lease was taken over), or
                another run of its night has succeeded.
        """
        with self._database.write() as connection:
            succeed(connection, _get(connection, run_id), result, now=now)
            publish_patterns(connection, run_id, result, now=now)
            publish_shortlists(connection, run_id, result.shortlists)
            publish_whys(connection, run_id, result.whys)
            return _get(connection, run_id)

    def fail(self, run_id: str, error: Json, *, now: int) -> Run:
        """Mark a running run failed. What earlier runs published stays. No change to a run that has ended.

        Raises:
            NotFound: no such run.
        """
        with self._database.write() as connection:
            connection.execute(
                update(run).where(*_is_running(run_id)).values(state=str(RunState.FAILED), error=error, finished_at=now)
            )
            return _get(connection, run_id)

    def explain(self, run_id: str, error: Json) -> Run:
        """Put another reason in place of the one that a failed run has; no change to any other run. Raises NotFound."""
        with self._database.write() as connection:
            connection.execute(
                update(run).where(run.c.id == run_id, run.c.state == str(RunState.FAILED)).values(error=error)
            )
            return _get(connection, run_id)

    def get(self, run_id: str) -> Run:
        """Raises NotFound."""
        with self._database.read() as connection:
            return _get(connection, run_id)

    def page(self, *, limit: int = 20, cursor: str | None = None) -> Page[Run]:
        """Newest first.

        Raises:
            InvalidSetting: a cursor that is not ours, or a limit outside 1 to 500.
        """
        check_limit(limit)
        query = select(run).order_by(run.c.number.desc()).limit(limit + 1)
        if cursor is not None:
            query = query.where(run.c.number < key_of(cursor, "runs", int)[0])
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        following = cursor_of("runs", rows[limit - 1].number) if len(rows) > limit else None
        return Page(tuple(_run(row) for row in rows[:limit]), following)

    def running(self) -> list[Run]:
        """Runs recorded as running, oldest first. After a crash: those whose process died."""
        query = select(run).where(run.c.state == str(RunState.RUNNING)).order_by(run.c.number)
        with self._database.read() as connection:
            return [_run(row) for row in connection.execute(query)]

    def since(self, instant: int, *, state: RunState | None = None) -> list[Run]:
        """Runs that began at or after an instant (µs UTC), oldest first; None: in whatever state."""
        query = select(run).where(run.c.created_at >= instant).order_by(run.c.number)
        if state is not None:
            query = query.where(run.c.state == str(state))
        with self._database.read() as connection:
            return [_run(row) for row in connection.execute(query)]

    def resumed_by(self, stopped: Run) -> Run | None:
        """The last run that goes on with what this one, or the one it goes on with, was asked for; None: no later."""
        first = stopped.resumes or stopped.id
        last = self._first(select(run).where(run.c.resumes == first).order_by(run.c.number.desc()))
        return None if last is None or last.id == stopped.id else last

    def latest_success(self) -> Run | None:
        """The run whose results people see: the last whole one that published; before there is one, the last."""
        query = select(run).where(run.c.state == str(RunState.SUCCEEDED))
        with self._database.read() as connection:
            newest: Run | None = None
            for row in connection.execute(query.order_by(run.c.finished_at.desc(), run.c.number.desc())):
                found = _run(row)
                newest = newest or found
                if found.whole:
                    return found
        return newest

    def succeeded_night(self, night: str) -> Run | None:
        """The successful nightly run of that local date, if there is one."""
        return self._first(
            select(run).where(
                run.c.night == night,
                run.c.state == str(RunState.SUCCEEDED),
                run.c.trigger == str(RunTrigger.NIGHTLY),
            )
        )

    def shortlists(self, run_id: str) -> list[Shortlist]:
        """As they were published, in the order of the run."""
        query = select(shortlist).where(shortlist.c.run == run_id).order_by(shortlist.c.position)
        with self._database.read() as connection:
            return [
                Shortlist(row.interest, tuple(Pattern.from_json(value) for value in row.patterns))
                for row in connection.execute(query)
            ]

    def whys(self, run_id: str) -> list[Why]:
        """Why nothing was suggested for an entity or the home; empty for a run that is too long ago."""
        query = select(why.c.reasons).where(why.c.run == run_id)
        with self._database.read() as connection:
            return [Why.from_json(value) for value in connection.scalar(query) or ()]

    def _first(self, query: Any) -> Run | None:
        with self._database.read() as connection:
            row = connection.execute(query.limit(1)).one_or_none()
        return None if row is None else _run(row)


def _is_running(run_id: str) -> tuple[Any, Any]:
    return run.c.id == run_id, run.c.state == str(RunState.RUNNING)


def _get(connection: Connection, run_id: str) -> Run:
    row = connection.execute(select(run).where(run.c.id == run_id)).one_or_none()
    if row is None:
        raise NotFound("run", run_id)
    return _run(row)


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        state=RunState(row.state),
        trigger=RunTrigger(row.trigger),
        created_at=row.created_at,
        finished_at=row.finished_at,
        night=row.night,
        resumes=row.resumes,
        stage=row.stage,
        request=row.request,
        inputs=row.inputs,
        versions=row.versions,
        counts=row.counts,
        timings=row.timings,
        left_out=row.left_out,
        error=row.error,
    )
