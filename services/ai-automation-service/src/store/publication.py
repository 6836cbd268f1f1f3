"""What publishing a run changes: the run, the patterns people see, and the run's shortlists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from src.domain.patterns import Pattern, Status
from src.domain.runs import Run, RunResult, RunState, Shortlist
from src.errors import RunInterrupted
from src.store.schema import pattern, run, shortlist

_GIVEN_BY_A_PERSON = frozenset({Status.ACCEPTED, Status.REJECTED, Status.SNOOZED})


def succeed(connection: Connection, running: Run, result: RunResult, *, now: int) -> None:
    """Mark a run succeeded.

    Raises:
        RunInterrupted: it is not running any more, or another run of its night has succeeded.
    """
    if running.state is not RunState.RUNNING:
        raise RunInterrupted(running.id, f"it was marked {running.state} before it could publish")
    try:
        connection.execute(
            update(run)
            .where(run.c.id == running.id)
            .values(
                state=str(RunState.SUCCEEDED),
                finished_at=now,
                inputs=result.inputs,
                versions=result.versions,
                counts=result.counts,
                timings=result.timings,
                left_out=result.left_out,
            )
        )
    except IntegrityError as error:
        # The only constraint on what was changed is the one success a night.
        raise RunInterrupted(running.id, f"another run of the night {running.night} has succeeded") from error


def publish_patterns(
    connection: Connection, run_id: str, found: Sequence[Pattern], *, now: int, whole: bool = True
) -> None:
    """Insert or update what was found, in its order; what was not found comes after it, in the order it had.

    Args:
        whole: what was not found becomes stale, unless a person has answered it. A run over a part says nothing of the
            rest.
    """
    before = {row.id: row for row in connection.execute(_STANDING)}
    fresh, again = [], []
    for position, each in enumerate(found):
        row = before.pop(each.id, None)
        status = Status.NEW if row is None or row.status not in _GIVEN_BY_A_PERSON else Status(row.status)
        values: dict[str, Any] = {
            "kind": str(each.kind),
            "status": str(status),
            "category": each.category,
            "position": position,
            "last_run": run_id,
            "updated": now,
            "data": each.with_(status=status).to_json(),
        }
        if row is None:
            fresh.append({"id": each.id, "first_run": run_id, "created": now, **values})
        else:
            again.append({"key": each.id, **values})
    missed = [
        {
            "key": row.id,
            "position": position,
            "status": row.status if row.status in _GIVEN_BY_A_PERSON or not whole else str(Status.STALE),
        }
        for position, row in enumerate(before.values(), len(found))
    ]
    if fresh:
        connection.execute(insert(pattern), fresh)
    for changes in (again, missed):
        if changes:
            values = {name: bindparam(name) for name in changes[0] if name != "key"}
            connection.execute(update(pattern).where(pattern.c.id == bindparam("key")).values(values), changes)


_STANDING = select(pattern.c.id, pattern.c.status).order_by(pattern.c.position, pattern.c.id)


def publish_shortlists(connection: Connection, run_id: str, shortlists: Sequence[Shortlist]) -> None:
    """Keep the shortlists of a run with every pattern as it is now."""
    rows = [{"run": run_id, "position": position, **each.to_json()} for position, each in enumerate(shortlists)]
    if rows:
        connection.execute(insert(shortlist), rows)
