"""The home's plugs and switches."""

from __future__ import annotations

from typing import Any

from homeassistant.components.switch import SwitchEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddEntitiesCallback

from .device import Switched, things_of


class Switch(Switched, SwitchEntity):
    """A plug."""


async def async_setup_entry(hass: HomeAssistant, _: ConfigEntry, add: AddEntitiesCallback) -> Any:
    """Put them up."""
    add(Switch(hass, thing) for thing in things_of(hass, "switch"))
