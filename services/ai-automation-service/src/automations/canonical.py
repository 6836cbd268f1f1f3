"""One form for every spelling of an automation, so that two can be compared.

Home Assistant takes a key in old and new spelling, one value or a list of one, lengths of time in four forms, and
leaves out what is the default. What was sent is therefore seldom what comes back. See
https://www.home-assistant.io/docs/automation/yaml/
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence

from src.domain.patterns import Json
from src.domain.triggers import WEEKDAYS
from src.home_assistant.automation_values import clock, is_template, listed, number, seconds, state_text

_OUTER = {"trigger": "triggers", "condition": "conditions", "action": "actions"}
_PARTS = ("triggers", "conditions", "actions")
_UNNEEDED = ("metadata", "hide_entity", "trace")  # of the editor and of the traces; they do nothing
_DEFAULTS: Json = {
    "mode": "single",
    "max_exceeded": "warning",
    "description": "",
    "variables": {},
    "trigger_variables": {},
}
_MANY = ("queued", "parallel")  # modes with a number of runs
_MANY_DEFAULT = 10

_LENGTHS = ("for", "offset", "after_offset", "before_offset", "timeout")
_ID_LISTS = ("entity_id", "device_id", "area_id", "floor_id", "label_id")
_STATES = ("to", "from", "not_to", "not_from", "state")
_LEVELS = ("above", "below")
_LOGIC = ("and", "or", "not")
_ANY_DAY = {"condition": "time", "weekday": list(WEEKDAYS)}  # asks for nothing
_NOTHING: tuple[object, ...] = (None, {}, [], "")


def canonical(config: Json) -> Json:
    """The automation in one form, with lists where several are possible and without defaults.

    Its id is left out: it says which one it is, not what it does. Its name and description stay.
    """
    known = {_OUTER.get(key, key): value for key, value in config.items() if key not in ("id", *_UNNEEDED)}
    form: Json = {key: value for key, value in known.items() if key not in _PARTS and value != _DEFAULTS.get(key)}
    if form.get("mode") not in _MANY or form.get("max") == _MANY_DEFAULT:
        form.pop("max", None)
    if form.get("alias") is not None:
        form["alias"] = str(form["alias"])
    if "use_blueprint" in form:
        form["use_blueprint"] = _plain(form["use_blueprint"])
    for part, read in (("triggers", _triggers), ("conditions", _conditions), ("actions", _actions)):
        members = read(known.get(part))
        if members:
            form[part] = members
    return form


def fingerprint(config: Json) -> str:
    """SHA-256, in hex, of the canonical form: the same for the same automation however it is spelled."""
    return hashlib.sha256(
        json.dumps(canonical(config), sort_keys=True, default=str).encode("utf-8", "replace")
    ).hexdigest()


def meaning(config: Json) -> Json:
    """The canonical form of what it does alone: without its name, its description and whether it starts switched on."""
    return {
        key: value for key, value in canonical(config).items() if key not in ("alias", "description", "initial_state")
    }


def _triggers(value: object) -> list[object]:
    found: list[object] = []
    for member in listed(value):
        if isinstance(member, Mapping) and "triggers" in member:
            found += _triggers(member["triggers"])
        elif isinstance(member, Mapping):
            found.append(_trigger(member))
        else:
            found.append(_plain(member))
    return found


def _trigger(node: Mapping[str, object]) -> Json:
    renamed = {("trigger" if key == "platform" else key): value for key, value in node.items()}
    form = _node(renamed)
    if form.get("trigger") == "zone" and form.get("event") == "enter":
        del form["event"]
    return form


def _conditions(value: object) -> list[object]:
    conditions = [_condition(member) for member in listed(value)]
    return [each for each in conditions if each != _ANY_DAY]


def _condition(value: object) -> object:
    if isinstance(value, str):
        return {"condition": "template", "value_template": _template(value)}
    if not isinstance(value, Mapping):
        return _plain(value)
    node = dict(value)
    for logic in _LOGIC:
        if logic in node and "condition" not in node:
            node = {"condition": logic, "conditions": node.pop(logic), **node}
    if isinstance(node.get("condition"), str) and is_template(node["condition"]):
        node = {**node, "condition": "template", "value_template": node["condition"]}
    inner = node.pop("conditions", None)
    form = _node(node)
    if form.get("match") == "all":
        del form["match"]
    if node.get("condition") == "trigger":
        form["id"] = sorted(str(each) for each in listed(node.get("id")))
    if inner is not None:
        form["conditions"] = _conditions(inner)
    return form


def _actions(value: object) -> list[object]:
    found: list[object] = []
    for member in listed(value):
        if isinstance(member, list):
            found += _actions(member)
        else:
            found.append(_action(member))
    return found


def _action(value: object) -> object:
    if isinstance(value, str):
        return _condition(value)
    if not isinstance(value, Mapping):
        return _plain(value)
    if "condition" in value or (any(logic in value for logic in _LOGIC) and "action" not in value):
        return _condition(value)
    node = {("action" if key in ("service", "service_template") else key): inner for key, inner in value.items()}
    if "action" in node:
        return _call(node)
    if isinstance(node.get("scene"), str):
        scene = {key: inner for key, inner in node.items() if key not in ("scene", "metadata")}
        return _call({**scene, "action": "scene.turn_on", "target": {"entity_id": node["scene"]}})
    branches = {name: node.pop(name) for name in tuple(_BRANCHES) if name in node}
    form = _node(node)
    for name, branch in branches.items():
        form[name] = _BRANCHES[name](branch)
    return form


def _call(node: Mapping[str, object]) -> Json:
    """A call with its target in one place, wherever it was written."""
    rest = {key: value for key, value in node.items() if key not in ("target", "data", "data_template", *_ID_LISTS)}
    target: Json = {}
    data: Json = {}
    for name in ("data", "data_template"):
        given = node.get(name)
        if isinstance(given, Mapping):
            data.update(given)
        elif given is not None:
            rest[name] = given
    sources: list[object] = [node, data, node.get("target")]
    for source in sources:
        if isinstance(source, Mapping):
            for key in _ID_LISTS:
                if source.get(key) not in _NOTHING:
                    target[key] = [*target.get(key, []), *_ids(source[key])]
        elif source is not None:
            rest["target"] = source
    form = _node(rest)
    if isinstance(form.get("action"), str):
        form["action"] = form["action"].strip().lower() if not is_template(form["action"]) else form["action"]
    if target:
        form["target"] = {key: sorted(set(ids)) for key, ids in target.items()}
    kept = {key: _plain(value) for key, value in data.items() if key not in _ID_LISTS}
    if kept:
        form["data"] = kept
    return form


def _choose(value: object) -> object:
    options: list[object] = []
    for option in listed(value):
        if isinstance(option, Mapping):
            form = _node({key: inner for key, inner in option.items() if key not in ("conditions", "sequence")})
            form["conditions"] = _conditions(option.get("conditions"))
            form["sequence"] = _actions(option.get("sequence"))
            options.append(form)
        else:
            options.append(_plain(option))
    return options


def _repeat(value: object) -> object:
    if not isinstance(value, Mapping):
        return _plain(value)
    form = _node({key: inner for key, inner in value.items() if key not in ("sequence", "while", "until")})
    form["sequence"] = _actions(value.get("sequence"))
    for name in ("while", "until"):
        if name in value:
            form[name] = _conditions(value[name])
    return form


def _parallel(value: object) -> object:
    """Branches side by side; one of several steps is a sequence."""
    return [
        _actions(member["sequence"])
        if isinstance(member, Mapping) and set(member) == {"sequence"}
        else _actions(member)
        for member in listed(value)
    ]


_BRANCHES: Mapping[str, Callable[[object], object]] = {
    "choose": _choose,
    "default": _actions,
    "else": _actions,
    "if": _conditions,
    "parallel": _parallel,
    "repeat": _repeat,
    "sequence": _actions,
    "then": _actions,
    "wait_for_trigger": _triggers,
}


def _node(node: Mapping[str, object]) -> Json:
    """The plain keys of a trigger, a condition or an action."""
    form: Json = {}
    for key, value in node.items():
        if key in _UNNEEDED or (key == "enabled" and value is True) or value is None:
            continue
        form[key] = _value(key, value)
    return form


def _value(key: str, value: object) -> object:
    if key in _LENGTHS or key == "delay":
        return _length(value)
    if key in _ID_LISTS:
        return sorted(set(_ids(value)))
    if key in _STATES:
        return sorted({_state(each) for each in listed(value)})
    if key in _LEVELS:
        level = number(value)
        return str(value).strip().lower() if level is None else level
    if key == "at" or (key in ("after", "before") and clock(value) is not None):
        times = [clock(each) or _plain(each) for each in listed(value)]
        return sorted(times, key=str) if key == "at" else times[0]
    if key == "weekday":
        days = [str(day).strip().lower() for each in listed(value) for day in str(each).split(",")]
        return sorted(set(days), key=lambda day: WEEKDAYS.index(day) if day in WEEKDAYS else len(WEEKDAYS))
    if key == "value_template":
        return _template(value)
    return _plain(value)


def _length(value: object) -> object:
    found = seconds(value)
    if found is not None:
        return found
    return _plain(value)


def _ids(value: object) -> list[str]:
    return [part.strip().lower() for each in listed(value) for part in str(each).split(",") if part.strip()]


def _state(value: object) -> str:
    return state_text(value) or str(value)


def _template(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else _plain(value)


def _plain(value: object) -> object:
    """A value as JSON knows it: 1 and 1.0 are one number."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(member) for member in value]
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return value if value is None or isinstance(value, bool | str | float) else str(value)
