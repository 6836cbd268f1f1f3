"""The one description of a pattern that API, UI, CLI and YAML renderer all read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from src.analysis.amounts import clock, date, days, delay, duration, from_sun, level, listed, rates
from src.analysis.names import Name, device_class_of, name_of
from src.analysis.verbs import passive, plain, plural, state_word, verb
from src.domain.corrections import Correction, corrected
from src.domain.events import EntityInfo
from src.domain.patterns import (
    Action,
    DayTypeTrigger,
    HeldTrigger,
    Json,
    Kind,
    MissedTrigger,
    NumericTrigger,
    Pattern,
    PresenceTrigger,
    RateTrigger,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
    TogetherTrigger,
)

_MOST_NAMED = 4  # subjects of one verb; a reader does not take in more
_LONGEST_UNIT = 16

_Info = Mapping[str, EntityInfo]


def describe(pattern: Pattern, info: _Info) -> str:
    """A plain English sentence: "The kitchen light turns on around 07:10 on weekdays.".

    Says what happens, when, and after what, never numbers of evidence: the sentence is stable from night to night
    while the routine is (times are rounded to five minutes, other amounts likewise), so that its embedding can be kept.
    """
    said = _routine(pattern, info) + _conditions(pattern.conditions, info)
    return said[:1].upper() + said[1:] + "."


def worded(correction: Correction, pattern: Pattern, info: _Info) -> Correction:
    """A correction with the sentence of what it makes of a pattern as it was mined."""
    return replace(correction, sentence=describe(corrected(pattern, correction), info))


def _routine(pattern: Pattern, info: _Info) -> str:
    trigger, actions = pattern.trigger, pattern.actions
    match trigger:
        case TimeTrigger():
            return f"{_what(actions, info)} around {clock(trigger.at)} {days(trigger.weekdays)}"
        case DayTypeTrigger():
            times = [f"around {clock(each.at)} {days(each.weekdays)}" for each in trigger.times]
            return f"{_what(actions, info)} {listed(times)}"
        case SunTrigger():
            return f"{_what(actions, info)} {from_sun(trigger.event, trigger.offset_minutes)} {days(trigger.weekdays)}"
        case StateTrigger():
            cause = f"when {_what((Action(trigger.entity_id, trigger.to),), info)}"
            if pattern.kind is Kind.SEQUENCE:
                return f"{cause}, {_steps(actions, info)}"
            return f"{cause}, {_what(actions, info)} within {delay(trigger.within_seconds)}"
        case NumericTrigger():
            return f"when {_crossing(trigger, info)}, {_what(actions, info)} within {delay(trigger.within_seconds)}"
        case PresenceTrigger():
            return f"when {_coming(trigger, info)}, {_what(actions, info)} within {delay(trigger.within_seconds)}"
        case TogetherTrigger():
            return f"{_what(actions, info, by_somebody=True)} together"
        case HeldTrigger() if actions:
            return f"{_what(actions, info, by_somebody=True)} after about {duration(trigger.for_seconds)}"
        case HeldTrigger():
            about, name = _entity(trigger.entity_id, info)
            left = _agreeing(name, "was left")
            state = state_word(about.domain, device_class_of(about), trigger.to)
            return f"{name.text} {left} {state}: longer than {duration(trigger.for_seconds)} is unusual"
        case RateTrigger():
            often, before = rates(trigger.per_week_after, trigger.per_week_before)
            does = _what((Action(trigger.entity_id, trigger.to),), info)
            return f"{does} {often} since {date(trigger.since)}, {before} before"
        case MissedTrigger():
            about, name = _entity(trigger.entity_id, info)
            does = verb(about.domain, device_class_of(about), trigger.to)
            usually = _usually(plural(does) if name.several else does)
            has = _agreeing(name, "has")
            when = f"by {clock(trigger.at)} {days(trigger.weekdays)}"
            return f"{name.text} {usually} {when} and {has} not since {date(trigger.since)}"


def _usually(does: str) -> str:
    """``usually turns on``, and ``is usually locked``."""
    first, _, rest = does.partition(" ")
    return f"{first} usually {rest}" if first in ("is", "are") else f"usually {does}"


def _entity(entity_id: str, info: _Info) -> tuple[EntityInfo, Name]:
    about = info.get(entity_id) or EntityInfo(entity_id)
    return about, name_of(about, info.values())


def _agreeing(name: Name, singular: str) -> str:
    return plural(singular) if name.several else singular


def _what(actions: Sequence[Action], info: _Info, *, by_somebody: bool = False) -> str:
    """``the hall lamp and the desk lamp turn on and the fan turns off``; one verb for neighbours that share it.

    Args:
        by_somebody: ``are turned on`` instead of ``turn on``.
    """
    done: list[tuple[Name, str]] = []
    for action in actions:
        about, name = _entity(action.entity_id, info)
        does = verb(about.domain, device_class_of(about), action.to)
        done.append((name, passive(does) if by_somebody else does))
    clauses: list[str] = []
    for said, group in groupby(sorted(done, key=lambda each: _order(done, each[1])), key=lambda each: each[1]):
        names = [name for name, _ in group]
        several = len(names) > 1 or names[0].several
        shown = [name.text for name in names[:_MOST_NAMED]]
        if len(names) > _MOST_NAMED:
            shown = [*shown[:-1], f"{len(names) - _MOST_NAMED + 1} others"]
        clauses.append(f"{listed(shown)} {plural(said) if several else said}")
    return listed(clauses) or "nothing happens"


def _order(done: Sequence[tuple[Name, str]], said: str) -> int:
    """Where a verb first occurs."""
    return next(i for i, (_, each) in enumerate(done) if each == said)


def _steps(actions: Sequence[Action], info: _Info) -> str:
    """``the lamp turns off, then the hall light turns on and then the front door is locked``."""
    steps = [_what((action,), info) for action in actions]
    if len(steps) < 2:
        return "".join(steps) or "nothing happens"
    *first, last = steps
    return f"{', then '.join(first)} and then {last}"


def _crossing(trigger: NumericTrigger, info: _Info) -> str:
    """``the living room illuminance falls below 45 lx``."""
    about, name = _entity(trigger.entity_id, info)
    up = trigger.above is not None
    limit = trigger.above if trigger.above is not None else trigger.below
    moves = _agreeing(name, "rises above" if up else "falls below")
    unit = plain(about.unit or "", _LONGEST_UNIT)
    return f"{name.text} {moves} {level(limit, unit) if limit is not None else 'its level'}"


def _coming(trigger: PresenceTrigger, info: _Info) -> str:
    """``Anna comes home``, ``the last person leaves``."""
    if trigger.event == "first_arrives":
        return "the first person comes home"
    if trigger.event == "last_leaves":
        return "the last person leaves"
    names = [_entity(entity_id, info)[1] for entity_id in trigger.entity_ids]
    who = listed([name.text for name in names]) or "somebody"
    does = "comes home" if trigger.event == "arrives" else "leaves home"
    return f"{who} {plural(does) if len(names) > 1 or (names and names[0].several) else does}"


def _conditions(conditions: Sequence[Json], info: _Info) -> str:
    """`` on weekdays when it is dark, since 20 October``; nothing is left out unsaid."""
    # The season goes last: it is of the routine as a whole.
    return "".join(_condition(each, info) for each in sorted(conditions, key=lambda each: each.get("type") == "season"))


def _condition(condition: Json, info: _Info) -> str:
    kind, is_ = condition.get("type"), condition.get("is")
    said = ""
    if kind == "time":
        said = _time_condition(condition)
    elif kind == "sun":
        said = {"below_horizon": " when it is dark", "above_horizon": " in daylight"}.get(str(is_), "")
    elif kind == "presence":
        said = _presence_condition(condition, info)
    elif kind == "season":
        since, until = condition.get("from"), condition.get("until")
        if since and until:
            said = f", from {date(str(since))} to {date(str(until))}"
        elif since or until:
            said = f", since {date(str(since))}" if since else f", until {date(str(until))}"
    elif kind == "state" and condition.get("entity_id"):
        about, name = _entity(str(condition["entity_id"]), info)
        state = str(condition.get("state", condition.get("to", "")))
        said = f" while {name.text} {_agreeing(name, 'is')} {state_word(about.domain, device_class_of(about), state)}"
    return said or " under a further condition"


def _time_condition(condition: Json) -> str:
    said = ""
    after, before = condition.get("after"), condition.get("before")
    if after and before:
        said = f" between {clock(str(after))} and {clock(str(before))}"
    elif after or before:
        said = f" after {clock(str(after))}" if after else f" before {clock(str(before))}"
    weekdays = condition.get("weekdays")
    if isinstance(weekdays, list) and weekdays:
        said += f" {days(weekdays)}"
    return said


def _presence_condition(condition: Json, info: _Info) -> str:
    """Of one person by name; of several by whether there is anybody."""
    people = condition.get("entity_ids")
    only = _entity(str(people[0]), info)[1].text if isinstance(people, list) and len(people) == 1 else None
    if condition.get("is") == "somebody_home":
        return f" while {only or 'somebody'} is home"
    if condition.get("is") == "nobody_home":
        return f" while {only} is away" if only else " while nobody is home"
    return ""
