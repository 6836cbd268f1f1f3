"""What sets a routine off, as it crosses HTTP: one model for each type of trigger, told apart by ``type``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, WithJsonSchema

from src.domain.triggers import PRESENCE_EVENTS, SUN_EVENTS, WEEKDAYS

# Plain strings with what is known in their schema: a pattern that is stored already is never refused.
_Weekday = Annotated[str, WithJsonSchema({"type": "string", "enum": list(WEEKDAYS)})]
_SunEvent = Annotated[str, WithJsonSchema({"type": "string", "enum": list(SUN_EVENTS)})]
_PresenceEvent = Annotated[str, WithJsonSchema({"type": "string", "enum": list(PRESENCE_EVENTS)})]

_DELAY = "Median delay to the action, s."
_WITHIN = "The delay inside which the action counts as following, s."
_WEEKDAYS = "Days of the week it holds on."


class TimeOut(BaseModel):
    """A time on some days of the week."""

    at: str = Field(description="Time on the home's clock, `HH:MM:SS`.")
    weekdays: list[_Weekday] = Field(description=_WEEKDAYS)


class TimeTriggerOut(TimeOut):
    """A wall-clock time on some days of the week."""

    type: Literal["time"]


class DayTypeTriggerOut(BaseModel):
    """The same routine at another time on another sort of day."""

    type: Literal["day_type"]
    times: list[TimeOut] = Field(description="One for each sort of day; no weekday is in two of them.")


class SunTriggerOut(BaseModel):
    """So long before or after sunrise or sunset."""

    type: Literal["sun"]
    event: _SunEvent
    offset_minutes: int = Field(description="Positive after the event, negative before it.")
    weekdays: list[_Weekday] = Field(description=_WEEKDAYS)


class StateTriggerOut(BaseModel):
    """An entity takes a state; the action follows."""

    type: Literal["state"]
    entity_id: str = Field(description="The entity that begins it.")
    to: str = Field(description="The state it takes.")
    delay_seconds: float = Field(description=_DELAY)
    within_seconds: float = Field(description=_WITHIN)


class HeldTriggerOut(BaseModel):
    """An entity has been in a state for so long."""

    type: Literal["held"]
    entity_id: str = Field(description="The entity that is in the state.")
    to: str = Field(description="The state.")
    for_seconds: float = Field(description="How long, s.")


class NumericTriggerOut(BaseModel):
    """A measurement crosses a level; the action follows. Either `above` or `below` is a number."""

    type: Literal["numeric"]
    entity_id: str = Field(description="What measures.")
    above: float | None = Field(description="The level, in the entity's unit, when it is crossed upwards.")
    below: float | None = Field(description="The level, in the entity's unit, when it is crossed downwards.")
    delay_seconds: float = Field(description=_DELAY)
    within_seconds: float = Field(description=_WITHIN)


class PresenceTriggerOut(BaseModel):
    """Somebody comes or goes; the action follows."""

    type: Literal["presence"]
    event: _PresenceEvent = Field(description="`first_arrives` and `last_leaves` are of all the people together.")
    entity_ids: list[str] = Field(description="The people.")
    delay_seconds: float = Field(description=_DELAY)
    within_seconds: float = Field(description=_WITHIN)


class TogetherTriggerOut(BaseModel):
    """Several things are set with one another, in no particular order."""

    type: Literal["together"]
    entity_ids: list[str] = Field(description="The things.")
    within_seconds: float = Field(description="From the first to the last of them, s.")


class RateTriggerOut(BaseModel):
    """A thing happens more or less often than it used to; it sets nothing off."""

    type: Literal["rate"]
    entity_id: str = Field(description="The entity whose use has changed.")
    to: str = Field(description="The state it takes.")
    per_week_before: float = Field(description="How often it happened before, a week.")
    per_week_after: float = Field(description="How often it has happened since, a week.")
    since: str = Field(description="Local date of the change, `YYYY-MM-DD`.")


class MissedTriggerOut(TimeOut):
    """A routine of the clock did not happen although its time is over."""

    type: Literal["missed"]
    entity_id: str = Field(description="The entity that did nothing.")
    to: str = Field(description="The state it should have taken.")
    at: str = Field(description="Time on the home's clock by which it has always happened, `HH:MM:SS`.")
    since: str = Field(description="Local date of the first miss, `YYYY-MM-DD`.")


TriggerOut = Annotated[
    TimeTriggerOut
    | DayTypeTriggerOut
    | SunTriggerOut
    | StateTriggerOut
    | HeldTriggerOut
    | NumericTriggerOut
    | PresenceTriggerOut
    | TogetherTriggerOut
    | RateTriggerOut
    | MissedTriggerOut,
    Field(discriminator="type"),
]
