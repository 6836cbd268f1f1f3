"""What sets an automation of Home Assistant off, in the terms of patterns.

Old and new spelling: https://www.home-assistant.io/docs/automation/trigger/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from src.domain.patterns import (
    WEEKDAYS,
    HeldTrigger,
    NumericTrigger,
    PresenceTrigger,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
    Trigger,
)
from src.domain.triggers import SUN_EVENTS
from src.home_assistant.automation_values import (
    clock,
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
Days = tuple[str, ...]

_HOME = "zone.home"
_PEOPLE = ("person", "device_tracker")
_OPPOSITE = {"on": "off", "off": "on"}
_TWO_STATES = ("binary_sensor", "fan", "input_boolean", "light", "siren", "switch")
# Their state is an instant: each new one is the same thing again.
_MOMENTS = {"button": "pressed", "event": "fired", "input_button": "pressed", "scene": "activated"}
_WORKDAY = "binary_sensor.workday"  # the workday integration's sensors, as it names them

# What device triggers and those with a purpose call a change, by the domain of the entity: the state it takes.
_SWITCHED = {"turned_on": "on", "turned_off": "off"}
_CHANGES: Mapping[str, Mapping[str, str]] = {
    "alarm_control_panel": {
        name: name for name in ("armed_away", "armed_home", "armed_night", "armed_vacation", "disarmed", "triggered")
    },
    "cover": {"opened": "open", "closed": "closed"},
    "lock": {"locked": "locked", "unlocked": "unlocked", "opened": "open"},
    "media_player": {**_SWITCHED, "idle": "idle", "paused": "paused", "playing": "playing"},
    "vacuum": {"cleaning": "cleaning", "docked": "docked"},
    "valve": {"opened": "open", "closed": "closed"},
}
_WORDS = """
    bat_low co cold connected detected gas hot light moist motion moving occupied opened plugged_in powered present
    problem running smoke sound tampered turned_on unsafe vibration
