"""A house to which an automation is done, on paper: which doors come open, what heats, what floods.

Written from Home Assistant's documentation of each service alone, so that it can say whether the rules let through what
they should not. Every branch of an automation counts, and whatever a thing may have been before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from src.automations.draft import Draft
from src.domain.home import Home, HomeEntity

_HEATING = {"heat", "auto", "heat_cool"}
_HELPERS = {"on": "turn_on", "off": "turn_off"}


@dataclass(frozen=True)
class Thing:
    """Attributes:
    nature: what it really is, which its name may or may not say: ``way_in``, ``hot``, ``water``, ``alarm``,
        ``machine``, ``keep`` (must keep its power), ``harmless``, ``anything`` (nobody knows), ``members``.
    members: of a group or a scene.
    sets: of a scene, what it sets its members to.
    modes: of a thermostat.
    """

    entity_id: str
    nature: str
    name: str | None = None
    device_class: str | None = None
    members: tuple[str, ...] = ()
    sets: tuple[tuple[str, str], ...] = ()
    modes: tuple[str, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        return self.entity_id.partition(".")[0]

    def described(self) -> HomeEntity:
        """As Home Assistant shows it: without its nature."""
        attributes = dict(self.attributes)
        if self.members:
            attributes["entity_id"] = list(self.members)
        if self.modes:
            attributes["hvac_modes"] = list(self.modes)
        return HomeEntity(self.entity_id, self.name, device_class=self.device_class, state="off", attributes=attributes)


@dataclass(frozen=True)
class House:
    things: dict[str, Thing]

    def home(self, **changes: Any) -> Home:
        return Home("2024.3.3", entities={each: thing.described() for each, thing in self.things.items()}, **changes)

    def harm(self, draft: Draft) -> set[str]:
        """Entities by which the automation may do harm."""
        return set(self._steps(draft.actions))

    def _steps(self, steps: Sequence[Any]) -> Iterator[str]:
        for step in steps:
            if "action" in step:
                yield from self._call(step["action"], step.get("target", {}), step.get("data", {}))
            for branch in [*step.get("choose", ()), step.get("repeat", {})]:
                yield from self._steps(branch.get("sequence", ()))
            for name in ("default", "then", "else", "sequence", "parallel"):
                yield from self._steps(step.get(name, ()))

    def _call(self, service: str, target: dict[str, Any], data: dict[str, Any]) -> Iterator[str]:
        domain, verb = service.split(".")
        ids = target.get("entity_id", [])
        for entity_id in self._expanded([ids] if isinstance(ids, str) else ids, set()):
            if domain in ("homeassistant", entity_id.partition(".")[0]):
                yield from self._done(entity_id, verb, data)

    def _expanded(self, ids: Sequence[str], seen: set[str]) -> Iterator[str]:
        """Groups of any domain hand on what is done to them."""
        for entity_id in ids:
            if entity_id in seen:
                continue
            thing = self.things.get(entity_id)
            if thing is not None and thing.domain != "scene" and thing.members:
                yield from self._expanded(thing.members, seen | {entity_id})
            yield entity_id

    def _done(self, entity_id: str, verb: str, data: dict[str, Any]) -> Iterator[str]:
        thing = self.things.get(entity_id) or Thing(entity_id, "harmless")
        if thing.domain == "scene" and thing.members:
            for member, state in thing.sets:
                yield from self._takes(member, state)
        elif self._harms(thing, verb, data):
            yield entity_id

    def _takes(self, entity_id: str, state: str) -> Iterator[str]:
        verbs = {"open": "open_cover", "unlocked": "unlock", "disarmed": "alarm_disarm", **_HELPERS}
        domain = entity_id.partition(".")[0]
        if domain == "climate":
            yield from self._done(entity_id, "set_hvac_mode", {"hvac_mode": state})
        elif domain == "valve":
            yield from self._done(entity_id, "open_valve", {})
        else:
            yield from self._done(entity_id, verbs.get(state, state), {})

    def _harms(self, thing: Thing, verb: str, data: dict[str, Any]) -> bool:
        match thing.domain:
            case "lock":
                return verb in ("unlock", "open")
            case "cover":
                opens = verb in ("open_cover", "toggle") or (verb == "set_cover_position" and data["position"] > 0)
                return opens and thing.nature == "way_in"
            case "alarm_control_panel":
                return verb in ("alarm_disarm", "alarm_trigger")
            case "valve":
                return verb in ("open_valve", "toggle") or (verb == "set_valve_position" and data["position"] > 0)
            case "siren" | "script" | "button":
                return verb in ("turn_on", "toggle", "press")
            case "scene":
                return verb == "turn_on"  # nobody knows what it holds
            case "lawn_mower":
                return verb == "start_mowing"
            case "climate":
                return _heats(thing, verb, data)
            case "water_heater":
                return verb == "turn_on" or data.get("operation_mode", "off") != "off" or "temperature" in data
            case "switch" | "input_boolean":
                on = verb in ("turn_on", "toggle") and thing.nature in ("hot", "water", "alarm", "machine", "way_in")
                off = verb in ("turn_off", "toggle") and thing.nature in ("keep", "alarm")
                return on or off
            case _:
                return False


def _heats(thing: Thing, verb: str, data: dict[str, Any]) -> bool:
    able = not thing.modes or bool(_HEATING & set(thing.modes))
    if verb == "set_hvac_mode":
        return data["hvac_mode"] in _HEATING
    if verb == "set_temperature":
        return able and data.get("hvac_mode", "heat") in _HEATING
    return able and verb in ("turn_on", "toggle")
