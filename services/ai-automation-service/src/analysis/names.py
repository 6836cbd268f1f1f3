"""How an entity is called in a sentence: ``the kitchen ceiling light``, ``Anna``, ``Tom's lamp``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from src.analysis.verbs import plain
from src.domain.events import EntityInfo

_LONGEST_NAME = 60


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# The noun of a domain, and the words that already say it.
_NOUNS: Mapping[str, tuple[str, frozenset[str]]] = {
    domain: (noun, _set(words))
    for domain, noun, words in (
        ("alarm_control_panel", "alarm", "alarm panel"),
        ("button", "button", "button doorbell bell"),
        ("climate", "thermostat", "thermostat heating heater radiator ac aircon conditioner conditioning climate hvac"),
        ("cover", "cover", "cover curtain blind shutter shade awning door gate garage window roof screen"),
        ("fan", "fan", "fan ventilator ventilation purifier hood extractor"),
        ("humidifier", "humidifier", "humidifier dehumidifier diffuser"),
        ("input_button", "button", "button"),
        ("lawn_mower", "lawn mower", "mower"),
        (
            "light",
            "light",
            "light lamp lantern chandelier spot spotlight bulb led strip lightstrip sconce downlight backlight",
        ),
        ("lock", "lock", "lock latch"),
        ("media_player", "media player", "player speaker tv television receiver soundbar radio stereo projector"),
        ("scene", "scene", "scene"),
        ("script", "script", "script"),
        ("siren", "siren", "siren alarm"),
        ("vacuum", "vacuum", "vacuum hoover robot cleaner roomba"),
        ("valve", "valve", "valve tap faucet"),
        ("water_heater", "water heater", "heater boiler geyser"),
    )
}

# The noun of a binary sensor that feels something, by what it feels.
_FEELS = _set("carbon_monoxide cold gas heat light moisture motion occupancy presence smoke sound vibration")
_FEELERS = _set("sensor detector alarm camera radar pir button")

# Of a sensor that measures, the noun of what it measures and the words that already say it.
_MEASURES: Mapping[str, tuple[str, frozenset[str]]] = {
    device_class: (noun, _set(words))
    for device_class, noun, words in (
        ("apparent_power", "power", "power"),
        ("atmospheric_pressure", "air pressure", "pressure barometer"),
        ("carbon_dioxide", "CO2 level", "co2 dioxide"),
        ("current", "current", "current"),
        ("energy", "energy", "energy consumption"),
        ("humidity", "humidity", "humidity hygrometer"),
        ("illuminance", "illuminance", "illuminance brightness lux lightlevel"),
        ("moisture", "moisture", "moisture"),
        ("power", "power", "power consumption"),
        ("pressure", "pressure", "pressure barometer"),
        ("speed", "speed", "speed"),
        ("temperature", "temperature", "temperature temp thermometer"),
        ("voltage", "voltage", "voltage"),
        ("wind_speed", "wind speed", "wind"),
    )
}

# What is said of the thing and not of the sensor on it: "the front door opens", not "the front door contact opens".
_ON_THE_THING = _set("door garage_door lock opening window")
_FITTINGS = _set("contact sensor reed detector magnet opening")

# A device class read out of an entity's own words, for logs that come without metadata. The first that fits.
_CLASS_WORDS: tuple[tuple[str, frozenset[str]], ...] = tuple(
    (device_class, _set(words))
    for device_class, words in (
        ("vibration", "vibration"),
        ("motion", "motion pir movement"),
        ("occupancy", "occupancy occupied radar"),
        ("presence", "presence"),
        ("moisture", "moisture leak flood"),
        ("smoke", "smoke"),
        ("window", "window windows"),
        ("door", "door doors doorway gate"),
        ("opening", "contact opening drawer cupboard cabinet fridge refrigerator freezer"),
    )
)

# A plug is called by what is plugged in; one that is called like a room says nothing without its noun.
_PLACES = _set(
    "attic balcony basement bath bathroom bed bedroom cellar closet corridor den dining entrance entry foyer garage "
    "garden hall hallway home house kitchen landing laundry living loft lounge nursery office outside pantry patio "
    "porch room shed stairs studio study terrace toilet upstairs downstairs utility wc workshop yard"
)
_PLUGS = {"switch": "switch", "input_boolean": "switch"}

_PLURALS = _set(
    "awnings blinds bulbs candles covers curtains doors drapes fans gates heaters lamps lanterns leds lights locks "
    "monitors outlets plugs radiators screens shades shutters sockets speakers spotlights spots strips switches "
    "valves windows"
)
_OWN_ARTICLE = _set("the my our your his her their all both")
_ACRONYMS = _set("ac dvd hvac led nas pc tv ups wc")
_POSSESSIVE = re.compile(r"['’]s?$")


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it stands in the middle of a sentence, article and all.

    Attributes:
        several: it names several things, and wants the plural of the verb.
    """

    text: str
    several: bool


