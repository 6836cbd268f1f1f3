"""What a simulated house is made of: people, rooms, devices, and what its people do with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from src.domain.events import EntityInfo
from src.simulation.background import Meter
from src.simulation.catalogue import BERLIN
from src.simulation.daylight import Position
from src.simulation.devices import Device
from src.simulation.home import Planted
from src.simulation.movement import Room
from src.simulation.people import Interval, Person
from src.simulation.span import Span


@dataclass(frozen=True, slots=True)
class TimedAutomation:
    """An automation that the home has already: a light by the clock."""

    automation: EntityInfo
    light: EntityInfo
    on_minutes: float
    off_minutes: float


@dataclass(frozen=True, slots=True)
class MotionAutomation:
    """An automation that the home has already: a light while there is motion."""

    automation: EntityInfo
    light: EntityInfo
    sensor: str
    off_after_seconds: float = 120


@dataclass(frozen=True, slots=True)
class Echo:
    """An entity that repeats another at once.

    Attributes:
        sources: the entities it follows; it is on while any of them is on.
        on_states: states of the sources that count as on.
        lag_seconds: how late it is at most.
        watts: given, it is a power meter that reads this much while on.
        same_context: it carries its source's origin, as templates and groups do.
    """

    info: EntityInfo
    sources: tuple[str, ...]
    on_states: tuple[str, ...] = ("on",)
    lag_seconds: float = 0.05
    watts: float | None = None
    same_context: bool = True


@dataclass(frozen=True)
class House:
    """Everything a simulated home is made of.

    Attributes:
        rooms: in the order people pass them; the first is where the front door leads to.
        entrance: the front door's contact, None when it has none.
        doors: other contacts, with openings per day.
        devices: a device may only be triggered by people, doors or devices before it.
        heartbeats: diagnostic entities, with minutes between reports.
        trackers: ``(device_tracker, person)``; the phone that a person is located by.
        position: degrees north and east.
        guests: when somebody stays with them for an evening or some days, moments of the span.
        gatherings: mean number a day of moments at which people use several things of a room, in no order.
        given_up: routines that people dropped, and when (moments of the span): no part of the truth.
        absences: holidays, moments of the span.
        outages: entity id (``""`` for the whole home) and the moments it reports nothing between.
    """

    span: Span
    seed: int
    people: tuple[tuple[EntityInfo, Person], ...]
    rooms: tuple[Room, ...]
    entrance: EntityInfo | None
    doors: tuple[tuple[EntityInfo, float], ...] = ()
    devices: tuple[Device, ...] = ()
    routines: tuple[Planted, ...] = ()
    trackers: tuple[tuple[EntityInfo, str], ...] = ()
    timed: tuple[TimedAutomation, ...] = ()
    by_motion: tuple[MotionAutomation, ...] = ()
    echoes: tuple[Echo, ...] = ()
    meters: tuple[Meter, ...] = ()
    batteries: tuple[EntityInfo, ...] = ()
    heartbeats: tuple[tuple[EntityInfo, float], ...] = ()
    flapping: tuple[tuple[EntityInfo, float], ...] = ()
    updates: tuple[EntityInfo, ...] = ()
    motion_info: Mapping[str, EntityInfo] = field(default_factory=dict)
    sun: bool = True
    position: Position = BERLIN
    guests: tuple[Interval, ...] = ()
    restarts: int = 3
    gatherings: float = 0.0
    given_up: tuple[tuple[Planted, float], ...] = ()
    absences: tuple[Interval, ...] = ()
    outages: tuple[tuple[str, float, float], ...] = ()
