"""Listening to Home Assistant all the time, so that what its recorder purges or leaves out is not missed.

It subscribes first and then fills the gap from history, so that nothing falls between the two; what comes twice the
store knows already. Whatever breaks, the way back is the same: connect, subscribe, fill the gap since what the store
has, listen. A gap inside a connection (the store was slower than the home for long) is filled likewise.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Event, Lock, Thread

from src.analysis.pipeline import Clock
from src.domain.events import MICROSECONDS, EventLog
from src.domain.home import Home
from src.errors import HomeAssistantRefused, HomeAssistantUnreachable, ServiceError
from src.history.home_assistant_history import PATIENCE, source_key
from src.history.live import Buffer, listen, subscribe
from src.history.live_contexts import LiveContexts
from src.home_assistant.client import HomeAssistant
from src.home_assistant.session import Session
from src.jobs.lease import KeptLease
from src.jobs.live_connection import Connection, Fired, LiveOptions
from src.jobs.reconnecting import Reconnecting
from src.store.owners import new_owner, retire, take
from src.store.store import Store

logger = logging.getLogger(__name__)

LEASE = "live"
_STANDBY = 30.0  # s, until it is looked again whether another process still listens


class LiveState(StrEnum):
    """What the listening thread is doing."""

    STOPPED = "stopped"
    STANDBY = "standby"  # another process listens
    CONNECTING = "connecting"
    FILLING = "filling"  # reads history
    LISTENING = "listening"
    WAITING = "waiting"  # to try again after a failure
    REFUSED = "refused"  # the token is not taken


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """How listening goes.

    Attributes:
        since: µs UTC, when that state began.
        last_event: µs UTC, the newest event that this process wrote.
        last_error: what went wrong last and what to do, in sentences; None while all is well.
        events: that this process added to the store.
    """

    state: LiveState = LiveState.STOPPED
    since: int = 0
    last_event: int | None = None
    last_error: str | None = None
    events: int = 0


class Live:
    """A thread that keeps the store up to date with Home Assistant.

    Args:
        describe: :func:`src.home_assistant.description.describe_home`.
        fired: is told of automations that were set off, of some more than once.
        wait: waits so many s, but ends at once when the service stops.
        chance: uniform in [0, 1).
    """

    def __init__(
        self,
        ha: HomeAssistant,
        store: Store,
        *,
        describe: Callable[[HomeAssistant], Home],
        clock: Clock,
        options: LiveOptions | None = None,
        fired: Fired = lambda _: None,
        reconnecting: Reconnecting | None = None,
        wait: Callable[[float], object] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.key = source_key(ha.access)
        self._ha = ha
        self._store = store
        self._describe = describe
        self._clock = clock
        self._options = options or LiveOptions()
        self._fired = fired
        self._reconnecting = reconnecting or Reconnecting()
        self._closing = Event()
        self._wait = wait or self._closing.wait
        self._chance = chance
        self._owner = new_owner()
        self._guard = Lock()
        self._status = LiveStatus()
        self._sessions: tuple[Session, ...] = ()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin, in a thread of its own; returns at once."""
        self._thread = Thread(target=self._run, name="live", daemon=True)
        self._thread.start()

    def close(self, timeout: float = 10.0) -> bool:
        """Write what was heard, and end; once more does no harm. False if it has not ended within ``timeout`` s."""
        self._closing.set()
        with self._guard:
            sessions = self._sessions
        for session in sessions:
            session.close()
        if self._thread is not None:
            self._thread.join(timeout)
            if self._thread.is_alive():
                # It hangs, and the process ends: another one need not wait until the lease runs out.
                self._store.leases.release(LEASE, self._owner)
                return False
        retire(self._owner)
        return True

    def status(self) -> LiveStatus:
        """How it goes now."""
        with self._guard:
            return self._status

    # What a connection tells

    def filling(self) -> None:
        self._enter(LiveState.FILLING)

    def listening(self) -> None:
        self._enter(LiveState.LISTENING)

    def wrote(self, log: EventLog, added: int) -> None:
        with self._guard:
            newest = max(log.span[1], self._status.last_event or 0)
            self._status = replace(self._status, last_event=newest, events=self._status.events + added)

    def without_history(self, why: str) -> None:
        logger.warning("live_without_history", extra={"why": why})
        self._note(why)

    # The thread

    def _run(self) -> None:
        failures = 0
        while not self._closing.is_set():
            began = self._clock()
            refused = False
            try:
                if not self._turn():
                    continue
            except HomeAssistantRefused as error:
                refused = True
                self._failed(LiveState.REFUSED, error)
            except ServiceError as error:
                self._failed(LiveState.WAITING, error)
            except Exception as error:  # a thread that dies in silence would look like a quiet home
                logger.exception("live_broke_down")
                fault = ServiceError(f"Listening broke down ({type(error).__name__}).", "Its log says more.")
                self._failed(LiveState.WAITING, fault)
            steady = self._clock() - began >= self._reconnecting.steady * MICROSECONDS
            failures = 1 if steady else failures + 1
            if not self._closing.is_set():
                self._wait(self._reconnecting.wait(failures, self._chance(), refused=refused))
        self._enter(LiveState.STOPPED)

    def _turn(self) -> bool:
        """Listen until something breaks, if no other process does. False: it was not this one's turn."""
        if not take(self._store, LEASE, self._owner, now=self._clock()):
            self._enter(LiveState.STANDBY)
            self._wait(_STANDBY)
            return False
        lease = KeptLease(self._store, LEASE, self._owner, clock=self._clock)
        try:
            self._enter(LiveState.CONNECTING)
            self._connect()
        finally:
            lease.give_back()
        return True

    def _connect(self) -> None:
        contexts = LiveContexts()
        buffer = Buffer(self._options.room)
        patience = max(PATIENCE, self._ha.access.timeout)
        with self._ha.session() as heard, self._ha.session(timeout=patience) as asking:
            with self._guard:
                self._sessions = (heard, asking)
            if self._closing.is_set():  # by somebody who did not see these sessions
                return
            subscribe(heard)

            def hear() -> None:
                listen(heard, contexts, buffer)
                asking.close()  # who waits for an answer would wait long for one that hangs

            listener = Thread(target=hear, name="live-listener", daemon=True)
            listener.start()
            connection = Connection(
                self._ha,
                self._store,
                self.key,
                asking=asking,
                contexts=contexts,
                buffer=buffer,
                describe=self._describe,
                options=self._options,
                fired=self._fired,
                watcher=self,
                clock=self._clock,
                closing=self._closing,
                wait=self._wait,
            )
            try:
                connection.follow()
            except HomeAssistantUnreachable as error:
                if not self._closing.is_set():  # then it was closed here
                    raise buffer.error or error from None
            finally:
                with self._guard:
                    self._sessions = ()
                heard.close()
                listener.join()

    def _enter(self, state: LiveState) -> None:
        with self._guard:
            before = self._status
            if state is before.state:
                return
            # A failure is over once there is a connection again that can be asked what it cost.
            over = before.state is LiveState.CONNECTING and state is LiveState.FILLING
            error = None if over else before.last_error
            self._status = replace(before, state=state, since=self._clock(), last_error=error)
        logger.info("live", extra={"state": str(state)})

    def _failed(self, state: LiveState, error: ServiceError) -> None:
        logger.warning("live_failed", extra={"code": error.code, "why": error.message})
        self._note(str(error))
        self._enter(state)

    def _note(self, why: str) -> None:
        with self._guard:
            self._status = replace(self._status, last_error=why)
