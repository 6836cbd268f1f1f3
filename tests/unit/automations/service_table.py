"""The services that our automations call, as Home Assistant describes them: fields, targets, features.

Features by https://developers.home-assistant.io/docs/core/entity/ (each domain's page).
"""

from __future__ import annotations

from typing import Any

from src.domain.home import Service, ServiceField

_PERCENT = {"number": {"min": 0, "max": 100}}
_COVER = {"open_cover": 1, "close_cover": 2, "stop_cover": 8, "toggle": 1 | 2}
_PLAYER = {"turn_on": 128, "turn_off": 256, "media_play": 16384, "media_pause": 1, "media_stop": 4096}
_VACUUM = {"start": 8192, "pause": 4, "stop": 8, "return_to_base": 16}
_ARMED = {"arm_home": 1, "arm_away": 2, "arm_night": 4, "arm_vacation": 32, "arm_custom_bypass": 16, "trigger": 8}
_HVAC = ["off", "auto", "cool", "dry", "fan_only", "heat_cool", "heat"]


def _service(domain: str, features: int | None = None, **fields: ServiceField) -> Service:
    aimed: dict[str, Any] = {"domain": [domain]}
    if features is not None:
        aimed["supported_features"] = [features]
    return Service(fields, {"entity": [aimed]})


def _of(domain: str, **features: int | None) -> dict[str, Service]:
    return {f"{domain}.{verb}": _service(domain, feature) for verb, feature in features.items()}


_TEXT = ServiceField(selector={"text": None})
_NEEDED_TEXT = ServiceField(True, {"text": None})
_NUMBER = ServiceField(True, {"number": {"min": 0, "max": 100}})

SERVICES: dict[str, Service] = {
    **{
        f"{domain}.{verb}": _service(domain)
        for domain in ("fan", "humidifier", "input_boolean", "light", "remote", "script", "siren", "switch")
        for verb in ("turn_on", "turn_off", "toggle")
    },
    **{f"homeassistant.{verb}": Service({}, {"entity": [{}]}) for verb in ("turn_on", "turn_off", "toggle")},
    **_of("alarm_control_panel", alarm_disarm=None, **{f"alarm_{how}": bit for how, bit in _ARMED.items()}),
    **_of("button", press=None),
    **_of("input_button", press=None),
    **_of("cover", **_COVER),
    "cover.set_cover_position": _service("cover", 4, position=_NUMBER),
    "light.turn_on": _service(
        "light",
        brightness_pct=ServiceField(selector=_PERCENT),
        color_temp_kelvin=ServiceField(selector={"color_temp": {"unit": "kelvin"}}),
        transition=ServiceField(selector={"number": {"min": 0, "max": 300}}),
        flash=ServiceField(selector={"select": {"options": [{"label": "Long", "value": "long"}, "short"]}}),
    ),
    **_of("climate", turn_on=256, turn_off=128),
    # It does not say that it needs a mode, though it does.
    "climate.set_hvac_mode": _service("climate", hvac_mode=ServiceField(selector={"select": {"options": _HVAC}})),
    "climate.set_temperature": _service(
        "climate", 1, temperature=ServiceField(selector={"number": {"min": 0, "max": 250}})
    ),
    "input_number.set_value": _service("input_number", value=_NEEDED_TEXT),
    "number.set_value": _service("number", value=_TEXT),
    "input_select.select_option": _service("input_select", option=_NEEDED_TEXT),
    "select.select_option": _service("select", option=_NEEDED_TEXT),
    **_of("lawn_mower", start_mowing=1, pause=2, dock=4),
    **_of("lock", lock=None, unlock=None, open=1),
    **_of("media_player", **_PLAYER),
    "media_player.volume_mute": _service("media_player", 8, is_volume_muted=ServiceField(True, {"boolean": None})),
    **_of("scene", turn_on=None),
    **_of("vacuum", **_VACUUM),
    **_of("valve", open_valve=1, close_valve=2),
    "water_heater.set_operation_mode": _service("water_heater", operation_mode=_NEEDED_TEXT),
    "persistent_notification.create": Service({"message": _NEEDED_TEXT, "title": _TEXT, "notification_id": _TEXT}),
    "script.movie_night": Service(),
}
