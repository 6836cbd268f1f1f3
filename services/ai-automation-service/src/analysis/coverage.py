"""Which routines an automation of the home carries out already. What it means counts, not how it is written.

An automation that cannot be read to the end is no reason to hide a routine: where its trigger is not known, or what it
acts on, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from src.domain.automations import KnownAutomation
from src.domain.events import EntityInfo, EventLog
from src.domain.patterns import (
    WEEKDAYS,
    DayTypeTrigger,
    HeldTrigger,
    NumericTrigger,
    Pattern,
    PresenceTrigger,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
    TogetherTrigger,
    Trigger,
)

_NEAR_MINUTES = 45
_WEEK_MINUTES = 7 * 24 * 60
_PROMPT_SECONDS = 900.0  # as long as an action may take to follow in a pattern
_NEAR_LEVEL = 0.25  # of the larger level
_NEAR_LENGTH = 2.0  # one length of time is at most so many times the other

_Thing = tuple[str, str]  # an entity and the state it takes


def as_switched(automations: Iterable[KnownAutomation], log: EventLog) -> tuple[KnownAutomation, ...]:
    """The automations as they stand at the end of a log: one whose last state is ``off`` is disabled."""
    is_automation = np.array([entity_id.startswith("automation.") for entity_id in log.entities], np.bool_)
    says = np.array([state in ("on", "off") for state in log.states], np.bool_)
    if not is_automation.any():
        return tuple(automations)
    rows = np.flatnonzero(is_automation[log.entity] & says[log.state])
    last = dict(zip(log.entity[rows].tolist(), log.state[rows].tolist(), strict=True))  # the later of two counts
    off = {log.entities[entity] for entity, state in last.items() if log.states[state] == "off"}
    return tuple(replace(each, enabled=each.enabled and each.entity_id not in off) for each in automations)


def covered(pattern: Pattern, automations: Sequence[KnownAutomation], info: Mapping[str, EntityInfo]) -> str | None:
    """The name of an enabled automation that does what a pattern says; of two that share a routine both names.

    Args:
        info: metadata by entity id; whoever lives alone arrives first and leaves last.
    """
    acting = [each for each in automations if each.enabled and _acts(pattern, each)]
    for each in acting:
        if _set_off(pattern.trigger, each, info):
            return each.name
    if not isinstance(pattern.trigger, DayTypeTrigger):
        return None
    # One automation for workdays and another for weekends is how most people write this.
    parts = [next((each for each in acting if _set_off(time, each, info)), None) for time in pattern.trigger.times]
    names = [each.name for each in parts if each is not None]
    return " and ".join(dict.fromkeys(names)) if len(names) == len(parts) else None


def _acts(pattern: Pattern, automation: KnownAutomation) -> bool:
    """Whether an automation does everything a pattern says; a reminder is all that an anomaly asks for."""
    if not pattern.actions:
        return automation.reminds
    wanted: set[_Thing] = {(action.entity_id, action.to) for action in pattern.actions}
    # Of things set together, those that set the automation off need not be set by it.
    if isinstance(pattern.trigger, TogetherTrigger):
        begun = {(t.entity_id, t.to) for t in automation.triggers if isinstance(t, StateTrigger)} & wanted
        wanted = wanted - begun or wanted
    # How long it waits matters to what is timed by it, and there it is looked at.
    waits = isinstance(pattern.trigger, HeldTrigger)
    done = {(a.entity_id, a.to) for a in automation.actions if waits or (a.after_seconds or 0.0) <= _PROMPT_SECONDS}
    return wanted <= done


def _set_off(trigger: Trigger, automation: KnownAutomation, info: Mapping[str, EntityInfo]) -> bool:
    own = [each for each in automation.triggers if each is not None]
    match trigger:
        case TimeTrigger():
            return _same_time(trigger, [each for each in own if isinstance(each, TimeTrigger)])
        case DayTypeTrigger():
            return all(_set_off(time, automation, info) for time in trigger.times)
        case SunTrigger():
            return _same_sun(trigger, [each for each in own if isinstance(each, SunTrigger)])
        case StateTrigger():
            return any(_same_state(trigger, each) for each in own)
        case NumericTrigger():
            return any(_same_level(trigger, each) for each in own)
        case PresenceTrigger():
            return _same_presence(trigger, [each for each in own if isinstance(each, PresenceTrigger)], info)
        case TogetherTrigger():
            return any(isinstance(each, StateTrigger) and each.entity_id in trigger.entity_ids for each in own)
        case HeldTrigger():
            return _same_length(trigger, automation)
        case _:
            return False


def _same_time(trigger: TimeTrigger, own: Sequence[TimeTrigger]) -> bool:
    """Whether on most of the routine's weekdays some time of the automation is near."""
    times = [minute for each in own for minute in _week_minutes(each)]
    near = [any(_apart(minute, other) <= _NEAR_MINUTES for other in times) for minute in _week_minutes(trigger)]
    return _most(near)