"""
_SENSED = frozenset(_WORDS.split())
_NO_LONGER_SENSED = frozenset(("cleared", "closed", "turned_off"))


def read_triggers(triggers: object, conditions: object, targets: Targets) -> tuple[Trigger | None, ...]:
    """Every trigger that counts; None for one that cannot be said. Conditions on the weekday narrow clock and sun."""
    days = _days(conditions, set())
    return tuple(found for trigger in _flat(triggers, set()) for found in _read(trigger, days, targets))


def _flat(triggers: object, seen: set[int]) -> Iterator[Node]:
    """Triggers without the lists they may be nested in."""
    if id(triggers) in seen:  # an alias of YAML: it is read already, or leads back to where it is
        return
    seen.add(id(triggers))
    for trigger in mappings(triggers):
        if switched_off(trigger):
            continue
        if "triggers" in trigger:
            yield from _flat(trigger["triggers"], seen)
        else:
            yield trigger


def _days(conditions: object, seen: set[int]) -> Days:
    """The weekdays that all conditions allow."""
    days: Days = WEEKDAYS
    if id(conditions) in seen:
        return days
    seen.add(id(conditions))
    for condition in mappings(conditions):
        if switched_off(condition):
            continue
        kind = condition.get("condition")
        allowed: Days = WEEKDAYS
        if kind == "time":
            allowed = _weekdays(condition)
        elif kind == "and":
            allowed = _days(condition.get("conditions"), seen)
        elif kind == "state" and word(condition.get("entity_id")).startswith(_WORKDAY):
            # On holidays too it is off; a pattern knows weekdays only.
            state = state_text(condition.get("state"))
            allowed = {"on": WEEKDAYS[:5], "off": WEEKDAYS[5:]}.get(state or "", WEEKDAYS)
        days = _both(days, allowed)
    return days


def _weekdays(node: Node) -> Days:
    given = [day.strip().lower() for value in listed(node.get("weekday")) for day in word(value).split(",")]
    return tuple(day for day in WEEKDAYS if day in given) if given else WEEKDAYS


def _both(first: Days, second: Days) -> Days:
    return tuple(day for day in first if day in second)


def _read(trigger: Node, days: Days, targets: Targets) -> Iterator[Trigger | None]:
    kind = trigger.get("platform") or trigger.get("trigger")
    if not isinstance(kind, str):
        yield None
    elif kind in _CLOCKS:
        yield from _CLOCKS[kind](trigger, days)
    elif kind in _ENTITIES:
        ids, whole = targets.named(trigger.get("entity_id"))
        for entity_id in ids:
            yield from _ENTITIES[kind](trigger, entity_id, days)
        if not ids or not whole:
            yield None
    elif "." in kind:
        ids, whole = targets.of_call(trigger, "homeassistant")
        for entity_id in ids:
            yield from _changed(kind.partition(".")[2], trigger, entity_id, days)
        if not ids or not whole:
            yield None
    else:
        yield None


def _time(trigger: Node, days: Days) -> Iterator[Trigger | None]:
    own = _both(days, _weekdays(trigger))
    for value in listed(trigger.get("at")) or [None]:
        at = clock(value)
        yield None if at is None else TimeTrigger(at, own)


def _time_pattern(trigger: Node, days: Days) -> Iterator[Trigger | None]:
    """Once a day when the hour is fixed and nothing below it repeats; a unit that is not given below it is 0."""
    parts = [number(trigger.get(name, 0)) for name in ("hours", "minutes", "seconds")]
    if "hours" not in trigger or any(part is None or not part.is_integer() for part in parts):
        yield None
        return
    at = clock(":".join(f"{part:02.0f}" for part in parts))
    yield None if at is None else TimeTrigger(at, days)


def _sun(trigger: Node, days: Days) -> Iterator[Trigger | None]:
    event, offset = word(trigger.get("event")), seconds(trigger.get("offset", 0))
    if event in SUN_EVENTS and offset is not None and abs(offset) < 86_400:
        yield SunTrigger(event, round(offset / 60), days)
    else:
        yield None


def _state(trigger: Node, entity_id: str, days: Days) -> Iterator[Trigger | None]:
    held = seconds(trigger.get("for", 0))
    before, to = listed(trigger.get("from")), listed(trigger.get("to"))
    domain = entity_id.partition(".")[0]
    if trigger.get("attribute") is not None or held is None or held < 0:
        yield None
    elif entity_id == _HOME:  # its state is how many are at home
        counted = {"0": "last_leaves"} if to else {"0": "first_arrives"}
        event = counted.get(state_text((to or before or [None])[0]) or "")
        yield None if event is None else PresenceTrigger(event, (), held, 0.0)
    elif to:
        for value in to:
            state = state_text(value)
            yield None if state is None else _taken(entity_id, state, held, days)
    elif domain in _PEOPLE and [state_text(value) for value in before] == ["home"]:
        yield PresenceTrigger("leaves", (entity_id,), held, 0.0)
    elif domain in _TWO_STATES and len(before) == 1 and (state := _OPPOSITE.get(state_text(before[0]) or "")):
        yield _taken(entity_id, state, held, days)
    elif domain in _MOMENTS and not before:
        yield _taken(entity_id, _MOMENTS[domain], held, days)
    elif domain in _TWO_STATES and not before:
        yield from (_taken(entity_id, state, held, days) for state in _OPPOSITE)
    else:
        yield None


def _taken(entity_id: str, state: str, held: float, days: Days) -> Trigger:
    """An entity takes a state, or has had it for ``held`` seconds."""
    domain = entity_id.partition(".")[0]
    horizon = {"above_horizon": "sunrise", "below_horizon": "sunset"}
    if entity_id == "sun.sun" and state in horizon:
        return SunTrigger(horizon[state], round(held / 60), days)
    if domain in _PEOPLE and state in ("home", "not_home"):
        return PresenceTrigger("arrives" if state == "home" else "leaves", (entity_id,), held, 0.0)
    if domain == "group" and state in ("home", "not_home"):
        return PresenceTrigger("first_arrives" if state == "home" else "last_leaves", (), held, 0.0)
    return HeldTrigger(entity_id, state, held) if held else StateTrigger(entity_id, state, 0.0, 0.0)


def _numeric(trigger: Node, entity_id: str, days: Days) -> Iterator[Trigger | None]:
    held = seconds(trigger.get("for", 0))
    if held is None or held < 0 or trigger.get("attribute") is not None or trigger.get("value_template") is not None:
        yield None
        return
    # With both it is between them: it gets there over the lower one or under the upper one.
    for side in [name for name in ("above", "below") if trigger.get(name) is not None] or ["neither"]:
        level = number(trigger.get(side))
        if level is None:
            yield None
        elif entity_id == _HOME:
            event = {("above", 0.0): "first_arrives", ("below", 1.0): "last_leaves"}.get((side, level))
            yield None if event is None else PresenceTrigger(event, (), held, 0.0)
        else:
            above, below = (level, None) if side == "above" else (None, level)
            yield NumericTrigger(entity_id, above, below, held, 0.0)


def _zone(trigger: Node, entity_id: str, days: Days) -> Iterator[Trigger | None]:
    event = {"enter": "arrives", "leave": "leaves"}.get(word(trigger.get("event", "enter")))
    if event is not None and trigger.get("zone") == _HOME:
        yield PresenceTrigger(event, (entity_id,), 0.0, 0.0)
    else:
        yield None


def _device(trigger: Node, entity_id: str, days: Days) -> Iterator[Trigger | None]:
    domain = entity_id.partition(".")[0]
    if domain in _PEOPLE:
        event = {"enters": "enter", "leaves": "leave"}.get(word(trigger.get("type")), "")
        yield from _zone({"zone": trigger.get("zone"), "event": event}, entity_id, days)
    elif domain == "sensor":
        yield from _numeric(trigger, entity_id, days)
    else:
        yield from _changed(word(trigger.get("type")), trigger, entity_id, days)


def _changed(change: str, trigger: Node, entity_id: str, days: Days) -> Iterator[Trigger | None]:
    """A change by name, such as ``turned_on`` or ``no_motion``."""
    domain = entity_id.partition(".")[0]
    held = seconds(trigger.get("for", 0))
    if domain != "binary_sensor":
        state = _CHANGES.get(domain, _SWITCHED).get(change)
    elif change in ("locked", "not_locked"):  # a lock that is open is what its sensor detects
        state = "off" if change == "locked" else "on"
    elif change in _SENSED:
        state = "on"
    else:
        no_longer = change.removeprefix("not_").removeprefix("no_") in _SENSED or change in _NO_LONGER_SENSED
        state = "off" if no_longer else None
    yield None if state is None or held is None or held < 0 else _taken(entity_id, state, held, days)


_CLOCKS: Mapping[str, Callable[[Node, Days], Iterator[Trigger | None]]] = {
    "sun": _sun,
    "time": _time,
    "time_pattern": _time_pattern,
}
_ENTITIES: Mapping[str, Callable[[Node, str, Days], Iterator[Trigger | None]]] = {
    "device": _device,
    "numeric_state": _numeric,
    "state": _state,
    "zone": _zone,
}
