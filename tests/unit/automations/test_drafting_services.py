"""Which service sets what: every domain that can be set, what no service does, and what a thing says it cannot do."""

from __future__ import annotations

import pytest

from src.analysis.actionable import _ACTIONABLE
from src.automations.drafting import draft, drafted_offline
from src.domain.home import Home, HomeEntity
from src.domain.patterns import WEEKDAYS, Json, Kind, Pattern, TimeTrigger
from src.errors import NotAutomatable
from tests.unit.domain.every_kind import routine

SETS: list[tuple[str, str, str, Json]] = [
    ("alarm_control_panel.a", "armed_away", "alarm_control_panel.alarm_arm_away", {}),
    ("alarm_control_panel.a", "armed_home", "alarm_control_panel.alarm_arm_home", {}),
    ("alarm_control_panel.a", "armed_night", "alarm_control_panel.alarm_arm_night", {}),
    ("alarm_control_panel.a", "armed_vacation", "alarm_control_panel.alarm_arm_vacation", {}),
    ("alarm_control_panel.a", "disarmed", "alarm_control_panel.alarm_disarm", {}),
    ("button.a", "pressed", "button.press", {}),
    ("climate.a", "heat", "climate.set_hvac_mode", {"hvac_mode": "heat"}),
    ("climate.a", "off", "climate.set_hvac_mode", {"hvac_mode": "off"}),
    ("climate.a", "on", "climate.turn_on", {}),
    ("cover.a", "open", "cover.open_cover", {}),
    ("cover.a", "closed", "cover.close_cover", {}),
    ("fan.a", "on", "fan.turn_on", {}),
    ("humidifier.a", "off", "humidifier.turn_off", {}),
    ("input_boolean.a", "on", "input_boolean.turn_on", {}),
    ("input_button.a", "pressed", "input_button.press", {}),
    ("input_number.a", "21.5", "input_number.set_value", {"value": 21.5}),
    ("input_select.a", "Movie night", "input_select.select_option", {"option": "Movie night"}),
    ("lawn_mower.a", "mowing", "lawn_mower.start_mowing", {}),
    ("lawn_mower.a", "docked", "lawn_mower.dock", {}),
    ("light.a", "on", "light.turn_on", {}),
    ("light.a", "off", "light.turn_off", {}),
    ("lock.a", "locked", "lock.lock", {}),
    ("lock.a", "unlocked", "lock.unlock", {}),
    ("media_player.a", "playing", "media_player.media_play", {}),
    ("media_player.a", "paused", "media_player.media_pause", {}),
    ("media_player.a", "off", "media_player.turn_off", {}),
    ("media_player.a", "on", "media_player.turn_on", {}),
    ("media_player.a", "idle", "media_player.media_stop", {}),
    ("number.a", "40.0", "number.set_value", {"value": 40}),
    ("remote.a", "on", "remote.turn_on", {}),
    ("scene.a", "activated", "scene.turn_on", {}),
    ("script.a", "on", "script.turn_on", {}),
    ("select.a", "eco", "select.select_option", {"option": "eco"}),
    ("siren.a", "off", "siren.turn_off", {}),
    ("switch.a", "on", "switch.turn_on", {}),
    ("vacuum.a", "cleaning", "vacuum.start", {}),
    ("vacuum.a", "docked", "vacuum.return_to_base", {}),
    ("vacuum.a", "paused", "vacuum.pause", {}),
    ("valve.a", "open", "valve.open_valve", {}),
    ("valve.a", "closed", "valve.close_valve", {}),
    ("water_heater.a", "eco", "water_heater.set_operation_mode", {"operation_mode": "eco"}),
]


def doing(*actions: tuple[str, str]) -> Pattern:
    return routine(Kind.TIME_OF_DAY, TimeTrigger("07:10:00", WEEKDAYS), *actions)


def in_home(entity_id: str, **attributes: object) -> Home:
    return Home("2026.11.0", entities={entity_id: HomeEntity(entity_id, attributes=attributes)})


