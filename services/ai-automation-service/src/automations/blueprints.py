"""An automation as a blueprint: its shape with inputs for the things, times, days, lengths and levels.

Nothing of one home stays in it, so routines of one shape share one blueprint. What cannot be said without naming a
home's things, a template about them, makes no blueprint. See https://www.home-assistant.io/docs/blueprint/schema/ and,
for the inputs, https://www.home-assistant.io/docs/blueprint/selectors/
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from src.automations.draft import Draft
from src.automations.spelling import NEW_WORDS_SINCE, AutomationDumper, Release, config_of, dumped, spelled
from src.automations.things import HOME_ZONE, SUN
from src.domain.entity_ids import domain_of
from src.domain.patterns import Json
from src.domain.triggers import WEEKDAYS
from src.home_assistant.automation_values import is_template, listed, seconds
from src.home_assistant.yaml_files import Input

FOLDER = "ai_automation_service"

_MOST_INPUTS = 8  # a form longer than that is harder to fill in than the automation is to write
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CLOCKS = ("time", "sun")
_CAUSES = {
    "numeric_state": "when a number crosses a level",
    "state": "when something else changes",
    "sun": "by the sun",
    "time": "at a time",
}


def blueprint_of(draft: Draft, release: Release) -> str | None:
    """The text of a blueprint for that version; None where it does not suit."""
    shape = _shape_of(draft)
    return None if shape is None else _text(shape, release)


def use_blueprint_of(draft: Draft, release: Release) -> Json | None:
    """The configuration that makes the automation of a draft out of its blueprint; None where that does not suit.

    The blueprint has to lie at the path that is named in it, below ``blueprints/automation``.
    """
    shape = _shape_of(draft)
    if shape is None:
        return None
    plain = config_of(draft, release)
    use: Json = {"path": _path(shape, release), "input": {name: each.value for name, each in shape.inputs.items()}}
    return {"id": plain["id"], "alias": plain["alias"], "description": plain["description"], "use_blueprint": use}


@dataclass(frozen=True, slots=True)
class _Given:
    """An input: how it is asked for, and what this automation has in it."""

    name: str
    selector: Json
    value: object


@dataclass
class _Shape:
    """An automation with inputs in the places of what is one home's own."""

    name: str
    body: Json = field(default_factory=dict)
    inputs: dict[str, _Given] = field(default_factory=dict)

    def put(self, key: str, name: str, selector: Json, value: object) -> Input:
        """An input for a value; the same value of the same sort is asked for once."""
        for known, given in self.inputs.items():
            if (given.selector, given.value) == (selector, value) and known.startswith(key):
                return Input(known)
        used = [known for known in self.inputs if re.fullmatch(rf"{key}(_\d+)?", known)]
        numbered = f"{key}_{len(used) + 1}" if used else key
        self.inputs[numbered] = _Given(f"{name} {len(used) + 1}" if used else name, selector, value)
        return Input(numbered)


def _shape_of(draft: Draft) -> _Shape | None:
    if len(draft.triggers) != 1 and any(trigger["trigger"] not in _CLOCKS for trigger in draft.triggers):
        return None
    if _templates([*draft.triggers, *draft.conditions]) or any("target" not in each for each in _calls(draft)):
        return None
    conditions = list(draft.conditions)
    if draft.triggers[0]["trigger"] in _CLOCKS and not _asks_for_days(conditions):
        conditions.insert(0, {"condition": "time", "weekday": list(WEEKDAYS)})
    shape = _Shape(_name(draft))
    shape.body = {
        "triggers": [_filled(trigger, shape) for trigger in draft.triggers],
        "conditions": [_filled(condition, shape) for condition in conditions],
        "actions": [_filled(action, shape) for action in draft.actions],
        "mode": draft.mode,
    }
    return shape if len(shape.inputs) <= _MOST_INPUTS else None


def _calls(draft: Draft) -> list[Json]:
    return [action for action in draft.actions if "delay" not in action]


