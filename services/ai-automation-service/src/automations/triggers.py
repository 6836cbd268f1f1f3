"""What sets an automation off, in Home Assistant's words, and what has to be asked because of it.

See https://www.home-assistant.io/docs/automation/trigger/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from src.automations.conditions import HOME, nobody_home, on_weekdays, quoted, template
from src.automations.draft import CannotBeWritten
from src.automations.services import one_or_all
from src.automations.things import HOME_ZONE, Things
from src.automations.wording import span
from src.domain.entity_ids import domain_of
from src.domain.events import NO_STATE
from src.domain.patterns import Json
from src.domain.triggers import (
    WEEKDAYS,
    DayTypeTrigger,
    HeldTrigger,
    NumericTrigger,
    PresenceTrigger,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
)
from src.home_assistant.automation_values import clock

# Their state is the instant of the last time: each new one is the same thing again.
MOMENTS = frozenset(("button", "event", "input_button", "scene"))
# Domains that are either on or off.
_SWITCHES = frozenset(("binary_sensor", "fan", "humidifier", "input_boolean", "light", "remote", "siren", "switch"))
_OPPOSITE = {"on": "off", "off": "on"}

_WAITS_FROM = 120.0  # s; whoever takes less time walked to the switch
_AT_ONCE = 5.0  # s
_BLIP = 60  # s; a phone that loses the network on the sofa has not gone out
# Minutes after sunset (before sunrise) from which on another day may have begun by then.
_LATE, _EARLY = 60, -120


@dataclass(frozen=True, slots=True)
class Start:
    """How an automation starts.

    Attributes:
        conditions: that belong to the triggers.
        wait: s to wait before the first action.
        stays: s that the triggers themselves wait for what set them off to stay so.
    """

    triggers: tuple[Json, ...]
    conditions: tuple[Json, ...] = ()
    wait: int = 0
    stays: int = 0


def by_time(trigger: TimeTrigger) -> Start:
    """On the wall clock of the home."""
    return Start(({"trigger": "time", "at": _minute(trigger.at)},), tuple(on_weekdays(trigger.weekdays)))


def by_day_type(trigger: DayTypeTrigger) -> Start:
    """Each time with an id of its own, which counts on its own weekdays only."""
    if len(trigger.times) == 1:
        return by_time(trigger.times[0])
    names = [_days_name(time.weekdays) for time in trigger.times]
    triggers = [
        {"trigger": "time", "at": _minute(time.at), "id": name} for time, name in zip(trigger.times, names, strict=True)
    ]
    either = [
        {"condition": "and", "conditions": [{"condition": "trigger", "id": name}, *on_weekdays(time.weekdays)]}
        for time, name in zip(trigger.times, names, strict=True)
    ]
    return Start(tuple(triggers), ({"condition": "or", "conditions": either},))


def by_sun(trigger: SunTrigger) -> Start:
    """So long from sunrise or sunset. The weekdays are those of the sun's event, even if midnight lies between."""
    minutes = trigger.offset_minutes
    start: Json = {"trigger": "sun", "event": trigger.event}
    if minutes:
        start["offset"] = span(60 * minutes)
    days = on_weekdays(trigger.weekdays)
    late = minutes >= _LATE if trigger.event == "sunset" else minutes <= _EARLY
    if days and late:
        numbers = [WEEKDAYS.index(day) for day in days[0]["weekday"]]
        days = [template(f"(now() - timedelta(minutes={minutes})).weekday() in {numbers}")]
    return Start((start,), tuple(days))


def by_state(trigger: StateTrigger) -> Start:
    """An entity takes a state, and had another one: that it is back after it was out of reach is no such thing."""
    return Start(tuple(taking([trigger.entity_id], trigger.to)), wait=waiting(trigger.delay_seconds))