@pytest.mark.parametrize(("entity_id", "to", "service", "data"), SETS)
def test_a_state_is_set_by_the_domains_own_service(entity_id: str, to: str, service: str, data: Json) -> None:
    (action,) = drafted_offline(doing((entity_id, to)), {}).actions
    assert action == {"action": service, "target": {"entity_id": entity_id}, **({"data": data} if data else {})}


def test_every_domain_that_may_be_suggested_can_be_set() -> None:
    assert {entity_id.partition(".")[0] for entity_id, *_ in SETS} == _ACTIONABLE


@pytest.mark.parametrize(
    ("entity_id", "to", "why"),
    [
        ("alarm_control_panel.a", "triggered", "no service sets"),
        ("cover.a", "opening", "no service sets"),
        ("cover.a", "stopped", "no service sets"),
        ("lock.a", "jammed", "no service sets"),
        ("vacuum.a", "error", "no service sets"),
        ("media_player.a", "buffering", "no service sets"),
        ("light.a", "unavailable", "not known"),
        ("switch.a", "unknown", "not known"),
        ("sensor.a", "running", "can only be watched"),
        ("binary_sensor.a", "on", "can only be watched"),
        ("person.a", "home", "can only be watched"),
        ("climate.a", "preheating", "no mode"),
        ("input_number.a", "warm", "no number"),
        ("number.a", "nan", "no number"),
        ("input_select.a", "{{ states('lock.a') }}", "template"),
    ],
)
def test_what_no_service_does_is_said(entity_id: str, to: str, why: str) -> None:
    with pytest.raises(NotAutomatable, match=why):
        drafted_offline(doing((entity_id, to)), {})


def test_one_thing_that_cannot_be_set_spoils_the_whole() -> None:
    with pytest.raises(NotAutomatable, match=r"sensor\.a can only be watched"):
        drafted_offline(doing(("light.a", "on"), ("sensor.a", "17")), {})


def test_things_set_alike_share_one_call() -> None:
    pattern = doing(("light.a", "on"), ("switch.b", "off"), ("light.c", "on"), ("light.a", "on"))
    assert drafted_offline(pattern, {}).actions == (
        {"action": "light.turn_on", "target": {"entity_id": ["light.a", "light.c"]}},
        {"action": "switch.turn_off", "target": {"entity_id": "switch.b"}},
    )


class TestWhatAThingSaysItCanDo:
    @pytest.mark.parametrize(
        ("to", "features", "service"),
        [
            ("playing", 16_384 | 128, "media_player.media_play"),
            ("playing", 128, "media_player.turn_on"),
            ("idle", 4_096 | 128, "media_player.media_stop"),
            ("idle", 128, "media_player.turn_on"),
        ],
    )
    def test_a_player_is_told_what_it_understands(self, to: str, features: int, service: str) -> None:
        home = in_home("media_player.a", supported_features=features)
        assert draft(doing(("media_player.a", to)), home).actions[0]["action"] == service

    @pytest.mark.parametrize(
        ("entity_id", "to", "attributes", "why"),
        [
            ("media_player.a", "paused", {"supported_features": 128}, "cannot be told to be paused"),
            ("climate.a", "cool", {"hvac_modes": ["heat", "off"]}, "does not offer cool"),
            ("select.a", "turbo", {"options": ["eco"]}, "does not offer turbo"),
            ("water_heater.a", "gas", {"operation_list": ["eco", "off"]}, "does not offer gas"),
            ("number.a", "50", {"min": 0, "max": 40}, "goes from 0 to 40"),
            ("alarm_control_panel.a", "disarmed", {"code_format": "number"}, "asks for a code"),
            ("alarm_control_panel.a", "armed_away", {"code_format": "number"}, "asks for a code"),
        ],
    )
    def test_what_it_cannot_do_is_not_written(self, entity_id: str, to: str, attributes: Json, why: str) -> None:
        with pytest.raises(NotAutomatable, match=why):
            draft(doing((entity_id, to)), in_home(entity_id, **attributes))

    def test_an_alarm_that_is_armed_without_a_code_is_armed(self) -> None:
        home = in_home("alarm_control_panel.a", code_format="number", code_arm_required=False)
        (action,) = draft(doing(("alarm_control_panel.a", "armed_away")), home).actions
        assert action["action"] == "alarm_control_panel.alarm_arm_away"
