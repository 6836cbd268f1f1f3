"""What an automation may not do with nobody watching unless somebody confirmed that very thing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.automations.draft import Draft
from src.automations.drafting import draft, drafted_offline
from src.automations.findings import Finding, standing
from src.automations.safety import hazards, hazards_offline
from src.domain.automations import KnownAutomation
from src.domain.events import EntityInfo
from src.domain.home import Home, HomeEntity
from src.domain.patterns import Action, StateTrigger
from src.errors import NotAutomatable
from tests.unit.automations.houses import NAMES, ROOMS, drafts, houses, patterns
from tests.unit.automations.what_happens import House

MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def doing(*actions: Any) -> Draft:
    return Draft("p_1", "Mine", "", ({"trigger": "time", "at": "07:00:00"},), (), actions)


def call(service: str, *entity_ids: str, **data: Any) -> dict[str, Any]:
    return {"action": service, "target": {"entity_id": list(entity_ids)}, "data": data}


def thing(entity_id: str, name: str | None = None, device_class: str | None = None, **more: Any) -> HomeEntity:
    return HomeEntity(entity_id, name, device_class=device_class, state="off", attributes=more)


def holding(entity_id: str, *members: str) -> HomeEntity:
    return HomeEntity(entity_id, state="off", attributes={"entity_id": list(members)})


def home(*things: HomeEntity, **changes: Any) -> Home:
    return Home("2024.3.3", entities={each.entity_id: each for each in things}, **changes)


def to_confirm(findings: tuple[Finding, ...]) -> set[str]:
    return {each.confirm or each.code for each in findings if each.blocks}


def asked(service: str, what: HomeEntity, **data: Any) -> set[str]:
    """What has to be confirmed before a service is called on one thing."""
    return to_confirm(hazards(doing(call(service, what.entity_id, **data)), home(what)))


# The acceptance: nothing generated opens, unlocks, disarms or heats unattended by default.


def covered(harm: set[str], findings: tuple[Finding, ...]) -> None:
    for entity_id in harm:
        own = {each.confirm for each in findings if each.confirm and each.about == entity_id}
        assert own, f"{entity_id} may do harm and nobody is asked"
        assert all(confirm.startswith(f"{entity_id}:") for confirm in own if confirm)
        # Whatever else was confirmed, this one still stands.
        others = {each.confirm for each in findings if each.confirm and each.about != entity_id}
        assert {each.about for each in standing(findings, others)} >= {entity_id}


@MANY
@given(st.data())
def test_no_generated_automation_does_harm_unasked(data: st.DataObject) -> None:
    house: House = data.draw(houses())
    pattern = data.draw(patterns(house))
    try:
        made = draft(pattern, house.home())
    except NotAutomatable:
        return
    covered(house.harm(made), hazards(made, house.home()))


@MANY
@given(st.data())
def test_nor_does_one_made_without_a_home_assistant_at_hand(data: st.DataObject) -> None:
    house: House = data.draw(houses())
    info = {
        each.entity_id: EntityInfo(each.entity_id, each.name, None, each.device_class) for each in house.things.values()
    }
    try:
        made = drafted_offline(data.draw(patterns(house)), info)
    except NotAutomatable:
        return
    findings = hazards_offline(made, info)
    # A switch that stands for others, and does not say so, is a plug of which nothing is known.
    plugs = {each: replace(thing, members=()) for each, thing in house.things.items() if thing.domain == "switch"}
    for entity_id in House({**house.things, **plugs}).harm(made):
        # What is inside a group or a scene is not known then, so it is the group that is asked about.
        around = {each for each, thing in house.things.items() if entity_id in thing.members} | {entity_id}
        wider = {each for each, thing in house.things.items() if around & set(thing.members)} | around
        assert {each.about for each in findings if each.blocks and each.confirm} & wider


@MANY
@given(st.data())
def test_nothing_that_can_be_written_at_all_does_harm_unasked(data: st.DataObject) -> None:
    house: House = data.draw(houses())
    made = data.draw(drafts(house))
    covered(house.harm(made), hazards(made, house.home()))


def test_the_random_houses_are_dangerous_enough() -> None:
    """The three tests above would pass in a house where nothing can happen."""
    seen: set[str] = set()

    @settings(max_examples=200, database=None, deadline=None, derandomize=True)
    @given(st.data())
    def look(data: st.DataObject) -> None:
        house: House = data.draw(houses())
        try:
            made = draft(data.draw(patterns(house)), house.home())
        except NotAutomatable:
            return
        seen.update(entity_id.partition(".")[0] for entity_id in house.harm(made))

    look()
    assert seen >= {"lock", "cover", "alarm_control_panel", "valve", "climate", "switch", "script", "scene"}


# Rule by rule


@pytest.mark.parametrize(
    ("service", "what", "data", "confirm"),
    [
        ("lock.unlock", thing("lock.front"), {}, "lock.front:unlock"),
        ("lock.open", thing("lock.front"), {}, "lock.front:open"),
        ("homeassistant.turn_off", thing("lock.front"), {}, "lock.front:unlock"),
        ("cover.open_cover", thing("cover.a", None, "garage"), {}, "cover.a:open"),
        ("cover.toggle", thing("cover.a", None, "gate"), {}, "cover.a:open"),
        ("cover.set_cover_position", thing("cover.a", None, "door"), {"position": 5}, "cover.a:open"),
        ("cover.open_cover", thing("cover.garage_door"), {}, "cover.garage_door:open"),
        ("cover.open_cover", thing("cover.a", "Garagentor", "shutter"), {}, "cover.a:open"),
        ("cover.open_cover", thing("cover.shelly_25"), {}, "cover.shelly_25:open"),
        ("cover.open_cover", thing("cover.roof", "Roof", "window"), {}, "cover.roof:open"),
        ("alarm_control_panel.alarm_disarm", thing("alarm_control_panel.home"), {}, "alarm_control_panel.home:disarm"),
        (
            "alarm_control_panel.alarm_trigger",
            thing("alarm_control_panel.home"),
            {},
            "alarm_control_panel.home:trigger",
        ),
        ("siren.turn_on", thing("siren.attic"), {}, "siren.attic:turn_on"),
        ("valve.open_valve", thing("valve.main"), {}, "valve.main:open"),
        ("climate.set_hvac_mode", thing("climate.a"), {"hvac_mode": "heat"}, "climate.a:heat"),
        (
            "climate.set_temperature",
            thing("climate.a", hvac_modes=["off", "heat"]),
            {"temperature": 24},
            "climate.a:heat",
        ),
        ("climate.turn_on", thing("climate.a"), {}, "climate.a:heat"),
        ("climate.set_preset_mode", thing("climate.a"), {"preset_mode": "boost"}, "climate.a:heat"),
        ("water_heater.set_operation_mode", thing("water_heater.a"), {"operation_mode": "eco"}, "water_heater.a:heat"),
        ("switch.turn_on", thing("switch.oven", None, "outlet"), {}, "switch.oven:turn_on"),
        ("switch.toggle", thing("switch.a", "Bügeleisen"), {}, "switch.a:turn_on"),
        ("switch.turn_on", thing("switch.a", "Plug 3", icon="mdi:stove"), {}, "switch.a:turn_on"),
        ("switch.turn_on", thing("switch.b", "Kettle with light"), {}, "switch.b:turn_on"),
        ("switch.turn_on", thing("switch.sprinkler"), {}, "switch.sprinkler:turn_on"),
        ("switch.turn_off", thing("switch.a", "Chest freezer"), {}, "switch.a:turn_off"),
        ("switch.toggle", thing("switch.b", "Chest freezer"), {}, "switch.b:turn_off"),
        ("switch.turn_off", thing("switch.alarm"), {}, "switch.alarm:turn_off"),
        ("switch.turn_on", thing("switch.front_door_opener"), {}, "switch.front_door_opener:turn_on"),
        ("input_boolean.turn_on", thing("input_boolean.sauna"), {}, "input_boolean.sauna:turn_on"),
        ("number.set_value", thing("number.boiler_setpoint"), {"value": 70}, "number.boiler_setpoint:set"),
        ("lawn_mower.start_mowing", thing("lawn_mower.garden"), {}, "lawn_mower.garden:start_mowing"),
        ("button.press", thing("button.reboot"), {}, "button.reboot:press"),
        ("script.turn_on", thing("script.evening"), {}, "script.evening:turn_on"),
        ("automation.trigger", thing("automation.evening"), {}, "automation.evening:trigger"),
        ("scene.turn_on", thing("scene.from_a_hub"), {}, "scene.from_a_hub:turn_on"),
        ("vacuum.send_command", thing("vacuum.robot"), {"command": "x"}, "vacuum.robot:send_command"),
        ("light.turn_on", thing("light.a", "Infrared heater"), {}, "light.a:turn_on"),
    ],
)
def test_what_has_to_be_confirmed(service: str, what: HomeEntity, data: dict[str, Any], confirm: str) -> None:
    assert asked(service, what, **data) == {confirm}


@pytest.mark.parametrize(
    ("service", "what", "data"),
    [
        ("lock.lock", thing("lock.front"), {}),
        ("cover.close_cover", thing("cover.a", None, "garage"), {}),
        ("cover.set_cover_position", thing("cover.a", None, "garage"), {"position": 0}),
        ("cover.open_cover", thing("cover.a", "Garage window blinds"), {}),
        ("cover.open_cover", thing("cover.a", "Bedroom", "shutter"), {}),
        ("alarm_control_panel.alarm_arm_night", thing("alarm_control_panel.home"), {}),
        ("valve.close_valve", thing("valve.main"), {}),
        ("climate.set_hvac_mode", thing("climate.a"), {"hvac_mode": "off"}),
        ("climate.set_temperature", thing("climate.a", hvac_modes=["off", "cool"]), {"temperature": 24}),
        ("climate.set_preset_mode", thing("climate.a"), {"preset_mode": "away"}),
        ("switch.turn_off", thing("switch.oven"), {}),
        ("switch.turn_on", thing("switch.oven_light"), {}),
        ("switch.turn_on", thing("switch.tv", "TV", "outlet"), {}),
        ("switch.turn_on", thing("switch.doorbell_chime"), {}),
        ("switch.turn_off", thing("switch.washer_child_lock"), {}),
        ("light.turn_on", thing("light.garage_door"), {}),
        ("light.turn_on", thing("light.stove"), {}),
        ("light.turn_off", thing("light.aquarium"), {}),
        ("media_player.turn_on", thing("media_player.tv"), {}),
        ("vacuum.start", thing("vacuum.robot"), {}),
        ("fan.turn_on", thing("fan.attic"), {}),
        ("humidifier.turn_on", thing("humidifier.bedroom"), {}),
        ("input_boolean.turn_on", thing("input_boolean.quiet_mode"), {}),
        ("scene.turn_on", HomeEntity("scene.relax", platform="hue"), {}),
    ],
)
def test_what_needs_no_asking(service: str, what: HomeEntity, data: dict[str, Any]) -> None:
    assert not asked(service, what, **data)


@pytest.mark.parametrize("nature", sorted(NAMES))
def test_names_are_understood_in_the_languages_people_use(nature: str) -> None:
    service = "switch.turn_off" if nature == "keep" else "switch.turn_on"
    names = [(room, name) for room in ROOMS for name in NAMES[nature]]
    understood = [each for each in names if asked(service, thing("switch.device_1", " ".join(each).strip()))]
    assert understood == ([] if nature == "harmless" else names)


def test_messages_say_what_why_and_how_to_allow_it() -> None:
    (finding,) = hazards(doing(call("lock.unlock", "lock.front")), home(thing("lock.front", "Front door")))
    assert finding.message == "It would unlock Front door (lock.front). Then anybody can walk in."
    assert finding.remedy == "If you want that to happen with nobody watching, confirm lock.front:unlock."
    assert (finding.code, finding.about) == ("hazard_unlock", "lock.front")


def test_a_garage_door_that_closes_is_a_remark_and_so_is_a_plug_of_which_nothing_is_known() -> None:
    closing = hazards(doing(call("cover.close_cover", "cover.a")), home(thing("cover.a", None, "garage")))
    plug = hazards(doing(call("switch.turn_on", "switch.a")), home(thing("switch.a", "Plug 7", "outlet")))
    radio = hazards(doing(call("switch.turn_on", "switch.a")), home(thing("switch.a", "Radio")))
    assert [(each.code, each.blocks) for each in (*closing, *plug, *radio)] == [
        ("closes_on_somebody", False),
        ("unknown_load", False),
    ]


# Groups, scenes, other automations


def test_a_group_is_what_is_in_it_and_a_service_takes_of_it_what_is_its_own() -> None:
    rooms = home(holding("group.all", "light.hall", "group.inner"), holding("group.inner", "lock.a"))
    assert to_confirm(hazards(doing(call("homeassistant.turn_off", "group.all")), rooms)) == {"lock.a:unlock"}
    assert not hazards(doing(call("light.turn_on", "group.all")), rooms)
    assert to_confirm(hazards(doing(call("lock.unlock", "group.all")), rooms)) == {"lock.a:unlock"}
    assert to_confirm(hazards(doing(call("homeassistant.turn_on", "group.gone")), rooms)) == {"group.gone:turn_on"}


def test_groups_that_hold_each_other_come_to_an_end() -> None:
    ring = home(holding("group.a", "group.b"), holding("group.b", "group.a", "lock.c"))
    assert "lock.c:unlock" in to_confirm(hazards(doing(call("homeassistant.turn_on", "group.a")), ring))


def test_of_a_scene_each_dangerous_thing_is_asked_about_by_its_own_name() -> None:
    evening = holding("scene.evening", "light.hall", "lock.front", "switch.oven", "media_player.tv")
    rooms = home(evening, thing("switch.oven"), thing("lock.front"))
    made = doing(call("scene.turn_on", "scene.evening"))
    assert to_confirm(hazards(made, rooms)) == {"lock.front:unlock", "switch.oven:turn_on"}
    assert to_confirm(standing(hazards(made, rooms), {"lock.front:unlock"})) == {"switch.oven:turn_on"}


def test_what_another_automation_would_do_because_of_it_is_asked_about() -> None:
    theirs = KnownAutomation(
        "Come in",
        "automation.come_in",
        True,
        (StateTrigger("light.hall", "on", 0.0, 0.0),),
        (Action("input_boolean.guest", "on"),),
    )
    further = KnownAutomation(
        "Guest",
        "automation.guest",
        True,
        (StateTrigger("input_boolean.guest", "on", 0, 0),),
        (Action("lock.a", "unlocked"),),
    )
    rooms = home(thing("light.hall"), thing("lock.a"), automations=(further, theirs))
    made = doing(call("light.turn_on", "light.hall"))
    (finding,) = hazards(made, rooms)
    assert (finding.confirm, "Guest" in finding.message) == ("lock.a:unlock", True)
    assert not hazards(doing(call("light.turn_off", "light.hall")), rooms)
    # The automation that was made of this pattern before is no other one.
    assert not hazards(
        made,
        home(thing("light.hall"), automations=(theirs,), configs={"automation.come_in": {"id": made.automation_id}}),
    )


def test_an_automation_set_off_by_it_of_which_cannot_be_told_what_it_unlocks() -> None:
    theirs = KnownAutomation(
        "Come in",
        "automation.come_in",
        True,
        (StateTrigger("light.hall", "on", 0, 0),),
        (),
        ("lock.unlock", "light.turn_on"),
    )
    found = hazards(doing(call("light.turn_on", "light.hall")), home(thing("light.hall"), automations=(theirs,)))
    assert to_confirm(found) == {"automation.come_in:trigger"}


# What cannot be told


@pytest.mark.parametrize(
    "step",
    [
        {"action": "lock.unlock", "target": {"entity_id": "all"}},
        {"action": "light.turn_on", "target": {"area_id": "hall"}},
        {"action": "light.turn_on", "target": {"entity_id": "{{ states('input_text.which') }}"}},
        {"action": "light.turn_on", "data": {"device_id": "abc"}},
        {"action": "{{ 'lock.unlock' }}", "target": {"entity_id": "light.hall"}},
        {"event": "unlock_everything"},
        {"device_id": "abc", "domain": "lock", "type": "unlock", "entity_id": "lock.front"},
        {"delay": 5, "device_id": "abc", "domain": "lock", "type": "unlock"},
    ],
)
def test_what_cannot_be_told_cannot_be_allowed(step: dict[str, Any]) -> None:
    found = hazards(doing(step), home(thing("light.hall")))
    assert [(each.blocks, each.confirm) for each in found] == [(True, None)]


def test_services_that_are_not_known_have_to_be_confirmed() -> None:
    assert to_confirm(hazards(doing({"action": "rest_command.gate"}), home())) == {"rest_command:gate"}
    assert to_confirm(hazards(doing({"action": "script.evening"}), home())) == {"script.evening:turn_on"}
    assert not hazards(doing({"action": "notify.phone", "data": {"message": "{{ states('sun.sun') }}"}}), home())


def test_no_branch_is_overlooked() -> None:
    unlock = call("lock.unlock", "lock.front")
    for step in (
        {"choose": [{"conditions": [], "sequence": [unlock]}]},
        {"choose": [], "default": [unlock]},
        {"if": [], "then": [], "else": unlock},
        {"repeat": {"count": 2, "sequence": [unlock]}},
        {"parallel": [[unlock]]},
        {"parallel": [{"sequence": [unlock]}]},
        {"sequence": [{"if": [], "then": [unlock]}]},
        {"service": "lock.unlock", "entity_id": "lock.front"},
        {"action": "lock.unlock", "data": {"entity_id": "light.a, Lock.Front"}},
        {**unlock, "enabled": False},
    ):
        assert "lock.front:unlock" in to_confirm(hazards(doing(step), home(thing("lock.front"))))
