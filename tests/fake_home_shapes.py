"""What a fresh fake Home Assistant holds, in the shapes of the real one."""

from __future__ import annotations

import re
import secrets
from typing import Any

from tests.fake_hub_server import Json

PARTS = {"trigger": "triggers", "condition": "conditions", "action": "actions"}  # before 2024.10, and since


def user_named(name: str, group: str) -> Json:
    known = {"id": id_of(name), "username": None, "name": name, "is_owner": group == "system-admin", "is_active": True}
    return {**known, "local_only": False, "system_generated": False, "group_ids": [group], "credentials": []}


def core_config(version: str) -> Json:
    units = {"length": "km", "mass": "g", "pressure": "Pa", "temperature": "°C", "volume": "L", "wind_speed": "m/s"}
    return {
        "latitude": 52.52,
        "longitude": 13.4,
        "elevation": 34,
        "unit_system": units,
        "location_name": "Home",
        "time_zone": "Europe/Berlin",
        "components": ["automation", "light", "logbook", "recorder"],
        "config_dir": "/config",
        "version": version,
        "state": "RUNNING",
        "language": "en",
        "country": "DE",
        "currency": "EUR",
        "recovery_mode": False,
        "safe_mode": False,
        "external_url": None,
        "internal_url": None,
    }


def service_list() -> dict[str, dict[str, Json]]:
    def of(domain: str, *names: str) -> dict[str, Json]:
        return {name: {"fields": {}, "target": {"entity": [{"domain": [domain]}]}} for name in names}

    services = {domain: of(domain, "turn_on", "turn_off", "toggle") for domain in ("light", "switch", "fan", "scene")}
    percent = {"selector": {"number": {"min": 0, "max": 100, "unit_of_measurement": "%"}}}
    services["light"]["turn_on"]["fields"] = {
        "transition": {"selector": {"number": {"min": 0, "max": 300, "unit_of_measurement": "seconds"}}},
        "brightness_pct": percent,
        "additional_fields": {"collapsed": True, "fields": {"flash": {"selector": {"select": {"options": ["long"]}}}}},
    }
    services["automation"] = of("automation", "turn_on", "turn_off", "toggle", "trigger")
    services["automation"]["reload"] = {"fields": {}}
    services["homeassistant"] = {"save_persistent_states": {"fields": {}}}
    services["lock"] = of("lock", "lock", "unlock")
    services["cover"] = of("cover", "open_cover", "close_cover", "set_cover_position")
    position = {"required": True, "selector": {"number": {"min": 0, "max": 100}}}
    services["cover"]["set_cover_position"]["fields"] = {"position": position}
    services["persistent_notification"] = {
        "create": {
            "fields": {
                "message": {"required": True, "selector": {"text": None}},
                "title": {"selector": {"text": None}},
                "notification_id": {"selector": {"text": None}},
            }
        },
        "dismiss": {"fields": {"notification_id": {"required": True, "selector": {"text": None}}}},
    }
    return services


def respelt(body: Json) -> Json:
    """As newer versions write an automation down: ``triggers``, and ``action`` for what was ``service``."""

    def renamed(value: Any) -> Any:
        if isinstance(value, list):
            return [renamed(each) for each in value]
        if not isinstance(value, dict):
            return value
        plain = {key: renamed(inner) for key, inner in value.items() if key != "service"}
        return {**plain, "action": value["service"]} if isinstance(value.get("service"), str) else plain

    outer = {PARTS.get(key, key): value for key, value in body.items()}
    return {key: renamed(value) if key == "actions" else value for key, value in outer.items()}


def context_of(user_id: str | None = None, parent_id: str | None = None, context_id: str | None = None) -> Json:
    return {"id": context_id or secrets.token_hex(13).upper(), "parent_id": parent_id, "user_id": user_id}


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def id_of(text: str) -> str:
    return f"{sum(ord(letter) * 31**place for place, letter in enumerate(text)) % 16**32:032x}"
