"""What an entity does when it takes a state, as a verb: one table for each domain and device class.

A verb is written once, in the singular; :func:`plural` makes the other form.
"""

from __future__ import annotations

from collections.abc import Mapping

_ON_OFF = {"on": "turns on", "off": "turns off"}
_OPENS = {"on": "opens", "off": "closes", "open": "opens", "closed": "closes"}
_SOMEBODY = {"on": "detects somebody", "off": "no longer detects anybody"}

# Of binary sensors, by device class: what "on" and "off" mean.
_BINARY: Mapping[str, Mapping[str, str]] = {
    "battery": {"on": "runs low", "off": "is charged again"},
    "battery_charging": {"on": "starts charging", "off": "stops charging"},
    "carbon_monoxide": {"on": "detects carbon monoxide", "off": "no longer detects carbon monoxide"},
    "cold": {"on": "gets cold", "off": "is no longer cold"},
    "connectivity": {"on": "connects", "off": "disconnects"},
    "door": _OPENS,
    "garage_door": _OPENS,
    "gas": {"on": "detects gas", "off": "no longer detects gas"},
    "heat": {"on": "gets hot", "off": "is no longer hot"},
    "light": {"on": "detects light", "off": "no longer detects light"},
    "lock": {"on": "is unlocked", "off": "is locked"},
    "moisture": {"on": "detects water", "off": "is dry again"},
    "motion": {"on": "detects motion", "off": "no longer detects motion"},
    "moving": {"on": "starts moving", "off": "stops moving"},
    "occupancy": _SOMEBODY,
    "opening": _OPENS,
    "plug": {"on": "is plugged in", "off": "is unplugged"},
    "power": {"on": "starts drawing power", "off": "stops drawing power"},
    "presence": _SOMEBODY,
    "problem": {"on": "reports a problem", "off": "no longer reports a problem"},
    "running": {"on": "starts running", "off": "stops running"},
    "safety": {"on": "becomes unsafe", "off": "is safe again"},
    "smoke": {"on": "detects smoke", "off": "no longer detects smoke"},
    "sound": {"on": "detects sound", "off": "no longer detects sound"},
    "tamper": {"on": "is tampered with", "off": "is no longer tampered with"},
    "vibration": {"on": "detects vibration", "off": "no longer detects vibration"},
    "window": _OPENS,
}

_COVER = {
    "open": "opens",
    "closed": "closes",
    "opening": "starts opening",
    "closing": "starts closing",
    "stopped": "stops",
}

_DOMAINS: Mapping[str, Mapping[str, str]] = {
    "alarm_control_panel": {
        "armed_away": "is armed for away",
        "armed_custom_bypass": "is armed with a bypass",
        "armed_home": "is armed for home",
        "armed_night": "is armed for the night",
        "armed_vacation": "is armed for a vacation",
        "arming": "starts arming",
        "disarmed": "is disarmed",
        "disarming": "starts disarming",
        "pending": "is about to go off",
        "triggered": "goes off",
    },
    "button": {"pressed": "is pressed"},
    "climate": {
        "auto": "is set to automatic",
        "cool": "is set to cool",
        "dry": "is set to dry",
        "fan_only": "is set to fan only",
        "heat": "is set to heat",
        "heat_cool": "is set to heat and cool",
        "off": "turns off",
        "on": "turns on",
    },
    "cover": _COVER,
    "device_tracker": {"home": "arrives home", "not_home": "leaves home", "away": "leaves home"},
    "event": {"fired": "fires"},
    "input_button": {"pressed": "is pressed"},
    "lawn_mower": {
        "docked": "returns to its dock",
        "error": "reports an error",
        "mowing": "starts mowing",
        "paused": "pauses",
        "returning": "heads back to its dock",
    },
    "lock": {
        "jammed": "jams",
        "locked": "is locked",
        "locking": "starts locking",
        "open": "is opened",
        "opening": "starts opening",
        "unlocked": "is unlocked",
        "unlocking": "starts unlocking",
    },
    "media_player": {
        "buffering": "starts buffering",
        "idle": "becomes idle",
        "off": "turns off",
        "on": "turns on",
        "paused": "pauses",
        "playing": "starts playing",
        "standby": "goes to standby",
    },
    "person": {"home": "arrives home", "not_home": "leaves home", "away": "leaves home"},
    "scene": {"activated": "is activated", "on": "is activated"},
    "script": {"on": "starts running", "off": "stops running"},
    "siren": {"on": "sounds", "off": "falls silent"},
    "sun": {"above_horizon": "rises", "below_horizon": "sets"},
    "timer": {"active": "starts", "idle": "ends", "paused": "pauses"},
    "vacuum": {
        "cleaning": "starts cleaning",
        "docked": "returns to its dock",
        "error": "reports an error",
        "idle": "becomes idle",
        "off": "turns off",
        "on": "turns on",
        "paused": "pauses",
        "returning": "heads back to its dock",
    },
    "valve": _COVER,
    "water_heater": {
        "eco": "is set to eco",
        "electric": "is set to electric",
        "gas": "is set to gas",
        "heat_pump": "is set to heat pump",
        "high_demand": "is set to high demand",
        "off": "turns off",
        "performance": "is set to performance",
    },
}

