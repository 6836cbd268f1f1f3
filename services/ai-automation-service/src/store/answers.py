"""What people said of patterns, all of it, in the order they said it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, insert, select, update

from src.domain.answers import Answer, Reason, Verdict
from src.domain.corrections import Correction
from src.domain.patterns import Pattern, Status
from src.errors import NotFound
from src.store.columns import storable
from src.store.database import Database
from src.store.schema import answer, pattern


class AnswerRepository:
    """Answers are added and never changed; what they do to the pattern is done in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, given: Answer, *, correction: Correction | None) -> None:
        """Keep an answer and bring its pattern to where it leaves it.

        Args:
            correction: all that was ever set right about the pattern, this answer's part too; None takes it back.

        Raises:
            NotFound: no such pattern.
        """
        changes: dict[str, Any] = {
            "until": given.until,
            "correction": None if correction is None else correction.to_json(),
        }
        if given.verdict.status is not None:
            changes["status"] = str(given.verdict.status)
        if correction is not None and correction.category is not None:
            changes["category"] = correction.category
        with self._database.write() as connection:
            where = pattern.c.id == given.pattern_id
            if connection.execute(update(pattern).where(where).values(changes)).rowcount == 0:
                raise NotFound("pattern", given.pattern_id)
            connection.execute(
                insert(answer).values(
                    pattern=given.pattern_id,
                    verdict=str(given.verdict),
                    given=given.given,
                    until=given.until,
                    reasons=[str(reason) for reason in given.reasons],
                    note=storable(given.note),
                    correction=None if given.correction is None else given.correction.to_json(),
                    form=given.form.to_json(),
                )
            )

    def of(self, pattern_id: str) -> list[Answer]:
        """Everything that was said of a pattern, oldest first."""
        query = select(answer).where(answer.c.pattern == pattern_id).order_by(answer.c.number)
        with self._database.read() as connection:
            return [_answer(row) for row in connection.execute(query)]

    def standing_rejections(self) -> list[Answer]:
        """The newest verdict of each pattern that is a rejection, oldest first. A correction is no verdict."""
        newest = (
            select(func.max(answer.c.number))
            .where(answer.c.verdict != str(Verdict.CORRECTED))
            .group_by(answer.c.pattern)
        )
        query = (
            select(answer)
            .where(answer.c.number.in_(newest), answer.c.verdict == str(Verdict.REJECTED))
            .order_by(answer.c.number)
        )
        with self._database.read() as connection:
            return [_answer(row) for row in connection.execute(query)]

    def wake(self, now: int) -> list[str]:
        """Make new again what was snoozed until now or earlier (µs UTC); their ids."""
        due = (pattern.c.status == str(Status.SNOOZED)) & (pattern.c.until <= now)
        with self._database.write() as connection:
            ids = [row.id for row in connection.execute(select(pattern.c.id).where(due).order_by(pattern.c.id))]
            connection.execute(update(pattern).where(pattern.c.id.in_(ids)).values(status=str(Status.NEW), until=None))
        return ids

    def hide(self, ids: list[str]) -> None:
        """Make stale what nobody answered yet and what an answer to another pattern speaks against."""
        open_one = pattern.c.id.in_(ids) & (pattern.c.status == str(Status.NEW))
        with self._database.write() as connection:
            connection.execute(update(pattern).where(open_one).values(status=str(Status.STALE)))


def _answer(row: Row[Any]) -> Answer:
    return Answer(
        pattern_id=row.pattern,
        verdict=Verdict(row.verdict),
        given=row.given,
        form=Pattern.from_json(row.form),
        reasons=tuple(Reason(reason) for reason in row.reasons),
        note=row.note,
        until=row.until,
        correction=None if row.correction is None else Correction.from_json(row.correction),
    )
