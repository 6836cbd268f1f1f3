"""What each trigger and action of a home's automations means, in every spelling; no value breaks the reading."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.domain.patterns import (
    WEEKDAYS,
    HeldTrigger,
    NumericTrigger,
    PresenceTrigger,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
    Trigger,
)
from src.home_assistant.automation_actions import read_actions
from src.home_assistant.automation_triggers import read_triggers
from src.home_assistant.automation_values import seconds
from src.home_assistant.targets import Targets

ANNA = ("person.anna",)
LUX = "sensor.lux"

TRIGGERS: list[tuple[dict[str, object], list[Trigger | None]]] = [
    ({"platform": "time", "at": ["07:00", "input_datetime.wake"]}, [TimeTrigger("07:00:00", WEEKDAYS), None]),
    ({"platform": "time_pattern", "hours": 6, "minutes": "30"}, [TimeTrigger("06:30:00", WEEKDAYS)]),
    ({"platform": "time_pattern", "minutes": "/5"}, [None]),
    ({"platform": "sun", "event": "sunset", "offset": "-00:45:00"}, [SunTrigger("sunset", -45, WEEKDAYS)]),
    ({"platform": "sun", "event": "sunset", "offset": {"minutes": 20}}, [SunTrigger("sunset", 20, WEEKDAYS)]),
    ({"platform": "state", "entity_id": "sun.sun", "to": "below_horizon"}, [SunTrigger("sunset", 0, WEEKDAYS)]),
    ({"platform": "state", "entity_id": "lock.door", "to": "locked"}, [StateTrigger("lock.door", "locked", 0.0, 0.0)]),
    ({"platform": "state", "entity_id": "light.a", "to": True}, [StateTrigger("light.a", "on", 0.0, 0.0)]),
    ({"platform": "state", "entity_id": "light.a", "from": "on"}, [StateTrigger("light.a", "off", 0.0, 0.0)]),
    ({"platform": "state", "entity_id": "input_button.tv"}, [StateTrigger("input_button.tv", "pressed", 0.0, 0.0)]),
    (
        {"platform": "state", "entity_id": "binary_sensor.a", "to": "off", "for": "00:05:00"},
        [HeldTrigger("binary_sensor.a", "off", 300.0)],
    ),
    ({"platform": "state", "entity_id": "climate.a", "attribute": "temperature"}, [None]),
    ({"platform": "state", "entity_id": "light.a", "to": "{{ x }}"}, [None]),
    ({"platform": "state", "entity_id": "light.a", "to": "on", "for": "{{ x }}"}, [None]),
    ({"platform": "state", "entity_id": "person.anna", "to": "home"}, [PresenceTrigger("arrives", ANNA, 0.0, 0.0)]),
    ({"platform": "state", "entity_id": "person.anna", "from": "home"}, [PresenceTrigger("leaves", ANNA, 0.0, 0.0)]),
    ({"platform": "state", "entity_id": "group.us", "to": "not_home"}, [PresenceTrigger("last_leaves", (), 0.0, 0.0)]),
    ({"platform": "state", "entity_id": "zone.home", "to": "0"}, [PresenceTrigger("last_leaves", (), 0.0, 0.0)]),
    (
        {"platform": "numeric_state", "entity_id": "zone.home", "above": 0},
        [PresenceTrigger("first_arrives", (), 0.0, 0.0)],
    ),
    (
        {"platform": "zone", "entity_id": "person.anna", "zone": "zone.home", "event": "leave"},
        [PresenceTrigger("leaves", ANNA, 0.0, 0.0)],
    ),
    ({"platform": "zone", "entity_id": "person.anna", "zone": "zone.work"}, [None]),
    ({"platform": "numeric_state", "entity_id": LUX, "below": "40"}, [NumericTrigger(LUX, None, 40.0, 0.0, 0.0)]),
    ({"platform": "numeric_state", "entity_id": LUX, "below": "input_number.dark"}, [None]),
    ({"platform": "numeric_state", "entity_id": LUX}, [None]),
    (
        {"platform": "device", "domain": "binary_sensor", "entity_id": "binary_sensor.a", "type": "no_motion"},
        [StateTrigger("binary_sensor.a", "off", 0.0, 0.0)],
    ),
    (
        {"trigger": "light.turned_on", "target": {"entity_id": "light.a"}},
        [StateTrigger("light.a", "on", 0.0, 0.0)],
    ),
    ({"platform": "webhook", "webhook_id": "x"}, [None]),
    ({"platform": "time", "at": "07:00", "enabled": False}, []),
    ({"triggers": [{"trigger": "time", "at": "07:00"}]}, [TimeTrigger("07:00:00", WEEKDAYS)]),
]  # fmt: skip


@pytest.mark.parametrize(("trigger", "meaning"), TRIGGERS, ids=[json.dumps(trigger)[:70] for trigger, _ in TRIGGERS])
def test_what_a_trigger_means(trigger: dict[str, object], meaning: list[Trigger | None]) -> None:
    assert read_triggers([trigger], None, Targets()) == tuple(meaning)


def test_conditions_on_the_weekday_narrow_the_clock() -> None:
    at_seven = {"platform": "time", "at": "07:00"}
    workday = {"condition": "state", "entity_id": "binary_sensor.workday_sensor", "state": "on"}
    not_monday = {"condition": "and", "conditions": [{"condition": "time", "weekday": list(WEEKDAYS[1:])}]}
    assert read_triggers(at_seven, [workday, not_monday], Targets()) == (TimeTrigger("07:00:00", WEEKDAYS[1:5]),)


ACTIONS: list[tuple[dict[str, object], list[tuple[str, str]]]] = [
    ({"service": "cover.open_cover", "entity_id": "cover.a"}, [("cover.a", "open")]),
    ({"service": "cover.set_cover_position", "entity_id": "cover.a", "data": {"position": 0}}, [("cover.a", "closed")]),
    ({"service": "lock.lock", "data_template": {"entity_id": "lock.a"}}, [("lock.a", "locked")]),
    ({"action": "light.toggle", "target": {"entity_id": "light.a"}}, [("light.a", "on"), ("light.a", "off")]),
    ({"service": "light.turn_on", "entity_id": "light.a", "data": {"brightness": 0}}, [("light.a", "off")]),
    ({"service": "homeassistant.turn_off", "entity_id": "switch.a,fan.b"}, [("switch.a", "off"), ("fan.b", "off")]),
    (
        {"service": "climate.set_hvac_mode", "entity_id": "climate.a", "data": {"hvac_mode": "heat"}},
        [("climate.a", "heat")],
    ),
    ({"service": "climate.set_temperature", "entity_id": "climate.a", "data": {"temperature": 20}}, []),
    ({"service": "media_player.media_pause", "entity_id": "media_player.a"}, [("media_player.a", "paused")]),
    (
        {"service": "input_select.select_option", "data": {"entity_id": "input_select.m", "option": "Night"}},
        [("input_select.m", "Night")],
    ),
    ({"service": "scene.turn_on", "entity_id": "scene.film"}, [("scene.film", "activated")]),
    ({"scene": "scene.film"}, [("scene.film", "activated")]),
    (
        {"service": "scene.apply", "data": {"entities": {"light.a": "off", "fan.b": {"state": "on", "x": 1}}}},
        [("light.a", "off"), ("fan.b", "on")],
    ),
    ({"service": "script.good_night"}, [("script.good_night", "on")]),
    ({"domain": "light", "type": "turn_off", "device_id": "d1", "entity_id": "light.a"}, [("light.a", "off")]),
    ({"service": "light.turn_on", "entity_id": "light.a", "enabled": False}, []),
    ({"service": "timer.start", "entity_id": "timer.a"}, []),
    ({"condition": "device", "domain": "light", "type": "is_on", "device_id": "d1", "entity_id": "light.a"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("action", "states"), ACTIONS, ids=[json.dumps(action)[:70] for action, _ in ACTIONS])
def test_what_an_action_sets(action: dict[str, object], states: list[tuple[str, str]]) -> None:
    deeds = read_actions([action], Targets())
    assert [(each.entity_id, each.to) for each in deeds.actions] == states
    assert deeds.unresolved == ()


@pytest.mark.parametrize(
    "action",
    [
        {"service": "light.turn_on", "target": {"area_id": "kitchen"}},
        {"service": "light.turn_on", "target": {"device_id": "d1"}},
        {"service": "light.turn_on", "target": {"label_id": "cosy"}},
        {"service": "light.turn_on", "entity_id": "all"},
        {"service": "light.turn_on", "entity_id": "{{ trigger.entity_id }}"},
        {"service": "climate.turn_on", "entity_id": "climate.a"},
        {"service_template": "light.turn_{{ trigger.to_state.state }}", "entity_id": "light.a"},
    ],
)
def test_what_cannot_be_told_is_noted_and_sets_nothing(action: dict[str, object]) -> None:
    deeds = read_actions([action], Targets())
    assert deeds.actions == ()
    assert len(deeds.unresolved) == 1


KEYS = """
    platform trigger triggers at entity_id to from for above below event offset zone target device_id area_id service
    action data choose sequence default then else repeat parallel delay conditions weekday enabled type domain
"""
VALUES = "time time_pattern state numeric_state sun zone device light.turn_on light.turned_on scene.apply"
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["on", "07:00", "light.a"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            KEYS.split()
        )
        | st.text(max_size=3),
        inner | st.sampled_from(VALUES.split()),
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(ANYTHING, ANYTHING, ANYTHING)
def test_no_value_whatever_breaks_the_reading(triggers: object, conditions: object, actions: object) -> None:
    for trigger in read_triggers(triggers, conditions, Targets()):
        assert trigger is None or trigger.to_json()
    for action in read_actions(actions, Targets()).actions:
        assert action.to.encode()
        assert action.entity_id.isascii()


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.booleans())
def test_all_ways_to_write_a_length_of_time_agree(hours: int, minutes: int, rest: int, before: bool) -> None:
    sign = -1 if before else 1
    total = sign * (hours * 3_600 + minutes * 60 + rest)
    written = f"{'-' if before else ''}{hours:02}:{minutes:02}:{rest:02}"
    units = {"hours": sign * hours, "minutes": sign * minutes, "seconds": sign * rest}
    assert seconds(written) == seconds(units) == seconds(total) == seconds(str(total)) == total