_PEOPLE = frozenset({"person", "device_tracker"})
_LONGEST_STATE = 40
_IRREGULAR = {"is": "are", "goes": "go", "was": "were", "has": "have"}

# What is done to a thing, and how it is afterwards, of the verbs that have no "is" of their own.
_PASSIVE = {"turns on": "is turned on", "turns off": "is turned off", "opens": "is opened", "closes": "is closed"}
_AFTERWARDS = {"turns on": "on", "turns off": "off", "opens": "open", "closes": "closed"}


def verb(domain: str, device_class: str | None, to: str) -> str:
    """What the entity does, in the singular: ``turns on``, ``is locked``, ``changes to eco mode``.

    Args:
        device_class: Home Assistant's, or one that was read out of the entity's name; None when neither is known.
        to: the state it takes, as Home Assistant writes it.
    """
    state = to.strip()
    table = _BINARY.get(device_class or "", _ON_OFF) if domain == "binary_sensor" else _DOMAINS.get(domain, _ON_OFF)
    known = table.get(state.lower()) or _ON_OFF.get(state.lower())
    if known is not None:
        return known
    said = plain(state, _LONGEST_STATE)
    if domain in _PEOPLE and said:
        return f"arrives at {said}"
    return f"changes to {said}" if said else "changes to an empty state"


def passive(singular: str) -> str:
    """A verb as what somebody does to the thing: ``turns on`` becomes ``is turned on``; others stay as they are."""
    return _PASSIVE.get(singular, singular)


def state_word(domain: str, device_class: str | None, to: str) -> str:
    """How an entity is once it took a state, to follow "is" or "was left": ``open``, ``locked``, ``playing``."""
    said = verb(domain, device_class, to)
    if said.startswith("is "):
        return said.removeprefix("is ")
    return _AFTERWARDS.get(said) or plain(to, _LONGEST_STATE) or "set"


def plain(text: str, longest: int) -> str:
    """A text from outside on one line: underscores and runs of blanks become one space, control characters go.

    Args:
        longest: characters kept; what is longer is cut at a word and ends with an ellipsis.
    """
    words = "".join(" " if c.isspace() or c == "_" else c if c.isprintable() else "" for c in text).split()
    line = " ".join(words)
    if len(line) <= longest:
        return line
    return line[: longest - 1].rsplit(" ", 1)[0].rstrip() + "…"


def plural(singular: str) -> str:
    """The verb for several subjects: ``turns on`` becomes ``turn on``, ``is locked`` ``are locked``."""
    words = singular.split(" ")
    at = 2 if words[:2] == ["no", "longer"] else 0
    words[at] = _IRREGULAR.get(words[at]) or words[at].removesuffix("s")
    return " ".join(words).replace(" its dock", " their docks")
