"""What a home is, as its Home Assistant tells it: everything, and what is left when parts are missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from src.domain.home import Home, HomeUser, ServiceField
from src.domain.patterns import WEEKDAYS, Action, StateTrigger, TimeTrigger
from src.errors import HomeAssistantRefused, HomeAssistantUnreachable
from src.home_assistant.client import HomeAssistant
from src.home_assistant.description import describe_home
from tests.fake_home_assistant import Drop, FakeHomeAssistant, Hang, Refusal

MORNING = {
    "alias": "Morning light",
    "trigger": [{"platform": "time", "at": "07:10:00"}],
    "action": [{"service": "light.turn_on", "target": {"area_id": "bedroom"}}],
}


def furnish(fake: FakeHomeAssistant) -> FakeHomeAssistant:
    fake.add_area("Kitchen", floor="Ground floor", labels=["Cooking"])
    fake.add_area("Bedroom")
    lamp = fake.add_device("Bed lamp", area="Bedroom", labels=["Night"])
    shown = {"friendly_name": "Bed", "brightness": 3}
    fake.add_entity("light.bed", "off", device=lamp, labels=["Soft"], attributes=shown, platform="hue")
    fake.add_entity("light.kitchen", "on", name="Kitchen light", area="Kitchen", device=lamp)
    fake.add_entity("sensor.bed_signal", "-60", device=lamp, category="diagnostic")
    fake.add_entity("switch.old", hidden=True)
    fake.add_entity("switch.off", name="Off", disabled=True)
    fake.set_state("sensor.outside", "4.5", {"device_class": "temperature", "unit_of_measurement": "°C"})
    fake.add_entity("script.good_night", "off", platform="script")
    fake.add_entity("scene.movie", "unknown", platform="homeassistant")
    write(fake, "1", MORNING)
    return fake


def write(fake: FakeHomeAssistant, key: str, config: dict[str, Any]) -> None:
    HomeAssistant(fake.access()).request("POST", f"config/automation/config/{key}", config)


@pytest.fixture(params=["2024.3.3", "2026.11.0"])
def any_release(request: pytest.FixtureRequest) -> Iterator[FakeHomeAssistant]:
    with FakeHomeAssistant(version=request.param) as fake:
        yield furnish(fake)


@pytest.fixture
def newest() -> Iterator[FakeHomeAssistant]:
    with FakeHomeAssistant(version="2026.11.0") as fake:
        yield furnish(fake)


def described(fake: FakeHomeAssistant) -> Home:
    return describe_home(HomeAssistant(fake.access()))


def test_a_home_is_described_on_one_connection(any_release: FakeHomeAssistant) -> None:
    before = len(any_release.heads)
    home = described(any_release)
    assert len(any_release.heads) == before + 1
    assert home.version == any_release.version
    assert (home.name, home.time_zone, home.position, home.language) == ("Home", "Europe/Berlin", (52.52, 13.4), "en")
    assert home.units["temperature"] == "°C"
    assert [user.name for user in home.users] == ["Anna", "Ben", "Content"]
    assert home.users[2] == HomeUser(any_release.users[2]["id"], "Content", system=True)
    assert (home.scripts, home.scenes) == (("script.good_night",), ("scene.movie",))
    assert home.warnings == ()


def test_an_entity_has_what_registries_and_states_say_together(newest: FakeHomeAssistant) -> None:
    home = described(newest)
    bed = home.entities["light.bed"]
    assert (bed.name, bed.area, bed.floor, bed.labels) == ("Bed", "Bedroom", None, ("Night", "Soft"))
    assert (bed.platform, bed.state, bed.attributes["brightness"]) == ("hue", "off", 3)
    # Its own area comes before its device's, and brings its own floor and labels.
    kitchen = home.entities["light.kitchen"]
    assert (kitchen.area, kitchen.floor, kitchen.labels) == ("Kitchen", "Ground floor", ("Cooking", "Night"))
    outside = home.entities["sensor.outside"]
    assert (outside.device_class, outside.unit, outside.platform) == ("temperature", "°C", None)


def test_what_is_no_behaviour_is_described_with_its_reason(any_release: FakeHomeAssistant) -> None:
    home = described(any_release)
    assert {each.entity_id: each.left_out for each in home.entities.values() if each.left_out} == {
        "sensor.bed_signal": "diagnostic_entity",
        "switch.old": "hidden_entity",
        "switch.off": "disabled_entity",
    }
    assert home.entities["switch.off"].state is None
    assert home.entities["switch.off"].name == "Off"


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ({"name": "Mine", "original_name": "Power", "has_entity_name": True}, "Mine"),
        ({"original_name": "Power", "has_entity_name": True}, "Bed lamp Power"),
        ({"original_name": None, "next_name_part": "device"}, "Bed lamp"),
        ({"original_name": "Power", "has_entity_name": False}, "Power"),
    ],
)
def test_an_entity_without_a_state_has_a_name(newest: FakeHomeAssistant, entry: dict[str, Any], name: str) -> None:
    newest.entities.append({"entity_id": "switch.x", "device_id": newest.devices[0]["id"], **entry})
    assert described(newest).entities["switch.x"].name == name


def test_a_part_of_a_device_is_where_the_device_is(newest: FakeHomeAssistant) -> None:
    newest.devices.append({"id": "part", "area_id": None, "parent_device_id": newest.devices[0]["id"]})
    newest.add_entity("light.part", "off", device="part")
    assert described(newest).entities["light.part"].area == "Bedroom"


def test_services_and_their_fields_are_flat(any_release: FakeHomeAssistant) -> None:
    services = described(any_release).services
    assert set(services["light.turn_on"].fields) == {"transition", "brightness_pct", "flash"}
    position = services["cover.set_cover_position"].fields["position"]
    assert position == ServiceField(required=True, selector={"number": {"min": 0, "max": 100}})
    assert services["light.turn_on"].target == {"entity": [{"domain": ["light"]}]}
    assert services["automation.reload"].target is None


def test_automations_are_read_in_either_spelling(any_release: FakeHomeAssistant) -> None:
    write(any_release, "2", {**MORNING, "alias": "Off for now", "initial_state": False})
    home = described(any_release)
    morning, off = home.automations
    assert (morning.name, morning.entity_id, morning.enabled) == (
        "Morning light",
        "automation.morning_light",
        True,
    )
    assert morning.triggers == (TimeTrigger("07:10:00", WEEKDAYS),)
    assert morning.actions == (Action("light.bed", "on"),)
    assert (off.name, off.enabled) == ("Off for now", False)
    assert home.configs["automation.morning_light"]["alias"] == "Morning light"


def test_floors_and_labels_mean_their_entities(newest: FakeHomeAssistant) -> None:
    newest.add_entity("light.config", "off", area="Kitchen", category="config", labels=["Soft"])
    action = [
        {"action": "light.turn_off", "target": {"floor_id": "ground_floor"}},
        {"action": "light.turn_on", "target": {"label_id": ["soft", "cooking"]}},
        {"action": "light.turn_on", "target": {"label_id": "unknown"}},
    ]
    trigger = [{"trigger": "light.turned_on", "target": {"label_id": "night"}}]
    write(newest, "3", {"alias": "By holder", "triggers": trigger, "actions": action})
    found = next(each for each in described(newest).automations if each.name == "By holder")
    assert found.triggers == tuple(StateTrigger(f"light.{name}", "on", 0.0, 0.0) for name in ("bed", "kitchen"))
    # A label means a config entity that bears it.
    assert set(found.actions) == {
        Action("light.kitchen", "off"),
        Action("light.kitchen", "on"),
        Action("light.bed", "on"),
        Action("light.config", "on"),
    }
    assert found.unresolved == ("light.turn_on",)


def test_a_blueprint_that_cannot_be_had_is_noted(any_release: FakeHomeAssistant) -> None:
    write(any_release, "4", {"alias": "Lost", "use_blueprint": {"path": "somebody/lost.yaml", "input": {}}})
    any_release.set_state("automation.lost", "unavailable")
    lost = next(each for each in described(any_release).automations if each.name == "Lost")
    assert (lost.triggers, lost.unresolved, lost.enabled) == ((None,), ("blueprint",), False)


def test_an_automation_that_cannot_be_read_costs_only_itself(any_release: FakeHomeAssistant) -> None:
    any_release.set_state("automation.gone", "on")
    any_release.set_state("automation.broken", "unavailable", {"friendly_name": "Broken"})
    any_release.set_state("automation.odd", "on")
    answers = {"automation.broken": {"config": None}, "automation.morning_light": {"config": MORNING}}

    def answer(fields: Any) -> Any:
        if fields["entity_id"] == "automation.odd":
            raise Refusal("unknown_error", "Unknown error")
        if fields["entity_id"] == "automation.gone":
            raise Refusal("not_found", "Entity not found")
        return answers[fields["entity_id"]]

    any_release.answers["automation/config"] = answer
    home = described(any_release)
    assert [each.name for each in home.automations] == ["Morning light"]
    odd, broken = home.warnings
    assert odd.startswith("What automation.odd does is not known.")
    assert broken.startswith("Broken (automation.broken) is set up wrongly")


MISSING: dict[str, tuple[str, Callable[[Home], bool]]] = {
    "get_states": ("states", lambda home: home.entities["light.bed"].state is None),
    "get_services": ("services", lambda home: home.services == {}),
    "config/entity_registry/list": ("registered entities", lambda home: home.entities["light.bed"].area is None),
    "config/device_registry/list": ("devices", lambda home: home.entities["light.bed"].area is None),
    "config/area_registry/list": ("areas", lambda home: home.entities["light.bed"].area is None),
    "config/floor_registry/list": ("floors", lambda home: home.entities["light.kitchen"].floor is None),
    "config/label_registry/list": ("labels", lambda home: home.entities["light.bed"].labels == ("night", "soft")),
    "config/auth/list": ("users", lambda home: home.users == ()),
}


@pytest.mark.parametrize("kind", MISSING)
def test_a_part_that_cannot_be_had_does_not_cost_the_rest(newest: FakeHomeAssistant, kind: str) -> None:
    def refuse(_: Any) -> Any:
        raise Refusal("home_assistant_error", "It is broken")

    what, missing = MISSING[kind]
    newest.answers[kind] = refuse
    home = described(newest)
    (warning,) = home.warnings
    assert warning.startswith(f"The home's {what} are missing. Home Assistant could not do {kind}: It is broken")
    assert missing(home)
    assert home.time_zone == "Europe/Berlin"
    assert set(home.entities) >= {"light.bed", "light.kitchen"}


@pytest.mark.parametrize(
    "answer",
    [None, 5, "text", {}, {"light": 5, "lock": {"lock": 5}}, [None, 5, {}, {"entity_id": 5}, {"id": []}]],
    ids=str,
)
@pytest.mark.parametrize("kind", MISSING)
def test_no_answer_breaks_the_description(newest: FakeHomeAssistant, kind: str, answer: Any) -> None:
    newest.answers[kind] = lambda _: answer
    home = described(newest)
    assert home.version == "2026.11.0"
    expected = not isinstance(answer, dict if kind == "get_services" else list)
    assert bool([each for each in home.warnings if f"The home's {MISSING[kind][0]} are missing." in each]) == expected


def test_an_older_home_without_floors_and_labels_is_no_reason_for_a_word(any_release: FakeHomeAssistant) -> None:
    def unknown(_: Any) -> Any:
        raise Refusal("unknown_command", "Unknown command.")

    for name in ("floor", "label"):
        any_release.answers[f"config/{name}_registry/list"] = unknown
    assert described(any_release).warnings == ()


def test_a_guest_sees_what_a_guest_may(newest: FakeHomeAssistant) -> None:
    home = describe_home(HomeAssistant(newest.access(token=newest.guest_token)))
    assert home.entities["light.bed"].area == "Bedroom"
    assert home.users == ()
    assert home.automations == ()
    users, automations = home.warnings
    assert users.startswith("Home Assistant tells users only to an administrator")
    assert "what its automations do only to an administrator" in automations


@pytest.mark.parametrize(
    ("said", "warning"),
    [
        ({"state": "NOT_RUNNING"}, "not up yet or going down (NOT_RUNNING)"),
        ({"state": "STARTING"}, "not up yet or going down (STARTING)"),
        ({"recovery_mode": True}, "recovery mode"),
        ({"time_zone": "Middle/Earth"}, "'Middle/Earth' is no time zone"),
        ({"time_zone": None}, "'None' is no time zone"),
    ],
    ids=str,
)
def test_what_is_not_as_it_should_be_is_said(newest: FakeHomeAssistant, said: dict[str, Any], warning: str) -> None:
    newest.config.update(said)
    home = described(newest)
    assert [each for each in home.warnings if warning in each]
    assert home.entities["light.bed"].area == "Bedroom"
    assert home.time_zone == ("UTC" if "time_zone" in said else "Europe/Berlin")
    assert home.whole is ("time_zone" in said)


@pytest.mark.parametrize("missing", ["entity", "device", "area"])
def test_a_home_without_a_registry_is_not_whole(newest: FakeHomeAssistant, missing: str) -> None:
    def unknown(_: object) -> object:
        raise Refusal("unknown_command", "Unknown command.")

    assert described(newest).whole
    newest.answers[f"config/{missing}_registry/list"] = unknown
    assert not described(newest).whole


@pytest.mark.parametrize("trouble", [Drop(), Hang()], ids=["drop", "hang"])
def test_a_home_that_goes_away_in_the_middle_is_not_half_described(newest: FakeHomeAssistant, trouble: Any) -> None:
    newest.trouble["automation/config"] = trouble
    with pytest.raises(HomeAssistantUnreachable):
        describe_home(HomeAssistant(newest.access(timeout=0.25)))


def test_a_revoked_token_is_refused(newest: FakeHomeAssistant) -> None:
    access = newest.access()
    newest.revoke()
    with pytest.raises(HomeAssistantRefused):
        describe_home(HomeAssistant(access))
