"""What stands in random households."""

from __future__ import annotations

from dataclasses import dataclass

# The cities that time zones are named after, degrees north and east.
BERLIN = (52.52, 13.4)
POSITIONS: dict[str, tuple[float, float]] = {
    "Europe/Berlin": BERLIN,
    "Europe/Helsinki": (60.17, 24.94),
    "America/New_York": (40.71, -74.01),
    "Europe/London": (51.51, -0.13),
    "Australia/Sydney": (-33.87, 151.21),
}

# Area and kind (of movement.Room); the first is where the front door leads to.
ROOMS: tuple[tuple[str, str], ...] = (
    ("Hallway", "hallway"),
    ("Kitchen", "kitchen"),
    ("Living room", "living"),
    ("Bathroom", "bathroom"),
    ("Bedroom", "bedroom"),
    ("Study", "office"),
    ("Nursery", "child"),
    ("Garage", "garage"),
)
LIGHTS = ("ceiling light", "lamp", "wall light", "spots", "light strip")


@dataclass(frozen=True, slots=True)
class Appliance:
    """A kind of device besides lights.

    Attributes:
        use: how often it is used, in proportion to a light.
        minutes: shortest and longest use.
        passing: the states on the way to ``on`` and to ``off``.
    """

    domain: str
    name: str
    on: str = "on"
    off: str = "off"
    device_class: str | None = None
    use: float = 1.0
    minutes: tuple[float, float] = (10, 300)
    passing: tuple[str, str] | None = None


APPLIANCES: tuple[Appliance, ...] = (
    Appliance("switch", "coffee machine", device_class="outlet", use=0.8, minutes=(10, 120)),
    Appliance("switch", "heater", device_class="outlet", use=0.6),
    Appliance("switch", "washing machine", device_class="outlet", use=0.4, minutes=(40, 180)),
    Appliance("media_player", "TV", device_class="tv", use=1.8, minutes=(15, 240)),
    Appliance("media_player", "speaker", on="playing", off="idle", device_class="speaker", minutes=(5, 200)),
    Appliance(
        "cover",
        "blinds",
        on="open",
        off="closed",
        device_class="blind",
        use=0.4,
        minutes=(30, 500),
        passing=("opening", "closing"),
    ),
    Appliance("climate", "thermostat", on="heat", use=0.4, minutes=(40, 500)),
    Appliance("fan", "fan", use=0.8, minutes=(5, 240)),
    Appliance("humidifier", "humidifier", use=0.4, minutes=(30, 400)),
    Appliance("lock", "lock", on="locked", off="unlocked", minutes=(10, 600)),
    Appliance("vacuum", "vacuum", on="cleaning", off="docked", use=0.3, minutes=(25, 130)),
    Appliance("input_boolean", "quiet mode", use=0.3, minutes=(30, 900)),
)
