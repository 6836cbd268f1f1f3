"""The home's contacts and motion sensors."""

from __future__ import annotations

from typing import Any

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddEntitiesCallback

from .device import Device, things_of


class BinarySensor(Device, BinarySensorEntity):
    """A contact or a motion sensor."""

    @property
    def is_on(self) -> bool:
        """Whether the door is open, or something moves."""
        return self.value == "on"


async def async_setup_entry(hass: HomeAssistant, _: ConfigEntry, add: AddEntitiesCallback) -> Any:
    """Put them up."""
    add(BinarySensor(hass, thing) for thing in things_of(hass, "binary_sensor"))
