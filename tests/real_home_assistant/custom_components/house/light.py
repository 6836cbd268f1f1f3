"""The home's lights."""

from __future__ import annotations

from typing import Any

from homeassistant.components.light import ColorMode, LightEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddEntitiesCallback

from .device import Switched, things_of


class Light(Switched, LightEntity):
    """A lamp that can only be on or off."""

    _attr_color_mode = ColorMode.ONOFF
    _attr_supported_color_modes = {ColorMode.ONOFF}  # noqa: RUF012  # Home Assistant's own way to say it


async def async_setup_entry(hass: HomeAssistant, _: ConfigEntry, add: AddEntitiesCallback) -> Any:
    """Put them up."""
    add(Light(hass, thing) for thing in things_of(hass, "light"))
