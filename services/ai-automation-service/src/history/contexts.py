"""Who caused a state change, from the context ids Home Assistant records with it.

Each state row and event has a context: an id, the user who asked, and a parent. An automation with a time
trigger has neither user nor parent, like a hand on a wall switch; only the events that share the context's id
tell the two apart. The first rule that applies decides:

1. an ``automation_triggered`` event shares the context: automation
2. a ``script_started`` event shares it and no user asked: automation
3. the context has a parent: automation, for people's acts have none; or its user is a program
4. the context has a user, or a ``call_service`` event shares it: user
5. no such event is recorded, but an ``automation.*`` or ``script.*`` entity changed in the same context and no
   user asked: automation
6. another entity changed before it in the same context: it follows that one, as a template or a group does, and
   nobody touched it: automation. What is left out is not looked at, so a lamp that wraps a hidden plug is no follower
7. otherwise the device itself reported it, a wall switch say: device; but unknown if it was merely the first
   report after a start of Home Assistant, or if the database has nothing that could tell
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from src.domain.events import NO_STATE, BoolArray, Float64Array, Int8Array, Int64Array, Origin
from src.history.recorder_database import EARLIEST, RecorderDatabase

STARTING_SECONDS = 300.0  # how long after its start Home Assistant's entities may take to report for the first time

_DAY_SECONDS = 86_400.0
_REMEMBERED = 1_000  # changes before a page in whose contexts its first ones may have come
_AUTOMATION, _SCRIPT, _CALL = "automation_triggered", "script_started", "call_service"

Blob = bytes | None
Ids = NDArray[np.bytes_]

_ID = "S16"  # Home Assistant's ids are 16 bytes each; millions of them take no more than these


def _ids(blobs: Sequence[Blob]) -> Ids:
    """S16 (n,): ids in columns, empty for None."""
    return np.array([blob or b"" for blob in blobs], _ID)


@dataclass(frozen=True)
class Contexts:
    """The contexts of the recorded automations, scripts and calls.

    Attributes:
        automatic: S16 (n,), sorted: ids of contexts that an automation, or a script nobody asked for, runs in.
        called: S16 (n,), sorted: ids of contexts of the service calls.
        known: whether the database records anything by which an automation could be recognised.
        programs: ids of users that are programs; what they ask for was done by an automation.
    """

    automatic: Ids = field(default_factory=lambda: np.empty(0, _ID))
    called: Ids = field(default_factory=lambda: np.empty(0, _ID))
    known: bool = False
    programs: frozenset[bytes] = frozenset()

    def origins(self, ids: Sequence[Blob], users: Sequence[Blob], with_parent: BoolArray) -> Int8Array:
        """int8 (n,): values of :class:`Origin`, by rules 1 to 5 and 7, without the first reports."""
        n = len(ids)
        contexts = _ids(ids)
        with_user = np.fromiter((user is not None for user in users), np.bool_, n)
        otherwise = np.int8(Origin.DEVICE if self.known else Origin.UNKNOWN)
        origin = np.where(contexts == b"", np.int8(Origin.UNKNOWN), otherwise)
        origin[with_user | _among(contexts, self.called)] = Origin.USER
        automatic = with_parent | _among(contexts, self.automatic)
        if self.programs:
            automatic |= np.fromiter((user in self.programs for user in users), np.bool_, n)
        origin[automatic] = Origin.AUTOMATION
        return origin.astype(np.int8)


def _among(ids: Ids, known: Ids) -> BoolArray:
    """bool (n,): whether each id is one of the sorted known ones."""
    if not len(known):
        return np.zeros(len(ids), np.bool_)
    nearest = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    return np.asarray(known[nearest] == ids, np.bool_)


def read_contexts(
    database: RecorderDatabase, tables: set[str], since: float | None, programs: frozenset[bytes] = frozenset()
) -> Contexts:
    """Load the contexts of a recorder database.

    Args:
        since: s since the epoch; older contexts are left out, but for a day in which a script may still wait.
        programs: ids of users that are programs.

    Raises:
        HistoryUnreadable, DatabaseChanged.
    """
    start = EARLIEST if since is None else since - _DAY_SECONDS
    automatic: list[Ids] = []
    called: list[Ids] = []
    known = False
    types = database.event_types() if {"events", "event_types"} <= tables else {}
    for kind in (_AUTOMATION, _SCRIPT, _CALL):
        if kind not in types:
            continue
        known = True
        for rows in database.event_contexts(types[kind], start):
            asked_for = [kind == _CALL or (kind == _SCRIPT and user is not None) for _, _, _, user in rows]
            for chosen, where in ((True, called), (False, automatic)):
                where.append(_ids([row[2] for row, asked in zip(rows, asked_for, strict=True) if asked is chosen]))
    for metadata_id, entity_id in database.entities().items():
        if isinstance(entity_id, str) and entity_id.startswith(("automation.", "script.")):
            known = True
            pages = database.entity_contexts(metadata_id, start)
            automatic.extend(_ids([context for _, _, context, user in rows if user is None]) for rows in pages)
    return Contexts(_sorted(automatic), _sorted(called), known, programs)


def _sorted(pages: list[Ids]) -> Ids:
    ids = np.unique(np.concatenate(pages)) if pages else np.empty(0, _ID)
    return ids[1:] if len(ids) and ids[0] == b"" else ids


class Followers:
    """Tells which changes follow another entity's, for rule 6. Takes the rows page by page, in order."""

    def __init__(self) -> None:
        self._contexts: Ids = np.empty(0, _ID)
        self._entities: Int64Array = np.empty(0, np.int64)

    def among(self, ids: Sequence[Blob], entities: Sequence[int | None]) -> BoolArray:
        """bool (n,): whether a change came in a context in which another entity had changed before.

        Args:
            ids: of the contexts.
            entities: their metadata ids.
        """
        known = len(self._contexts)
        contexts = np.concatenate([self._contexts, _ids(ids)])
        codes = [-1 if entity is None else entity for entity in entities]
        changed = np.concatenate([self._entities, np.array(codes, np.int64)])
        _, first, which = np.unique(contexts, return_index=True, return_inverse=True)
        follows = (changed[first][which] != changed) & (contexts != b"")
        self._contexts, self._entities = contexts[-_REMEMBERED:], changed[-_REMEMBERED:]
        return np.asarray(follows[known:], np.bool_)


