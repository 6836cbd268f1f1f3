"""What the reader of a recorder asks of its database, whichever it is: short questions, each by itself.

Home Assistant keeps its states in SQLite, MariaDB (or MySQL) or PostgreSQL, in the same tables. A subclass connects to
one of these, reads only, and says in our words what goes wrong. Every question is a transaction of its own and is
answered from an index, so that Home Assistant neither waits for one nor keeps old rows for one.

Rows are asked for in the order of their time, in pages that begin after the last row of the page before. Ids order the
rows of one instant only: they say nothing after a database was made anew, and little after a clock was set.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import Any, ClassVar, Self

from src.domain.patterns import Json

Row = tuple[Any, ...]

PAGE = 20_000  # rows of one question
EARLIEST = -1e300  # s; before every time that a row can have, where infinity cannot be written

_LONGEST_READ = 510  # characters of a state: twice what Home Assistant allows, so that a longer one is seen to be

# In each of the next three the first two columns are the time and the id, which the pages go by.
_STATES = """
    SELECT last_updated_ts, state_id, metadata_id, STATE_TEXT,
           last_changed_ts IS NULL OR last_changed_ts = last_updated_ts, old_state_id IS NULL,
           context_id_bin, context_user_id_bin, context_parent_id_bin IS NOT NULL
    FROM states WHERE last_updated_ts >= ? AND (last_updated_ts > ? OR state_id > ?)
    ORDER BY last_updated_ts, state_id LIMIT ?
"""
_CONTEXTS_OF_EVENTS = """
    SELECT time_fired_ts, event_id, context_id_bin, context_user_id_bin
    FROM events WHERE event_type_id = ? AND time_fired_ts >= ? AND (time_fired_ts > ? OR event_id > ?)
    ORDER BY time_fired_ts, event_id LIMIT ?
"""
_CONTEXTS_OF_ENTITY = """
    SELECT last_updated_ts, state_id, context_id_bin, context_user_id_bin
    FROM states WHERE metadata_id = ? AND last_updated_ts >= ? AND (last_updated_ts > ? OR state_id > ?)
    ORDER BY last_updated_ts, state_id LIMIT ?
"""
# Not a join: where an entity's attributes are gone it would look through all of its states for some.
_NEWEST_ATTRIBUTES = """
    SELECT shared_attrs FROM state_attributes WHERE attributes_id = (
        SELECT attributes_id FROM states WHERE metadata_id = ? AND state IS NOT NULL AND last_updated_ts > ?
        ORDER BY last_updated_ts DESC LIMIT 1
    )
"""


class DatabaseChanged(Exception):
    """What was read since the last :meth:`RecorderDatabase.confirm` may be wrong; reading it again will not be."""


class RecorderDatabase(ABC):
    """A recorder's database, open to be read. A context manager that closes it.

    Attributes:
        backend: ``sqlite`` | ``mariadb`` | ``postgresql``.
        name: for messages, without a password.
        details: facts about this connection, for ``SourceInfo``.
    """

    backend: ClassVar[str]
    state_text: ClassVar[str] = f"substr(state, 1, {_LONGEST_READ})"  # SQL for the state as text
    name: str
    details: Json

    @abstractmethod
    def rows(self, sql: str, *values: object) -> list[Row]:
        """The answer to one question; ``?`` stands for a value.

        Raises:
            HistoryUnreadable: why there is none, and what to do.
            DatabaseChanged
        """

    @abstractmethod
    def tables(self) -> set[str]:
        """Names of the tables there are. Raises as :meth:`rows`."""

    @abstractmethod
    def columns(self, table: str) -> set[str]:
        """Names of a table's columns. Raises as :meth:`rows`."""

    @abstractmethod
    def close(self) -> None:
        """Leave nothing open. May be called again."""

    def confirm(self) -> None:  # noqa: B027  # a server answers for what it says
        """Raises DatabaseChanged where what was read until now cannot be relied on."""

    def schema(self) -> int | None:
        """The recorder's schema version, as written by the newest of its upgrades."""
        newest = self.rows("SELECT schema_version FROM schema_changes ORDER BY change_id DESC LIMIT 1")
        return int(newest[0][0]) if newest and newest[0][0] is not None else None

    def entities(self) -> dict[int, str]:
        """Entity ids by metadata id."""
        return dict(self.rows("SELECT metadata_id, entity_id FROM states_meta"))

    def event_types(self) -> dict[str, int]:
        """Ids of the types of events."""
        return dict(self.rows("SELECT event_type, event_type_id FROM event_types"))

    def starts(self) -> list[object]:
        """When the recorder was started: UTC, as a text or a datetime."""
        return [start for (start,) in self.rows("SELECT start FROM recorder_runs")]

    def last_state(self) -> int | None:
        """The newest state's id; None without states."""
        newest: int | None = self.rows("SELECT max(state_id) FROM states")[0][0]
        return newest

    def first_state(self, since: float) -> int | None:
        """The id of the oldest state from that time (s) on."""
        oldest = self.rows(
            "SELECT state_id FROM states WHERE last_updated_ts >= ? ORDER BY last_updated_ts LIMIT 1", since
        )
        return oldest[0][0] if oldest else None

    def untimed_states(self) -> int:
        """How many states have no time, so that no page holds them."""
        return int(self.rows("SELECT count(*) FROM states WHERE last_updated_ts IS NULL")[0][0])

    def states(self, after: tuple[Any, int], last: int) -> Iterator[list[Row]]:
        """Pages of states in the order of their time.

        Each is (last_updated_ts, state_id, metadata_id, state, whether the state itself changed, whether no row of
        its entity stands before it, context id, user id, whether the context has a parent).

        Args:
            after: (time, id) of the row before the first.
            last: no row with a higher id.
        """
        # The bound is not in the question: it would tempt a planner to go by the primary key and to sort.
        for rows in self._pages(_STATES.replace("STATE_TEXT", self.state_text), (), after):
            yield [row for row in rows if row[1] <= last]

    def event_contexts(self, event_type: int, since: float) -> Iterator[list[Row]]:
        """Pages of (time, id, context id, user id) of the events of a type from that time on."""
        return self._pages(_CONTEXTS_OF_EVENTS, (event_type,), (since, -1))

    def entity_contexts(self, metadata_id: int, since: float) -> Iterator[list[Row]]:
        """Pages of (time, id, context id, user id) of the states of an entity from that time on."""
        return self._pages(_CONTEXTS_OF_ENTITY, (metadata_id,), (since, -1))

    def newest_attributes(self, metadata_id: int) -> str | None:
        """The attributes an entity was last recorded with, a JSON object."""
        newest = self.rows(_NEWEST_ATTRIBUTES, metadata_id, EARLIEST)
        return newest[0][0] if newest else None

    def _pages(self, sql: str, of: tuple[object, ...], after: tuple[Any, int]) -> Iterator[list[Row]]:
        time, number = after
        more = True
        while more and (rows := self.rows(sql, *of, time, time, number, PAGE)):
            time, number = rows[-1][:2]
            more = len(rows) == PAGE  # what came meanwhile can wait: asking for it too might never end
            yield rows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
