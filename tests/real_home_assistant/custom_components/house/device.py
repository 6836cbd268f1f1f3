"""What every device of the home has in common."""

from __future__ import annotations

from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity import DeviceInfo
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.restore_state import RestoreEntity

from . import DOMAIN


class Device(RestoreEntity):
    """A device that Home Assistant hears of when it says something, and not before.

    After a start it is unavailable until it was first heard of, some seconds later, with the state it had.
    """

    _attr_should_poll = False

    def __init__(self, hass: HomeAssistant, thing: dict[str, Any]) -> None:
        self.entity_id = thing["entity_id"]
        self._attr_unique_id = thing["entity_id"]
        self._attr_name = thing["name"]
        self._attr_device_class = thing["device_class"]
        self._attr_available = False
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, thing["entity_id"])}, name=thing["name"], manufacturer="House", model="Device"
        )
        self.value: str = thing["initial"]
        self._late: float = thing["late_seconds"]

    async def async_added_to_hass(self) -> None:
        """Come back in the state it had, after the seconds it takes to be heard of."""
        await super().async_added_to_hass()
        before = await self.async_get_last_state()
        self.hass.data[DOMAIN]["devices"][self.entity_id] = self
        if before is not None and before.state not in ("unavailable", "unknown"):
            self.value = before.state

        @callback  # type: ignore[untyped-decorator]  # Home Assistant is in another environment
        def heard(_: Any) -> None:
            self._attr_available = True
            self.async_write_ha_state()

        self.async_on_remove(async_call_later(self.hass, self._late, heard))

    @callback  # type: ignore[untyped-decorator]  # as above
    def report(self, value: str) -> None:
        """Say that something happened to it: nobody asked through Home Assistant."""
        self._attr_available = value != "unavailable"
        if self._attr_available:
            self.value = value
        self.async_write_ha_state()

    def set(self, value: str) -> None:
        """Do as Home Assistant asks."""
        self.value = value
        self.async_write_ha_state()


class Switched(Device):
    """A device that is on or off."""

    @property
    def is_on(self) -> bool:
        """Whether it is on."""
        return self.value == "on"

    async def async_turn_on(self, **_: Any) -> None:
        """Switch on."""
        self.set("on")

    async def async_turn_off(self, **_: Any) -> None:
        """Switch off."""
        self.set("off")


def things_of(hass: HomeAssistant, domain: str) -> list[dict[str, Any]]:
    """What the home has of a domain."""
    return [
        thing for thing in hass.data[DOMAIN]["described"]["things"] if thing["entity_id"].partition(".")[0] == domain
    ]
