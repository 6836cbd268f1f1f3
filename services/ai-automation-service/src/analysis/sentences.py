"""The one description of a pattern that API, UI, CLI and YAML renderer all read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from src.analysis.names import Name, device_class_of, name_of
from src.analysis.verbs import plural, verb
from src.domain.events import EntityInfo
from src.domain.patterns import WEEKDAYS, Action, Json, Pattern, StateTrigger, TimeTrigger

_MOST_NAMED = 4  # subjects of one verb; a reader does not take in more
_STEP = 5  # minutes that a time of day is rounded to

_DAY_NAMES = {
    "mon": "Mondays",
    "tue": "Tuesdays",
    "wed": "Wednesdays",
    "thu": "Thursdays",
    "fri": "Fridays",
    "sat": "Saturdays",
    "sun": "Sundays",
}


def describe(pattern: Pattern, info: Mapping[str, EntityInfo]) -> str:
    """A plain English sentence: "The kitchen light turns on around 07:10 on weekdays.".

    Says what happens, when, and after what, never numbers of evidence: the sentence is stable from night to night
    while the routine is (times are rounded to five minutes), so that its embedding can be kept.
    """
    what = _what(pattern.actions, info)
    conditions = "".join(_condition(condition, info) for condition in pattern.conditions)
    trigger = pattern.trigger
    if isinstance(trigger, TimeTrigger):
        said = f"{what} around {clock(trigger.at)} {days(trigger.weekdays)}{conditions}"
    else:
        assert isinstance(trigger, StateTrigger)
        cause = _what((Action(trigger.entity_id, trigger.to),), info)
        said = f"when {cause}, {what} within {delay(trigger.within_seconds)}{conditions}"
    return said[:1].upper() + said[1:] + "."


def clock(at: str) -> str:
    """``07:12:30`` as ``07:10``: to the nearest five minutes, over midnight too. What is no time is said as it is."""
    try:
        hours, minutes, seconds = (int(part) for part in at.split(":"))
    except ValueError:
        return at
    steps = int((hours * 60 + minutes + seconds / 60) / _STEP + 0.5)
    rounded = steps * _STEP % (24 * 60)
    return f"{rounded // 60:02d}:{rounded % 60:02d}"


def days(weekdays: Sequence[str]) -> str:
    """``every day``, ``on weekdays``, ``at weekends``, ``on Tuesdays and Thursdays``."""
    chosen = [day for day in WEEKDAYS if day in weekdays]
    if len(chosen) in (0, 7):
        return "every day"
    if chosen == list(WEEKDAYS[:5]):
        return "on weekdays"
    if chosen == list(WEEKDAYS[5:]):
        return "at weekends"
    if len(chosen) >= 5:
        return f"every day but {_join([_DAY_NAMES[day] for day in WEEKDAYS if day not in chosen])}"
    return f"on {_join([_DAY_NAMES[day] for day in chosen])}"


def delay(seconds: float) -> str:
    """``30 seconds``, ``a minute``, ``2 minutes``, ``an hour``, ``3 hours``: rounded up, as a bound is."""
    if seconds < 60:
        rounded = max(5, -int(-seconds // 5) * 5)
        return f"{rounded} seconds" if rounded < 60 else "a minute"
    minutes = -int(-seconds // 60)
    if minutes == 1:
        return "a minute"
    if minutes < 90 and minutes != 60:
        return f"{minutes} minutes"
    hours = max(1, round(minutes / 60))
    return "an hour" if hours == 1 else f"{hours} hours"


def _what(actions: Sequence[Action], info: Mapping[str, EntityInfo]) -> str:
    """``the hall lamp and the desk lamp turn on and the fan turns off``; one verb for neighbours that share it."""
    done: list[tuple[Name, str]] = []
    for action in actions:
        about = info.get(action.entity_id) or EntityInfo(action.entity_id)
        done.append((name_of(about, info.values()), verb(about.domain, device_class_of(about), action.to)))
    clauses: list[str] = []
    for said, group in groupby(sorted(done, key=lambda each: _order(done, each[1])), key=lambda each: each[1]):
        names = [name for name, _ in group]
        several = len(names) > 1 or names[0].several
        shown = [name.text for name in names[:_MOST_NAMED]]
        if len(names) > _MOST_NAMED:
            shown = [*shown[:-1], f"{len(names) - _MOST_NAMED + 1} others"]
        clauses.append(f"{_join(shown)} {plural(said) if several else said}")
    return _join(clauses) or "nothing happens"


def _order(done: Sequence[tuple[Name, str]], said: str) -> int:
    """Where a verb first occurs."""
    return next(i for i, (_, each) in enumerate(done) if each == said)


def _condition(condition: Json, info: Mapping[str, EntityInfo]) -> str:
    """`` on weekdays``, `` between 18:00 and 23:00``, `` while ... is on``; nothing is left out unsaid."""
    said = ""
    kind = condition.get("type")
    if kind == "time":
        after, before = condition.get("after"), condition.get("before")
        if after and before:
            said += f" between {clock(str(after))} and {clock(str(before))}"
        elif after or before:
            said += f" after {clock(str(after))}" if after else f" before {clock(str(before))}"
        weekdays = condition.get("weekdays")
        if isinstance(weekdays, list) and weekdays:
            said += f" {days(weekdays)}"
    elif kind == "state" and condition.get("entity_id"):
        about = info.get(str(condition["entity_id"])) or EntityInfo(str(condition["entity_id"]))
        state = str(condition.get("state", condition.get("to", ""))).replace("_", " ")
        said = f" while {name_of(about, info.values()).text} is {' '.join(state.split()) or 'set'}"
    return said or " under a further condition"


def _join(parts: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
