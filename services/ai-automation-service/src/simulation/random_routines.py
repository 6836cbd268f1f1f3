"""Random routines for the devices of a random household."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from src.domain.patterns import WEEKDAYS, Kind
from src.simulation.devices import Device
from src.simulation.home import Planted
from src.simulation.span import DAY_MINUTES

_DAY_SETS: tuple[tuple[float, tuple[str, ...]], ...] = (
    (0.4, WEEKDAYS),
    (0.32, WEEKDAYS[:5]),
    (0.12, WEEKDAYS[5:]),
    (0.1, ("tue", "thu")),
    (0.06, ("sat",)),
)


@dataclass(frozen=True, slots=True)
class _Trigger:
    """What may set off a routine: a state of an entity, in order of the entities it may act on."""

    entity_id: str
    to: str
    before: int  # devices from this place on may follow it


def _pick(rng: np.random.Generator, choices: Sequence[tuple[float, tuple[str, ...]]]) -> tuple[str, ...]:
    weights = np.array([weight for weight, _ in choices])
    return choices[int(rng.choice(len(choices), p=weights / weights.sum()))][1]


def _clock_routine(device: Device, taken: Sequence[float], rng: np.random.Generator) -> Planted:
    """A time that people are at home and awake at, apart from the device's other routine."""
    while True:
        part = rng.random()
        if part < 0.35:
            at = rng.uniform(375, 480)
        elif part < 0.85:
            at = rng.uniform(1020, 1410)
        elif part < 0.93:
            at = rng.uniform(510, 1000)
        else:
            at = rng.normal(1439, 8) % DAY_MINUTES
        if all(abs(at - other) > 100 for other in taken):
            break
    weekdays = _pick(rng, _DAY_SETS)
    rare = len(weekdays) <= 2
    return Planted(
        Kind.TIME_OF_DAY,
        device.info.entity_id,
        device.off if rng.random() < 0.3 else device.on,
        weekdays,
        float(rng.uniform(0.85, 0.97) if rare else rng.uniform(0.7, 0.97)),
        float(rng.uniform(2, 12) if rare else rng.uniform(2, 20)),
        at_minutes=round(float(at), 1),
    )


def _following_routine(device: Device, trigger: tuple[str, str], to: str, rng: np.random.Generator) -> Planted:
    delay = float(np.exp(rng.uniform(np.log(5), np.log(480))))
    return Planted(
        Kind.CO_OCCURRENCE,
        device.info.entity_id,
        to,
        WEEKDAYS,
        float(rng.uniform(0.6, 0.95)),
        delay * float(rng.uniform(0.1, 0.6)) / 60,
        trigger_entity=trigger[0],
        trigger_to=trigger[1],
        delay_seconds=delay,
    )


def random_routines(
    people: Sequence[str], contacts: Sequence[str], devices: Sequence[Device], count: int, rng: np.random.Generator
) -> tuple[Planted, ...]:
    """Random routines. A device follows only what comes before it, so that no two wait for each other."""
    triggers = [_Trigger(person, to, 0) for person in people for to in ("home", "not_home")]
    triggers += [_Trigger(contact, "on", 0) for contact in contacts]
    for number, device in enumerate(devices):
        if device.uses >= 0.5:
            triggers += [_Trigger(device.info.entity_id, to, number + 1) for to in (device.on, device.off)]
    routines: list[Planted] = []
    free = [int(number) for number in rng.permutation(len(devices))]
    while free and len(routines) < count:
        number = free.pop()
        device = devices[number]
        if rng.random() < 0.55:
            first = _clock_routine(device, (), rng)
            routines.append(first)
            if rng.random() < 0.3 and first.at_minutes is not None:
                second = _clock_routine(device, (first.at_minutes,), rng)
                other = device.off if first.to == device.on else device.on
                routines.append(replace(second, to=other, weekdays=first.weekdays))
            continue
        possible = [trigger for trigger in triggers if trigger.before <= number]
        if possible:
            chosen = possible[int(rng.integers(len(possible)))]
            to = device.off if rng.random() < 0.25 else device.on
            routines.append(_following_routine(device, (chosen.entity_id, chosen.to), to, rng))
    return tuple(routines[:count])
