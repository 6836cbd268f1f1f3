"""First reports after a start of Home Assistant: they say what state an entity is in, not that something happened.

After a start every entity is given its state anew, often by way of ``unavailable``. See :mod:`src.history.contexts`
for the same in a recorder's database, where the rows before can be looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from src.domain.events import MICROSECONDS, NO_STATE
from src.history.contexts import STARTING_SECONDS
from src.history.logbook import Change, LogbookPage

STARTING = int(STARTING_SECONDS * MICROSECONDS)
_STARTUP = 600 * MICROSECONDS  # the longest that Home Assistant loads its entities before it says that it started
_HOME = "zone.home"


class FirstReports:
    """Which entities have reported since the last start. Takes starts and reports in the order of their instants.

    Attributes:
        start: the last one, µs UTC.
    """

    def __init__(self) -> None:
        self.start: int | None = None
        self._reported: set[str] = set()

    def started(self, at: int) -> None:
        """Home Assistant began to load its entities, µs UTC."""
        if self.start is None or at > self.start:
            self.start = at
            self._reported.clear()

    def first(self, entity_id: str, state: str, at: int, *, new: bool) -> bool:
        """Whether a report only says what state an entity is in.

        Args:
            new: the entity had no state before, not even ``unavailable``.
        """
        if new:
            if state not in NO_STATE:
                self._reported.add(entity_id)
            return True
        if self.start is None or not 0 <= at - self.start < STARTING or state in NO_STATE:
            return False
        if entity_id in self._reported:
            return False
        self._reported.add(entity_id)
        return True


def starts_of(page: LogbookPage, news: Collection[Change], before: int | None) -> list[int]:
    """When Home Assistant began to load its entities, in order.

    It says itself when it has stopped and when it has started, but the last start may not be in the database yet, and
    after a crash there was no stop; the zone of the home gets its first state in every run.

    Args:
        news: changes of entities that had no state before.
        before: the start before the page's, µs UTC.
    """
    homes = [change.time for change in news if change.entity_id == _HOME]
    starts = {*page.stops, *(_beginning(at, page.stops, news) for at in homes)}
    for said in page.starts:
        known = starts if before is None else {*starts, before}
        if not any(0 <= said - start < _STARTUP for start in known):
            starts.add(_beginning(said, page.stops, news))
    return sorted(starts)


def _beginning(sign: int, stops: Sequence[int], news: Collection[Change]) -> int:
    """When the start began of which there is a sign."""
    before = [stop for stop in stops if sign - _STARTUP < stop < sign]
    if before:
        return max(before)
    return min((change.time for change in news if sign - _STARTUP < change.time < sign), default=sign)
