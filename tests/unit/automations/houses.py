"""Random houses and what is done in them: things of every domain, named as people name them."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from hypothesis import strategies as st

from src.automations.draft import Draft
from src.domain.patterns import (
    WEEKDAYS,
    Action,
    DayTypeTrigger,
    HeldTrigger,
    Kind,
    MissedTrigger,
    NumericTrigger,
    Pattern,
    PresenceTrigger,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
    TogetherTrigger,
    Trigger,
)
from tests.unit.automations.what_happens import House, Thing
from tests.unit.domain.every_kind import routine

ROOMS = ("", "Kitchen", "Garage", "Küche", "Wohnzimmer", "Salon", "Badkamer", "Cocina", "Upstairs")
NAMES: dict[str, tuple[str, ...]] = {
    "hot": (
        "Oven", "Stove", "Cooktop", "Space heater", "Iron", "Kettle", "Toaster", "Sauna", "Fireplace", "Tumble dryer",
        "Backofen", "Herd", "Heizlüfter", "Heizung", "Wasserkocher", "Bügeleisen", "Kaffeemaschine", "Boiler",
        "Fornuis", "Kachel", "Waterkoker", "Strijkijzer", "Verwarming", "Four électrique", "Bouilloire", "Chauffage",
        "Radiateur", "Fer à repasser", "Horno", "Estufa", "Plancha", "Calefactor", "Hervidor", "Forno", "Stufa",
        "Bollitore", "Ferro da stiro", "Heat lamp", "Wärmelampe",
    ),
    "way_in": (
        "Garage door", "Front gate", "Door opener", "Front door lock", "Garagentor", "Türöffner", "Haustür", "Hoftor",
        "Garagedeur", "Voordeur", "Poort", "Portail", "Porte d'entrée", "Puerta", "Portón", "Cancello", "Porta",
    ),
    "water": ("Water valve", "Sprinkler", "Irrigation", "Pump", "Bewässerung", "Wasserventil", "Arrosage", "Riego"),
    "alarm": ("Alarm", "Siren", "Alarmanlage", "Sirene", "Alarme", "Alarma"),
    "machine": ("Table saw", "Compressor", "3D printer", "Kreissäge"),
    "keep": (
        "Freezer", "Fridge", "Router", "Aquarium", "Server", "CPAP", "Gefrierschrank", "Kühlschrank", "Koelkast",
        "Vriezer", "Congélateur", "Réfrigérateur", "Nevera", "Congelador", "Frigorifero",
    ),
    "harmless": ("Lamp", "TV", "Radio", "Christmas tree", "Fan", "Plug", "Shelly 1", "Lichterkette", "Ordinateur"),
}  # fmt: skip
BLINDS = ("Blinds", "Curtain", "Rollladen", "Jalousie", "Gordijn", "Volet", "Persiana")
WAYS_IN = (*NAMES["way_in"][:3], "Garagentor", "Hoftor", "Garagedeur", "Portail", "Puerta", "Portón", "Cancello")
HVAC = ("off", "heat", "cool", "auto", "heat_cool", "dry", "fan_only")
STATES: dict[str, tuple[str, ...]] = {
    "alarm_control_panel": ("disarmed", "armed_away", "armed_home", "triggered"),
    "button": ("pressed",),
    "climate": (*HVAC, "on"),
    "cover": ("open", "closed", "opening"),
    "group": ("on", "off"),
    "input_boolean": ("on", "off"),
    "lawn_mower": ("mowing", "docked"),
    "light": ("on", "off"),
    "lock": ("locked", "unlocked", "open"),
    "media_player": ("playing", "off", "idle", "on"),
    "scene": ("activated", "on"),
    "script": ("on", "off"),
    "siren": ("on", "off"),
    "switch": ("on", "off"),
    "valve": ("open", "closed"),
    "water_heater": ("off", "eco", "electric", "performance"),
}
SERVICES: dict[str, tuple[str, ...]] = {
    "alarm_control_panel": ("alarm_disarm", "alarm_arm_away", "alarm_trigger"),
    "button": ("press",),
    "climate": ("turn_on", "turn_off", "toggle", "set_hvac_mode", "set_temperature"),
    "cover": ("open_cover", "close_cover", "toggle", "set_cover_position", "stop_cover"),
    "homeassistant": ("turn_on", "turn_off", "toggle"),
    "lawn_mower": ("start_mowing", "dock"),
    "light": ("turn_on", "turn_off", "toggle"),
    "lock": ("lock", "unlock", "open"),
    "media_player": ("turn_on", "media_play"),
    "scene": ("turn_on",),
    "script": ("turn_on", "turn_off", "toggle"),
    "siren": ("turn_on", "turn_off", "toggle"),
    "switch": ("turn_on", "turn_off", "toggle"),
    "input_boolean": ("turn_on", "turn_off", "toggle"),
    "valve": ("open_valve", "close_valve", "toggle", "set_valve_position"),
    "water_heater": ("turn_on", "turn_off", "set_operation_mode", "set_temperature"),
}
DATA: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "set_hvac_mode": st.fixed_dictionaries({"hvac_mode": st.sampled_from(HVAC)}),
    "set_temperature": st.fixed_dictionaries(
        {"temperature": st.integers(5, 30)}, optional={"hvac_mode": st.sampled_from(HVAC)}
    ),
    "set_cover_position": st.fixed_dictionaries({"position": st.integers(0, 100)}),
    "set_valve_position": st.fixed_dictionaries({"position": st.integers(0, 100)}),
    "set_operation_mode": st.fixed_dictionaries({"operation_mode": st.sampled_from(STATES["water_heater"])}),
}


def slug(text: str) -> str:
    """An object id as Home Assistant makes it of a name."""
    letters = "".join(each for each in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(each))
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")


@st.composite
def _named(draw: st.DrawFn, domain: str, nature: str, number: int) -> Thing:
    """A thing whose name or id says what it is, in some language."""
    names = NAMES[nature]
    device_class = None
    if domain == "cover":
        # Without a device class the name alone has to tell; with one it may say nothing.
        device_class = draw(
            st.sampled_from([None, "garage", "gate", "door"] if nature == "way_in" else [None, "blind"])
        )
        bare = nature == "way_in" and device_class is not None and draw(st.booleans())
        names = ("Shelly 2",) if bare else WAYS_IN if nature == "way_in" else BLINDS
    if domain == "switch":
        device_class = draw(st.sampled_from([None, "outlet", "switch"]))
    name = f"{draw(st.sampled_from(ROOMS))} {draw(st.sampled_from(names))}".strip()
    if draw(st.booleans()):
        return Thing(f"{domain}.{slug(name)}_{number}", nature, None, device_class)
    return Thing(f"{domain}.device_{number}", nature, name, device_class)


@st.composite
def houses(draw: st.DrawFn) -> House:
    """Some things of every sort, and groups and scenes of them, one inside another."""
    found = [Thing("light.hall", "harmless"), Thing("media_player.tv", "harmless")]
    for number in range(draw(st.integers(3, 9))):
        domain = draw(st.sampled_from(sorted(STATES)))
        if domain in ("switch", "input_boolean"):
            found.append(draw(_named(domain, draw(st.sampled_from(sorted(NAMES))), number)))
        elif domain == "cover":
            found.append(draw(_named(domain, draw(st.sampled_from(("way_in", "harmless"))), number)))
        elif domain == "climate":
            modes = tuple(draw(st.lists(st.sampled_from(HVAC), unique=True, max_size=4)))
            found.append(Thing(f"climate.room_{number}", "hot", "Room", modes=modes))
        elif domain in ("group", "scene"):
            continue
        else:
            found.append(Thing(f"{domain}.device_{number}", "anything", draw(st.sampled_from([None, *ROOMS[1:]]))))
    for number in range(draw(st.integers(0, 3))):
        members = draw(st.lists(st.sampled_from(found), min_size=1, max_size=4, unique_by=lambda each: each.entity_id))
        ids = tuple(each.entity_id for each in members)
        domain = draw(st.sampled_from(("group", "scene", "switch", "cover", "light", "lock")))
        if domain not in ("group", "scene"):
            ids = tuple(each for each in ids if each.startswith(f"{domain}."))
        sets = tuple((each, draw(st.sampled_from(STATES[each.partition(".")[0]]))) for each in ids)
        known = bool(ids) and (domain != "scene" or draw(st.booleans()))
        found.append(
            Thing(
                f"{domain}.of_several_{number}",
                "members" if domain != "scene" or known else "anything",
                members=ids if known else (),
                sets=sets if domain == "scene" else (),
            )
        )
    return House({each.entity_id: each for each in found})


_TIMES = st.builds(
    TimeTrigger,
    st.sampled_from(["07:10:00", "22:30:00"]),
    st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True).map(
        lambda days: tuple(sorted(days, key=WEEKDAYS.index))
    ),
)
TRIGGERS: dict[Kind, st.SearchStrategy[Trigger]] = {
    Kind.TIME_OF_DAY: _TIMES,
    Kind.SEASONAL: _TIMES,
    Kind.DAY_TYPE: st.just(
        DayTypeTrigger((TimeTrigger("07:00:00", WEEKDAYS[:5]), TimeTrigger("08:00:00", WEEKDAYS[5:])))
    ),
    Kind.SOLAR: st.builds(SunTrigger, st.sampled_from(["sunrise", "sunset"]), st.integers(-90, 90), st.just(WEEKDAYS)),
    Kind.CO_OCCURRENCE: st.just(StateTrigger("binary_sensor.door", "on", 20.0, 60.0)),
    Kind.SEQUENCE: st.just(StateTrigger("binary_sensor.door", "on", 20.0, 60.0)),
    Kind.PRESENCE: st.builds(
        PresenceTrigger,
        st.sampled_from(["arrives", "leaves"]),
        st.just(("person.anna",)),
        st.just(30.0),
        st.just(60.0),
    ),
    Kind.THRESHOLD: st.just(NumericTrigger("sensor.light", None, 40.0, 60.0, 300.0)),
    Kind.DURATION: st.just(HeldTrigger("fan.bath", "on", 1200.0)),
    Kind.ANOMALY: st.just(MissedTrigger("switch.tv", "on", "07:40:00", WEEKDAYS, "2025-11-12")),
}


@st.composite
def patterns(draw: st.DrawFn, house: House) -> Pattern:
    """A routine of any kind, in which things of the house take states."""
    kind = draw(st.sampled_from([*TRIGGERS, Kind.SCENE]))
    ids = draw(st.lists(st.sampled_from(sorted(house.things)), min_size=2, max_size=4, unique=True))
    done = [Action(each, draw(st.sampled_from(STATES[each.partition(".")[0]]))) for each in ids]
    if kind is Kind.SCENE:
        trigger: Trigger = TogetherTrigger(tuple(sorted(ids)), 60.0)
    else:
        trigger = draw(TRIGGERS[kind])
    if kind is Kind.SEQUENCE:
        done = [Action(each.entity_id, each.to, draw(st.sampled_from([5.0, 90.0]))) for each in done]
    if kind is Kind.ANOMALY:
        done = []
    return routine(kind, trigger, actions=tuple(done))


@st.composite
def _steps(draw: st.DrawFn, house: House, depth: int = 2) -> list[Any]:
    steps: list[Any] = []
    for _ in range(draw(st.integers(1, 3))):
        how = (
            draw(st.sampled_from(["call", "call", "if", "choose", "parallel", "repeat", "delay"])) if depth else "call"
        )
        if how == "call":
            ids = draw(st.lists(st.sampled_from(sorted(house.things)), min_size=1, max_size=3, unique=True))
            own = {each.partition(".")[0] for each in ids} & set(SERVICES)
            domain = draw(st.sampled_from(sorted(own | {"homeassistant"})))
            verb = draw(st.sampled_from(SERVICES[domain]))
            call = {"action": f"{domain}.{verb}", "target": {"entity_id": ids if len(ids) > 1 else ids[0]}}
            steps.append({**call, "data": draw(DATA[verb])} if verb in DATA else call)
        elif how == "delay":
            steps.append({"delay": {"minutes": 5}})
        else:
            inner = draw(_steps(house, depth - 1))
            steps.append(
                {
                    "if": {"if": [], "then": [], "else": inner},
                    "choose": {"choose": [{"conditions": [], "sequence": inner}]},
                    "parallel": {"parallel": [{"sequence": inner}]},
                    "repeat": {"repeat": {"count": 2, "sequence": inner}},
                }[how]
            )
    return steps


@st.composite
def drafts(draw: st.DrawFn, house: House) -> Draft:
    """An automation that no pattern gives, with calls in all sorts of branches."""
    return Draft("p_1", "Mine", "", ({"trigger": "time", "at": "07:00:00"},), (), tuple(draw(_steps(house))))
