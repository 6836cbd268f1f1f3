"""What stands in the test home, and who lives there. Standard library only: two Pythons read it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from tests.real_home_assistant.json_types import Json


@dataclass(frozen=True)
class Thing:
    """One device with one entity.

    Attributes:
        initial: the state it has when it is first put up.
    """

    entity_id: str
    name: str
    area: str
    initial: str = "off"
    device_class: str | None = None
    unit: str | None = None

    def to_json(self) -> Json:
        return asdict(self)


PEOPLE = ("Anna", "Ben")
TIME_ZONE = "Europe/Madrid"
LATITUDE, LONGITUDE = 40.42, -3.7

THINGS: tuple[Thing, ...] = (
    Thing("light.hallway", "Hallway light", "Hallway"),
    Thing("light.hallway_night", "Night light", "Hallway"),
    Thing("light.kitchen", "Kitchen light", "Kitchen"),
    Thing("light.kitchen_table", "Kitchen table light", "Kitchen"),
    Thing("light.living_room_lamp", "Living room lamp", "Living room"),
    Thing("light.living_room_ceiling", "Living room ceiling light", "Living room"),
    Thing("light.living_room_shelf", "Shelf light", "Living room"),
    Thing("light.tv_backlight", "TV backlight", "Living room"),
    Thing("light.dining_table", "Dining table light", "Dining room"),
    Thing("light.sideboard", "Sideboard light", "Dining room"),
    Thing("light.window_lamp", "Window lamp", "Dining room"),
    Thing("light.bedroom_lamp", "Bedroom lamp", "Bedroom"),
    Thing("light.bathroom", "Bathroom light", "Bathroom"),
    Thing("light.study", "Study light", "Study"),
    Thing("light.garden", "Garden light", "Garden"),
    Thing("switch.coffee_machine", "Coffee machine", "Kitchen", device_class="outlet"),
    Thing("switch.towel_warmer", "Towel warmer", "Bathroom", device_class="outlet"),
    Thing("switch.bathroom_fan", "Bathroom fan", "Bathroom", device_class="switch"),
    Thing("switch.circulation_pump", "Circulation pump", "Bathroom", device_class="switch"),
    Thing("switch.study_desk", "Study desk", "Study", device_class="outlet"),
    Thing("switch.standby_plug", "Standby plug", "Living room", "on", device_class="outlet"),
    Thing("switch.irrigation", "Irrigation", "Garden", device_class="switch"),
    Thing("media_player.tv", "TV", "Living room", device_class="tv"),
    Thing("media_player.soundbar", "Soundbar", "Living room", device_class="speaker"),
    Thing("media_player.radio", "Radio", "Kitchen", device_class="speaker"),
    Thing("binary_sensor.front_door", "Front door", "Hallway", device_class="door"),
    Thing("binary_sensor.hallway_motion", "Hallway motion", "Hallway", device_class="motion"),
    Thing("binary_sensor.kitchen_motion", "Kitchen motion", "Kitchen", device_class="motion"),
    Thing("binary_sensor.living_room_motion", "Living room motion", "Living room", device_class="motion"),
    Thing("sensor.bathroom_humidity", "Bathroom humidity", "Bathroom", "50", "humidity", "%"),
    Thing("sensor.outside_temperature", "Outside temperature", "Garden", "12", "temperature", "°C"),
    Thing("device_tracker.anna_phone", "Anna's phone", "Hallway", "home"),
    Thing("device_tracker.ben_phone", "Ben's phone", "Hallway", "home"),
)

# What follows others by Home Assistant's own means: groups and templates. Their members, or what they mirror.
FOLLOWERS: dict[str, tuple[str, ...]] = {
    "light.living_room": ("light.living_room_ceiling", "light.living_room_shelf"),
    "light.dining_room": ("light.dining_table", "light.sideboard", "light.window_lamp"),
    "light.downstairs": ("light.living_room_lamp", "light.kitchen", "light.hallway"),
    "switch.bathroom": ("switch.towel_warmer", "switch.bathroom_fan"),
    "light.towel_glow": ("switch.towel_warmer",),
    "binary_sensor.tv_in_use": ("media_player.tv",),
    "binary_sensor.hallway_lit": ("light.hallway",),
    "group.entertainment": ("media_player.tv", "media_player.soundbar"),
}
