"""One connection to Home Assistant, from the gap that is filled to the last event that is written."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import Protocol

from src.analysis.importing import OVERLAP
from src.analysis.pipeline import Clock
from src.domain.events import MICROSECONDS, EventLog
from src.domain.home import Home
from src.domain.local_time import DAY
from src.domain.selection import Selection
from src.errors import HomeAssistantFailed
from src.history.admission import Admission
from src.history.home_assistant_history import ApiHistory
from src.history.live import Buffer, Judge, firings
from src.history.live_contexts import LiveContexts
from src.history.logbook import Firing
from src.history.machines import machine_users
from src.home_assistant.client import HomeAssistant
from src.home_assistant.session import Session
from src.store.store import Store

logger = logging.getLogger(__name__)

_LATE = 90 * MICROSECONDS  # after which what the recorder had not committed yet is asked for again
_LATE_OVERLAP = 300 * MICROSECONDS
_DESCRIBED_FOR = DAY // 4  # until the home is looked at anew
_STARTING = 3.0  # s, between two questions whether Home Assistant has started
_STARTING_QUESTIONS = 200

Fired = Callable[[Sequence[Firing]], None]


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What is listened to, and how often it is written.

    Attributes:
        include_users, exclude_users: names or ids of users, by comma; see ``machine_users``.
        time_zone: of the home if somebody said it; None: Home Assistant's.
        flush_seconds: between two writes; each costs a disk two syncs.
        flush_events: or as soon as there are so many.
        room: things that may wait to be written; about 20 MB.
    """

    selection: Selection | None = None
    include_users: str = ""
    exclude_users: str = ""
    time_zone: str | None = None
    flush_seconds: float = 15.0
    flush_events: int = 2_000
    room: int = 50_000


class Watcher(Protocol):
    """Is told how it goes."""

    def filling(self) -> None: ...

    def listening(self) -> None: ...

    def wrote(self, log: EventLog, added: int) -> None: ...

    def without_history(self, why: str) -> None: ...


class Connection:
    """Follows a home over two sessions: one that listens (in a thread of its own) and one that asks.

    Args:
        key: the source's, in the store.
        closing: set when the service stops; the sessions are then closed by who set it.
        wait: waits so many s, but ends at once when the service stops.
    """

    def __init__(
        self,
        ha: HomeAssistant,
        store: Store,
        key: str,
        *,
        asking: Session,
        contexts: LiveContexts,
        buffer: Buffer,
        describe: Callable[[HomeAssistant], Home],
        options: LiveOptions,
        fired: Fired,
        watcher: Watcher,
        clock: Clock,
        closing: Event,
        wait: Callable[[float], object],
    ) -> None:
        self._ha = ha
        self._store = store
        self._key = key
        self._asking = asking
        self._contexts = contexts
        self._buffer = buffer
        self._describe = describe
        self._options = options
        self._fired = fired
        self._watcher = watcher
        self._clock = clock
        self._closing = closing
        self._wait = wait

    def follow(self) -> None:
        """Fill the gap, then write what is heard until the buffer ends, and what is left in it.

        Raises:
            what ended the listening; HomeAssistantError, StoreError.
        """
        loading = self._await_start()
        # After a restore the gap is another one: writing fails then, and the next connection fills it.
        self._mark = self._store.restored()
        judge = Judge(self._contexts)
        self._look(judge)
        if loading:
            judge.loading()
        if not self._fill(self._since()):
            return
        if self._history.last_start is not None:
            judge.started(self._history.last_start)
        late: int | None = self._clock() + _LATE
        while not self._buffer.ended:
            things = self._buffer.take(self._options.flush_events, self._options.flush_seconds)
            self._write(judge.log(things))
            if automations := firings(things):
                self._fired(automations)
            if self._buffer.lost and not things:
                logger.info("live_gap", extra={"source": self._key})
                self._buffer.resume()
                late = self._clock() + _LATE
                if not self._fill(self._since()):
                    return
            elif late is not None and self._clock() >= late:
                late = None
                if not self._fill(self._reached - _LATE_OVERLAP):
                    return
            elif self._clock() - self._looked >= _DESCRIBED_FOR:
                self._look(judge)

    def _await_start(self) -> bool:
        """Wait while Home Assistant loads, as it has neither entities nor history yet; whether it did."""
        for question in range(_STARTING_QUESTIONS):
            if self._ha.command("get_config").get("state") == "RUNNING" or self._closing.is_set():
                return question > 0
            self._wait(_STARTING)
        return True

    def _look(self, judge: Judge) -> None:
        """The home as it is now, and who is to be listened to in it."""
        home = self._describe(self._ha)
        if self._options.time_zone:
            home = replace(home, time_zone=self._options.time_zone)
        machines = machine_users(home, self._options.exclude_users, self._options.include_users)
        self._contexts.machines = machines
        self._history = ApiHistory(
            self._asking, self._key, home, machines=machines, selection=self._options.selection, fired=self._fired
        )
        judge.look_at(home, Admission(home, self._options.selection))
        self._looked = self._clock()

    def _since(self) -> int | None:
        """Where the store's history of this home ends, less an overlap; None: it has none."""
        position = self._store.events.position(self._key)
        # Home Assistant's clock may be a little ahead of ours; by more it was wrong once, or ours is.
        return None if position is None or position > self._clock() + OVERLAP else position - OVERLAP

    def _fill(self, since: int | None) -> bool:
        """Everything since an instant, into the store. False when the service stops."""
        self._watcher.filling()
        now = self._clock()
        self._reached = now
        try:
            self._contexts.note_automatic(self._history.automatic_contexts(now - DAY))
            for read in self._history.parts(since, now):
                self._write(read.log)
                self._reached = read.log.span[1] or self._reached
                for warning in read.warnings:
                    self._watcher.without_history(warning)
                if self._closing.is_set():
                    return False
        except HomeAssistantFailed as error:
            if error.reason != "unknown_command":
                raise
            self._watcher.without_history(str(error))
        self._watcher.listening()
        return True

    def _write(self, log: EventLog) -> None:
        if len(log):
            until = self._clock() + OVERLAP  # as far as the overlap makes up for a clock that is ahead
            imported = self._store.events.add(log, source=self._key, until=until, mark=self._mark)
            self._watcher.wrote(log, imported.added)
