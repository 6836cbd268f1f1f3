"""Devices that people switch: by routine, and between routines at no fixed time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, EntityInfo, Int64Array, Origin
from src.domain.patterns import Kind
from src.simulation.home import Planted
from src.simulation.moments import Surroundings, left_open, moments
from src.simulation.span import DAY_MINUTES, MINUTE
from src.simulation.timeline import Timeline, changes_only, merged, timeline

# Hours of a day at which people use a thing: share, mean hour, standard deviation; the rest is spread over the day.
SHAPES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "evening": ((0.55, 19.6, 2.3), (0.15, 7.5, 1.8)),
    "morning": ((0.45, 8.0, 2.2), (0.25, 18.5, 3.0)),
    "day": ((0.6, 13.5, 3.5),),
    "flat": (),
}
_FOLLOWING = (Kind.CO_OCCURRENCE, Kind.PRESENCE, Kind.THRESHOLD, Kind.SEQUENCE, Kind.SCENE)
# A lamp that a routine turns on is turned off by no routine of its own, so its counterpart is looked for this far.
_COUNTERPART = 8 * 60 * MINUTE


@dataclass(frozen=True, slots=True)
class Device:
    """Something with an on and an off state.

    Attributes:
        on, off: the two states; the device starts in ``off``.
        uses: mean number of uses a day besides the routines.
        shape: of SHAPES.
        minutes: shortest and longest use; every length between is equally likely.
        wall: share of uses at the device itself (origin DEVICE) instead of by app or voice (origin USER).
        passing: the states that are passed through on the way to ``on`` and to ``off`` (a cover: opening, closing).
        travel_seconds: how long passing takes.
        leaning: a loose habit that is no routine: mean minute of the day and standard deviation, minutes.
    """

    info: EntityInfo
    on: str = "on"
    off: str = "off"
    uses: float = 1.0
    shape: str = "evening"
    minutes: tuple[float, float] = (10, 300)
    wall: float = 0.6
    passing: tuple[str, str] | None = None
    travel_seconds: float = 18.0
    leaning: tuple[float, float] | None = None


def _hours(shape: str, count: int, rng: np.random.Generator) -> Int64Array:
    """Minutes after midnight, drawn from a shape."""
    minutes = rng.uniform(0, DAY_MINUTES, count)
    pick = rng.random(count)
    low = 0.0
    for share, mean, spread in SHAPES[shape]:
        chosen = (pick >= low) & (pick < low + share)
        minutes[chosen] = rng.normal(mean, spread, int(chosen.sum())) * 60
        low += share
    return np.clip(minutes, 0, DAY_MINUTES - 1).astype(np.int64)


_UNEVEN, _EVEN = 2.0, 6.0  # shapes of the gamma distribution by which days differ; of mean 1


def _uses(
    device: Device, routines: Sequence[Planted], around: Surroundings, rng: np.random.Generator
) -> tuple[Int64Array, Int64Array]:
    """Starts and ends (µs UTC) of the uses that belong to no routine, and of those whose length is one."""
    span = around.span
    # Some days see many uses and some none, and free days see more: counts are broader than Poisson's.
    often = around.busier.copy()
    for routine in routines:
        if routine.kind is Kind.FREQUENCY:
            assert routine.since_minutes is not None
            assert routine.factor is not None
            often[np.arange(span.days) * DAY_MINUTES >= routine.since_minutes] *= routine.factor
    # A habit whose change is planted is a habit: used about as often on each day, or nobody could see the change.
    even = _EVEN if any(routine.kind is Kind.FREQUENCY for routine in routines) else _UNEVEN
    busy = rng.gamma(even, 1 / even, span.days) * np.where(span.weekdays >= 5, 1.4, 1.0) * often
    count = rng.poisson(device.uses * often.sum() * 1.35)
    days = rng.choice(span.days, count, p=busy / busy.sum())
    moment = days * DAY_MINUTES + _hours(device.shape, count, rng)
    moment = np.sort(moment[around.active[moment]])
    start = span.utc(moment + rng.random(len(moment)))
    start = np.concatenate([_gathered(start, device, around, rng), _leaning(device, around, rng)])
    usual = next((routine for routine in routines if routine.kind is Kind.DURATION), None)
    if usual is not None:
        return _of_usual_length(np.sort(start), device, usual, rng)
    end = start + (rng.uniform(*device.minutes, len(start)) * MINUTE).astype(np.int64)
    end = _until_departure(start, end, around, rng)
    for routine in routines:
        if routine.kind is Kind.ANOMALY and routine.at_minutes is None:
            begin, until = left_open(routine, around, rng)
            rest = (end < begin) | (start > until)
            start, end = np.append(start[rest], begin), np.append(end[rest], until)
    return start, end


def _of_usual_length(
    start: Int64Array, device: Device, usual: Planted, rng: np.random.Generator
) -> tuple[Int64Array, Int64Array]:
    """Uses apart from each other that mostly last about as long as a routine says."""
    assert usual.for_seconds is not None
    typical = usual.for_seconds * MICROSECONDS
    apart: list[int] = []
    for at in start.tolist():
        if not apart or at - apart[-1] > 2.6 * typical:
            apart.append(at)
    start = np.array(apart, np.int64)
    length = np.maximum(rng.normal(typical, usual.spread_minutes * MINUTE, len(start)), typical / 3)
    other = rng.uniform(*device.minutes, len(start)) * MINUTE
    return start, start + np.where(rng.random(len(start)) < usual.probability, length, other).astype(np.int64)


def _gathered(start: Int64Array, device: Device, around: Surroundings, rng: np.random.Generator) -> Int64Array:
    """Some uses move to when people gather in the room: what stands there is then used together, in no order."""
    moments = around.gatherings.get(device.info.area or "")
    if moments is None or len(moments) == 0 or len(start) == 0:
        return start
    near = moments[np.minimum(np.searchsorted(moments, start), len(moments) - 1)]
    joins = (rng.random(len(start)) < 0.6) & (np.abs(near - start) < 600 * MINUTE)
    return np.where(joins, near + (rng.uniform(0, 15, len(start)) * MINUTE).astype(np.int64), start)


def _leaning(device: Device, around: Surroundings, rng: np.random.Generator) -> Int64Array:
    """One use on most days at about the same hour, much too loosely to be set off by a clock."""
    if device.leaning is None:
        return np.empty(0, np.int64)
    days = np.flatnonzero(rng.random(around.span.days) < 0.75).astype(np.float64)
    minutes = days * DAY_MINUTES + np.clip(rng.normal(*device.leaning, len(days)), 0, DAY_MINUTES - 1)
    return around.span.utc(minutes[around.active[minutes.astype(np.int64)]])


def _until_departure(start: Int64Array, end: Int64Array, around: Surroundings, rng: np.random.Generator) -> Int64Array:
    """Some uses end when the last person leaves, a few minutes before the door."""
    if len(around.departures) == 0 or len(start) == 0:
        return end
    following = np.searchsorted(around.departures, start, "right")
    leaving = around.departures[np.minimum(following, len(around.departures) - 1)]
    leaving = leaving - (rng.uniform(0.3, 14, len(start)) * MINUTE).astype(np.int64)
    early = (rng.random(len(start)) < 0.12) & (leaving > start + MINUTE) & (leaving < end)
    return np.where(early, leaving, end)


def _next(times: Int64Array, after: Int64Array) -> Int64Array:
    """For each instant the first of ``times`` at or after it, or one that is out of reach."""
    padded = np.append(times, np.iinfo(np.int64).max // 2)
    return padded[np.searchsorted(times, after, "left")]


def _overlaps(start: Int64Array, end: Int64Array, low: Int64Array, high: Int64Array) -> BoolArray:
    """Which of [start, end] meet any of [low, high]; both in order of their starts."""
    if len(low) == 0:
        return np.zeros(len(start), np.bool_)
    reach = np.maximum.accumulate(high)
    before = np.searchsorted(low, end, "right") - 1
    return (before >= 0) & (reach[np.maximum(before, 0)] >= start)


def operate(device: Device, routines: Sequence[Planted], around: Surroundings, rng: np.random.Generator) -> Timeline:
    """Everything a device did.

    A routine needs a device that can take its state: other uses make room for it, and a device that is turned off
    by routine was turned on before, at no fixed time.
    """
    drawn: dict[str, list[Int64Array]] = {device.on: [], device.off: []}
    for routine in routines:
        for to, at in moments(routine, device.info.entity_id, around, rng).items():
            drawn[to].append(at)
    none = np.empty(0, np.int64)
    on, off = (np.sort(np.concatenate([none, *drawn[to]])) for to in (device.on, device.off))
    on_follows = any(
        routine.kind in _FOLLOWING and (device.info.entity_id, device.on) in routine.things for routine in routines
    )

    # Turned on by routine: released after a while, unless a routine does that.
    release = on + (rng.uniform(*device.minutes, len(on)) * MINUTE).astype(np.int64)
    release = _until_departure(on, release, around, rng)
    release = release[_next(off, on) > on + _COUNTERPART]
    # Turned off by routine: turned on before, unless a routine did that.
    since_on = off - np.append(on, np.int64(-_COUNTERPART))[np.searchsorted(on, off, "right") - 1]
    alone = (since_on > _COUNTERPART) & (not on_follows)
    prepare = off[alone] - (rng.uniform(15, 300, int(alone.sum())) * MINUTE).astype(np.int64)

    # Stretches that other uses keep out of: shortly before a routine turns on, and until it turns off.
    low_off = off - np.minimum(since_on, 40 * MINUTE)
    low_off[alone] = prepare
    low = np.concatenate([on - 25 * MINUTE, low_off])
    high = np.concatenate([on + 3 * MINUTE, off])
    order = np.argsort(low, kind="stable")
    low, high = low[order], high[order]
    release = np.sort(release)
    release = release[~_overlaps(release, release, np.sort(prepare), np.sort(off[alone]))]
    start, end = _uses(device, routines, around, rng)
    free = ~_overlaps(start, end, low, high)
    start, end = start[free], end[free]

    turns = ((on, 1), (release, 0), (prepare, 1), (off, 0), (start, 1), (end, 0))
    time = np.concatenate([at for at, _ in turns])
    code = np.concatenate([np.full(len(at), to, np.int32) for at, to in turns])
    by_hand = rng.random(len(time)) < device.wall
    origin = np.where(by_hand, Origin.DEVICE, Origin.USER).astype(np.int8)
    line = changes_only(timeline(time, code, (device.off, device.on), origin), device.off)
    return _with_passing(line, device) if device.passing else line


def _with_passing(line: Timeline, device: Device) -> Timeline:
    """A cover first says that it moves; what was planted is the state it arrives at."""
    assert device.passing is not None
    to_on, to_off = device.passing
    moving = timeline(line.time - round(device.travel_seconds * MICROSECONDS), line.code, (to_off, to_on), line.origin)
    return merged([moving, line])
