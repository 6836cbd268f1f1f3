"""What publishing a run changes: the run, the patterns people see, and the run's shortlists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from src.domain.corrections import Correction
from src.domain.local_time import DAY
from src.domain.patterns import Json, Pattern, Status
from src.domain.runs import Run, RunResult, RunState, Shortlist
from src.domain.whys import Why
from src.errors import RunInterrupted
from src.store.schema import pattern, run, shortlist, why

GRACE = 7 * DAY  # how long a routine that is not found any more is still shown, as fading

_RUNS_WITH_WHYS = 30
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


def publish_patterns(connection: Connection, run_id: str, result: RunResult, *, now: int) -> None:
    """Insert or update what was found, in its order; what was not found comes after it, in the order it had.

    What was not found is shown as fading for GRACE days after it was last found, and becomes stale then, so that a
    routine at the edge of the bar does not come and go. What a person has answered keeps the answer.

    A run over a part says nothing of what it did not look for. What a found pattern explains better is stale at once,
    or both would be shown.
    """
    found = result.patterns
    before = {row.id: row for row in connection.execute(_STANDING)}
    fresh, again = [], []
    for position, each in enumerate(found):
        row = before.pop(each.id, None)
        status = Status.NEW if row is None or row.status not in _GIVEN_BY_A_PERSON else Status(row.status)
        values: dict[str, Any] = {
            "kind": str(each.kind),
            "status": str(status),
            "category": each.category if row is None else _category(row, each),
            "position": position,
            "last_run": run_id,
            "updated": now,
            "data": each.with_(status=status).to_json(),
        }
        if row is None:
            fresh.append({"id": each.id, "first_run": run_id, "created": now, **values})
        else:
            again.append({"key": each.id, "correction": _correction(row, result.corrections.get(each.id)), **values})
    missed = [
        {"key": row.id, "position": position, **_missed(row, now, result)}
        for position, row in enumerate(before.values(), len(found))
    ]
    if fresh:
        connection.execute(insert(pattern), fresh)
    for changes in (again, missed):
        if changes:
            values = {name: bindparam(name) for name in changes[0] if name != "key"}
            connection.execute(update(pattern).where(pattern.c.id == bindparam("key")).values(values), changes)


def _category(row: Row[Any, Any, Any, Any, Any], found: Pattern) -> str | None:
    """A person's own choice before the model's."""
    return (row.correction or {}).get("category") or found.category


def _correction(row: Row[Any, Any, Any, Any, Any], worded: Correction | None) -> Json | None:
    """What people set right, in the words of this run; but not if they set right something else while it ran."""
    standing: Json | None = row.correction
    if standing is None or worded is None or replace(worded, sentence="") != _without_words(standing):
        return standing
    return worded.to_json()


def _without_words(correction: Json) -> Correction:
    return replace(Correction.from_json(correction), sentence="")


def _as_it_was(row: Row[Any, Any, Any, Any, Any]) -> Json:
    return {"status": row.status, "data": row.data}


def _missed(row: Row[Any, Any, Any, Any, Any], now: int, result: RunResult) -> Json:
    """Status and form of a pattern that a run did not find."""
    if not result.whole or row.status in _GIVEN_BY_A_PERSON or row.status == Status.STALE:
        return _as_it_was(row)
    if row.id in result.replaced or now - row.updated > GRACE:
        return {"status": str(Status.STALE), "data": row.data}
    return {"status": row.status, "data": {**row.data, "evidence": {**row.data["evidence"], "drift": "fading"}}}


_STANDING = select(pattern.c.id, pattern.c.status, pattern.c.updated, pattern.c.data, pattern.c.correction).order_by(
    pattern.c.position, pattern.c.id
)


def publish_shortlists(connection: Connection, run_id: str, shortlists: Sequence[Shortlist]) -> None:
    """Keep the shortlists of a run with every pattern as it is now."""
    rows = [{"run": run_id, "position": position, **each.to_json()} for position, each in enumerate(shortlists)]
    if rows:
        connection.execute(insert(shortlist), rows)


def publish_whys(connection: Connection, run_id: str, whys: Sequence[Why]) -> None:
    """Keep why nothing is suggested, with the run, and forget what runs long ago said of it."""
    connection.execute(insert(why).values(run=run_id, reasons=[each.to_json() for each in whys]))
    newest = select(run.c.id).order_by(run.c.number.desc()).limit(_RUNS_WITH_WHYS)
    connection.execute(delete(why).where(why.c.run.not_in(newest.scalar_subquery())))
