"""The people's phones."""

from __future__ import annotations

from typing import Any

from homeassistant.components.device_tracker.config_entry import TrackerEntity
from homeassistant.components.device_tracker.const import SourceType
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddEntitiesCallback

from .device import Device, things_of


class Phone(Device, TrackerEntity):
    """A phone that says whether it is at home."""

    @property
    def source_type(self) -> SourceType:
        """How it knows where it is."""
        return SourceType.GPS

    @property
    def location_name(self) -> str:
        """Where it is."""
        return self.value

    @property
    def latitude(self) -> None:
        """Its place in degrees, which it does not tell."""

    @property
    def longitude(self) -> None:
        """Its place in degrees, which it does not tell."""


async def async_setup_entry(hass: HomeAssistant, _: ConfigEntry, add: AddEntitiesCallback) -> Any:
    """Put them up."""
    add(Phone(hass, thing) for thing in things_of(hass, "device_tracker"))
