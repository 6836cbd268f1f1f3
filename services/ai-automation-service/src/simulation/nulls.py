"""Homes without routines: whatever is found in one of these is chance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Literal

import numpy as np

from src.domain.events import MICROSECONDS, EntityInfo, EventLog, Int64Array, Origin
from src.domain.local_time import DAY, day_number, to_local, to_utc
from src.domain.patterns import Kind
from src.simulation.background import Meter, readings
from src.simulation.catalogue import POSITIONS
from src.simulation.home import SimulatedHome
from src.simulation.households import household
from src.simulation.span import Span
from src.simulation.timeline import assemble, timeline

NullKind = Literal["uniform", "rotated", "permuted"]
NULL_KINDS: tuple[NullKind, ...] = ("uniform", "rotated", "permuted")

_DOMAINS = ("light", "light", "switch", "binary_sensor", "media_player", "light", "lock", "sensor", "person", "fan")
_ROOMS = ("Kitchen", "Living room", "Bedroom")
_CLASSES = {"binary_sensor": "door"}
_MEASURES = ("temperature", "°C")
# How long a thing is used, and how often a day, is the same after its days were turned; what waits for the weather
# comes oftener in one month than in the next, which is a change of habit as good as any.
_LEFT_BY_TURNING = {Kind.DURATION, Kind.FREQUENCY, Kind.ANOMALY, Kind.SEASONAL, Kind.THRESHOLD}
BROKEN_BY_TURNING = frozenset(Kind) - _LEFT_BY_TURNING
_STATES = {"lock": ("unlocked", "locked"), "person": ("not_home", "home"), "media_player": ("idle", "playing")}


def _moved(log: EventLog, local: Int64Array) -> EventLog:
    """The log with other wall-clock times, in order again."""
    time = to_utc(local, log.time_zone)
    order = np.argsort(time, kind="stable")
    return replace(log, time=time[order], entity=log.entity[order], state=log.state[order], origin=log.origin[order])


def rotate_days(log: EventLog, rng: np.random.Generator) -> EventLog:
    """Each entity's each local day turned by its own random amount, wrapping inside the day.

    Keeps how much an entity does on each day and the gaps between its events; breaks every tie to the clock and
    between entities.
    """
    local = to_local(log.time, log.time_zone)
    day = day_number(local)
    if len(day) == 0:
        return log
    turn = rng.integers(0, DAY, (len(log.entities), int(day[-1] - day[0]) + 2))
    return _moved(log, day * DAY + (local - day * DAY + turn[log.entity, day - day[0]]) % DAY)


def permute_days(log: EventLog, rng: np.random.Generator) -> EventLog:
    """Each entity's days in a random order of their own.

    Keeps each entity's habits of the clock; breaks every tie to the weekday and, but for the clock, between entities.
    """
    local = to_local(log.time, log.time_zone)
    day = day_number(local)
    if len(day) == 0:
        return log
    first, days = int(day.min()), int(day.max() - day.min()) + 1
    order = np.argsort(rng.random((len(log.entities), days)), axis=1)
    return _moved(log, (first + order[log.entity, day - first]) * DAY + local - day * DAY)


def _uniform_home(seed: int, days: int, entities: int) -> EventLog:
    """Entities that change at times of no meaning, each at a pace of its own, and numbers that wander."""
    rng = np.random.default_rng([seed, 99])
    span = Span.ending(date(2026, 11, 15), days, "Europe/Berlin")
    lines, info = {}, {}
    for number in range(entities):
        domain = _DOMAINS[number % len(_DOMAINS)]
        device_class = _CLASSES.get(domain)
        if domain == "sensor":
            named = EntityInfo(f"sensor.number_{number}", f"Number {number}", _ROOMS[number % len(_ROOMS)], *_MEASURES)
            meter = Meter(named, 20.0, 0.0, float(rng.uniform(0.5, 3)), 1, float(rng.uniform(8, 45)))
            lines[named.entity_id], info[named.entity_id] = readings(meter, span, rng), named
            continue
        entity_id = f"{domain}.thing_{number}"
        changes = 2 * int(rng.poisson(days * rng.lognormal(np.log(1.5), 1.0)))
        time = np.sort(rng.integers(span.start, span.end, changes))
        # Nothing a person switches changes twice within a second.
        time = time[np.diff(time, prepend=span.start - MICROSECONDS) >= MICROSECONDS]
        origin = rng.choice([Origin.USER, Origin.DEVICE, Origin.UNKNOWN], len(time)).astype(np.int8)
        code = (np.arange(len(time)) % 2 == 0).astype(np.int32)
        lines[entity_id] = timeline(time, code, _STATES.get(domain, ("off", "on")), origin)
        info[entity_id] = EntityInfo(entity_id, f"Thing {number}", _ROOMS[number % len(_ROOMS)], device_class)
    return assemble(lines, info, span.time_zone, span.start, span.end, POSITIONS[span.time_zone])


def null_home(seed: int, kind: NullKind = "uniform", *, days: int = 60, entities: int = 40) -> SimulatedHome:
    """A home in which there is nothing to find.

    ``uniform``: changes at random instants. ``rotated``: a household whose days are turned entity by entity, with
    routines of those kinds that turning breaks. ``permuted``: a household without routines whose days are exchanged
    entity by entity; its entities keep their daily shapes, so it asks whether two busy evenings are taken for a
    routine.
    """
    if kind == "uniform":
        return SimulatedHome(_uniform_home(seed, days, entities), ())
    rng = np.random.default_rng([seed, 100])
    if kind == "rotated":
        return SimulatedHome(rotate_days(household(seed, days, entities, kinds=BROKEN_BY_TURNING).log, rng), ())
    return SimulatedHome(permute_days(household(seed, days, entities, routines=0).log, rng), ())
