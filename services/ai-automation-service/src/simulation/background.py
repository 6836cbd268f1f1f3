"""What fills a real history without being anybody's habit: readings, heartbeats, flapping, restarts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from src.domain.events import MICROSECONDS, EntityInfo, Float64Array, Int64Array, Origin
from src.simulation.daylight import Position, sun_times
from src.simulation.span import DAY_MINUTES, Span
from src.simulation.timeline import Timeline, merged, timeline
from src.simulation.weather import Curve, Sky, showers, walk


@dataclass(frozen=True, slots=True)
class Meter:
    """A numeric sensor.

    Attributes:
        base: mean reading.
        swing: amplitude over a day, highest in the afternoon.
        noise: standard deviation of what wanders.
        decimals: of a reading.
        every_minutes: mean time between reports; an unchanged reading is reported again.
        curve: what it follows: the hours of a day indoors, the light or the air outside, or people's showers.
        share: of the light outside that reaches it; degrees between the air outside and its own spot.
    """

    info: EntityInfo
    base: float
    swing: float = 1.0
    noise: float = 0.5
    decimals: int = 1
    every_minutes: float = 30
    curve: Curve = "indoor"
    share: float = 1.0


def _ticks(span: Span, every_minutes: float, rng: np.random.Generator) -> Float64Array:
    """Moments about every so many minutes."""
    gaps = rng.uniform(0.6, 1.4, int(span.minutes / every_minutes * 1.1) + 10) * every_minutes
    at = np.cumsum(gaps)
    return at[at < span.minutes]


def _texts(values: Float64Array, decimals: int) -> tuple[Int64Array, tuple[str, ...]]:
    steps, code = np.unique(np.round(values * 10**decimals).astype(np.int64), return_inverse=True)
    return code, tuple(f"{step / 10**decimals:.{decimals}f}" for step in steps.tolist())


def readings(
    meter: Meter, span: Span, rng: np.random.Generator, sky: Sky | None = None, showered: Float64Array | None = None
) -> Timeline:
    """A numeric sensor's reports.

    Args:
        sky: what a sensor of ``light`` or ``outdoor`` sees.
        showered: float64 (n,), moments at which people shower, for one of ``shower``.
    """
    at = _ticks(span, meter.every_minutes, rng)
    if meter.curve == "light":
        assert sky is not None
        values = np.maximum(sky.lux(at) * meter.share * np.exp(rng.normal(0, 0.05, len(at))), 0)
    elif meter.curve == "outdoor":
        assert sky is not None
        values = sky.degrees(at) + meter.share + rng.normal(0, 0.08, len(at))
    elif meter.curve == "shower":
        assert showered is not None
        values = showers(at, showered, meter.base, rng)
    else:
        wander = walk(len(at), 0.95, meter.noise, rng)
        values = meter.base + meter.swing * np.sin((at % DAY_MINUTES - 600) / DAY_MINUTES * 2 * np.pi) + wander
    if meter.info.unit != "°C":
        values = np.maximum(values, 0)
    code, names = _texts(values, meter.decimals)
    return timeline(span.utc(at), code.astype(np.int32), names, Origin.DEVICE)


def battery(span: Span, rng: np.random.Generator) -> Timeline:
    """Per cent, going down, reported about every six hours."""
    at = _ticks(span, 360, rng)
    code, names = _texts(rng.uniform(70, 100) - at / DAY_MINUTES * rng.uniform(0.1, 0.6), 0)
    return timeline(span.utc(at), code.astype(np.int32), names, Origin.DEVICE)


def heartbeat(span: Span, every_minutes: float, rng: np.random.Generator, state: str = "on") -> Timeline:
    """The same state again and again."""
    at = span.utc(_ticks(span, every_minutes, rng))
    return timeline(at, np.zeros(len(at), np.int32), (state,), Origin.DEVICE)


def flapping(span: Span, bursts_per_day: float, rng: np.random.Generator) -> Timeline:
    """A loose contact: bursts of on and off within seconds."""
    starts = rng.uniform(0, span.minutes, rng.poisson(bursts_per_day * span.days))
    times = [
        span.utc(np.array([start]))[0] + np.cumsum(rng.uniform(0.3, 6, 2 * rng.integers(2, 12))) * MICROSECONDS
        for start in np.sort(starts)
    ]
    at = np.concatenate([np.empty(0), *times]).astype(np.int64)
    return timeline(at, np.tile([1, 0], len(at) // 2).astype(np.int32), ("off", "on"), Origin.DEVICE)


def updates(span: Span, rng: np.random.Generator) -> Timeline:
    """``update.*``: new firmware every few weeks, installed some days later."""
    at = np.sort(rng.uniform(0, span.minutes, 2 * max(1, span.days // 25)))
    return timeline(span.utc(at), np.tile([1, 0], len(at) // 2).astype(np.int32), ("off", "on"), Origin.DEVICE)


def sun(span: Span, position: Position) -> Timeline:
    """``sun.sun`` at that place."""
    rise, fall = sun_times(span.first_day, span.days, span.time_zone, position)
    code = np.repeat([1, 0], span.days).astype(np.int32)
    return timeline(np.concatenate([rise, fall]), code, ("below_horizon", "above_horizon"), Origin.DEVICE)


def restarted(line: Timeline, initial: str, restarts: Int64Array, rng: np.random.Generator) -> Timeline:
    """The timeline with Home Assistant's restarts in it: unavailable, and back within a second.

    Args:
        initial: the state before the first event.
        restarts: instants, µs UTC.
    """
    last = np.searchsorted(line.time, restarts, "right") - 1
    names = (*line.names, "unavailable") if initial in line.names else (*line.names, initial, "unavailable")
    before = np.where(last >= 0, line.code[np.maximum(last, 0)] if len(line) else 0, names.index(initial))
    lost = timeline(
        restarts + rng.integers(0, 40_000, len(restarts)),
        np.full(len(restarts), len(names) - 1, np.int32),
        names,
        Origin.UNKNOWN,
    )
    found = timeline(
        restarts + rng.integers(150_000, 950_000, len(restarts)), before.astype(np.int32), names, Origin.UNKNOWN
    )
    return merged([replace(line, names=names), lost, found])


def without(line: Timeline, outages: list[tuple[int, int]]) -> Timeline:
    """The timeline without what happened in outages (µs UTC, end exclusive)."""
    keep = np.ones(len(line), np.bool_)
    for start, end in outages:
        keep &= (line.time < start) | (line.time >= end)
    return line.where(keep)
