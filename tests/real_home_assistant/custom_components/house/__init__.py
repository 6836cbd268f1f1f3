"""The devices of the test home: an integration as any other, whose devices are told what happens to them.

``house.json`` in the configuration folder lists them. Home Assistant turns them on and off by its own services; the
service ``house.report`` is a hand on the device itself, which tells Home Assistant of it afterwards and so without a
user or a parent.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import area_registry, config_validation, device_registry, entity_registry

DOMAIN = "house"
PLATFORMS = ["binary_sensor", "device_tracker", "light", "media_player", "sensor", "switch"]

_REPORT = vol.Schema({vol.Required("entity_id"): config_validation.entity_id, vol.Required("state"): str})


async def async_setup(hass: HomeAssistant, config: dict[str, Any]) -> bool:
    """Read what stands in the home."""
    described = await hass.async_add_executor_job(Path(hass.config.path("house.json")).read_text)
    hass.data[DOMAIN] = {"described": json.loads(described), "devices": {}}

    async def report(call: ServiceCall) -> None:
        hass.data[DOMAIN]["devices"][call.data["entity_id"]].report(call.data["state"])

    hass.services.async_register(DOMAIN, "report", report, _REPORT)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Put the devices up, each in its room unless somebody moved it."""
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    areas, devices = area_registry.async_get(hass), device_registry.async_get(hass)
    entities = entity_registry.async_get(hass)
    for thing in hass.data[DOMAIN]["described"]["things"]:
        entity = entities.async_get(thing["entity_id"])
        device = devices.async_get(entity.device_id) if entity and entity.device_id else None
        if device is not None and device.area_id is None:
            area = areas.async_get_area_by_name(thing["area"]) or areas.async_create(thing["area"])
            devices.async_update_device(device.id, area_id=area.id)
    return True