def _templates(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_templates(inner) for inner in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return any(_templates(member) for member in value)
    return is_template(value)


def _asks_for_days(value: object) -> bool:
    if isinstance(value, Mapping):
        return "weekday" in value or any(_asks_for_days(inner) for inner in value.values())
    return isinstance(value, list) and any(_asks_for_days(member) for member in value)


def _filled(node: Json, shape: _Shape) -> Json:
    """A trigger, a condition or an action with inputs where it has something of its own."""
    return {key: _input(key, value, node, shape) for key, value in node.items()}


def _input(key: str, value: object, node: Json, shape: _Shape) -> object:
    if key == "conditions" and isinstance(value, list):
        return [_filled(member, shape) for member in value]
    if key == "target" and isinstance(value, Mapping):
        service = str(node["action"])
        asked = f"{domain_of(service).replace('_', ' ').capitalize()} to {_verb(service)}"
        only: Json = {"entity": {"domain": domain_of(service)}}
        return shape.put(f"to_{service.partition('.')[2]}", asked, {"target": only}, value)
    if key == "entity_id" and not _everywhere(value):
        domains = sorted({domain_of(str(each)) for each in listed(value)})
        entity: Json = {"filter": {"domain": domains[0] if len(domains) == 1 else domains}}
        if isinstance(value, list):
            entity["multiple"] = True
        asked = "What to watch" if "trigger" in node else "What to look at"
        return shape.put("watched" if "trigger" in node else "looked_at", asked, {"entity": entity}, value)
    if key == "at":
        return shape.put("at", "Time", {"time": {}}, value)
    if key == "weekday":
        days = [{"value": day, "label": name} for day, name in zip(WEEKDAYS, _DAY_NAMES, strict=True)]
        return shape.put("weekdays", "Days", {"select": {"multiple": True, "options": days}}, value)
    if key == "offset":
        minutes = round((seconds(value) or 0.0) / 60)
        number: Json = {"min": -720, "max": 720, "unit_of_measurement": "minutes", "mode": "box"}
        asked = f"Minutes after {node['event']} (before it, with a minus)"
        return {"minutes": shape.put("offset", asked, {"number": number}, minutes)}
    if key in ("for", "delay"):
        asked = "For how long" if key == "for" else "How long to wait"
        return shape.put("how_long" if key == "for" else "wait", asked, {"duration": {}}, _parts(seconds(value) or 0.0))
    if key in ("above", "below") and isinstance(value, int | float) and not _everywhere(node.get("entity_id")):
        return shape.put(key, key.capitalize(), {"number": {"mode": "box", "step": "any"}}, value)
    return value


def _everywhere(entity_id: object) -> bool:
    """Whether every home has that entity."""
    return isinstance(entity_id, str) and entity_id in (HOME_ZONE, SUN)


def _parts(length: float) -> Json:
    whole = round(length)
    return {"hours": whole // 3600, "minutes": whole // 60 % 60, "seconds": whole % 60}


def _verb(service: str) -> str:
    """``turn on`` of ``light.turn_on``, ``set hvac mode`` of ``climate.set_hvac_mode``."""
    return service.partition(".")[2].replace("_", " ")


def _name(draft: Draft) -> str:
    """What it does and by what: ``Turn on light at a time``."""
    calls = list(dict.fromkeys(str(call["action"]) for call in _calls(draft)))
    doing = ", ".join(f"{_verb(call)} {domain_of(call).replace('_', ' ')}" for call in calls[:2])
    trigger = draft.triggers[0]
    cause = _CAUSES[trigger["trigger"]]
    if trigger.get("entity_id") == HOME_ZONE or domain_of(str(listed(trigger.get("entity_id", ""))[0])) == "person":
        cause = "when somebody comes or goes"
    elif "for" in trigger:
        cause = "when something has been so for long"
    return f"{doing[:1].upper()}{doing[1:]} {cause}"


def _text(shape: _Shape, release: Release) -> str:
    head: Json = {
        "name": shape.name,
        "description": "Made by ai-automation-service of a routine that was found in a home.",
        "domain": "automation",
    }
    if release >= NEW_WORDS_SINCE:
        head["homeassistant"] = {"min_version": f"{NEW_WORDS_SINCE[0]}.{NEW_WORDS_SINCE[1]}.0"}
    head["input"] = {name: {"name": each.name, "selector": each.selector} for name, each in shape.inputs.items()}
    text = dumped({"blueprint": head, **spelled(shape.body, release)}, _Dumper)
    return re.sub(r"!input '(\w+)'", r"!input \1", text)  # as people write it


def _path(shape: _Shape, release: Release) -> str:
    """Where the blueprint lies: by what it says, so that one never takes the place of another."""
    slug = re.sub(r"[^a-z0-9]+", "_", shape.name.lower()).strip("_")
    mark = hashlib.sha256(_text(shape, release).encode()).hexdigest()[:8]
    return f"{FOLDER}/{slug}_{mark}.yaml"


class _Dumper(AutomationDumper):
    """With inputs as Home Assistant writes them: ``!input at``."""


def _represented(dumper: yaml.SafeDumper, given: Input) -> yaml.ScalarNode:
    return dumper.represent_scalar("!input", given.name)


_Dumper.add_representer(Input, _represented)
