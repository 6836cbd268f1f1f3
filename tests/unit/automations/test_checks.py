"""What Home Assistant would accept and then fail at when it runs: found before it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from src.automations.checks import check
from src.automations.draft import Draft
from src.automations.drafting import draft
from src.automations.findings import Finding
from src.domain.automations import KnownAutomation
from src.domain.entity_ids import domain_of
from src.domain.home import Home, HomeEntity
from src.domain.patterns import Action, Kind, Pattern, StateTrigger
from tests.unit.automations.service_table import SERVICES
from tests.unit.domain.every_kind import EVERY, NAMES


def thing(which: str, state: str | None = "off", **attributes: Any) -> HomeEntity:
    return HomeEntity(which, state=state, attributes=attributes)


THINGS = (
    thing("light.kitchen", supported_color_modes=["onoff"]),
    thing("light.hall", supported_color_modes=["color_temp"], min_color_temp_kelvin=2000, max_color_temp_kelvin=6500),
    thing("binary_sensor.door"),
    thing("sensor.lux", "45.2"),
    thing("switch.radio"),
    HomeEntity("cover.blinds", device_class="blind", state="open", attributes={"supported_features": 1 | 2}),
    thing("climate.bedroom", hvac_modes=["off", "cool"], min_temp=16, max_temp=30, supported_features=1),
    thing("select.mode", "eco", options=["eco", "boost"]),
    thing("number.volume", "4", min=0, max=10),
    thing("media_player.tv", supported_features=256),
    thing("group.downstairs", entity_id=["light.hall", "cover.blinds"]),
    HomeEntity("light.attic", disabled=True),
    thing("light.cellar", "unavailable"),
    thing("scene.movie", "unknown", entity_id=["light.hall"]),
)
HOME = Home("2024.3.3", entities={each.entity_id: each for each in THINGS}, services=SERVICES)
AT_SEVEN = {"trigger": "time", "at": "07:00:00"}


def doing(*actions: Any, triggers: tuple[Any, ...] = (AT_SEVEN,), conditions: tuple[Any, ...] = ()) -> Draft:
    return Draft("p_1", "Mine", "", triggers, conditions, actions)


def call(service: str, *entity_ids: str, **data: Any) -> dict[str, Any]:
    return {"action": service, "target": {"entity_id": list(entity_ids)}, "data": data}


def found(*actions: Any, **parts: Any) -> list[Finding]:
    return [each for each in check(doing(*actions, **parts), HOME) if each.blocks]


def only(*actions: Any, **parts: Any) -> Finding:
    (finding,) = found(*actions, **parts)
    return finding


@pytest.mark.parametrize("pattern", EVERY, ids=NAMES)
def test_what_is_drafted_fits_the_home_it_was_drafted_for(pattern: Pattern) -> None:
    if pattern.kind is Kind.FREQUENCY:
        return
    trigger = pattern.trigger.to_json()
    ids = {str(trigger["entity_id"])} if "entity_id" in trigger else set()
    ids |= {*trigger.get("entity_ids", ()), *(each.entity_id for each in pattern.actions), "sun.sun", "zone.home"}
    numbers = {each for each in ids if domain_of(each) == "sensor"}
    home = Home(
        "2024.3.3",
        entities={each: HomeEntity(each, state="5" if each in numbers else "off") for each in ids},
        services=SERVICES,
    )
    assert [each.code for each in check(draft(pattern, home), home) if each.blocks and each.confirm is None] == []


def test_entities_are_looked_for_wherever_they_are_named() -> None:
    assert not found(call("light.turn_on", "light.kitchen"))
    for finding in (
        only(call("light.turn_on", "light.kitchn")),
        only({"action": "light.turn_on", "data": {"entity_id": "light.hall, light.kitchn"}}),
        only({"choose": [{"conditions": [], "sequence": [call("light.turn_on", "light.kitchn")]}]}),
        only({"if": [{"condition": "state", "entity_id": "light.kitchn", "state": "on"}], "then": []}),
        only({"wait_for_trigger": [{"trigger": "state", "entity_id": ["light.kitchn"], "to": "on"}]}),
        only({"repeat": {"until": [{"condition": "state", "entity_id": "light.kitchn"}], "sequence": []}}),
        only(triggers=({"trigger": "state", "entity_id": ["light.hall", "light.kitchn"], "to": "on"},)),
        only(conditions=({"condition": "not", "conditions": [{"condition": "state", "entity_id": "light.kitchn"}]},)),
    ):
        assert (finding.code, finding.about, finding.confirm) == ("unknown_entity", "light.kitchn", None)
        assert finding.remedy == "Did you mean light.kitchen?"
    helper = only(triggers=({"trigger": "time", "at": "input_datetime.wake_up"},))
    assert (helper.code, helper.about) == ("unknown_entity", "input_datetime.wake_up")


def test_an_entity_that_is_disabled_blocks_and_one_that_is_away_is_a_remark() -> None:
    assert only(call("light.turn_on", "light.attic")).code == "disabled_entity"
    assert [(each.code, each.blocks) for each in check(doing(call("light.turn_on", "light.cellar")), HOME)] == [
        ("absent_entity", False)
    ]
    # A scene that was never activated is in no state, and that is no trouble.
    assert not check(doing(call("scene.turn_on", "scene.movie")), HOME)


def test_a_level_is_only_crossed_by_a_number() -> None:
    trigger = {"trigger": "numeric_state", "entity_id": "binary_sensor.door", "above": 5}
    assert only(triggers=(trigger,)).code == "not_a_number"
    assert not found(triggers=({**trigger, "entity_id": "sensor.lux"},))
    assert not found(triggers=({**trigger, "attribute": "brightness"},))


def test_a_service_that_there_is_none_of() -> None:
    finding = next(each for each in found(call("light.turn_onn", "light.hall")) if each.code == "unknown_service")
    assert (finding.about, finding.remedy) == ("light.turn_onn", "Did you mean light.turn_on?")
    other = next(each for each in found(call("vacuum.dance", "switch.radio")) if each.code == "unknown_service")
    assert "vacuum.dance" in other.message


def test_fields_of_its_data() -> None:
    misspelt = only(call("light.turn_on", "light.hall", brightnes_pct=40))
    assert (misspelt.code, misspelt.about) == ("unknown_field", "light.turn_on.brightnes_pct")
    assert misspelt.remedy == "Did you mean brightness_pct?"
    assert only(call("switch.turn_on", "switch.radio", colour="red")).remedy == "It takes none."
    unsaid = {each.code for each in found(call("climate.set_hvac_mode", "climate.bedroom"))}
    assert "missing_field" in unsaid
    assert only({"action": "persistent_notification.create", "data": {"title": "x"}}).about == (
        "persistent_notification.create.message"
    )


@pytest.mark.parametrize(
    ("service", "entity_id", "data", "code"),
    [
        ("light.turn_on", "light.hall", {"brightness_pct": 250}, "unfit_value"),
        ("light.turn_on", "light.hall", {"brightness_pct": "bright"}, "unfit_value"),
        ("light.turn_on", "light.hall", {"brightness_pct": "40"}, None),
        ("light.turn_on", "light.hall", {"brightness_pct": "{{ 40 }}"}, None),
        ("light.turn_on", "light.hall", {"flash": "long"}, None),
        ("light.turn_on", "light.hall", {"flash": "forever"}, "unfit_value"),
        ("light.turn_on", "light.hall", {"color_temp_kelvin": 9000}, "value_out_of_range"),
        ("climate.set_hvac_mode", "climate.bedroom", {"hvac_mode": "cool"}, None),
        ("climate.set_hvac_mode", "climate.bedroom", {"hvac_mode": "dry"}, "value_not_offered"),
        ("climate.set_temperature", "climate.bedroom", {"temperature": 20.5}, None),
        ("climate.set_temperature", "climate.bedroom", {"temperature": 40}, "value_out_of_range"),
        ("select.select_option", "select.mode", {"option": "boost"}, None),
        ("select.select_option", "select.mode", {"option": "bost"}, "value_not_offered"),
        ("number.set_value", "number.volume", {"value": 10}, None),
        ("number.set_value", "number.volume", {"value": 11}, "value_out_of_range"),
        ("light.turn_on", "switch.radio", {}, "wrong_target"),
        ("light.turn_on", "group.downstairs", {}, None),
        ("switch.turn_on", "group.downstairs", {}, "wrong_target"),
        ("homeassistant.turn_on", "light.hall", {}, None),
        ("cover.open_cover", "cover.blinds", {}, None),
        ("cover.stop_cover", "cover.blinds", {}, "not_capable"),
        ("media_player.turn_off", "media_player.tv", {}, None),
        ("media_player.turn_on", "media_player.tv", {}, "not_capable"),
        ("persistent_notification.create", "light.hall", {"message": "x"}, "no_target_taken"),
    ],
)
def test_values_and_abilities(service: str, entity_id: str, data: dict[str, Any], code: str | None) -> None:
    assert [each.code for each in found(call(service, entity_id, **data))] == ([code] if code else [])


def test_truths_are_true_or_false() -> None:
    home = replace(HOME, entities={**HOME.entities, "media_player.tv": thing("media_player.tv")})
    for value, good in ((True, True), ("off", True), ("loud", False)):
        made = doing(call("media_player.volume_mute", "media_player.tv", is_volume_muted=value))
        assert (not check(made, home)) is good


def test_a_lamp_that_cannot_be_dimmed_is_turned_on_all_the_same() -> None:
    (finding,) = check(doing(call("light.turn_on", "light.kitchen", brightness_pct=40)), HOME)
    assert (finding.code, finding.blocks) == ("ignored_field", False)


def test_a_service_aimed_at_nothing() -> None:
    assert only({"action": "light.turn_on"}).code == "no_target"


def test_loops_and_hazards_are_part_of_it_and_what_was_made_before_is_left_out() -> None:
    theirs = KnownAutomation(
        "Theirs",
        "automation.theirs",
        True,
        (StateTrigger("light.hall", "on", 0.0, 0.0),),
        (Action("binary_sensor.door", "on"),),
    )
    made = doing(
        call("light.turn_on", "light.hall"),
        triggers=({"trigger": "state", "entity_id": "binary_sensor.door", "to": "on"},),
    )
    assert [each.code for each in check(made, replace(HOME, automations=(theirs,)))] == ["loop"]
    own = {"automation.theirs": {"id": made.automation_id}}
    assert not check(made, replace(HOME, automations=(theirs,), configs=own))
    hidden = replace(HOME, entities={**HOME.entities, "lock.front": thing("lock.front")})
    assert [each.confirm for each in check(doing(call("lock.unlock", "lock.front")), hidden)] == ["lock.front:unlock"]
