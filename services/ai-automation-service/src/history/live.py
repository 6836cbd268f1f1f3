"""What happens in a home, as it happens: from Home Assistant's events to columns of an event log.

One thread listens and puts what it hears into a :class:`Buffer`; another takes it out, judges who caused it and
writes it. Home Assistant throws out a client that does not keep up, so the listening thread never waits: what has no
room is dropped, and whoever takes from the buffer is told that a gap is to be filled from history.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Condition

import numpy as np

from src.domain.events import EntityInfo, EventLog, Origin
from src.domain.home import Home
from src.domain.patterns import Json
from src.history.admission import Admission
from src.history.first_reports import FirstReports
from src.history.live_contexts import Context, LiveContexts
from src.history.logbook import Firing
from src.history.table import EventTable
from src.home_assistant.session import Session

EVENT_TYPES = (
    "state_changed",
    "automation_triggered",
    "script_started",
    "call_service",
    "homeassistant_start",
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class LiveChange:
    """An entity took a state, µs UTC; ``new`` if it had none before."""

    time: int
    entity_id: str
    state: str
    context: Context
    new: bool


@dataclass(frozen=True, slots=True)
class LiveStart:
    """Home Assistant has loaded its entities, µs UTC."""

    time: int


Heard = LiveChange | LiveStart | Firing


def subscribe(session: Session) -> None:
    """Ask for the events of :data:`EVENT_TYPES`, each in its turn, in the order they happen in."""
    for kind in EVENT_TYPES:
        session.subscribe("subscribe_events", event_type=kind)


def heard(event: Json, contexts: LiveContexts) -> Heard | None:
    """What an event says that is worth keeping; its context is noted. A change of attributes alone is nothing."""
    kind, data = event.get("event_type"), event.get("data")
    if not isinstance(data, dict):
        return None
    at = _instant(event.get("time_fired"))
    match kind:
        case "state_changed":
            return _change(data)
        case "homeassistant_start":
            return None if at is None else LiveStart(at)
        case "automation_triggered" | "script_started" | "call_service" if at is not None:
            contexts.note(kind, Context.of(event.get("context")), at)
            automation = data.get("entity_id")
            if kind == "automation_triggered" and isinstance(automation, str):
                return Firing(automation, at)
    return None


def _change(data: Json) -> LiveChange | None:
    entity_id, after, before = data.get("entity_id"), data.get("new_state"), data.get("old_state")
    if not isinstance(entity_id, str) or not isinstance(after, dict):  # an entity that was removed has no new state
        return None
    changed, state = _instant(after.get("last_changed")), after.get("state")
    if changed is None or after.get("last_updated") != after.get("last_changed") or not isinstance(state, str):
        return None
    return LiveChange(changed, entity_id, state, Context.of(after.get("context")), before is None)


def _instant(text: object) -> int | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return None if moment is None or moment.tzinfo is None else (moment - _EPOCH) // _MICROSECOND


class Judge:
    """Says of what was heard, in its order, which changes are events and who caused them.

    Attributes:
        skipped: changes that are not read, by reason.
    """

    def __init__(self, contexts: LiveContexts) -> None:
        self.skipped: Counter[str] = Counter()
        self._contexts = contexts
        self._first_reports = FirstReports()
        self._told: set[str] = set()
        self._loading = False
        self._begun = False  # a start, of which it was not said yet that it is done
        self.look_at(Home(""), Admission(Home("")))

    def look_at(self, home: Home, admission: Admission) -> None:
        """The home as it is now."""
        self._home = home
        self._admission = admission
        self._told.clear()

    def loading(self) -> None:
        """Home Assistant was loading its entities when one began to listen; it will say when it has."""
        self._loading = True

    def started(self, at: int) -> None:
        """Home Assistant began to load its entities before one listened, µs UTC."""
        self._first_reports.started(at)

    def log(self, things: Iterable[Heard]) -> EventLog:
        """The events among what was heard."""
        table = EventTable()
        kept: list[LiveChange] = []
        origins: list[int] = []
        things = list(things)
        # What was heard before it said that it has started was heard while it started.
        self._loading |= not self._begun and any(isinstance(thing, LiveStart) for thing in things)
        for thing in things:
            if isinstance(thing, LiveStart) or self._loading:
                self._note_start(thing)
            if isinstance(thing, LiveChange):
                reason = self._admission.refused(thing.entity_id)
                if reason is None:
                    kept.append(thing)
                    origins.append(self._origin(thing))
                else:
                    self.skipped[reason] += 1
        if kept:
            table.add(
                np.array([change.time for change in kept], np.int64),
                [change.entity_id for change in kept],
                [change.state for change in kept],
                np.array(origins, np.int8),
            )
        log = table.log(self._home.time_zone, self._news(kept), self._home.position)
        self.skipped.update(table.skipped)
        return log

    def _note_start(self, thing: Heard) -> None:
        """A start begins with what is heard first of it, and is the same start when Home Assistant says it is done."""
        done = isinstance(thing, LiveStart)
        if self._loading or not self._begun:
            self._first_reports.started(thing.time)
        self._loading, self._begun = False, not done

    def _origin(self, change: LiveChange) -> int:
        first = self._first_reports.first(change.entity_id, change.state, change.time, new=change.new)
        origin = self._contexts.origin(change.context, change.entity_id, change.time)
        return int(Origin.UNKNOWN if first and origin is Origin.DEVICE else origin)

    def _news(self, changes: Sequence[LiveChange]) -> dict[str, EntityInfo]:
        """What is known of entities that have not been described since the home was looked at."""
        fresh = {change.entity_id for change in changes} - self._told
        self._told |= fresh
        return {
            entity_id: self._home.entities[entity_id].info for entity_id in fresh if entity_id in self._home.entities
        }


def firings(things: Iterable[Heard]) -> list[Firing]:
    """The automations that were set off."""
    return [thing for thing in things if isinstance(thing, Firing)]


class Buffer:
    """What was heard and is not written yet, between the thread that listens and the one that writes.

    Args:
        limit: how many things there is room for.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._things: deque[Heard] = deque()
        self._changed = Condition()
        self._lost = False
        self._ended = False
        self._error: BaseException | None = None

    def put(self, thing: Heard) -> None:
        """Never waits: what has no room is lost, and all that follows, until :meth:`resume`."""
        with self._changed:
            if self._lost or len(self._things) >= self._limit:
                self._lost = True
            else:
                self._things.append(thing)
            self._changed.notify()

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more will be put, on account of an error perhaps."""
        with self._changed:
            self._ended, self._error = True, self._error or error
            self._changed.notify()

    def take(self, most: int, wait: float) -> list[Heard]:
        """Up to ``most`` things, in order; waits for so many, but no longer than ``wait`` s.

        Raises:
            what :meth:`end` was given, when all that came before it was taken.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._lost or len(self._things) >= most, wait)
            things = [self._things.popleft() for _ in range(min(most, len(self._things)))]
            if not things and self._error is not None:
                raise self._error
            return things

    @property
    def lost(self) -> bool:
        """Whether something was dropped; what is still in the buffer is older."""
        with self._changed:
            return self._lost

    @property
    def ended(self) -> bool:
        """Whether nothing will come any more, and nothing is to be raised for it."""
        with self._changed:
            return self._ended and not self._things and self._error is None

    @property
    def error(self) -> BaseException | None:
        """On whose account nothing more comes."""
        with self._changed:
            return self._error

    def resume(self) -> None:
        """Keep again what comes from now on."""
        with self._changed:
            self._things.clear()
            self._lost = False


def listen(session: Session, contexts: LiveContexts, buffer: Buffer) -> None:
    """Put what is heard into the buffer until the session ends. Runs in a thread of its own."""
    error: BaseException | None = None
    try:
        for message in session.events(timeout=1.0):
            thing = None if message is None else heard(message[1], contexts)
            if thing is not None:
                buffer.put(thing)
    except Exception as failure:  # whatever it was, who takes from the buffer is told at its end
        error = failure
    finally:
        buffer.end(error)
