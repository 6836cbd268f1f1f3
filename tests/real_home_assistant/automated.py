"""What Home Assistant does in the test home by itself: its automations, and a script and a scene that they use.

In the older spelling, which every version since 2024.3 takes.
"""

from __future__ import annotations

from tests.real_home_assistant.json_types import Json
from tests.real_home_assistant.things import THINGS

_LIGHTS = [thing.entity_id for thing in THINGS if thing.entity_id.startswith("light.")]
_WORKDAYS = {"condition": "time", "weekday": ["mon", "tue", "wed", "thu", "fri"]}


def _turn(entity_id: str | list[str], to: str) -> Json:
    domain = (entity_id if isinstance(entity_id, str) else entity_id[0]).partition(".")[0]
    return {"service": f"{domain}.turn_{to}", "target": {"entity_id": entity_id}}


def _automation(name: str, alias: str, trigger: Json, *actions: Json, **more: object) -> Json:
    return {"id": name, "alias": alias, "trigger": [trigger], "condition": [], "action": list(actions), **more}


def _at(time: str) -> Json:
    return {"platform": "time", "at": time}


def _becomes(entity_id: str, to: str) -> Json:
    return {"platform": "state", "entity_id": entity_id, "from": "on" if to == "off" else "off", "to": to}


AUTOMATIONS: tuple[Json, ...] = (
    _automation("pump_on", "Warm water in the morning", _at("05:45:00"), _turn("switch.circulation_pump", "on")),
    _automation("pump_off", "No more warm water", _at("06:30:00"), _turn("switch.circulation_pump", "off")),
    _automation("garden_on", "Garden at dusk", {"platform": "sun", "event": "sunset"}, _turn("light.garden", "on")),
    _automation("garden_off", "Garden off", _at("23:00:00"), _turn("light.garden", "off")),
    _automation(
        "night_light",
        "Night light",
        _becomes("binary_sensor.hallway_motion", "on"),
        _turn("light.hallway_night", "on"),
        {"delay": {"minutes": 2}},
        _turn("light.hallway_night", "off"),
        mode="restart",
    ),
    _automation("tv_light_on", "TV light on", _becomes("media_player.tv", "on"), _turn("light.tv_backlight", "on")),
    _automation("tv_light_off", "TV light off", _becomes("media_player.tv", "off"), _turn("light.tv_backlight", "off")),
    _automation("dinner", "Dinner", _at("19:30:00"), {"scene": "scene.dinner"}),
    _automation("dinner_over", "Dinner is over", _at("20:45:00"), _turn("light.kitchen_table", "off")),
    _automation(
        "water_plants",
        "Water the plants",
        _at("15:00:00"),
        {"service": "script.water_plants"},
        condition=[{"condition": "time", "weekday": ["tue", "thu", "sat"]}],
    ),
    _automation("desk", "Desk ready", _at("08:45:00"), _turn("switch.study_desk", "on"), condition=[_WORKDAYS]),
    _automation(
        "everything_off",
        "Everything off",
        _at("23:45:00"),
        _turn(_LIGHTS, "off"),
        _turn(["switch.coffee_machine", "switch.study_desk"], "off"),
        _turn("media_player.radio", "off"),
    ),
    _automation(
        "lamp_before",
        "Bedroom lamp, no longer used",
        _at("06:50:00"),
        _turn("light.bedroom_lamp", "on"),
        condition=[_WORKDAYS],
        initial_state=False,
    ),
)

SCRIPTS: Json = {
    "water_plants": {
        "alias": "Water the plants",
        "sequence": [_turn("switch.irrigation", "on"), {"delay": {"minutes": 10}}, _turn("switch.irrigation", "off")],
    }
}

SCENES: tuple[Json, ...] = ({"id": "dinner", "name": "Dinner", "entities": {"light.kitchen_table": "on"}},)

# What only automations act on: whatever is reported to turn these on or off is wrong.
AUTOMATED_ONLY = (
    "switch.circulation_pump",
    "light.garden",
    "light.hallway_night",
    "light.tv_backlight",
    "light.kitchen_table",
    "switch.irrigation",
)
