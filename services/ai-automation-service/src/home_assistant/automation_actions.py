"""Which states an automation of Home Assistant may set, whatever way it takes through its actions.

The services and the states they lead to: https://www.home-assistant.io/integrations/ (each domain's page).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from src.domain.patterns import Action
from src.home_assistant.automation_values import (
    is_template,
    listed,
    mappings,
    number,
    seconds,
    state_text,
    switched_off,
    word,
)
from src.home_assistant.targets import Targets

Node = Mapping[str, object]

_ON_OFF: Mapping[str, tuple[str, ...]] = {"turn_on": ("on",), "turn_off": ("off",), "toggle": ("on", "off")}
_PLAYS = ("playing",)

# States by domain and service. None at the end of a way: a service that is not here sets no state.
_SETS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "alarm_control_panel": {
        **{f"alarm_arm_{mode}": (f"armed_{mode}",) for mode in ("away", "home", "night", "vacation", "custom_bypass")},
        "alarm_disarm": ("disarmed",),
        "alarm_trigger": ("triggered",),
    },
    "button": {"press": ("pressed",)},
    "climate": {"turn_on": (), "turn_off": ("off",), "toggle": ("off",)},  # it comes back in the mode it was in
    "cover": {
        "open_cover": ("open",),
        "close_cover": ("closed",),
        "toggle": ("open", "closed"),
        "turn_on": ("open",),
        "turn_off": ("closed",),
    },
    "fan": _ON_OFF,
    "group": _ON_OFF,
    "humidifier": _ON_OFF,
    "input_boolean": _ON_OFF,
    "input_button": {"press": ("pressed",)},
    "input_select": dict.fromkeys(("select_first", "select_last", "select_next", "select_previous"), ()),
    "lawn_mower": {"start_mowing": ("mowing",), "dock": ("docked",), "pause": ("paused",)},
    "light": _ON_OFF,
    "lock": {"lock": ("locked",), "unlock": ("unlocked",), "open": ("open", "unlocked")},
    # What is switched on may start to play at once, or wait.
    "media_player": {
        "turn_on": ("on", "idle", *_PLAYS),
        "turn_off": ("off", "standby"),
        "toggle": ("on", "idle", *_PLAYS, "off", "standby"),
        "play_media": _PLAYS,
        "media_play": _PLAYS,
        "media_play_pause": (*_PLAYS, "paused"),
        "media_pause": ("paused",),
        "media_stop": ("idle", "off"),
    },
    "remote": _ON_OFF,
    "scene": {"turn_on": ("activated",)},
    "script": _ON_OFF,
    "siren": _ON_OFF,
    "switch": _ON_OFF,
    "vacuum": {
        "start": ("cleaning",),
        "return_to_base": ("docked",),
        "pause": ("paused",),
        "stop": ("idle",),
        "start_pause": ("cleaning", "paused"),
        "turn_on": ("cleaning",),
        "turn_off": ("docked",),
    },
    "valve": {"open_valve": ("open",), "close_valve": ("closed",), "toggle": ("open", "closed")},
    "water_heater": {"turn_on": (), "turn_off": ("off",)},
}

# The state is in the data of the call.
_GIVEN = {
    ("climate", "set_hvac_mode"): "hvac_mode",
    ("climate", "set_temperature"): "hvac_mode",
    ("input_select", "select_option"): "option",
    ("select", "select_option"): "option",
    ("water_heater", "set_operation_mode"): "operation_mode",
}
# An amount of the data decides between two states: none of it, or some.
_AMOUNTS = {
    ("cover", "set_cover_position"): (("position",), ("closed", "open")),
    ("fan", "set_percentage"): (("percentage",), ("off", "on")),
    ("light", "turn_on"): (("brightness", "brightness_pct"), ("off", "on")),
    ("valve", "set_valve_position"): (("position",), ("closed", "open")),
}
# What device actions call a service.
_DEVICE_ACTIONS: Mapping[str, Mapping[str, str]] = {
    "alarm_control_panel": {
        name: f"alarm_{name}" for name in ("arm_away", "arm_home", "arm_night", "arm_vacation", "disarm", "trigger")
    },
    "climate": {"set_hvac_mode": "set_hvac_mode"},
    "cover": {"open": "open_cover", "close": "close_cover", "set_position": "set_cover_position"},
    "vacuum": {"clean": "start", "dock": "return_to_base"},
}

_REMIND = frozenset(("notify", "persistent_notification", "telegram_bot", "tts"))
_ABOUT_SCRIPTS = frozenset(("reload", "toggle", "turn_off", "turn_on"))


@dataclass(frozen=True, slots=True)
class Deeds:
    """What an automation may do; the fields are those of :class:`~src.domain.automations.KnownAutomation`."""

    actions: tuple[Action, ...]
    unresolved: tuple[str, ...]
    reminds: bool


def read_actions(actions: object, targets: Targets) -> Deeds:
    """The states that a list of actions may set; those of every branch count."""
    reading = _Reading(targets)
    reading.walk(actions)
    return Deeds(tuple(dict.fromkeys(reading.actions)), tuple(dict.fromkeys(reading.unresolved)), reading.reminds)


class _Reading:
    """One way through the tree of an automation's actions."""

    def __init__(self, targets: Targets) -> None:
        self.actions: list[Action] = []
        self.unresolved: list[str] = []
        self.reminds = False
        self._targets = targets
        self._pause = 0.0  # s, since the action before
        self._seen: set[int] = set()

    def walk(self, actions: object) -> None:
        if id(actions) in self._seen:  # an alias of YAML: it is read already, or leads back to where it is
            return
        if isinstance(actions, list | dict):
            self._seen.add(id(actions))
        for member in listed(actions):
            if isinstance(member, list):
                self.walk(member)
                continue
            for node in mappings(member):
                if not switched_off(node):
                    self._step(node)

    def _step(self, node: Node) -> None:
        service = node.get("action") or node.get("service") or node.get("service_template")
        if "delay" in node:
            self._pause += max(seconds(node["delay"]) or 0.0, 0.0)
        elif isinstance(service, str):
            self._call(service.strip().lower(), node)
        elif isinstance(node.get("scene"), str):
            self._call("scene.turn_on", {"entity_id": node["scene"]})
        elif "device_id" in node and "condition" not in node:
            self._device(node)
        else:
            self._branches(node)

    def _branches(self, node: Node) -> None:
        before, done = self._pause, len(self.actions)
        options = [option.get("sequence") for name in ("choose", "repeat") for option in mappings(node.get(name))]
        branches = [*options, *(node.get(name) for name in ("default", "then", "else", "sequence", "parallel"))]
        for branch in branches:
            if branch is not None:
                self._pause = before
                self.walk(branch)
        self._pause = before if len(self.actions) == done else 0.0

    def _device(self, node: Node) -> None:
        domain, kind = word(node.get("domain")), word(node.get("type"))
        if domain == "mobile_app":
            self.reminds |= kind == "notify"
            return
        verb = _DEVICE_ACTIONS.get(domain, {}).get(kind, kind)
        # The target is the entity alone, not the other entities of its device.
        self._call(f"{domain}.{verb}", {**node, "device_id": None})

    def _call(self, service: str, node: Node) -> None:
        domain, _, verb = service.partition(".")
        done = len(self.actions)
        if is_template(service):
            self.unresolved.append("template")
        elif domain in _REMIND:
            self.reminds = True
        elif domain == "script" and verb not in _ABOUT_SCRIPTS:
            self._add([f"script.{verb}"], ("on",))
        elif service == "scene.apply":
            self._apply(node)
        else:
            self._set(service, domain, verb, node)
        if len(self.actions) > done:
            self._pause = 0.0

    def _set(self, service: str, domain: str, verb: str, node: Node) -> None:
        if domain != "homeassistant" and _states(domain, verb, node) is None:
            return
        if domain == "homeassistant" and verb not in _ON_OFF:
            return
        ids, whole = self._targets.of_call(node, domain)
        for entity_id in ids:
            own = entity_id.partition(".")[0]
            states = _states(own if domain in ("group", "homeassistant") else domain, verb, node)
            whole = whole and bool(states)
            self._add([entity_id], states or ())
        if not whole:
            self.unresolved.append(service)

    def _apply(self, node: Node) -> None:
        for data in mappings(node.get("data")):
            for entities in mappings(data.get("entities")):
                for given, value in entities.items():
                    ids, _ = self._targets.named(given)
                    state = state_text(value.get("state") if isinstance(value, dict) else value)
                    if ids and state is not None:
                        self._add(ids, (state,))
                    else:
                        self.unresolved.append("scene.apply")

    def _add(self, entity_ids: list[str] | tuple[str, ...], states: tuple[str, ...]) -> None:
        pause = self._pause or None
        self.actions += [Action(entity_id, state, pause) for entity_id in entity_ids for state in states]


def _states(domain: str, verb: str, node: Node) -> tuple[str, ...] | None:
    """The states that a service may lead to; empty when they are not known; None when it sets no state."""
    data: dict[str, object] = dict(node)  # device actions have theirs beside the type
    for name in ("data", "data_template"):
        for given in mappings(node.get(name)):
            data.update(given)
    if (key := _GIVEN.get((domain, verb))) is not None:
        if key not in data:
            return None
        state = state_text(data[key])
        return () if state is None else (state,)
    if (amount := _AMOUNTS.get((domain, verb))) is not None:
        names, (none, some) = amount
        given_amounts = [data[name] for name in names if name in data]
        if given_amounts:
            level = number(given_amounts[0])
            return (none, some) if level is None else (some if level > 0 else none,)
        return (some,) if verb == "turn_on" else ()
    return _SETS.get(domain, {}).get(verb)
