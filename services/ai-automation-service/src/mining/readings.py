"""What a home measures: temperatures, illuminance, power; numbers that may set something off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from src.domain.events import BoolArray, EventLog, Float64Array, Int64Array

_MIN_READINGS = 50
_MIN_VALUES = 5


@dataclass(frozen=True)
class Readings:
    """The numbers of one sensor.

    Attributes:
        time: int64 (n,), µs UTC, ascending.
        value: float64 (n,), in ``unit``.
    """

    entity_id: str
    unit: str | None
    time: Int64Array
    value: Float64Array


def find_readings(log: EventLog, quiet: BoolArray) -> tuple[Readings, ...]:
    """The sensors of a log with enough different numbers to cross a level, by entity id.

    Args:
        quiet: bool (entities,), those that are nobody's behaviour, as batteries and link qualities.
    """
    numbers = np.array([_number(text) for text in log.states], np.float64)
    sensor = ~quiet & np.array([name.partition(".")[0] in ("sensor", "number") for name in log.entities], np.bool_)
    kept = np.flatnonzero(sensor[log.entity] & np.isfinite(numbers)[log.state])
    kept = kept[np.argsort(log.entity[kept], kind="stable")]
    owner = log.entity[kept]
    bounds = np.searchsorted(owner, np.arange(len(log.entities) + 1))
    found: list[Readings] = []
    for code in sorted(np.flatnonzero(np.diff(bounds) >= _MIN_READINGS).tolist(), key=lambda code: log.entities[code]):
        rows = kept[bounds[code] : bounds[code + 1]]
        value = numbers[log.state[rows]]
        if len(np.unique(value)) >= _MIN_VALUES:
            entity_id = log.entities[code]
            found.append(Readings(entity_id, log.about(entity_id).unit, log.time[rows], value))
    return tuple(found)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
