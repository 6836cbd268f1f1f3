"""People walk through rooms; motion sensors, doors and phones see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from src.domain.events import MICROSECONDS, Float64Array, Int64Array, Origin
from src.simulation.people import Life
from src.simulation.span import DAY_MINUTES, Span
from src.simulation.timeline import Timeline, changes_only, merged, timeline

# Share of an hour's stays by kind of room; rows: night, early, morning, midday, afternoon, evening, late.
_HOURS = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6])
_WEIGHTS: dict[str, tuple[float, ...]] = {
    "bedroom": (6, 4, 1, 1, 1, 1, 3),
    "kitchen": (0.5, 3, 4, 5, 3, 5, 1.5),
    "living": (0.5, 1, 2, 3, 4, 7, 7),
    "bathroom": (2, 4, 2, 1, 1, 1.5, 3),
    "hallway": (1, 1.5, 1.5, 1.5, 1.5, 1.5, 1),
    "office": (0.1, 0.2, 4, 4, 3, 1, 0.3),
    "child": (0.5, 1, 1, 1.5, 3, 2, 0.5),
    "garage": (0, 0.3, 0.5, 0.5, 0.6, 0.5, 0.1),
    "other": (0.1, 0.3, 0.7, 0.7, 0.8, 0.7, 0.3),
}


@dataclass(frozen=True, slots=True)
class Room:
    """A room and, if it has one, its motion sensor.

    Attributes:
        kind: one of those above; how often it is visited at which hour.
        motion: entity id of the sensor, or None.
        hold_seconds: how long the sensor stays on after the last movement.
    """

    area: str
    kind: str = "other"
    motion: str | None = None
    hold_seconds: float = 90


@dataclass(frozen=True)
class Moves:
    """Movements: int64 (n,) instants (µs UTC, any order) and the index of the room of each."""

    time: Int64Array
    room: Int64Array


def wander(life: Life, rooms: Sequence[Room], span: Span, rng: np.random.Generator) -> Moves:
    """Somebody's movements through the rooms while at home and awake, with a few at night."""
    weights = np.array([_WEIGHTS[room.kind] for room in rooms]).T[_HOURS]
    cumulative = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    # Stays and movements are drawn for the whole span, then those of the night and of the trips are dropped.
    stays = np.cumsum(rng.lognormal(np.log(16), 0.8, int(span.minutes / 14)))
    stays = stays[stays < span.minutes]
    hour = (stays % DAY_MINUTES // 60).astype(np.int64)
    room = (rng.random(len(stays))[:, None] > cumulative[hour]).sum(axis=1)
    moves = np.cumsum(rng.exponential(5.0, int(span.minutes / 4)))
    moves = moves[moves < span.minutes]
    moves = np.sort(np.concatenate([moves, stays]))
    moves = moves[life.active[moves.astype(np.int64)]]
    place = np.searchsorted(stays, moves, "right") - 1
    moves, place = moves[place >= 0], place[place >= 0]

    nights = np.flatnonzero(rng.random(span.days) < 0.3) * DAY_MINUTES + 0.0
    nights += rng.uniform(20, 300, len(nights))
    at_home = np.ones(len(nights), np.bool_)
    for start, end in life.trips:
        at_home &= (nights < start) | (nights > end)
    bathrooms = [number for number, room_ in enumerate(rooms) if room_.kind == "bathroom"] or [0]
    visits = nights[at_home]
    return Moves(
        span.utc(np.concatenate([moves, visits])),
        np.concatenate([room[place], np.full(len(visits), bathrooms[0])]).astype(np.int64),
    )


def motion_sensor(moves: Int64Array, hold_seconds: float) -> Timeline:
    """On with the first movement, off a hold time after the last."""
    at = np.sort(moves)
    hold = round(hold_seconds * MICROSECONDS)
    starts = np.flatnonzero(np.concatenate([[True], np.diff(at) > hold])) if len(at) else np.empty(0, np.int64)
    ends = np.concatenate([starts[1:] - 1, [len(at) - 1]]).astype(np.int64) if len(at) else starts
    time = np.concatenate([at[starts], at[ends] + hold])
    code = np.repeat([1, 0], len(starts))
    return timeline(time, code.astype(np.int32), ("off", "on"), Origin.DEVICE)


def door(opened: Int64Array, seconds: Float64Array) -> Timeline:
    """A contact: open, then closed some seconds later."""
    time = np.concatenate([opened, opened + (seconds * MICROSECONDS).astype(np.int64)])
    code = np.repeat([1, 0], len(opened)).astype(np.int32)
    return changes_only(timeline(time, code, ("off", "on"), Origin.DEVICE), "off")


def presence(life: Life, span: Span, rng: np.random.Generator) -> Timeline:
    """``person.*``: the phone leaves and joins the network with a lag of its own."""
    count = len(life.trips)
    left = span.utc(life.trips[:, 0]) + (rng.uniform(60, 300, count) * MICROSECONDS).astype(np.int64)
    back = span.utc(life.trips[:, 1]) + (rng.uniform(-60, 120, count) * MICROSECONDS).astype(np.int64)
    back = np.maximum(back, left + MICROSECONDS)
    away = timeline(left, np.zeros(count, np.int32), ("not_home",), Origin.DEVICE)
    home = timeline(back, np.zeros(count, np.int32), ("home",), Origin.DEVICE)
    return changes_only(merged([home, away]), "home")