def taking(entity_ids: Sequence[str], to: str) -> list[Json]:
    """One of several entities takes a state; one trigger for each sort of entity."""
    sorts: dict[str, list[str]] = {}
    for entity_id in entity_ids:
        domain = domain_of(entity_id)
        sort = "moment" if domain in MOMENTS else "switch" if domain in _SWITCHES and to in _OPPOSITE else "other"
        sorts.setdefault(sort, []).append(entity_id)
    triggers: list[Json] = []
    for sort, ids in sorts.items():
        trigger: Json = {"trigger": "state", "entity_id": one_or_all(ids)}
        if sort == "moment":  # its first time ever comes from "unknown"
            trigger |= {"not_from": NO_STATE[0], "not_to": list(NO_STATE)}
        elif sort == "switch":
            trigger |= {"from": _OPPOSITE[to], "to": to}
        else:
            trigger |= {"not_from": list(NO_STATE), "to": to}
        triggers.append(trigger)
    return triggers


def by_length(trigger: HeldTrigger) -> Start:
    """An entity has been in a state for so long; one that was out of reach meanwhile is counted from its return."""
    held: Json = {"trigger": "state", "entity_id": trigger.entity_id, "to": trigger.to}
    return Start(({**held, "for": span(_round(trigger.for_seconds))},))


def by_level(trigger: NumericTrigger) -> Start:
    """A number crosses a level."""
    sides = {"above": trigger.above, "below": trigger.below}
    levels = {side: _plain_number(level) for side, level in sides.items() if level is not None and isfinite(level)}
    if not levels:
        raise CannotBeWritten(f"the level of {trigger.entity_id} is no number")
    crossing: Json = {"trigger": "numeric_state", "entity_id": trigger.entity_id, **levels}
    return Start((crossing,), wait=waiting(trigger.delay_seconds))


def by_presence(trigger: PresenceTrigger, things: Things) -> Start:
    """Somebody comes or goes. Who goes must have been gone for a minute; what is done later waits that long."""
    people = list(trigger.entity_ids)
    comes = trigger.event in ("arrives", "first_arrives")
    stays = waiting(trigger.delay_seconds) if comes else max(waiting(trigger.delay_seconds), _BLIP)
    lasting: Json = {"for": span(stays)} if stays else {}
    counted = len(people) > 1 and trigger.event in ("first_arrives", "last_leaves")
    if not people:
        raise CannotBeWritten("it says of nobody that they come or go")
    if counted and things.everybody(people):
        crossing: Json = {"above": 0} if comes else {"below": 1}
        return Start(({"trigger": "numeric_state", "entity_id": HOME_ZONE, **crossing, **lasting},), stays=stays)
    moved: Json = {"not_from": list(NO_STATE), "to": HOME} if comes else {"from": HOME, "not_to": list(NO_STATE)}
    start: Json = {"trigger": "state", "entity_id": one_or_all(people), **moved}
    if not counted:
        return Start(({**start, **lasting},), stays=stays)
    if not comes:
        return Start(({**start, **lasting},), (nobody_home(people, things),), stays=stays)
    # Who comes first is alone just then, so it is asked at once and waited for afterwards.
    states = ", ".join(f"states({quoted(entity_id)})" for entity_id in people)
    return Start((start,), (template(f"[{states}] | select('eq', '{HOME}') | list | count == 1"),), stays)


def waiting(delay_seconds: float) -> int:
    """s to wait where people took that long: whole minutes, or nothing where it was but a moment."""
    return 0 if delay_seconds < _WAITS_FROM else 60 * round(delay_seconds / 60)


def pausing(after_seconds: float) -> int:
    """s between two steps; nothing where they come at once."""
    return 0 if after_seconds < _AT_ONCE else _round(after_seconds)


def _round(seconds: float) -> int:
    """A length of time, s, as people would set it: to 5 s, half a minute, a minute or five minutes."""
    step = 5 if seconds < 60 else 30 if seconds < 600 else 60 if seconds < 7_200 else 300
    return max(step, step * round(seconds / step))


def _minute(at: str) -> str:
    """The whole minute of a time: rounding up could lead into the next day."""
    known = clock(at)
    if known is None:
        raise CannotBeWritten(f"{at} is no time of day")
    return f"{known[:5]}:00"


def _days_name(weekdays: Sequence[str]) -> str:
    chosen = tuple(day for day in WEEKDAYS if day in weekdays)
    return {WEEKDAYS[:5]: "weekdays", WEEKDAYS[5:]: "weekend"}.get(chosen, "_".join(chosen))


def _plain_number(level: float) -> float | int:
    return int(level) if level.is_integer() else level
