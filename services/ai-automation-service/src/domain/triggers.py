"""What sets a routine off: one frozen class for each type of trigger, and its JSON form.

The ``type`` of the JSON tells them apart. ``delay_seconds`` is always the median delay from trigger to action and
``within_seconds`` the delay inside which the action counts as following.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]  # a JSON object; its values are whatever JSON holds

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

SUN_EVENTS = ("sunrise", "sunset")
PRESENCE_EVENTS = ("arrives", "leaves", "first_arrives", "last_leaves")


@dataclass(frozen=True, slots=True)
class TimeTrigger:
    """A wall-clock time on some days of the week.

    Attributes:
        at: ``HH:MM:SS``.
        weekdays: of :data:`WEEKDAYS`, in that order.
    """

    at: str
    weekdays: tuple[str, ...]

    def to_json(self) -> Json:
        return {"type": "time", "at": self.at, "weekdays": list(self.weekdays)}


@dataclass(frozen=True, slots=True)
class DayTypeTrigger:
    """One routine that happens at another time on another sort of day.

    Attributes:
        times: one for each sort of day, in order of their first weekday; their weekdays do not overlap.
    """

    times: tuple[TimeTrigger, ...]

    def to_json(self) -> Json:
        return {"type": "day_type", "times": [{"at": t.at, "weekdays": list(t.weekdays)} for t in self.times]}


@dataclass(frozen=True, slots=True)
class SunTrigger:
    """So long before or after sunrise or sunset at the home's position.

    Attributes:
        event: of :data:`SUN_EVENTS`.
        offset_minutes: positive after the event, negative before it.
        weekdays: of :data:`WEEKDAYS`, in that order.
    """

    event: str
    offset_minutes: int
    weekdays: tuple[str, ...]

    def to_json(self) -> Json:
        return {
            "type": "sun",
            "event": self.event,
            "offset_minutes": self.offset_minutes,
            "weekdays": list(self.weekdays),
        }


@dataclass(frozen=True, slots=True)
class StateTrigger:
    """An entity takes a state; the action follows."""

    entity_id: str
    to: str
    delay_seconds: float
    within_seconds: float

    def to_json(self) -> Json:
        return {
            "type": "state",
            "entity_id": self.entity_id,
            "to": self.to,
            "delay_seconds": self.delay_seconds,
            "within_seconds": self.within_seconds,
        }


@dataclass(frozen=True, slots=True)
class HeldTrigger:
    """An entity has been in a state for so long.

    Attributes:
        for_seconds: how long, s.
    """

    entity_id: str
    to: str
    for_seconds: float

    def to_json(self) -> Json:
        return {"type": "held", "entity_id": self.entity_id, "to": self.to, "for_seconds": self.for_seconds}


@dataclass(frozen=True, slots=True)
class NumericTrigger:
    """A measurement crosses a level; the action follows.

    Attributes:
        above: the level, when it is crossed upwards, in the entity's unit; None when it is crossed downwards.
        below: the level, when it is crossed downwards; exactly one of the two is given.
    """

    entity_id: str
    above: float | None
    below: float | None
    delay_seconds: float
    within_seconds: float

    def to_json(self) -> Json:
        return {
            "type": "numeric",
            "entity_id": self.entity_id,
            "above": self.above,
            "below": self.below,
            "delay_seconds": self.delay_seconds,
            "within_seconds": self.within_seconds,
        }


@dataclass(frozen=True, slots=True)
class PresenceTrigger:
    """Somebody comes or goes; the action follows.

    Attributes:
        event: of :data:`PRESENCE_EVENTS`. ``first_arrives`` and ``last_leaves`` are of all ``entity_ids`` together,
            ``arrives`` and ``leaves`` of the only one.
        entity_ids: ``person`` or ``device_tracker`` entities, sorted.
    """

    event: str
    entity_ids: tuple[str, ...]
    delay_seconds: float
    within_seconds: float

    def to_json(self) -> Json:
        return {
            "type": "presence",
            "event": self.event,
            "entity_ids": list(self.entity_ids),
            "delay_seconds": self.delay_seconds,
            "within_seconds": self.within_seconds,
        }


@dataclass(frozen=True, slots=True)
class TogetherTrigger:
    """Any one of several things is set; the others are set with it, in no particular order.

    Attributes:
        entity_ids: sorted; the same as those of the actions.
        within_seconds: from the first to the last of them, s.
    """

    entity_ids: tuple[str, ...]
    within_seconds: float

    def to_json(self) -> Json:
        return {"type": "together", "entity_ids": list(self.entity_ids), "within_seconds": self.within_seconds}


@dataclass(frozen=True, slots=True)
class RateTrigger:
    """A thing happens more or less often than it used to. It sets nothing off; it is told.

    Attributes:
        per_week_before, per_week_after: how often it happened before and since the change, a week.
        since: local date of the change, ``YYYY-MM-DD``.
    """

    entity_id: str
    to: str
    per_week_before: float
    per_week_after: float
    since: str

    def to_json(self) -> Json:
        return {
            "type": "rate",
            "entity_id": self.entity_id,
            "to": self.to,
            "per_week_before": self.per_week_before,
            "per_week_after": self.per_week_after,
            "since": self.since,
        }


@dataclass(frozen=True, slots=True)
class MissedTrigger:
    """A routine of the clock did not happen although its time is over.

    Attributes:
        at: ``HH:MM:SS`` by which it has always happened.
        weekdays: of :data:`WEEKDAYS`, in that order.
        since: local date of the first miss, ``YYYY-MM-DD``.
    """

    entity_id: str
    to: str
    at: str
    weekdays: tuple[str, ...]
    since: str

    def to_json(self) -> Json:
        return {
            "type": "missed",
            "entity_id": self.entity_id,
            "to": self.to,
            "at": self.at,
            "weekdays": list(self.weekdays),
            "since": self.since,
        }


Trigger = (
    TimeTrigger
    | DayTypeTrigger
    | SunTrigger
    | StateTrigger
    | HeldTrigger
    | NumericTrigger
    | PresenceTrigger
    | TogetherTrigger
    | RateTrigger
    | MissedTrigger
)


def entities_of(trigger: Trigger) -> frozenset[str]:
    """The entities that a trigger looks at; none for the clock and the sun."""
    if isinstance(trigger, StateTrigger | HeldTrigger | NumericTrigger | RateTrigger | MissedTrigger):
        return frozenset({trigger.entity_id})
    if isinstance(trigger, PresenceTrigger | TogetherTrigger):
        return frozenset(trigger.entity_ids)
    return frozenset()


def _level(value: object) -> float | None:
    return None if value is None else float(str(value))


_READERS: dict[str, Callable[[Json], Trigger]] = {
    "time": lambda v: TimeTrigger(v["at"], tuple(v["weekdays"])),
    "day_type": lambda v: DayTypeTrigger(tuple(TimeTrigger(t["at"], tuple(t["weekdays"])) for t in v["times"])),
    "sun": lambda v: SunTrigger(v["event"], int(v["offset_minutes"]), tuple(v["weekdays"])),
    "state": lambda v: StateTrigger(v["entity_id"], v["to"], float(v["delay_seconds"]), float(v["within_seconds"])),
    "held": lambda v: HeldTrigger(v["entity_id"], v["to"], float(v["for_seconds"])),
    "numeric": lambda v: NumericTrigger(
        v["entity_id"], _level(v["above"]), _level(v["below"]), float(v["delay_seconds"]), float(v["within_seconds"])
    ),
    "presence": lambda v: PresenceTrigger(
        v["event"], tuple(v["entity_ids"]), float(v["delay_seconds"]), float(v["within_seconds"])
    ),
    "together": lambda v: TogetherTrigger(tuple(v["entity_ids"]), float(v["within_seconds"])),
    "rate": lambda v: RateTrigger(
        v["entity_id"], v["to"], float(v["per_week_before"]), float(v["per_week_after"]), v["since"]
    ),
    "missed": lambda v: MissedTrigger(v["entity_id"], v["to"], v["at"], tuple(v["weekdays"]), v["since"]),
}


def trigger_from_json(value: Json) -> Trigger:
    """The inverse of ``to_json`` of the triggers. Raises KeyError on a missing key, ValueError on an unknown type."""
    reader = _READERS.get(value["type"])
    if reader is None:
        raise ValueError(f"unknown trigger type {value['type']!r}")
    return reader(value)
