"""What is measured in the home."""

from __future__ import annotations

from typing import Any

from homeassistant.components.sensor import SensorEntity, SensorStateClass
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddEntitiesCallback

from .device import Device, things_of


class Sensor(Device, SensorEntity):
    """A number with a unit."""

    _attr_state_class = SensorStateClass.MEASUREMENT

    def __init__(self, hass: HomeAssistant, thing: dict[str, Any]) -> None:
        super().__init__(hass, thing)
        self._attr_native_unit_of_measurement = thing["unit"]

    @property
    def native_value(self) -> float:
        """What it reads."""
        return float(self.value)


async def async_setup_entry(hass: HomeAssistant, _: ConfigEntry, add: AddEntitiesCallback) -> Any:
    """Put them up."""
    add(Sensor(hass, thing) for thing in things_of(hass, "sensor"))
