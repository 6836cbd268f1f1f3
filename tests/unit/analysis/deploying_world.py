"""A home with a Home Assistant, a store with a routine in it, and a client that can be killed between any two calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from src.analysis.deploying import Deployments
from src.analysis.settling import GUARD
from src.domain.events import MICROSECONDS
from src.domain.patterns import Json, Pattern, TimeTrigger
from src.domain.runs import RunTrigger
from src.home_assistant.access import Access
from src.home_assistant.client import HomeAssistant
from src.home_assistant.session import Session
from src.store import Store
from tests.fake_home_assistant import FakeHomeAssistant
from tests.unit.analysis.worlds import WORKDAYS, Clockwork, at
from tests.unit.store.worlds import result

LAMP = at(
    "07:10:00",
    ("light.kitchen", "on"),
    id="p_00000000000000a1",
    sentence="The kitchen light turns on around 07:10 on weekdays.",
)
LATER = LAMP.with_(trigger=TimeTrigger("07:40:00", WORKDAYS), sentence="The kitchen light turns on around 07:40.")
DOOR = at(
    "08:00:00",
    ("lock.front_door", "unlocked"),
    id="p_00000000000000b2",
    sentence="The front door unlocks around 08:00 on weekdays.",
)
LAMP_ID = f"ai_automation_{LAMP.id}"


class Killed(BaseException):
    """The process ends here: nothing may catch this."""


class Home(FakeHomeAssistant):
    """Remembers every state its automations ever had."""

    def __init__(self, version: str = "2024.3.3") -> None:
        self.automation_states: list[str] = []
        super().__init__(version)
        self.add_entity("light.kitchen", "off", name="Kitchen")
        self.add_entity("lock.front_door", "locked", name="Front door")

    def set_state(self, entity_id: str, state: str, *args: Any, **options: Any) -> Json:
        if entity_id.startswith("automation."):
            self.automation_states.append(state)
        return super().set_state(entity_id, state, *args, **options)

    @property
    def automation(self) -> str | None:
        """The state of the only automation; None where there is none."""
        states = [each["state"] for name, each in self.states.items() if name.startswith("automation.")]
        assert len(states) <= 1
        return states[0] if states else None

    @property
    def writes(self) -> int:
        """How often an automation was written or deleted."""
        return sum(method in ("POST", "DELETE") for method, _, _ in self.called)


class Mortal(HomeAssistant):
    """Dies before or after one of its calls, counted from 0."""

    def __init__(self, access: Access, at: int | None = None, *, after: bool = False) -> None:
        super().__init__(access)
        self.calls: list[str] = []
        self._at, self._after = at, after

    @contextmanager
    def _call(self, what: str) -> Iterator[None]:
        number = len(self.calls)
        self.calls.append(what)
        if number == self._at and not self._after:
            raise Killed
        try:
            yield
        finally:
            if number == self._at:
                raise Killed

    def request(self, method: str, path: str, body: Json | None = None) -> Any:
        with self._call(f"{method} {path}"):
            return super().request(method, path, body)

    @contextmanager
    def session(self, *, timeout: float | None = None) -> Iterator[Session]:
        with self._call("session"), super().session(timeout=timeout) as session:
            yield session


def publish(store: Store, *patterns: Pattern, now: int) -> None:
    run = store.runs.start(trigger=RunTrigger.API, request={}, now=now)
    store.runs.publish(run.id, result(*patterns), now=now)


def deployments(store: Store, ha: Callable[[], HomeAssistant | None], clock: Clockwork) -> Deployments:
    """As the service has them, but whoever waits moves the clock on."""

    def wait(seconds: float) -> None:
        clock.now += int(seconds * 1_000_000)

    return Deployments(store, ha, clock, wait=wait)


def edit(home: Home, automation_id: str, **changes: Any) -> None:
    """What a person does in Home Assistant's own editor."""
    body = {key: value for key, value in home.automations[automation_id].items() if key != "id"} | changes
    home.rest(home.users[0], "POST", f"config/automation/config/{automation_id}", body)


def delete(home: Home, automation_id: str) -> None:
    """The same, with what is in its menu."""
    home.rest(home.users[0], "DELETE", f"config/automation/config/{automation_id}", None)


def wait_for_guard(works: Deployments, clock: Clockwork) -> None:
    """Until Home Assistant has on its disk that an automation is off, and nothing else has to keep it off."""
    clock.forward(seconds=GUARD / MICROSECONDS)
    works.tend()
