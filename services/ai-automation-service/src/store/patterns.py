"""Patterns as their people see them: the newest form of each routine, and its status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from src.domain.corrections import Correction, corrected
from src.domain.patterns import Pattern, Status
from src.errors import NotFound
from src.store.database import Database
from src.store.pages import Page, check_limit, cursor_of, key_of
from src.store.schema import pattern


class PatternRepository:
    """As their people see them: with what they set right. Written by ``RunRepository.publish`` and by answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, pattern_id: str) -> Pattern:
        """Raises NotFound."""
        with self._database.read() as connection:
            return _get(connection, pattern_id)

    def all(self) -> list[Pattern]:
        """Every pattern that was ever found, stale ones too."""
        with self._database.read() as connection:
            return [_pattern(row) for row in connection.execute(_ALL)]

    def mined(self) -> list[Pattern]:
        """The same without corrections, for matching the next run's findings."""
        with self._database.read() as connection:
            return [_mined(row) for row in connection.execute(_ALL)]

    def corrections(self) -> dict[str, Correction]:
        """What people set right, by pattern."""
        query = select(pattern.c.id, pattern.c.correction).where(pattern.c.correction.is_not(None))
        with self._database.read() as connection:
            return {row.id: Correction.from_json(row.correction) for row in connection.execute(query)}

    def page(
        self,
        *,
        limit: int = 50,
        cursor: str | None = None,
        kind: str | None = None,
        status: Sequence[Status] | None = None,
        category: str | None = None,
    ) -> Page[Pattern]:
        """Strongest first (as the last run ordered them). ``status`` None: all but stale.

        Raises:
            InvalidSetting: a cursor that is not ours, or a limit outside 1 to 500.
        """
        check_limit(limit)
        wanted = [each for each in Status if each is not Status.STALE] if status is None else status
        query = select(pattern).where(pattern.c.status.in_([str(each) for each in wanted]))
        if kind is not None:
            query = query.where(pattern.c.kind == kind)
        if category is not None:
            query = query.where(pattern.c.category == category)
        with self._database.read() as connection:
            if cursor is not None:
                query = query.where(pattern.c.position > _position(connection, cursor))
            rows = connection.execute(query.order_by(pattern.c.position).limit(limit + 1)).all()
        shown = rows[:limit]
        following = None
        if len(rows) > limit:
            last = shown[-1]
            following = cursor_of("patterns", last.id, last.position, last.last_run)
        return Page(tuple(_pattern(row) for row in shown), following)


_ALL = select(pattern).order_by(pattern.c.position, pattern.c.id)


def _get(connection: Connection, pattern_id: str) -> Pattern:
    row = connection.execute(select(pattern).where(pattern.c.id == pattern_id)).one_or_none()
    if row is None:
        raise NotFound("pattern", pattern_id)
    return _pattern(row)


def _mined(row: Row[Any]) -> Pattern:
    return Pattern.from_json({**row.data, "status": row.status})


def _pattern(row: Row[Any]) -> Pattern:
    return corrected(_mined(row), None if row.correction is None else Correction.from_json(row.correction))


def _position(connection: Connection, cursor: str) -> int:
    """Where the list goes on: behind the last pattern that was shown, wherever a run has put it since.

    A pattern that was not found again has moved to the end of the list; then the place it had is where to go on.
    """
    identifier, shown_at, shown_run = key_of(cursor, "patterns", str, int, str)
    row = connection.execute(
        select(pattern.c.position, pattern.c.last_run).where(pattern.c.id == identifier)
    ).one_or_none()
    position = shown_at if row is None or row.last_run == shown_run else row.position
    return int(position)
