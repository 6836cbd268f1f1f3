"""What plays in the home."""

from __future__ import annotations

from typing import Any

from homeassistant.components.media_player import MediaPlayerEntity, MediaPlayerEntityFeature
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddEntitiesCallback

from .device import Switched, things_of


class MediaPlayer(Switched, MediaPlayerEntity):
    """A player that is on or off."""

    _attr_supported_features = MediaPlayerEntityFeature.TURN_ON | MediaPlayerEntityFeature.TURN_OFF

    @property
    def state(self) -> str:
        """What it does."""
        return self.value


async def async_setup_entry(hass: HomeAssistant, _: ConfigEntry, add: AddEntitiesCallback) -> Any:
    """Put them up."""
    add(MediaPlayer(hass, thing) for thing in things_of(hass, "media_player"))
