"""From a pattern to the automation that a careful person would write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from src.automations.conditions import condition_of
from src.automations.draft import CannotBeWritten, Draft, automation_id_of
from src.automations.reminders import reminder, when_missed
from src.automations.services import NO_ATTRIBUTES, Call, call_for, grouped
from src.automations.things import Things, things_of, things_offline
from src.automations.together import by_each_other, the_others
from src.automations.triggers import (
    Start,
    by_day_type,
    by_length,
    by_level,
    by_presence,
    by_state,
    by_sun,
    by_time,
    pausing,
)
from src.automations.wording import alias_of, description_of, span, span_words
from src.domain.entity_ids import entity_id_of
from src.domain.events import EntityInfo
from src.domain.home import Home
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
from src.errors import NotAutomatable
from src.home_assistant.automation_values import listed


def draft(pattern: Pattern, home: Home) -> Draft:
    """The automation of a pattern, for this home.

    Raises:
        NotAutomatable: it asks for nothing that a home can do; the reason is in the message.
    """
    return _draft(pattern, things_of(home))


def drafted_offline(pattern: Pattern, info: Mapping[str, EntityInfo]) -> Draft:
    """The same without a Home Assistant at hand, for showing it; what its things can do is not looked at.

    Args:
        info: metadata of the home's entities, by entity id; who its persons are is read from it.

    Raises:
        NotAutomatable: it asks for nothing that a home can do.
    """
    return _draft(pattern, things_offline(info))


def _draft(pattern: Pattern, things: Things) -> Draft:
    try:
        _named(pattern)
        start = _start(pattern, things)
        asked = [each for condition in pattern.conditions for each in condition_of(condition, things)]
        actions = _actions(pattern, things)
    except CannotBeWritten as reason:
        raise NotAutomatable(pattern.id, str(reason)) from reason
    others = {alias for automation_id, alias in things.aliases.items() if automation_id != automation_id_of(pattern.id)}
    return Draft(
        pattern_id=pattern.id,
        alias=alias_of(pattern, others),
        description=description_of(pattern, _notes(pattern, start)),
        triggers=start.triggers,
        conditions=(*start.conditions, *(each for each in asked if each not in start.conditions)),
        actions=(*([{"delay": span(start.wait)}] if start.wait else []), *actions),
        mode="restart" if pattern.kind is Kind.SEQUENCE and any("delay" in action for action in actions) else "single",
    )


def _named(pattern: Pattern) -> None:
    """Raises CannotBeWritten where something is named by what is no entity id, as a history from elsewhere may have."""
    for node in (pattern.trigger.to_json(), *pattern.conditions, *(action.to_json() for action in pattern.actions)):
        for name in (node.get("entity_id"), *listed(node.get("entity_ids"))):
            if name is not None and (not isinstance(name, str) or entity_id_of(name) != name):
                raise CannotBeWritten(f"{name} is no entity id")


def _start(pattern: Pattern, things: Things) -> Start:
    trigger = pattern.trigger
    match trigger:
        case TimeTrigger():
            return by_time(trigger)
        case DayTypeTrigger():
            return by_day_type(trigger)
        case SunTrigger():
            return by_sun(trigger)
        case StateTrigger():
            start = by_state(trigger)
            # The steps of a sequence wait each for itself.
            return Start(start.triggers, start.conditions) if pattern.kind is Kind.SEQUENCE else start
        case HeldTrigger():
            return by_length(trigger)
        case NumericTrigger():
            return by_level(trigger)
        case PresenceTrigger():
            return by_presence(trigger, things)
        case TogetherTrigger():
            return by_each_other(trigger, pattern.actions)
        case MissedTrigger():
            return when_missed(trigger, pattern.evidence.spread_minutes, things)
        case RateTrigger():
            raise CannotBeWritten("a habit that has changed is told, and asks for nothing to be done")


def _actions(pattern: Pattern, things: Things) -> list[Json]:
    if isinstance(pattern.trigger, MissedTrigger | HeldTrigger) and not pattern.actions:
        return [reminder(pattern, things)]
    if not pattern.actions:
        raise CannotBeWritten("it says of nothing what is done with it")
    calls = [
        (each.entity_id, call_for(each, things.attributes.get(each.entity_id, NO_ATTRIBUTES)))
        for each in pattern.actions
    ]
    if isinstance(pattern.trigger, TogetherTrigger):
        return the_others(calls)
    return _steps(pattern.actions, calls) if pattern.kind is Kind.SEQUENCE else grouped(calls)


def _steps(actions: Sequence[Action], calls: Sequence[tuple[str, Call]]) -> list[Json]:
    """One after the other, each after its own pause; those without one between them are one call where they can be."""
    steps: list[Json] = []
    at_once: list[tuple[str, Call]] = []
    for action, call in zip(actions, calls, strict=True):
        pause = pausing(action.after_seconds or 0.0)
        if pause:
            steps += [*grouped(at_once), {"delay": span(pause)}]
            at_once = []
        at_once.append(call)
    return [*steps, *grouped(at_once)]


def _notes(pattern: Pattern, start: Start) -> tuple[str, ...]:
    """What a reader should know that is not to be seen."""
    notes = []
    if (
        isinstance(pattern.trigger, StateTrigger | NumericTrigger | PresenceTrigger)
        and pattern.kind is not Kind.SEQUENCE
    ):
        length = start.wait + start.stays
        notes.append(f"It acts {f'after {span_words(length)}' if length else 'at once'}.")
    seasons = [each for each in pattern.conditions if each.get("type") == "season"]
    if any(each.get("from") and not each.get("until") for each in seasons):
        notes.append("When the season ends is not known yet: until it is switched off, it goes on.")
    if pattern.corrected:
        notes.append("A person corrected it; the numbers are of what was found before.")
    return tuple(notes)
