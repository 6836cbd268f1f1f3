"""What thermometers, light meters and bathrooms read; a home's sensors share a sky that differs from day to day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from src.domain.events import Float64Array, Int64Array
from src.simulation.daylight import Position, sun_times
from src.simulation.span import DAY_MINUTES, MINUTE, Span

Curve = Literal["indoor", "light", "outdoor", "shower"]
_GRID = 15  # minutes between points of the sky


def walk(count: int, keep: float, spread: float, rng: np.random.Generator) -> Float64Array:
    """A random walk that keeps so much of each value in the next; ``spread`` is its long-run deviation."""
    steps = rng.normal(0, spread * np.sqrt(1 - keep**2), count)
    values = np.zeros(count)
    at = rng.normal(0, spread)
    for index, step in enumerate(steps.tolist()):
        at = at * keep + step
        values[index] = at
    return values


@dataclass(frozen=True)
class Sky:
    """The weather over a home for its span.

    Attributes:
        light: float64 (n,), share of a clear sky's light that comes through, every quarter of an hour.
        warmth: float64 (n,), degrees above or below what the season has, likewise.
        rise, fall: int64 (days,), sunrise and sunset, µs UTC.
    """

    span: Span
    position: Position
    light: Float64Array
    warmth: Float64Array
    rise: Int64Array
    fall: Int64Array

    @classmethod
    def over(cls, span: Span, position: Position, rng: np.random.Generator) -> Sky:
        """Weather of that place and season."""
        points = span.minutes // _GRID + 2
        per_day = DAY_MINUTES // _GRID
        fronts = np.interp(np.arange(points), np.arange(span.days + 3) * per_day, walk(span.days + 3, 0.55, 1.0, rng))
        passing = walk(points, 0.86, 0.45, rng)
        light = np.exp(np.minimum(0.75 * fronts + passing, 1.1)) * 0.33
        days = np.interp(np.arange(points), np.arange(span.days + 3) * per_day, walk(span.days + 3, 0.7, 3.2, rng))
        rise, fall = sun_times(span.first_day, span.days, span.time_zone, position)
        return cls(span, position, light, days + walk(points, 0.97, 0.7, rng), rise, fall)

    def lux(self, minutes: Float64Array) -> Float64Array:
        """Light outside at moments of the span, lx."""
        day = np.clip((minutes // DAY_MINUTES).astype(np.int64), 0, self.span.days - 1)
        up = (self.span.utc(minutes) - self.rise[day]) / np.maximum(self.fall[day] - self.rise[day], 1)
        height = np.sin(np.pi * np.clip(up, 0, 1))
        noon = (self.fall - self.rise)[day] / (DAY_MINUTES * MINUTE / 2)  # higher on long days
        cover = np.interp(minutes / _GRID, np.arange(len(self.light)), self.light)
        return np.asarray(90_000 * np.minimum(noon, 1.3) ** 1.5 * height**1.6 * np.minimum(cover, 1.0), np.float64)

    def degrees(self, minutes: Float64Array) -> Float64Array:
        """Temperature outside at moments of the span, °C: by season, hour and weather."""
        year = (self.span.first_day + minutes / DAY_MINUTES) % 365.25 / 365.25
        season = -np.cos(2 * np.pi * (year - 0.055)) * np.sign(self.position[0])
        hour = np.sin((minutes % DAY_MINUTES - 560) / DAY_MINUTES * 2 * np.pi)
        weather = np.interp(minutes / _GRID, np.arange(len(self.warmth)), self.warmth)
        return np.asarray(10.5 + 8.5 * season + 3.6 * hour + weather, np.float64)


def showers(at: Float64Array, started: Float64Array, base: float, rng: np.random.Generator) -> Float64Array:
    """Humidity at moments ``at``, %, of a bathroom where people shower at moments ``started``.

    Each shower adds 14 to 32 within some minutes, which then halves every 15 to 30 minutes.
    """
    values = base + walk(len(at), 0.995, 2.2, rng)
    for start in started.tolist():
        since = at - start
        near = slice(int(np.searchsorted(at, start)), int(np.searchsorted(at, start + 360)))
        rise = np.clip(since[near] / rng.uniform(4, 9), 0, 1)
        fade = 0.5 ** (np.maximum(since[near] - 10, 0) / rng.uniform(15, 30))
        values[near] += rng.uniform(14, 32) * rise * fade
    return np.asarray(np.clip(values, 20, 99), np.float64)
