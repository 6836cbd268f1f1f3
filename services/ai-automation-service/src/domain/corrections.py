"""What a person set right about a pattern. What was mined stays beside it, so that the next run knows it again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from src.domain.entity_ids import entity_id_of
from src.domain.patterns import (
    Action,
    DayTypeTrigger,
    HeldTrigger,
    Json,
    NumericTrigger,
    Pattern,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
    TogetherTrigger,
    Trigger,
)
from src.domain.triggers import WEEKDAYS
from src.errors import InvalidSetting

_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?")
_LONGEST_OFFSET = 360  # minutes
_LONGEST_HOLD = 7 * 24 * 3600  # s


@dataclass(frozen=True, slots=True)
class Correction:
    """Every field is None or empty where the pattern is right.

    Attributes:
        at: ``HH:MM:SS``, of what the clock sets off.
        weekdays: of what the clock or the sun sets off, in the order of the week.
        offset_minutes: of what the sun sets off.
        for_seconds: of what is left on for so long, s.
        entities: the entity that is meant, by the one that was found.
        sentence: the corrected routine in words, as it was last found.
    """

    at: str | None = None
    weekdays: tuple[str, ...] = ()
    offset_minutes: int | None = None
    for_seconds: float | None = None
    entities: Mapping[str, str] = field(default_factory=dict)
    category: str | None = None
    priority: str | None = None
    sentence: str = ""

    def to_json(self) -> Json:
        value: Json = {
            "at": self.at,
            "weekdays": list(self.weekdays),
            "offset_minutes": self.offset_minutes,
            "for_seconds": self.for_seconds,
            "entities": dict(self.entities),
            "category": self.category,
            "priority": self.priority,
            "sentence": self.sentence,
        }
        return {name: part for name, part in value.items() if part not in (None, "", [], {})}

    @classmethod
    def from_json(cls, value: Json) -> Correction:
        return cls(**{**value, "weekdays": tuple(value.get("weekdays", ()))})

    def plus(self, later: Correction) -> Correction:
        """Both, where they differ the later one."""
        return Correction.from_json({**self.to_json(), **later.to_json()})


def checked(pattern: Pattern, correction: Correction) -> Correction:
    """The correction in its plain form, if it can be made of that pattern.

    Raises:
        InvalidSetting: names the field that does not fit.
    """
    trigger = pattern.trigger
    at = correction.at
    if at is not None:
        if not isinstance(trigger, TimeTrigger):
            raise InvalidSetting("at", at, "nothing here: this routine is not set off at one time of the clock")
        if not _CLOCK.fullmatch(at):
            raise InvalidSetting("at", at, "a time such as 07:15 or 07:15:00")
        at = at if len(at) == len("00:00:00") else f"{at}:00"
    if correction.weekdays:
        if not isinstance(trigger, TimeTrigger | SunTrigger):
            raise InvalidSetting("weekdays", list(correction.weekdays), "nothing here: this routine has no weekdays")
        if unknown := [day for day in correction.weekdays if day not in WEEKDAYS]:
            raise InvalidSetting("weekdays", unknown[0], f"some of {', '.join(WEEKDAYS)}")
    if correction.offset_minutes is not None:
        if not isinstance(trigger, SunTrigger):
            raise InvalidSetting("offset_minutes", correction.offset_minutes, "nothing here: the sun sets nothing off")
        if abs(correction.offset_minutes) > _LONGEST_OFFSET:
            wanted = f"minutes from -{_LONGEST_OFFSET} to {_LONGEST_OFFSET}"
            raise InvalidSetting("offset_minutes", correction.offset_minutes, wanted)
    if correction.for_seconds is not None:
        if not isinstance(trigger, HeldTrigger):
            raise InvalidSetting("for_seconds", correction.for_seconds, "nothing here: nothing is held for a time")
        if not 1 <= correction.for_seconds <= _LONGEST_HOLD:
            raise InvalidSetting("for_seconds", correction.for_seconds, f"seconds from 1 to {_LONGEST_HOLD}")
    days = tuple(day for day in WEEKDAYS if day in correction.weekdays)
    return replace(correction, at=at, weekdays=days, entities=_checked_entities(pattern, correction.entities))


def corrected(pattern: Pattern, correction: Correction | None) -> Pattern:
    """The pattern as its people want it; its evidence stays that of what was mined."""
    if correction is None:
        return pattern
    meant = correction.entities
    actions = tuple(replace(each, entity_id=meant.get(each.entity_id, each.entity_id)) for each in pattern.actions)
    return pattern.with_(
        trigger=_corrected_trigger(pattern.trigger, correction, actions),
        actions=actions,
        category=correction.category or pattern.category,
        priority=correction.priority or pattern.priority,
        sentence=correction.sentence or pattern.sentence,
        corrected=True,
    )


def _checked_entities(pattern: Pattern, entities: Mapping[str, str]) -> dict[str, str]:
    known = {action.entity_id for action in pattern.actions}
    if isinstance(pattern.trigger, StateTrigger | HeldTrigger | NumericTrigger):
        known.add(pattern.trigger.entity_id)
    plain: dict[str, str] = {}
    for found, meant in entities.items():
        if found not in known:
            raise InvalidSetting("entities", found, f"entities of the pattern: {', '.join(sorted(known)) or 'none'}")
        entity_id = entity_id_of(meant)
        if entity_id is None or entity_id.partition(".")[0] != found.partition(".")[0]:
            raise InvalidSetting("entities", meant, f"an entity of the same domain as {found}")
        plain[found] = entity_id
    return plain


def _corrected_trigger(trigger: Trigger, correction: Correction, actions: tuple[Action, ...]) -> Trigger:
    match trigger:
        case TimeTrigger():
            return TimeTrigger(correction.at or trigger.at, correction.weekdays or trigger.weekdays)
        # With more days the same routine may be understood as one of the sun, or of two times; a time that was said
        # stands.
        case SunTrigger() if correction.at:
            return TimeTrigger(correction.at, correction.weekdays or trigger.weekdays)
        case DayTypeTrigger() if correction.at:
            found = {day for each in trigger.times for day in each.weekdays}
            return TimeTrigger(correction.at, correction.weekdays or tuple(day for day in WEEKDAYS if day in found))
        case SunTrigger():
            offset = trigger.offset_minutes if correction.offset_minutes is None else correction.offset_minutes
            return replace(trigger, offset_minutes=offset, weekdays=correction.weekdays or trigger.weekdays)
        case HeldTrigger():
            entity_id = correction.entities.get(trigger.entity_id, trigger.entity_id)
            length = trigger.for_seconds if correction.for_seconds is None else correction.for_seconds
            return replace(trigger, entity_id=entity_id, for_seconds=length)
        case StateTrigger() | NumericTrigger():
            return replace(trigger, entity_id=correction.entities.get(trigger.entity_id, trigger.entity_id))
        case TogetherTrigger():
            return replace(trigger, entity_ids=tuple(sorted(action.entity_id for action in actions)))
        case _:
            return trigger
