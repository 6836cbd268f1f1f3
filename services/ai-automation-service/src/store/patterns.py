"""Patterns as their people see them: the newest form of each routine, and its status."""

from __future__ import annotations

from collections.abc import Sequence

from src.domain.patterns import Pattern, Status
from src.store.pages import Page


class PatternRepository:
    """Written only by ``RunRepository.publish`` and by a change of status."""

    def get(self, pattern_id: str) -> Pattern:
        """Raises NotFound."""
        raise NotImplementedError

    def all(self) -> list[Pattern]:
        """Every pattern that was ever found, stale ones too, for matching the next run's findings."""
        raise NotImplementedError

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
        raise NotImplementedError

    def set_status(self, pattern_id: str, status: Status) -> Pattern:
        """Raises NotFound."""
        raise NotImplementedError
