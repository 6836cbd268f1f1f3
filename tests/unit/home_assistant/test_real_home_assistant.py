"""The same client and description with a real Home Assistant at the other end."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from src.domain.patterns import WEEKDAYS, Action, StateTrigger, TimeTrigger
from src.errors import HomeAssistantFailed, HomeAssistantRefused
from src.home_assistant.access import Access
from src.home_assistant.client import HomeAssistant
from src.home_assistant.description import describe_home

if TYPE_CHECKING:
    from tests.real_home_assistant.server import HomeAssistantServer

pytestmark = pytest.mark.heavy

BLUEPRINT = {"motion_entity": "binary_sensor.hallway_motion", "light_target": {"entity_id": "light.study"}}
AUTOMATIONS: dict[str, dict[str, Any]] = {
    "client_1": {
        "alias": "Client time",
        "trigger": [{"platform": "time", "at": "07:10:00"}],
        "action": [{"service": "light.turn_on", "target": {"area_id": "client_room"}}],
    },
    "client_2": {
        "alias": "Client blueprint",
        "use_blueprint": {"path": "homeassistant/motion_light.yaml", "input": {**BLUEPRINT, "no_motion_wait": 90}},
        "initial_state": False,
    },
}


@pytest.fixture
def ha(home_assistant: HomeAssistantServer) -> HomeAssistant:
    url = home_assistant.url
    return HomeAssistant(Access(url, f"ws{url.removeprefix('http')}/api/websocket", home_assistant.token, 20.0))


@pytest.fixture
def room(ha: HomeAssistant) -> Iterator[None]:
    """A room with the study's light in it, and two automations; gone afterwards."""
    entries = ha.command("config/entity_registry/list")
    before = next(entry["area_id"] for entry in entries if entry["entity_id"] == "light.study")
    room = ha.command("config/area_registry/create", name="Client room")["area_id"]
    ha.command("config/entity_registry/update", entity_id="light.study", area_id=room)
    for key, config in AUTOMATIONS.items():
        ha.request("POST", f"config/automation/config/{key}", config)
    yield
    for key in AUTOMATIONS:
        ha.request("DELETE", f"config/automation/config/{key}")
    ha.command("config/entity_registry/update", entity_id="light.study", area_id=before)
    ha.command("config/area_registry/delete", area_id=room)


@pytest.mark.usefixtures("room")
def test_a_real_home_is_described(ha: HomeAssistant) -> None:
    home = describe_home(ha)
    assert home.warnings == ()
    assert home.release >= (2024, 3)
    assert home.position is not None
    assert {"Anna", "Ben"} <= {user.name for user in home.users}
    assert home.entities["light.study"].area == "Client room"
    assert {"brightness_pct", "transition", "flash"} <= set(home.services["light.turn_on"].fields)
    known = {each.name: each for each in home.automations}
    assert known["Client time"].triggers == (TimeTrigger("07:10:00", WEEKDAYS),)
    assert known["Client time"].actions == (Action("light.study", "on"),)
    # Home Assistant fills a blueprint in.
    assert known["Client blueprint"].triggers == (StateTrigger("binary_sensor.hallway_motion", "on", 0.0, 0.0),)
    assert known["Client blueprint"].actions == (Action("light.study", "on"), Action("light.study", "off", 90.0))
    assert not known["Client blueprint"].enabled
    assert known["Client blueprint"].unresolved == ()


def test_a_real_home_tells_of_what_happens(ha: HomeAssistant, home_assistant: HomeAssistantServer) -> None:
    before = home_assistant.state("light.study")
    after = "off" if before == "on" else "on"
    with ha.session() as session:
        session.subscribe("subscribe_events", event_type="state_changed")
        ha.call_service(f"light.turn_{after}", {}, {"entity_id": "light.study"})
        seen = []
        for message in session.events(timeout=20.0):
            assert message is not None
            seen.append(message[1]["data"])
            if seen[-1]["entity_id"] == "light.study":
                break
        assert seen[-1]["new_state"]["state"] == after
        assert seen[-1]["new_state"]["context"]["user_id"] == home_assistant.folder.users["Anna"]
    ha.call_service(f"light.turn_{before}", {}, {"entity_id": "light.study"})


def test_a_real_home_refuses_by_name(ha: HomeAssistant, home_assistant: HomeAssistantServer) -> None:
    wrong = HomeAssistant(dataclasses.replace(ha.access, token=home_assistant.ordinary_token))
    with pytest.raises(HomeAssistantRefused):
        wrong.command("config/auth/list")
    with pytest.raises(HomeAssistantRefused):
        wrong.request("GET", "config/automation/config/client_1")
    failing: list[tuple[Callable[[], Any], str]] = [
        (lambda: ha.command("nonsense"), "unknown_command"),
        (lambda: ha.call_service("light.fly"), "not_found"),
        (lambda: ha.request("GET", "nonsense"), "not_found"),
        (lambda: ha.request("DELETE", "config/automation/config/client_0"), "http_400"),
    ]
    for call, reason in failing:
        with pytest.raises(HomeAssistantFailed) as caught:
            call()
        assert caught.value.reason == reason
    assert ha.request("GET", "config/automation/config/client_0") is None