def device_class_of(info: EntityInfo) -> str | None:
    """The entity's device class; for a binary sensor without one, what its id says it is."""
    if info.device_class or info.domain != "binary_sensor":
        return info.device_class or None
    words = {word.lower() for word in _words(info.entity_id)}
    return next((device_class for device_class, clues in _CLASS_WORDS if words & clues), None)


def name_of(info: EntityInfo, others: Iterable[EntityInfo] = ()) -> Name:
    """The name of an entity for a sentence.

    People's own names keep their case; one that several entities bear is told apart by its area, else by its id.

    Args:
        others: the home's entities; the entity itself may be among them.
    """
    bare = _bare(info)
    apart = ""
    rivals = [other for other in others if other.entity_id != info.entity_id and _bare(other) == bare]
    if rivals:
        area = plain(info.area or "", _LONGEST_NAME)
        alone = area and all(plain(other.area or "", _LONGEST_NAME) != area for other in rivals)
        apart = f" in the {area}" if alone else f" ({_printable(info.entity_id)})"
    several = bare.rsplit(" ", 1)[-1].lower() in _PLURALS
    return Name(_with_article(info, bare) + apart, several)


def _with_article(info: EntityInfo, bare: str) -> str:
    first = bare.split(" ", 1)[0]
    named = " the " in bare  # "Robby the vacuum"
    if info.domain == "person" or named or first.lower() in _OWN_ARTICLE or _POSSESSIVE.search(first):
        return bare
    return f"the {bare}"


@lru_cache(maxsize=16_384)
def _bare(info: EntityInfo) -> str:
    """The name without article, with the noun it needs and without the one it does not.

    Kept, because every sentence compares its names with those of the whole home.
    """
    given = plain(info.name or "", _LONGEST_NAME)
    text = given or " ".join(_words(info.entity_id)) or plain(info.entity_id, _LONGEST_NAME) or "unnamed entity"
    if info.domain == "person":
        return text if given else text.title()
    words = text.split(" ")
    device_class = device_class_of(info)
    if info.domain == "binary_sensor" and device_class in _ON_THE_THING:
        while len(words) > 1 and words[-1].lower() in _FITTINGS:
            words.pop()
        return " ".join(words)
    noun = _missing_noun(info.domain, device_class, words)
    return " ".join([*words, noun]) if noun else " ".join(words)


def _missing_noun(domain: str, device_class: str | None, words: list[str]) -> str:
    """What to add so that the name says what the thing is; empty when it already does."""
    said = {form for word in words for form in (word.lower(), word.lower().removesuffix("s"))}
    if domain == "binary_sensor":
        if device_class not in _FEELS or said & _FEELERS:
            return ""
        feels = device_class.replace("_", " ")
        return "sensor" if feels.split(" ")[-1] in said else f"{feels} sensor"
    if domain == "sensor":
        noun, accepted = _MEASURES.get(device_class or "", ("", frozenset[str]()))
        return "" if said & accepted else noun
    if domain in _PLUGS:
        return _PLUGS[domain] if words[-1].lower() in _PLACES else ""
    noun, accepted = _NOUNS.get(domain, ("", frozenset[str]()))
    if domain == "cover" and device_class == "garage":
        noun = "door"
        said -= {"garage"}
    elif domain == "cover" and device_class in {
        "blind",
        "curtain",
        "shutter",
        "shade",
        "awning",
        "door",
        "gate",
        "window",
    }:
        noun = device_class or noun
    return "" if said & accepted else noun


def _printable(entity_id: str) -> str:
    return "".join(c for c in entity_id if c.isprintable() and not c.isspace())


def _words(entity_id: str) -> list[str]:
    """``kitchen``, ``ceiling`` of ``light.kitchen_ceiling``."""
    words = plain(entity_id.partition(".")[2] or entity_id, _LONGEST_NAME).split()
    return [word.upper() if word in _ACRONYMS else word for word in words]
