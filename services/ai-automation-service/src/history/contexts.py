"""Who caused a state change, from the context ids Home Assistant records with it.

Each state row and event has a context: an id, the user who asked, and a parent. An automation with a time
trigger has neither user nor parent, like a hand on a wall switch; only the events that share the context's id
tell the two apart. The first rule that applies decides:

1. an ``automation_triggered`` event shares the context: automation
2. a ``script_started`` event shares it and no user asked: automation
3. the context has a parent: automation, for people's acts have none
4. the context has a user, or a ``call_service`` event shares it: user
5. no such event is recorded, but an ``automation.*`` or ``script.*`` entity changed in the same context and no
   user asked: automation
6. otherwise the device itself reported it, a wall switch say: device; but unknown if it was merely the first
   report after a start of Home Assistant, or if the database has nothing that could tell
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from src.domain.events import BoolArray, Float64Array, Int8Array, Origin

STARTING_SECONDS = 300.0  # how long after its start Home Assistant's entities may take to report for the first time

_DAY_SECONDS = 86_400.0
_NO_STATE = ("unavailable", "unknown")
_TYPES = ("automation_triggered", "script_started", "call_service")

Blob = bytes | None


@dataclass(frozen=True)
class Contexts:
    """The contexts of the recorded automations, scripts and calls.

    Attributes:
        automatic: ids of contexts that an automation, or a script nobody asked for, runs in.
        called: ids of contexts of the other service calls.
        known: whether the database records anything by which an automation could be recognised.
    """

    automatic: frozenset[bytes] = frozenset()
    called: frozenset[bytes] = frozenset()
    known: bool = False

    def origins(self, ids: Sequence[Blob], users: Sequence[Blob], parents: Sequence[Blob]) -> Int8Array:
        """int8 (n,): values of :class:`Origin`, by rules 1 to 6 without the first reports."""
        automatic, called = self.automatic, self.called
        automation, person, unknown = int(Origin.AUTOMATION), int(Origin.USER), int(Origin.UNKNOWN)
        otherwise = int(Origin.DEVICE) if self.known else unknown
        return np.array(
            [
                automation
                if parent is not None or context in automatic
                else person
                if user is not None or context in called
                else unknown
                if context is None
                else otherwise
                for context, user, parent in zip(ids, users, parents, strict=True)
            ],
            np.int8,
        )


def read_contexts(connection: sqlite3.Connection, tables: set[str], since: float | None) -> Contexts:
    """Load the contexts of a recorder database.

    Args:
        since: s since the epoch; older contexts are left out, but for a day in which a script may still wait.
    """
    start = 0.0 if since is None else since - _DAY_SECONDS
    automatic: set[bytes] = set()
    called: set[bytes] = set()
    known = False
    if {"events", "event_types"} <= tables:
        types = connection.execute("SELECT count(*) FROM event_types WHERE event_type IN (?, ?, ?)", _TYPES)
        known = types.fetchone()[0] > 0
        # The events table has a column event_type as well, which is no longer used.
        events = connection.execute(
            "SELECT event_types.event_type, context_id_bin, context_user_id_bin"
            " FROM events JOIN event_types USING (event_type_id)"
            " WHERE event_types.event_type IN (?, ?, ?) AND time_fired_ts >= ? AND context_id_bin IS NOT NULL",
            (*_TYPES, start),
        )
        for kind, context, user in events:
            if kind == "automation_triggered" or (kind == "script_started" and user is None):
                automatic.add(context)
            else:
                called.add(context)
    entities = connection.execute(
        "SELECT metadata_id FROM states_meta WHERE entity_id LIKE 'automation.%' OR entity_id LIKE 'script.%'"
    ).fetchall()
    for (metadata_id,) in entities:
        known = True
        rows = connection.execute(
            "SELECT context_id_bin FROM states WHERE metadata_id = ? AND last_updated_ts >= ?"
            " AND context_user_id_bin IS NULL AND context_id_bin IS NOT NULL",
            (metadata_id, start),
        )
        automatic.update(context for (context,) in rows)
    return Contexts(frozenset(automatic), frozenset(called - automatic), known)


class Starts:
    """When Home Assistant was started, to tell a first report after a start from something that happened.

    After a start every entity is recorded again, in the state it comes back in, often after ``unavailable``. The
    same happens when an integration is loaded anew: the entity is removed and comes back.

    Args:
        times: s since the epoch.
    """

    def __init__(self, times: Sequence[float] = ()) -> None:
        self._times = np.array(sorted(times), np.float64)
        self._appeared: dict[int, int] = {}  # entity -> the run in which it last came without a row before it
        self._reported: dict[int, int] = {}  # entity -> the run in whose beginning it last reported a state
        self._removed: set[int] = set()

    def first_reports(
        self,
        entities: Sequence[int],
        states: Sequence[str | None],
        seconds: Float64Array,
        without_row_before: BoolArray,
    ) -> list[int]:
        """Positions of the rows that only say what state an entity is in. Takes the rows page by page, in order.

        The oldest row that a purge left has no row before it either, yet may be something that happened.
        """
        runs = np.searchsorted(self._times, seconds, "right")
        start = np.where(runs > 0, np.append(-np.inf, self._times)[runs], -np.inf)
        starting = seconds - start < STARTING_SECONDS
        removed = np.fromiter((state is None for state in states), np.bool_, len(states))
        found: list[int] = []
        for index in np.flatnonzero(starting | without_row_before | removed).tolist():
            entity, run = entities[index], int(runs[index])
            first = False
            if removed[index]:
                self._removed.add(entity)
                continue
            if starting[index] and states[index] not in _NO_STATE:
                first = self._reported.get(entity) != run
                self._reported[entity] = run
            if without_row_before[index]:
                first |= entity in self._removed or self._appeared.get(entity, run) != run
                self._appeared[entity] = run
                self._removed.discard(entity)
            if first:
                found.append(index)
        return found


def read_starts(connection: sqlite3.Connection, tables: set[str]) -> Starts:
    """The starts that the recorder remembers."""
    times: list[float] = []
    if "recorder_runs" in tables:
        for (start,) in connection.execute("SELECT start FROM recorder_runs"):
            try:
                times.append(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp())
            except (TypeError, ValueError):
                continue  # a start nobody can read marks nothing
    return Starts(times)
