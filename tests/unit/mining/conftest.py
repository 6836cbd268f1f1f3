"""Small logs with a known truth: rows of wall-clock time, entity and state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pytest

from src.domain.events import EntityInfo, EventLog, Origin
from src.domain.local_time import to_utc

Row = tuple[datetime, str, str]
BuildLog = Callable[..., EventLog]

START = datetime(2026, 1, 5)  # noqa: DTZ001 - wall-clock times are naive on purpose; a Monday


def build_log(
    rows: list[Row],
    *,
    zone: str = "Europe/Berlin",
    origin: Origin = Origin.UNKNOWN,
    origins: list[Origin] | None = None,
    info: dict[str, EntityInfo] | None = None,
) -> EventLog:
    epoch = datetime(1970, 1, 1)  # noqa: DTZ001
    local = np.array([(at - epoch) // timedelta(microseconds=1) for at, _, _ in rows], np.int64)
    utc = to_utc(local, zone)
    entities = sorted({entity for _, entity, _ in rows})
    states = sorted({state for _, _, state in rows})
    entity = np.array([entities.index(e) for _, e, _ in rows], np.int32)
    state = np.array([states.index(s) for _, _, s in rows], np.int32)
    made_by = np.array(origins if origins is not None else [origin] * len(rows), np.int8)
    order = np.lexsort((state, entity, utc))
    return EventLog(
        utc[order], entity[order], state[order], made_by[order], tuple(entities), tuple(states), zone, info or {}
    )


def day(number: int, hour: float = 0.0) -> datetime:
    """That hour of the number-th day after START, on the wall clock."""
    return START + timedelta(days=number, hours=hour)


def ordinary_life(days: int, seed: int, entity: str = "binary_sensor.hall_motion", per_day: int = 20) -> list[Row]:
    """Somebody moving about between seven and eleven, so that every day is observed."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for number in range(days):
        for hour in np.sort(rng.uniform(7, 23, per_day)):
            at = day(number, float(hour))
            rows += [(at, entity, "on"), (at + timedelta(seconds=30), entity, "off")]
    return rows


@pytest.fixture
def log_of() -> BuildLog:
    return build_log