def _week_minutes(trigger: TimeTrigger) -> list[int]:
    """Its instants, minutes since Monday 00:00."""
    hour, minute = (int(part) for part in trigger.at.split(":")[:2])
    return [(WEEKDAYS.index(day) * 24 + hour) * 60 + minute for day in trigger.weekdays]


def _apart(first: int, second: int) -> int:
    """Minutes between two instants of the week, which has no end."""
    forth = (first - second) % _WEEK_MINUTES
    return min(forth, _WEEK_MINUTES - forth)


def _same_sun(trigger: SunTrigger, own: Sequence[SunTrigger]) -> bool:
    near = [
        each
        for each in own
        if each.event == trigger.event and abs(each.offset_minutes - trigger.offset_minutes) <= _NEAR_MINUTES
    ]
    days = {day for each in near for day in each.weekdays}
    return _most([day in days for day in trigger.weekdays])


def _most(near: Sequence[bool]) -> bool:
    return 2 * sum(near) > len(near)


def _same_state(trigger: StateTrigger, own: Trigger) -> bool:
    match own:
        case StateTrigger():
            waits = 0.0
        case HeldTrigger():
            waits = own.for_seconds
        case _:
            return False
    return (own.entity_id, own.to) == (trigger.entity_id, trigger.to) and waits <= _PROMPT_SECONDS


def _same_level(trigger: NumericTrigger, own: Trigger) -> bool:
    if not isinstance(own, NumericTrigger) or own.entity_id != trigger.entity_id:
        return False
    pairs = [(trigger.above, own.above), (trigger.below, own.below)]
    return own.delay_seconds <= _PROMPT_SECONDS and any(
        learned is not None
        and written is not None
        and abs(learned - written) <= _NEAR_LEVEL * max(abs(learned), abs(written))
        for learned, written in pairs
    )


def _same_presence(trigger: PresenceTrigger, own: Sequence[PresenceTrigger], info: Mapping[str, EntityInfo]) -> bool:
    """Whether the same coming or going sets an automation off.

    One that is set off by anybody of all those people is so by the first and the last of them, too.
    """
    coming = trigger.event in ("arrives", "first_arrives")
    prompt = [each for each in own if each.delay_seconds <= _PROMPT_SECONDS]
    single = {
        entity_id
        for each in prompt
        if each.event == ("arrives" if coming else "leaves")
        for entity_id in each.entity_ids
    }
    if single and single >= set(trigger.entity_ids):
        return True
    together = any(each.event == ("first_arrives" if coming else "last_leaves") for each in prompt)
    people = {entity_id for entity_id in info if entity_id.startswith("person.")}
    alone = len(people) == 1 and people == set(trigger.entity_ids)
    return together and (alone or trigger.event in ("first_arrives", "last_leaves"))


def _same_length(trigger: HeldTrigger, automation: KnownAutomation) -> bool:
    """Whether the automation ends the state, or reminds of it, after about as long; by its trigger or by a pause."""
    pauses = [each.after_seconds or 0.0 for each in automation.actions if each.entity_id == trigger.entity_id]
    held = [
        each.for_seconds if isinstance(each, HeldTrigger) else 0.0
        for each in automation.triggers
        if isinstance(each, HeldTrigger | StateTrigger) and (each.entity_id, each.to) == (trigger.entity_id, trigger.to)
    ]
    return any(_alike(length + pause, trigger.for_seconds) for length in held for pause in pauses or [0.0])


def _alike(first: float, second: float) -> bool:
    return 0 < max(first, second) <= _NEAR_LENGTH * min(first, second)
