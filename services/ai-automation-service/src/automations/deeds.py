"""What a service does to an entity, in one word: what a person confirms.

The services: https://www.home-assistant.io/integrations/ (each domain's page, "Actions").
"""

from __future__ import annotations

from collections.abc import Mapping

from src.automations.calls import Call
from src.domain.home import HomeEntity
from src.home_assistant.automation_values import listed, number, word

_SAFE: tuple[str, ...] = ()  # a service that is known and changes nothing dangerous
_SWITCH: Mapping[str, tuple[str, ...]] = {
    "turn_on": ("turn_on",),
    "turn_off": ("turn_off",),
    "toggle": ("turn_on", "turn_off"),
}
_MEDIA = """
    turn_on turn_off toggle volume_up volume_down volume_set volume_mute media_play media_pause media_stop
    media_play_pause media_next_track media_previous_track media_seek clear_playlist select_source select_sound_mode
    play_media shuffle_set repeat_set join unjoin
"""
_CHOSEN: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    ("select_option", "select_first", "select_last", "select_next", "select_previous", "set_options"), ("set",)
)
_AMOUNT: Mapping[str, tuple[str, ...]] = dict.fromkeys(("set_value", "increment", "decrement"), ("set",))

# By domain of the entity. A service that is not here is not known.
_DEEDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "alarm_control_panel": {
        **dict.fromkeys(
            (f"alarm_arm_{mode}" for mode in ("away", "home", "night", "vacation", "custom_bypass")), _SAFE
        ),
        "alarm_disarm": ("disarm",),
        "alarm_trigger": ("trigger",),
        **dict.fromkeys(_SWITCH, ("disarm",)),
    },
    "automation": {**_SWITCH, "trigger": ("trigger",)},
    "button": {"press": ("press",)},
    "climate": {
        "turn_on": ("heat",),
        "turn_off": _SAFE,
        "toggle": ("heat",),
        "set_hvac_mode": ("heat",),
        "set_temperature": ("heat",),
        "set_preset_mode": ("heat",),
        "set_aux_heat": ("heat",),
        **dict.fromkeys(("set_fan_mode", "set_humidity", "set_swing_mode", "set_swing_horizontal_mode"), _SAFE),
    },
    "counter": dict.fromkeys(("increment", "decrement", "reset", "set_value"), _SAFE),
    "cover": {
        **dict.fromkeys(("open_cover", "open_cover_tilt", "turn_on"), ("open",)),
        **dict.fromkeys(("close_cover", "close_cover_tilt", "turn_off"), ("close",)),
        **dict.fromkeys(("toggle", "toggle_cover_tilt"), ("open", "close")),
        **dict.fromkeys(("set_cover_position", "set_cover_tilt_position"), ("open",)),
        **dict.fromkeys(("stop_cover", "stop_cover_tilt"), _SAFE),
    },
    "fan": {
        **_SWITCH,
        **dict.fromkeys(("increase_speed", "set_percentage", "set_preset_mode"), ("turn_on",)),
        **dict.fromkeys(("decrease_speed", "oscillate", "set_direction"), _SAFE),
    },
    "group": _SWITCH,
    "humidifier": {**_SWITCH, "set_humidity": _SAFE, "set_mode": _SAFE},
    "input_boolean": _SWITCH,
    "input_button": {"press": ("press",)},
    "input_number": _AMOUNT,
    "input_select": _CHOSEN,
    "lawn_mower": {"start_mowing": ("start_mowing",), "dock": _SAFE, "pause": _SAFE, "stop": _SAFE},
    "light": _SWITCH,
    "lock": {"lock": _SAFE, "unlock": ("unlock",), "open": ("open",), **dict.fromkeys(_SWITCH, ("unlock",))},
    "media_player": dict.fromkeys(_MEDIA.split(), _SAFE),
    "number": _AMOUNT,
    "remote": _SWITCH,
    "scene": {"turn_on": ("turn_on",), "toggle": ("turn_on",)},
    "script": {"turn_on": ("turn_on",), "turn_off": _SAFE, "toggle": ("turn_on",)},
    "select": _CHOSEN,
    "siren": {"turn_on": ("turn_on",), "turn_off": _SAFE, "toggle": ("turn_on",)},
    "switch": _SWITCH,
    "timer": dict.fromkeys(("start", "pause", "cancel", "finish", "change"), _SAFE),
    "vacuum": dict.fromkeys(
        ("start", "stop", "pause", "start_pause", "return_to_base", "locate", "clean_spot", "set_fan_speed", *_SWITCH),
        _SAFE,
    ),
    "valve": {
        "open_valve": ("open",),
        "close_valve": ("close",),
        "toggle": ("open", "close"),
        "set_valve_position": ("open",),
        "stop_valve": _SAFE,
        "turn_on": ("open",),
        "turn_off": ("close",),
    },
    "water_heater": {
        "turn_on": ("heat",),
        "turn_off": _SAFE,
        "toggle": ("heat",),
        "set_operation_mode": ("heat",),
        "set_temperature": ("heat",),
        "set_away_mode": ("heat",),
    },
}
# Where the data decide whether it is opened or closed.
_POSITIONS = {
    "set_cover_position": "position",
    "set_cover_tilt_position": "tilt_position",
    "set_valve_position": "position",
}
# Services that need no entity and change nothing.
_WITHOUT_ENTITY = frozenset(("homeassistant.update_entity",))

COOL_MODES = frozenset(("cool", "dry", "fan_only", "off"))  # a thermostat in these does not heat
_SAVING_PRESETS = frozenset(("away", "eco"))


def deeds_of(call: Call, domain: str, thing: HomeEntity | None) -> tuple[str, ...] | None:
    """What a call may do to an entity: words that :func:`~src.automations.dangers.danger` knows; None: not known.

    Args:
        domain: of the entity; Home Assistant hands ``homeassistant.turn_on`` on to it. A service of another domain,
            which Home Assistant would leave undone, counts as if it were the entity's own.
        thing: the entity, for what it can do; None without one.
    """
    if call.service in _WITHOUT_ENTITY:
        return _SAFE
    if domain == "group" and call.domain not in ("homeassistant", "group"):
        return _DEEDS.get(call.domain, {}).get(call.verb)
    deeds = _DEEDS.get(domain, {}).get(call.verb)
    if deeds is None or thing is None:
        return deeds
    if call.verb in _POSITIONS:
        position = number(call.data.get(_POSITIONS[call.verb]))
        return ("close",) if position == 0 else ("open", "close")
    if deeds == ("heat",):
        return deeds if _may_heat(call, thing) else _SAFE
    if call.verb == "set_percentage" and number(call.data.get("percentage")) == 0:
        return ("turn_off",)
    return deeds


def _may_heat(call: Call, thing: HomeEntity) -> bool:
    """Whether a call to a thermostat or a boiler may make it heat, as far as its data and its modes tell."""
    if thing.domain == "water_heater":
        if call.verb == "set_away_mode":
            return call.data.get("away_mode") not in (True, "on", "true")
        return word(call.data.get("operation_mode")).lower() != "off"
    mode = word(call.data.get("hvac_mode")).lower()
    if mode:
        return mode not in COOL_MODES
    if call.verb == "set_preset_mode":
        return word(call.data.get("preset_mode")).lower() not in _SAVING_PRESETS
    modes = {word(each).lower() for each in listed(thing.attributes.get("hvac_modes"))}
    return not modes or not modes <= COOL_MODES
