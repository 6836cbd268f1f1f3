"""What Home Assistant is told of this service: status sensors over MQTT, and a word after a run with something new.

All of it is done by a thread of its own, from what the store says at that moment. Whoever reports something only
leaves a note, so that a broker, a Home Assistant or a store that hangs holds up nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from queue import SimpleQueue
from threading import Thread
from typing import Protocol

from src.domain.patterns import Pattern, Status
from src.domain.runs import Run, RunState
from src.errors import ServiceError
from src.home_assistant.client import HomeAssistant
from src.home_assistant.mqtt import Broker, broker_of
from src.home_assistant.mqtt_discovery import (
    AVAILABILITY_TOPIC,
    FAILED,
    LAST_RUN,
    LAST_RUN_RESULT,
    NEVER,
    NEW_SUGGESTIONS,
    NEXT_RUN,
    OK,
    UNKNOWN,
    Standing,
    discovery,
    standings,
)
from src.jobs.nights import as_datetime
from src.jobs.notification import notify_new
from src.settings import Settings
from src.store.store import Store

_SENTENCES = 3
_LONGEST = 120  # letters of a text in an attribute
_PAGE = 500

logger = logging.getLogger(__name__)


class Scheduled(Protocol):
    """What is asked of :class:`src.jobs.nightly.Nightly`."""

    @property
    def next_run(self) -> datetime | None:
        """When the next run is due."""


class Announcements:
    """Announces nothing where MQTT_HOST is empty and HA_NOTIFY is off.

    Args:
        home_assistant: the one to notify, made when it is needed; None when there is none.

    Raises:
        InvalidSetting: MQTT_HOST or MQTT_DISCOVERY_PREFIX.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        nightly: Scheduled,
        *,
        home_assistant: Callable[[], HomeAssistant | None] = lambda: None,
    ) -> None:
        self._store = store
        self._nightly = nightly
        self._notify = settings.ha_notify
        self._home_assistant = home_assistant
        self._notes: SimpleQueue[Run | bool] = SimpleQueue()
        self._thread: Thread | None = None
        self._known: set[str] | None = None  # ids of new suggestions that were there before; None: nobody looked
        access = broker_of(settings)
        self._broker: Broker | None = None
        if access is not None:
            self._broker = Broker(access, availability=AVAILABILITY_TOPIC, on_birth=self.refresh)
            self._broker.keep(discovery(access.prefix))

    def start(self) -> None:
        """Look at how things stand, and tell it as soon as somebody is there to listen."""
        if self._broker is None and not self._notify:
            return
        self._look()
        self._thread = Thread(target=self._work, name="announcements", daemon=True)
        self._thread.start()
        self.refresh()
        if self._broker is not None:
            self._broker.start()

    def run_ended(self, run: Run) -> None:
        """Tell of a run, whatever became of it. To be called when it is recorded; returns at once."""
        self._note(run)

    def refresh(self) -> None:
        """Tell anew how things stand, as after an answer to a suggestion; returns at once."""
        self._note(True)

    def close(self, timeout: float = 5.0) -> None:
        """Do what was noted, but for no longer than ``timeout`` s; then say good-bye to the broker."""
        if self._thread is None:
            return
        self._notes.put(False)
        self._thread.join(timeout)
        self._thread = None
        if self._broker is not None:
            self._broker.close()

    def _look(self) -> None:
        """What is there before a run can end is no news."""
        try:
            self._known = {pattern.id for pattern in self._new_suggestions()}
        except ServiceError as error:
            logger.warning("not_announced", extra={"code": error.code, "why": error.message})

    def _note(self, note: Run | bool) -> None:
        if self._thread is not None:  # nobody would ever read it
            self._notes.put(note)

    def _work(self) -> None:
        while (note := self._notes.get()) is not False:
            try:
                self._tell(note if isinstance(note, Run) else None)
            except ServiceError as error:
                logger.warning("not_announced", extra={"code": error.code, "why": error.message})
            except Exception:
                # There is nobody above this thread to tell, and the next note may go well.
                logger.exception("not_announced", extra={"code": "internal"})

    def _tell(self, ended: Run | None) -> None:
        new = self._new_suggestions()
        fresh = [] if self._known is None else [pattern for pattern in new if pattern.id not in self._known]
        if ended is not None or self._known is None:
            self._known = {pattern.id for pattern in new}
        if self._broker is not None:
            self._broker.keep(standings(self._standings(new)))
        if self._notify and ended is not None and ended.state is RunState.SUCCEEDED:
            home_assistant = self._home_assistant()
            if home_assistant is not None:
                notify_new(home_assistant, fresh, waiting=len(new))

    def _new_suggestions(self) -> list[Pattern]:
        """Those that nobody has answered and that no automation does already; strongest first."""
        found: list[Pattern] = []
        cursor: str | None = None
        while True:
            page = self._store.patterns.page(limit=_PAGE, cursor=cursor, status=[Status.NEW])
            found.extend(pattern for pattern in page.items if pattern.covered_by is None)
            if page.next is None:
                return found
            cursor = page.next

    def _standings(self, new: list[Pattern]) -> dict[str, Standing]:
        last = self._last_ended()
        upcoming = self._nightly.next_run
        sentences = [_short(pattern.sentence) for pattern in new[:_SENTENCES]]
        return {
            LAST_RUN.key: _last_run(last),
            LAST_RUN_RESULT.key: _result(last),
            NEW_SUGGESTIONS.key: Standing(str(len(new)), {"strongest": sentences} if sentences else {}),
            NEXT_RUN.key: Standing(UNKNOWN if upcoming is None else upcoming.isoformat(timespec="seconds")),
        }

    def _last_ended(self) -> Run | None:
        ended = (run for run in self._store.runs.page(limit=20).items if run.finished_at is not None)
        return max(ended, key=lambda run: run.finished_at or 0, default=None)


def _last_run(run: Run | None) -> Standing:
    if run is None or run.finished_at is None:
        return Standing(UNKNOWN)
    at = as_datetime(run.finished_at).astimezone(UTC).isoformat(timespec="seconds")
    found = {"found": run.counts["found"]} if "found" in run.counts else {}
    return Standing(at, {"run": run.id, "trigger": str(run.trigger), **found})


def _result(run: Run | None) -> Standing:
    if run is None:
        return Standing(NEVER)
    if run.state is RunState.SUCCEEDED:
        return Standing(OK)
    error = run.error or {}
    return Standing(
        FAILED, {name: _short(str(error[name])) for name in ("code", "message", "remedy") if error.get(name)}
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"
