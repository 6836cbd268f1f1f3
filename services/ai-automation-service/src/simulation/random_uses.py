"""Random routines about how things are used: together, in order, for how long, how often, and left on once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from src.domain.patterns import WEEKDAYS, Kind
from src.simulation import random_clock
from src.simulation.home import Planted, Step
from src.simulation.planting import Planting
from src.simulation.span import DAY_MINUTES


def sequence(at: Planting) -> Planted | None:
    """Three to five devices one after the other."""
    length = int(at.rng.choice([3, 3, 4, 4, 5]))
    if len(at.free) < length + 2:
        return None
    chosen = sorted(at.free.pop() for _ in range(length))
    first = at.change(chosen[0], uses=float(at.rng.uniform(1.3, 2.2)), minutes=(5, 90), passing=None)
    at.quiet.update(chosen)
    steps = [Step(first.info.entity_id, first.on)]
    for number in (chosen[1 + int(n)] for n in at.rng.permutation(length - 1)):
        device = at.change(number, uses=float(at.rng.uniform(0.03, 0.2)), minutes=(4, 60), passing=None)
        gap = float(np.exp(at.rng.uniform(np.log(12), np.log(110))))
        steps.append(Step(device.info.entity_id, device.on, gap))
    gaps = np.array([step.after_seconds for step in steps[1:]])
    return Planted(
        Kind.SEQUENCE,
        steps[-1].entity_id,
        steps[-1].to,
        WEEKDAYS,
        float(at.rng.uniform(0.91, 0.98)),
        float(np.sqrt(np.sum((0.35 * gaps) ** 2))) / 60,
        trigger_entity=steps[0].entity_id,
        trigger_to=steps[0].to,
        steps=tuple(steps),
    )


def scene(at: Planting) -> Planted | None:
    """Three or four lamps of a room within a minute or so, in no order."""
    lamps = [number for number in at.free if at.devices[number].info.domain == "light"]
    size = int(at.rng.integers(3, 5))
    if len(lamps) < size:
        return None
    area = at.devices[lamps[0]].info.area
    chosen = lamps[:size]
    at.quiet.update(chosen)
    at.free = [number for number in at.free if number not in chosen]
    for number in chosen:  # all in one room, whose lamps they are then named for
        info = at.devices[number].info
        kind = (info.name or "").removeprefix(f"{info.area} ")
        name = f"{area} {kind}"
        entity_id = f"light.{name.lower().replace(' ', '_')}"
        if any(other.info.entity_id == entity_id for place, other in enumerate(at.devices) if place != number):
            name, entity_id = f"{name} {number}", f"{entity_id}_{number}"
        at.change(
            number,
            info=replace(info, entity_id=entity_id, name=name, area=area),
            uses=float(at.rng.uniform(0.02, 0.15)),
            minutes=(15, 140),
        )
    to = at.devices[chosen[0]].off if at.rng.random() < 0.15 else at.devices[chosen[0]].on
    steps = tuple(sorted((Step(at.devices[number].info.entity_id, to) for number in chosen), key=lambda s: s.entity_id))
    return Planted(
        Kind.SCENE,
        steps[0].entity_id,
        to,
        WEEKDAYS,
        float(at.rng.uniform(0.93, 0.99)),
        float(at.rng.uniform(50, 90)) / 60,
        steps=steps,
        per_day=float(at.rng.uniform(0.75, 1.5)),
    )


def duration(at: Planting) -> Planted | None:
    """A device that is mostly turned off by hand after about so long."""
    number = at.take()
    if number is None:
        return None
    seconds = float(np.exp(at.rng.uniform(np.log(600), np.log(7200))))
    device = at.change(
        number,
        uses=float(at.rng.uniform(1.6, 2.8)),
        minutes=(seconds / 60 * 0.2, seconds / 60 * 2.2),
        passing=None,
    )
    return Planted(
        Kind.DURATION,
        device.info.entity_id,
        device.off,
        WEEKDAYS,
        float(at.rng.uniform(0.85, 0.97)),
        seconds / 60 * float(at.rng.uniform(0.05, 0.12)),
        trigger_entity=device.info.entity_id,
        trigger_to=device.on,
        for_seconds=seconds,
    )


def frequency(at: Planting) -> Planted | None:
    """A device that is used much more or much less since some weeks."""
    number = at.take()
    if number is None:
        return None
    at.quiet.add(number)
    factor = float(at.rng.uniform(4, 6.5))
    often = float(at.rng.uniform(5, 8))
    more = at.rng.random() < 0.5
    # Short uses: while a thing is on it cannot be turned on, which would hide a part of the change.
    device = at.change(number, uses=often / factor if more else often, minutes=(3, 20), passing=None)
    days = at.means.span.days
    return Planted(
        Kind.FREQUENCY,
        device.info.entity_id,
        device.on,
        WEEKDAYS,
        1.0,
        0.0,
        since_minutes=float((days - round(min(at.rng.uniform(20, 35), days * 0.55))) * DAY_MINUTES),
        factor=factor if more else 1 / factor,
    )


def anomaly(at: Planting) -> Planted | None:
    """A thing left open on one of the last days, or a very regular routine that was missed on them."""
    span = at.means.span
    if not at.means.absences and at.rng.random() < 0.5:
        return at.by_clock(lambda device, rng: random_clock.missed(device, span, rng))
    taken = {routine.entity_id for routine in at.routines}
    contacts = [name for name, per_day in at.means.contacts if per_day >= 0.8 and name not in taken]
    contacts = [name for name in at.rng.permutation(contacts).tolist() if at.rng.random() < 0.65]
    number = None if contacts else at.take()
    if not contacts and number is None:
        return None
    name, to, longest = (contacts[0], "on", 900.0) if contacts else ("", "on", 3600.0)
    if number is not None:
        at.quiet.add(number)
        device = at.change(number, uses=float(at.rng.uniform(1.5, 3)), minutes=(2, 12), passing=None)
        name, to = device.info.entity_id, device.on
    return Planted(
        Kind.ANOMALY,
        name,
        to,
        WEEKDAYS,
        1.0,
        0.0,
        for_seconds=longest,
        since_minutes=span.minutes - float(at.rng.uniform(1.0, 3.5)) * DAY_MINUTES,
    )
