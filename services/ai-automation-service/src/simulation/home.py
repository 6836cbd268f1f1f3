"""A simulated home: an event log and the truth about what was planted in it."""

from __future__ import annotations

from dataclasses import dataclass

from src.domain.events import EventLog
from src.domain.patterns import Kind


@dataclass(frozen=True, slots=True)
class Planted:
    """The truth about one planted routine.

    Attributes:
        at_minutes: wall-clock time, minutes after midnight (time_of_day), else None.
        weekdays: days it may happen on, of WEEKDAYS.
        trigger_entity, trigger_to: what sets it off (co_occurrence), else None.
        entity_id, to: what it does.
        probability: chance that an opportunity is taken.
        spread_minutes: standard deviation of the time or the delay, minutes.
        delay_seconds: mean delay from trigger to action (co_occurrence), s, else None.
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


@dataclass(frozen=True)
class SimulatedHome:
    """A log and what was planted in it.

    Attributes:
        planted: the routines a miner should find.
        natural: regularities of sensors that people cause by living there (a door opens, then the hallway sees
            motion). They are real, but nobody can switch a sensor: finding one is neither right nor wrong.
        echoes: ``(source, follower)`` entity ids; the follower repeats the source at once, as a group does its members.
    """

    log: EventLog
    planted: tuple[Planted, ...]
    natural: tuple[Planted, ...] = ()
    echoes: tuple[tuple[str, str], ...] = ()
