"""A simulated home: an event log and the truth about what was planted in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from src.domain.events import EventLog
from src.domain.patterns import Json, Kind
from src.simulation.span import Span

Held = Literal["dark", "daylight", "somebody_home", "workdays"]


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold for a routine to happen.

    Attributes:
        entity_ids: of ``person.*``; whose presence ``somebody_home`` is about.
        weekdays: of WEEKDAYS; what ``workdays`` are.
    """

    holds: Held
    entity_ids: tuple[str, ...] = ()
    weekdays: tuple[str, ...] = ()

    def to_json(self) -> Json:
        """As a pattern says it."""
        if self.holds == "workdays":
            return {"type": "time", "weekdays": list(self.weekdays)}
        if self.holds == "somebody_home":
            return {"type": "presence", "is": self.holds, "entity_ids": list(self.entity_ids)}
        return {"type": "sun", "is": "below_horizon" if self.holds == "dark" else "above_horizon"}


@dataclass(frozen=True, slots=True)
class Step:
    """A thing of a sequence or a scene.

    Attributes:
        after_seconds: mean time since the step before it, s; 0 in a scene.
    """

    entity_id: str
    to: str
    after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Planted:
    """The truth about one planted routine.

    Which of the optional attributes are given depends on the kind; the others are None or empty.

    Attributes:
        entity_id, to: what it does; of a sequence the last step, of a scene the first of its things.
        weekdays: days it may happen on, of WEEKDAYS; of a day_type those of ``at_minutes``.
        probability: chance that an opportunity is taken; of a sequence that of each step.
        spread_minutes: standard deviation of the time, the delay or the duration, minutes; of a scene, from its first
            thing to its last at most.
        at_minutes: wall-clock time, minutes after midnight (time_of_day, day_type, seasonal, a missed routine).
        trigger_entity, trigger_to: what sets it off (co_occurrence, sequence, presence of one person).
        delay_seconds: mean delay from trigger to action, s (co_occurrence, presence, threshold).
        other_minutes: the wall-clock time on the other days of the week (day_type).
        sun_event, offset_minutes: ``sunrise`` or ``sunset``, and minutes after it (solar).
        presence_event, people: of ``PRESENCE_EVENTS``, and whose (presence).
        level, rising: what the trigger entity crosses and in which direction (threshold).
        steps: what happens, in order, the trigger first (sequence); the things, in no order (scene).
        for_seconds: mean duration (duration); the longest that is normal (anomaly of a thing left open), s.
        since_minutes: moment of the span from which on it holds (seasonal), another rate holds (frequency), or the
            anomaly is.
        factor: rate since then over the rate before (frequency).
        per_day: how often it is done, a day (scene).
        conditions: what must hold besides; nothing happens when one does not.
    """

    kind: Kind
    entity_id: str
    to: str
    weekdays: tuple[str, ...]
    probability: float
    spread_minutes: float
    at_minutes: float | None = None
    trigger_entity: str | None = None
    trigger_to: str | None = None
    delay_seconds: float | None = None
    other_minutes: float | None = None
    sun_event: str | None = None
    offset_minutes: float | None = None
    presence_event: str | None = None
    people: tuple[str, ...] = ()
    level: float | None = None
    rising: bool | None = None
    steps: tuple[Step, ...] = ()
    for_seconds: float | None = None
    since_minutes: float | None = None
    factor: float | None = None
    per_day: float | None = None
    conditions: tuple[Condition, ...] = ()

    @property
    def things(self) -> tuple[tuple[str, str], ...]:
        """All that it does, ``(entity_id, to)``: the later steps of a sequence, all things of a scene."""
        if self.kind is Kind.SCENE:
            return tuple((step.entity_id, step.to) for step in self.steps)
        if self.kind is Kind.SEQUENCE:
            return tuple((step.entity_id, step.to) for step in self.steps[1:])
        return ((self.entity_id, self.to),)


@dataclass(frozen=True)
class SimulatedHome:
    """A log and what was planted in it.

    Attributes:
        planted: the routines a miner should find.
        natural: regularities of sensors that people cause by living there (a door opens, then the hallway sees
            motion). They are real, but nobody can switch a sensor: finding one is neither right nor wrong.
        echoes: ``(source, follower)`` entity ids; the follower repeats the source at once, as a group does its members.
        span: the days it was lived in; ``since_minutes`` count from their beginning.
        given_up: routines that people dropped, and the instant of it, µs UTC.
        away: when nobody was there (holidays), µs UTC.
    """

    log: EventLog
    planted: tuple[Planted, ...]
    natural: tuple[Planted, ...] = ()
    echoes: tuple[tuple[str, str], ...] = ()
    span: Span | None = None
    given_up: tuple[tuple[Planted, int], ...] = ()
    away: tuple[tuple[int, int], ...] = ()
