"""One automation in Home Assistant's own editor: read, written, switched, deleted, and seen to be so.

The interface is the one that the editor in the browser uses. It answers when the file is written and loads it after
that, so a write is done when the entity has what was written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from src.domain.patterns import Json
from src.errors import HomeAssistantFailed
from src.home_assistant.client import HomeAssistant
from src.home_assistant.session import Session

Wait = Callable[[float], None]

NOT_LOADED = "not_loaded"
"""Reason of a ``HomeAssistantFailed``: it was written, and Home Assistant does not run it."""

_UNAVAILABLE = "unavailable"
_PATIENCE = 20.0  # s, for what was written to be loaded; a Home Assistant with hundreds of automations takes one or two
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 1.0  # s


@dataclass(frozen=True, slots=True)
class LiveAutomation:
    """An automation as Home Assistant runs it.

    Attributes:
        on: whether it is switched on.
        last_triggered: ISO 8601 with offset; None: never.
        running: how many runs of it are under way.
    """

    entity_id: str
    on: bool
    last_triggered: str | None
    running: int


class AutomationEditor:
    """Every method raises ``HomeAssistantError``.

    Args:
        wait: sleeps for so many seconds.
    """

    def __init__(self, ha: HomeAssistant, wait: Wait = time.sleep) -> None:
        self._ha = ha
        self._wait = wait

    def read(self, automation_id: str) -> Json | None:
        """What the editor would show; None where there is none."""
        config = self._ha.request("GET", _path(automation_id))
        return config if isinstance(config, dict) else None

    def live(self) -> Mapping[str, LiveAutomation]:
        """Every automation that runs and has an id, by that id. One that could not be set up is missing."""
        with self._ha.session() as session:
            return _live(session)

    def write(self, automation_id: str, config: Json) -> LiveAutomation:
        """Make it or put it in the place of what is there, and wait until Home Assistant runs it.

        Raises:
            HomeAssistantFailed: it was refused; or, with the reason :data:`NOT_LOADED`, it was written and is not run.
        """
        body = {key: value for key, value in config.items() if key != "id"}
        self._ha.request("POST", _path(automation_id), body)
        written = self.read(automation_id)
        for _ in self._while_patient():
            with self._ha.session() as session:
                live = _live(session).get(automation_id)
                if live is not None:
                    loaded = session.command("automation/config", entity_id=live.entity_id)
                    if loaded["config"] == written:
                        return live
        raise HomeAssistantFailed(
            f"the automation {automation_id}",
            NOT_LOADED,
            "it was written, but is not run; configuration.yaml needs the line `automation: !include automations.yaml`",
        )

    def remove(self, automation_id: str) -> None:
        """Delete it, and wait until it is gone. Nothing happens where there is none."""
        try:
            self._ha.request("DELETE", _path(automation_id))
        except HomeAssistantFailed:
            if self.read(automation_id) is not None:
                raise
        for _ in self._while_patient():
            if automation_id not in self.live():
                return
        raise HomeAssistantFailed(f"the removal of {automation_id}", NOT_LOADED, "it was deleted, but is still run")

    def switch(self, entity_id: str, *, on: bool) -> None:
        """Switch it on or off, as its toggle does."""
        self._ha.call_service(f"automation.{'turn_on' if on else 'turn_off'}", {}, {"entity_id": entity_id})

    def save_states(self) -> None:
        """Have Home Assistant write down what is on and off; else it does so every 15 minutes, and when it stops."""
        self._ha.call_service("homeassistant.save_persistent_states")

    def _while_patient(self) -> Iterator[None]:
        waited, pause = 0.0, _FIRST_WAIT
        while True:
            yield
            if waited >= _PATIENCE:
                return
            self._wait(pause)
            waited += pause
            pause = min(2 * pause, _LONGEST_WAIT)


def _path(automation_id: str) -> str:
    return f"config/automation/config/{quote(automation_id, safe='')}"


def _live(session: Session) -> dict[str, LiveAutomation]:
    found: dict[str, LiveAutomation] = {}
    for state in session.command("get_states"):
        entity_id, attributes = str(state["entity_id"]), state["attributes"]
        # The entity may be called anything, so it is known by its id.
        if not entity_id.startswith("automation.") or "id" not in attributes or state["state"] == _UNAVAILABLE:
            continue
        found[str(attributes["id"])] = LiveAutomation(
            entity_id=entity_id,
            on=state["state"] == "on",
            last_triggered=attributes.get("last_triggered"),
            running=int(attributes.get("current") or 0),
        )
    return found