class Starts:
    """When Home Assistant was started, to tell a first report after a start from something that happened.

    After a start every entity is recorded again, in the state it comes back in, often after ``unavailable``. The
    same happens when an integration is loaded anew: the entity is removed and comes back.

    Args:
        times: s since the epoch.
        before: goes on from what that one has seen, which stays as it is.
    """

    def __init__(self, times: Sequence[float] = (), before: Starts | None = None) -> None:
        self._times = np.array(sorted(times), np.float64)
        # By entity the start of the run (s) in which it last came without a row before it, and of that in whose
        # beginning it last reported a state.
        self._appeared: dict[int, float] = dict(before._appeared) if before else {}
        self._reported: dict[int, float] = dict(before._reported) if before else {}
        self._removed: set[int] = set(before._removed) if before else set()

    def copy(self) -> Starts:
        """The same, to go on from later."""
        return Starts(self._times.tolist(), self)

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
            entity, run = entities[index], float(start[index])
            first = False
            if removed[index]:
                self._removed.add(entity)
                continue
            if starting[index] and states[index] not in NO_STATE:
                first = self._reported.get(entity) != run
                self._reported[entity] = run
            if without_row_before[index]:
                first |= entity in self._removed or self._appeared.get(entity, run) != run
                self._appeared[entity] = run
                self._removed.discard(entity)
            if first:
                found.append(index)
        return found


def read_starts(database: RecorderDatabase, tables: set[str], before: Starts | None = None) -> Starts:
    """The starts that the recorder remembers.

    Args:
        before: what was seen of the entities until now, where a reading goes on.

    Raises:
        HistoryUnreadable, DatabaseChanged.
    """
    starts = database.starts() if "recorder_runs" in tables else []
    return Starts(list(_seconds(starts)), before)


def _seconds(starts: Sequence[object]) -> Iterator[float]:
    for start in starts:
        try:
            moment = start if isinstance(start, datetime) else datetime.fromisoformat(str(start))
        except ValueError:
            continue  # a start nobody can read marks nothing
        yield (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
