"""A home with a plain routine for most kinds, among people's daily life: for proofs that hold whatever is found."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np

from tests.unit.mining.conftest import START, Row, day

DAYS = 63  # nine weeks from 5 January: no change of clocks, neither in it nor a week later

_OFF = (
    "light.kitchen", "light.hall", "light.desk", "light.porch", "light.sofa", "light.shelf", "light.bar", "light.study",
    "switch.fan", "media_player.tv", "switch.coffee", "binary_sensor.door",
)  # fmt: skip


def rich_home(*, minutes: bool = False) -> list[Row]:
    """Rows of nine weeks.

    Args:
        minutes: noted to the minute only, so that many things happen at one instant.
    """
    rng = np.random.default_rng(11)
    rows: list[Row] = [(START, entity, "off") for entity in _OFF]
    rows += [(START, person, "home") for person in ("person.anna", "person.ben")]
    rows.append((START, "cover.blinds", "open"))
    for number in range(DAYS):
        rows += _clock(rng, number)
        rows += _comings_and_goings(rng, number)
        rows += _evening(rng, number)
        rows += _at_random(rng, number)
    if minutes:
        rows = [(at.replace(second=0, microsecond=0), entity, state) for at, entity, state in rows]
    return list(dict.fromkeys(rows))


def _on(entity: str, number: int, hour: float, hours: float, on: str = "on", off: str = "off") -> list[Row]:
    at = day(number, hour)
    return [(at, entity, on), (at + timedelta(hours=hours), entity, off)]


def _after(rng: np.random.Generator, at: float, seconds: tuple[float, float]) -> float:
    return at + float(rng.uniform(*seconds)) / 3600


def _clock(rng: np.random.Generator, number: int) -> list[Row]:
    """The kitchen at seven, coffee later at weekends, the porch with the dusk of the season."""
    dusk = 16.2 + 1.7 * number / DAYS
    return [
        *_on("light.kitchen", number, 7 + float(rng.normal(0, 0.1)), float(rng.uniform(0.1, 0.5))),
        *_on("switch.coffee", number, (9.5 if number % 7 > 4 else 6.5) + float(rng.normal(0, 0.1)), 0.2),
        *_on("light.porch", number, dusk + float(rng.normal(0, 0.08)), float(rng.uniform(3, 7))),
    ]


def _comings_and_goings(rng: np.random.Generator, number: int) -> list[Row]:
    """The door, then the hall lamp; Anna comes back, then the study."""
    out, back = 8 + float(rng.normal(0, 0.4)), 14 + float(rng.uniform(0, 3))
    ben = back + float(rng.uniform(0.5, 2))
    rows: list[Row] = [
        (day(number, out), "person.anna", "not_home"),
        (day(number, back), "person.anna", "home"),
        (day(number, out - 0.5), "person.ben", "not_home"),
        (day(number, ben), "person.ben", "home"),
    ]
    for hour in (out - 0.01, back - 0.01, ben - 0.01, float(rng.uniform(9, 13))):
        rows += _on("binary_sensor.door", number, hour, 0.003)
        if rng.uniform() < 0.9:
            rows += _on("light.hall", number, _after(rng, hour, (15, 50)), float(rng.uniform(0.07, 0.2)))
    if rng.uniform() < 0.9:
        rows += _on("light.study", number, _after(rng, back, (60, 240)), float(rng.uniform(0.3, 4)))
    return rows


def _evening(rng: np.random.Generator, number: int) -> list[Row]:
    """Three lamps in any order; television, blinds and a lamp in this order; a fan for half an hour."""
    rows: list[Row] = []
    together = float(rng.uniform(17.5, 20.5))
    for entity in ("light.sofa", "light.shelf", "light.bar"):
        rows += _on(entity, number, _after(rng, together, (0, 80)), float(rng.uniform(0.5, 2.5)))
    film = float(rng.uniform(18.5, 21.5))
    blinds = _after(rng, film, (20, 50))
    rows += _on("media_player.tv", number, film, 1.5, "playing", "off")
    rows += _on("cover.blinds", number, blinds, 10.0, "closed", "open")
    rows += _on("light.desk", number, _after(rng, blinds, (20, 50)), float(rng.uniform(0.2, 1.5)))
    for hour in np.sort(rng.uniform(8, 21, 2)).tolist():
        rows += _on("switch.fan", number, hour, 0.5 * float(rng.normal(1, 0.06)))
    return rows


def _at_random(rng: np.random.Generator, number: int) -> list[Row]:
    """Movement all day, and a temperature that follows the hour and the weather."""
    rows: list[Row] = []
    for hour in np.sort(rng.uniform(7, 23, 10)).tolist():
        rows += _on("binary_sensor.hall_motion", number, hour, 0.01)
    weather = float(rng.normal(0, 2))
    for hour in range(0, 24, 2):
        value = 18 + weather + 3 * math.sin((hour - 8) / 24 * 2 * math.pi)
        rows.append((day(number, hour + 0.1), "sensor.yard_temperature", f"{value:.1f}"))
    return rows
