"""A write is done when Home Assistant runs what was written, a removal when it is gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from src.domain.patterns import Json
from src.errors import HomeAssistantFailed, HomeAssistantRefused
from src.home_assistant.automation_editor import NOT_LOADED, AutomationEditor
from src.home_assistant.client import HomeAssistant
from tests.fake_home_assistant import FakeHomeAssistant, Refusal

CONFIG: Json = {
    "id": "lamp",
    "alias": "Lamp in the morning",
    "trigger": [{"platform": "time", "at": "07:10:00"}],
    "action": [{"service": "light.turn_on", "target": {"entity_id": "light.kitchen"}}],
}


@pytest.fixture
def home() -> Iterator[FakeHomeAssistant]:
    with FakeHomeAssistant() as home:
        yield home


class Waits(list[float]):
    """The seconds that were waited, none of them in truth."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def editor(home: FakeHomeAssistant, waits: Waits) -> AutomationEditor:
    return AutomationEditor(HomeAssistant(home.access()), waits)


def test_what_was_written_is_read_back_and_runs(editor: AutomationEditor, home: FakeHomeAssistant) -> None:
    assert editor.read("lamp") is None
    live = editor.write("lamp", {**CONFIG, "initial_state": False})
    assert (live.entity_id, live.on, live.last_triggered, live.running) == (
        "automation.lamp_in_the_morning",
        False,
        None,
        0,
    )
    assert editor.read("lamp") == {**CONFIG, "initial_state": False}
    assert editor.live() == {"lamp": live}


def test_a_home_assistant_that_is_slow_to_load_is_waited_for(
    editor: AutomationEditor, home: FakeHomeAssistant, waits: Waits
) -> None:
    loaded = iter([{}, {**CONFIG, "alias": "The one before"}, CONFIG])
    home.answers["automation/config"] = lambda _: {"config": next(loaded)}
    editor.write("lamp", CONFIG)
    assert waits == sorted(waits)
    assert len(waits) == 2


def test_what_never_runs_is_a_failure_that_says_what_may_lack(
    editor: AutomationEditor, home: FakeHomeAssistant, waits: Waits
) -> None:
    home.answers["get_states"] = lambda _: []
    with pytest.raises(HomeAssistantFailed, match="automations\\.yaml") as failed:
        editor.write("lamp", CONFIG)
    assert failed.value.reason == NOT_LOADED
    assert 15 < sum(waits) < 60


def test_what_home_assistant_refuses_is_not_waited_for(editor: AutomationEditor, waits: Waits) -> None:
    with pytest.raises(HomeAssistantFailed, match="extra keys"):
        editor.write("lamp", {**CONFIG, "colour": "red"})
    assert waits == []


def test_a_removal_is_done_when_it_is_gone_and_may_be_repeated(
    editor: AutomationEditor, home: FakeHomeAssistant
) -> None:
    editor.write("lamp", CONFIG)
    editor.remove("lamp")
    editor.remove("lamp")
    assert editor.live() == {}
    assert home.automations == {}


def test_a_removal_that_fails_is_no_removal(editor: AutomationEditor, home: FakeHomeAssistant) -> None:
    editor.write("lamp", CONFIG)
    state = home.states["automation.lamp_in_the_morning"]
    home.answers["get_states"] = lambda _: [state]
    with pytest.raises(HomeAssistantFailed, match="still run"):
        editor.remove("lamp")


def test_only_automations_with_an_id_that_could_be_set_up_are_live(
    editor: AutomationEditor, home: FakeHomeAssistant
) -> None:
    home.set_state("automation.of_yaml", "on", {"friendly_name": "No id"})
    home.set_state("automation.broken", "unavailable", {"id": "broken"})
    home.set_state("sensor.other", "on", {"id": "other"})
    home.set_state("automation.busy", "on", {"id": "busy", "current": 2, "last_triggered": "2026-01-01T00:00:00+00:00"})
    (live,) = editor.live().items()
    assert live[0] == "busy"
    assert (live[1].running, live[1].last_triggered) == (2, "2026-01-01T00:00:00+00:00")


def test_it_is_switched_as_by_its_toggle(editor: AutomationEditor, home: FakeHomeAssistant) -> None:
    entity_id = editor.write("lamp", CONFIG).entity_id
    editor.switch(entity_id, on=False)
    assert home.states[entity_id]["state"] == "off"
    editor.switch(entity_id, on=True)
    assert home.states[entity_id]["state"] == "on"


def test_who_may_not_administrate_may_not_write(home: FakeHomeAssistant, waits: Waits) -> None:
    editor = AutomationEditor(HomeAssistant(home.access(token=home.guest_token)), waits)
    for attempt in (lambda: editor.read("lamp"), lambda: editor.write("lamp", CONFIG), lambda: editor.remove("lamp")):
        with pytest.raises(HomeAssistantRefused):
            attempt()
    assert home.automations == {}


def test_a_home_assistant_without_the_service_says_so(editor: AutomationEditor, home: FakeHomeAssistant) -> None:
    editor.save_states()

    def unknown(_: Json) -> None:
        raise Refusal("not_found", "Service not found.")

    home.answers["call_service"] = unknown
    with pytest.raises(HomeAssistantFailed):
        editor.save_states()
