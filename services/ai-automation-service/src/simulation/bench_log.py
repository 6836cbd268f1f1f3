"""Logs of any size, for measuring speed."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from src.domain.events import EntityInfo, EventLog, Float64Array, Int64Array, Origin
from src.domain.local_time import DAY, to_utc
from src.simulation.span import MINUTE, Span

TIME_ZONE = "Europe/Berlin"

# Kind, share of entities, share of events, device class, unit; binary kinds alternate between two states.
_MIX: tuple[tuple[str, float, float, str | None, str | None], ...] = (
    ("light", 0.25, 0.07, None, None),
    ("switch", 0.1, 0.03, "outlet", None),
    ("motion", 0.15, 0.3, "motion", None),
    ("door", 0.1, 0.06, "door", None),
    ("person", 0.05, 0.01, None, None),
    ("temperature", 0.2, 0.25, "temperature", "°C"),
    ("power", 0.1, 0.23, "power", "W"),
    ("media_player", 0.05, 0.05, "speaker", None),
)
_STATES = {"person": ("not_home", "home"), "media_player": ("idle", "playing")}
_DOMAINS = {"motion": "binary_sensor", "door": "binary_sensor", "temperature": "sensor", "power": "sensor"}
_NUMERIC_LEVELS = 400


def _busy_minutes() -> Float64Array:
    """float64 (1440,), cumulative share of a day's behaviour up to each minute: nights quiet, evenings busy."""
    minute = np.arange(1440)
    weight = 0.1 + np.exp(-(((minute - 1170) / 170) ** 2)) + 0.6 * np.exp(-(((minute - 440) / 90) ** 2))
    return np.asarray(np.cumsum(weight) / weight.sum(), np.float64)


def _times(count: int, days: int, regular: bool, habit: float | None, rng: np.random.Generator) -> Int64Array:
    """int64 (count,), wall-clock µs from the first midnight, ascending."""
    if regular:
        return np.sort(rng.integers(0, days * DAY, count))
    minute = np.searchsorted(_busy_minutes(), rng.random(count))
    local = rng.integers(0, days, count) * DAY + minute * MINUTE + rng.integers(0, MINUTE, count)
    if habit is not None:
        kept = np.flatnonzero(rng.random(min(days, count)) < 0.85)
        local[kept] = kept * DAY + np.clip(rng.normal(habit, 8, len(kept)), 0, 1439).astype(np.int64) * MINUTE
    return np.sort(local)


def bench_log(events: int, entities: int = 60, days: int = 60, seed: int = 0) -> EventLog:
    """A log of exactly that many events: about half numeric, the rest behaviour; every third light has a habit.

    Meant for measuring speed: 10^7 events take some seconds. It has no truth to compare with.
    """
    rng = np.random.default_rng([seed, events, entities, days])
    span = Span(20_700 - days, days, TIME_ZONE)
    names: list[str] = []
    info: dict[str, EntityInfo] = {}
    kinds: list[str] = []
    shares: list[float] = []
    for kind, of_entities, of_events, device_class, unit in _MIX:
        count = max(1, round(entities * of_entities))
        for number in range(count):
            entity_id = f"{_DOMAINS.get(kind, kind)}.{kind}_{number}"
            names.append(entity_id)
            kinds.append(kind)
            shares.append(of_events / count)
            info[entity_id] = EntityInfo(
                entity_id, f"{kind} {number}".capitalize(), f"Room {number % 8}", device_class, unit
            )
    counts = np.floor(np.array(shares) / sum(shares) * events).astype(np.int64)
    counts[: events - int(counts.sum())] += 1
    states = (
        "off",
        "on",
        "not_home",
        "home",
        "idle",
        "playing",
        *(f"{15 + n / 20:.2f}" for n in range(_NUMERIC_LEVELS)),
    )
    local: list[Int64Array] = []
    code = []
    for index, (kind, count) in enumerate(zip(kinds, counts.tolist(), strict=True)):
        numeric = _DOMAINS.get(kind) == "sensor"
        habit = float(rng.uniform(380, 1400)) if kind == "light" and index % 3 == 0 else None
        local.append(_times(count, days, numeric, habit, rng))
        if numeric:
            code.append((6 + rng.integers(0, _NUMERIC_LEVELS, count)).astype(np.int32))
        else:
            off = states.index(_STATES.get(kind, ("off", "on"))[0])
            code.append((off + np.arange(1, count + 1) % 2).astype(np.int32))
    # Each entity is in order already, so a stable sort only merges.
    time = to_utc(span.first_day * DAY + np.concatenate(local), TIME_ZONE)
    order = np.argsort(time, kind="stable")
    return EventLog(
        time=time[order],
        entity=np.repeat(np.arange(len(names), dtype=np.int32), counts)[order],
        state=np.concatenate(code)[order],
        origin=np.full(len(time), Origin.DEVICE, np.int8),
        entities=tuple(names),
        states=states,
        time_zone=TIME_ZONE,
        info=MappingProxyType(info),
    )
