"""Which service sets an entity to a state, and with which data: each domain's own.

The services: https://www.home-assistant.io/integrations/ (each domain's page). A state that no service leads to has a
reason instead, to be said to a person.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from src.automations.draft import CannotBeWritten
from src.domain.entity_ids import domain_of
from src.domain.patterns import Action, Json

NO_ATTRIBUTES: Json = {}

# What a media player can do, as it says in its attribute `supported_features`.
_PLAY, _STOP, _TURN_ON, _TURN_OFF, _PAUSE = 16_384, 4_096, 128, 256, 1

_ON_OFF = {"on": "turn_on", "off": "turn_off"}
_OPEN_CLOSED = {"closed": "close_{}", "open": "open_{}"}
_NO_DATA: Mapping[str, Mapping[str, str]] = {
    "alarm_control_panel": {
        **{f"armed_{how}": f"alarm_arm_{how}" for how in ("away", "custom_bypass", "home", "night", "vacation")},
        "disarmed": "alarm_disarm",
    },
    "button": {"pressed": "press"},
    "cover": {state: verb.format("cover") for state, verb in _OPEN_CLOSED.items()},
    "fan": _ON_OFF,
    "humidifier": _ON_OFF,
    "input_boolean": _ON_OFF,
    "input_button": {"pressed": "press"},
    "lawn_mower": {"docked": "dock", "mowing": "start_mowing", "paused": "pause"},
    "light": _ON_OFF,
    "lock": {"locked": "lock", "open": "open", "unlocked": "unlock"},
    "remote": _ON_OFF,
    "scene": {"activated": "turn_on", "on": "turn_on"},
    "script": _ON_OFF,
    "siren": _ON_OFF,
    "switch": _ON_OFF,
    "vacuum": {
        "cleaning": "start",
        "docked": "return_to_base",
        "idle": "stop",
        "paused": "pause",
    },
    "valve": {state: verb.format("valve") for state, verb in _OPEN_CLOSED.items()},
}
# Of a media player, for each state the ways there: what it must be able to do, and the service. The first that it can.
# One that became idle has stopped: what is off is not turned on for that.
_MEDIA: Mapping[str, tuple[tuple[int, str], ...]] = {
    "idle": ((_STOP, "media_stop"), (_TURN_ON, "turn_on")),
    "off": ((_TURN_OFF, "turn_off"),),
    "on": ((_TURN_ON, "turn_on"),),
    "paused": ((_PAUSE, "media_pause"),),
    "playing": ((_PLAY, "media_play"), (_TURN_ON, "turn_on")),
    "standby": ((_TURN_OFF, "turn_off"),),
}
_HVAC_MODES = ("auto", "cool", "dry", "fan_only", "heat", "heat_cool", "off")

# Of what takes its state as data: service, field, and the attribute that lists what the field may be.
_CHOICES: Mapping[str, tuple[str, str, str]] = {
    "climate": ("set_hvac_mode", "hvac_mode", "hvac_modes"),
    "input_select": ("select_option", "option", "options"),
    "select": ("select_option", "option", "options"),
    "water_heater": ("set_operation_mode", "operation_mode", "operation_list"),
}
_NUMBERS = ("input_number", "number")
_NO_STATES = frozenset(("", "none", "unavailable", "unknown"))


@dataclass(frozen=True, slots=True)
class Call:
    """A service and its data, without the entities it is aimed at."""

    service: str
    data: Json = field(default_factory=dict)

    def at(self, entity_ids: list[str]) -> Json:
        """The call as an action of a draft."""
        call: Json = {"action": self.service, "target": {"entity_id": one_or_all(entity_ids)}}
        return {**call, "data": dict(self.data)} if self.data else call


def one_or_all(entity_ids: list[str]) -> str | list[str]:
    """One entity id alone, several as a list: how people write it."""
    return entity_ids[0] if len(entity_ids) == 1 else list(entity_ids)


def call_for(action: Action, attributes: Json = NO_ATTRIBUTES) -> Call:
    """The service that does what an action says.

    Args:
        attributes: of the entity's state, where a Home Assistant is at hand; what it can do is read from them.

    Raises:
        CannotBeWritten: nothing does.
    """
    domain, to = domain_of(action.entity_id), action.to.strip()
    if to.lower() in _NO_STATES:
        raise CannotBeWritten(
            f"{action.entity_id} cannot be set to {to or 'nothing'}, which says that its state is not known"
        )
    if any(opening in to for opening in ("{{", "{%", "{#")):
        raise CannotBeWritten(f"the state {to} of {action.entity_id} would be worked out as a template")
    if domain == "alarm_control_panel":
        _without_code(action, attributes)
    if domain == "media_player":
        verb = _media(action, to.lower(), attributes)
    elif domain in _CHOICES:
        return _choice(action, domain, to, attributes)
    elif domain in _NUMBERS:
        return Call(f"{domain}.set_value", {"value": _value(action, to, attributes)})
    elif domain in _NO_DATA:
        verb = _NO_DATA[domain].get(to.lower(), "")
    else:
        raise CannotBeWritten(f"{action.entity_id} can only be watched, not set")
    if not verb:
        raise CannotBeWritten(f"no service sets {action.entity_id} to {to}")
    return Call(f"{domain}.{verb}")


def grouped(calls: list[tuple[str, Call]]) -> list[Json]:
    """Calls with the same service and data made one, in the order in which each first occurs."""
    groups: list[tuple[Call, list[str]]] = []
    for entity_id, call in calls:
        ids = next((ids for other, ids in groups if other == call), None)
        if ids is None:
            groups.append((call, [entity_id]))
        elif entity_id not in ids:
            ids.append(entity_id)
    return [call.at(ids) for call, ids in groups]


def _without_code(action: Action, attributes: Json) -> None:
    """Raises CannotBeWritten for an alarm that asks for a code: that is for its people to keep."""
    disarming = action.to.strip().lower() == "disarmed"
    if attributes.get("code_format") and (disarming or attributes.get("code_arm_required", True)):
        raise CannotBeWritten(f"{action.entity_id} asks for a code, which only its people know")


def _media(action: Action, to: str, attributes: Json) -> str:
    ways = _MEDIA.get(to)
    if ways is None:
        return ""
    features = attributes.get("supported_features")
    if not isinstance(features, int):
        return ways[0][1]
    able = [verb for feature, verb in ways if features & feature]
    if not able:
        raise CannotBeWritten(f"{action.entity_id} says that it cannot be told to be {to}")
    return able[0]


def _choice(action: Action, domain: str, to: str, attributes: Json) -> Call:
    verb, name, listing = _CHOICES[domain]
    offered = attributes.get(listing)
    if isinstance(offered, list) and offered and to not in offered:
        raise CannotBeWritten(f"{action.entity_id} does not offer {to}")
    if domain == "climate" and to == "on":  # in the mode that it was in
        return Call("climate.turn_on")
    if domain == "climate" and to not in _HVAC_MODES:
        raise CannotBeWritten(f"{to} is no mode of {action.entity_id}")
    return Call(f"{domain}.{verb}", {name: to})


def _value(action: Action, to: str, attributes: Json) -> float | int:
    try:
        value = float(to)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise CannotBeWritten(f"{to} is no number that {action.entity_id} could be set to")
    least, most = (attributes.get(side) for side in ("min", "max"))
    low = isinstance(least, int | float) and value < least
    high = isinstance(most, int | float) and value > most
    if low or high:
        raise CannotBeWritten(f"{action.entity_id} goes from {least} to {most}, not to {to}")
    return int(value) if value.is_integer() else value
