"""Random routines of every kind for the people and devices of a random household."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np

from src.domain.events import Int64Array
from src.domain.patterns import Kind
from src.simulation import random_clock, random_following, random_uses
from src.simulation.background import Meter
from src.simulation.devices import Device
from src.simulation.home import Planted
from src.simulation.planting import Means, Planting

# How often each kind is planted; in this order, since the first need most devices.
SHARES: dict[Kind, float] = {
    Kind.SCENE: 0.074,
    Kind.SEQUENCE: 0.078,
    Kind.THRESHOLD: 0.071,
    Kind.PRESENCE: 0.07,
    Kind.DURATION: 0.067,
    Kind.FREQUENCY: 0.067,
    Kind.ANOMALY: 0.067,
    Kind.SOLAR: 0.075,
    Kind.SEASONAL: 0.067,
    Kind.DAY_TYPE: 0.067,
    Kind.CO_OCCURRENCE: 0.13,
    Kind.TIME_OF_DAY: 0.169,
}


_PLANTERS: dict[Kind, Callable[[Planting], Planted | None]] = {
    Kind.SCENE: random_uses.scene,
    Kind.SEQUENCE: random_uses.sequence,
    Kind.THRESHOLD: random_following.threshold,
    Kind.PRESENCE: random_following.presence,
    Kind.DURATION: random_uses.duration,
    Kind.FREQUENCY: random_uses.frequency,
    Kind.ANOMALY: random_uses.anomaly,
    Kind.SOLAR: lambda at: at.by_clock(random_clock.solar),
    Kind.SEASONAL: lambda at: at.by_clock(lambda device, rng: random_clock.seasonal(device, at.means.span, rng)),
    Kind.DAY_TYPE: lambda at: at.by_clock(random_clock.day_type),
    Kind.CO_OCCURRENCE: random_following.co_occurrence,
}


def _kinds(count: int, allowed: Collection[Kind], rng: np.random.Generator) -> Int64Array:
    """How many of each kind of SHARES: as near to their shares as whole numbers allow."""
    if count == 0:
        return np.zeros(len(SHARES), np.int64)
    weights = np.array([share if kind in allowed else 0.0 for kind, share in SHARES.items()])
    order = rng.permutation(len(weights))
    bounds = np.cumsum(weights[order] / weights.sum())
    drawn = order[np.minimum(np.searchsorted(bounds, (np.arange(count) + rng.random()) / count), len(order) - 1)]
    return np.bincount(drawn, minlength=len(weights))


def _time_of_day(at: Planting) -> Planted | None:
    """A routine of the clock; sometimes the other state of a device that has one."""
    last = at.routines[-1] if at.routines else None
    if last is not None and last.kind is Kind.TIME_OF_DAY and at.rng.random() < 0.3:
        own = [routine for routine in at.routines if routine.entity_id == last.entity_id]
        device = next(device for device in at.devices if device.info.entity_id == last.entity_id)
        if len(own) == 1:
            return random_clock.counterpart(last, device, at.rng)
    return at.by_clock(random_clock.time_of_day)


def random_routines(
    means: Means, count: int, rng: np.random.Generator, kinds: Collection[Kind] = frozenset(SHARES)
) -> tuple[tuple[Planted, ...], tuple[Device, ...], tuple[Meter, ...]]:
    """That many routines, fewer when there are no devices left; and the devices and meters as those need them.

    What a home has no means for becomes a routine of the clock, if those are allowed.
    """
    at = Planting(means, rng)
    for kind, many in zip(SHARES, _kinds(count, kinds, rng).tolist(), strict=True):
        for _ in range(many):
            routine = _PLANTERS[kind](at) if kind in _PLANTERS else None
            if routine is None and Kind.TIME_OF_DAY in kinds:
                routine = _time_of_day(at)
            if routine is not None:
                at.routines.append(routine)
    return tuple(at.routines), tuple(at.devices), tuple(at.meters)


def dropped_routines(free: Sequence[Device], count: int, rng: np.random.Generator) -> tuple[Planted, ...]:
    """Routines of the clock for some of the devices, to be given up half way."""
    chosen = rng.permutation(len(free))[:count].tolist()
    return tuple(random_clock.time_of_day(free[number], rng) for number in chosen)
