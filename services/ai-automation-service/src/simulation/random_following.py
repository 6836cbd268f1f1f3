"""Random routines that something sets off: another thing, somebody who comes or goes, a level that is crossed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from src.domain.patterns import WEEKDAYS, Kind
from src.simulation.daylight import is_dark
from src.simulation.devices import Device
from src.simulation.home import Condition, Planted
from src.simulation.people import departures_of_all
from src.simulation.planting import Planting
from src.simulation.random_levels import random_level
from src.simulation.span import DAY_MINUTES

CHANCES = 20 / 60  # a day, for a routine that is set off by something


def _following(at: Planting, kind: Kind, device: Device) -> Planted:
    """Something that is done some seconds or minutes after what sets it off, which is still to be said."""
    rng = at.rng
    delay = float(np.exp(rng.uniform(np.log(6 if kind is Kind.CO_OCCURRENCE else 25), np.log(480))))
    return Planted(
        kind,
        device.info.entity_id,
        device.off if rng.random() < 0.25 else device.on,
        WEEKDAYS,
        float(rng.uniform(0.65, 0.95)),
        delay * float(rng.uniform(0.1, 0.6)) / 60,
        delay_seconds=delay,
    )


def co_occurrence(at: Planting) -> Planted | None:
    """After a thing happens, sometimes only under a condition."""
    number = at.take()
    if number is None:
        return None
    conditional = _conditional(at, number) if at.rng.random() < 0.45 else None
    if conditional is not None:
        return conditional
    trigger = at.trigger(number, 0.8)
    if trigger is None:
        at.free.insert(0, number)
        return None
    routine = _following(at, Kind.CO_OCCURRENCE, at.change(number, uses=min(at.devices[number].uses, 0.6)))
    return replace(routine, trigger_entity=trigger[0], trigger_to=trigger[1])


def _conditional(at: Planting, number: int) -> Planted | None:
    """After a device without a routine of its own is turned on, at any hour, but only under a condition."""
    before = [other for other in at.free if other < number]
    chosen = _condition(at)
    if not before or chosen is None:
        return None
    condition, share = chosen
    first = before[int(at.rng.integers(len(before)))]
    at.free.remove(first)
    trigger = at.change(first, uses=max(2.4, 1.3 / share), shape="flat", minutes=(4, 60), passing=None)
    routine = _following(at, Kind.CO_OCCURRENCE, at.change(number, uses=min(at.devices[number].uses, 0.6)))
    # Turned on: what is turned off has to be on in the first place, also when the condition does not hold.
    return replace(
        routine,
        to=at.devices[number].on,
        probability=float(at.rng.uniform(0.82, 0.97)),
        trigger_entity=trigger.info.entity_id,
        trigger_to=trigger.on,
        conditions=(condition,),
    )


def _condition(at: Planting) -> tuple[Condition, float] | None:
    """One that holds for a part of the time that somebody is at home and awake, and that part; None if none does."""
    span, lives = at.means.span, at.means.lives
    awake = np.zeros(span.minutes, np.bool_)
    for life in lives.values():
        awake |= life.active
    moments = np.flatnonzero(awake)[::10]
    if len(moments) == 0:
        return None
    possible: list[tuple[float, Condition, float]] = []
    dark = float(np.mean(is_dark(span.utc(moments.astype(np.float64)), span.time_zone, at.means.position)))
    possible.append((0.45, Condition("dark"), dark))
    workdays = float(np.mean(span.weekdays[moments // DAY_MINUTES] < 5))
    possible.append((0.25, Condition("workdays", weekdays=WEEKDAYS[:5]), workdays))
    for person in at.means.workers:
        away = np.zeros(span.minutes, np.bool_)
        for start, end in lives[person].trips:
            away[max(int(start), 0) : max(int(end), 0)] = True
        share = 1 - float(np.mean(away[moments]))
        possible.append((0.5 / len(at.means.workers), Condition("somebody_home", (person,)), share))
    possible = [(weight, condition, share) for weight, condition, share in possible if 0.2 <= share <= 0.75]
    if not possible:
        return None
    weights = np.array([weight for weight, _, _ in possible])
    _, condition, share = possible[int(at.rng.choice(len(possible), p=weights / weights.sum()))]
    return condition, share


def presence(at: Planting) -> Planted | None:
    """After somebody comes or goes, or everybody has; sometimes only in the dark."""
    least = CHANCES * at.means.span.days
    lives = at.means.lives
    events: list[tuple[float, str, tuple[str, ...], str]] = []
    for person, life in lives.items():
        if len(life.trips) >= least:
            one = (person,)
            events += [(1 / len(lives), "arrives", one, "home"), (1 / len(lives), "leaves", one, "not_home")]
    if len(lives) > 1 and len(departures_of_all(list(lives.values()), at.means.span)) >= 1.15 * least:
        everybody = tuple(sorted(lives))
        events += [(1.0, "first_arrives", everybody, "home"), (1.0, "last_leaves", everybody, "not_home")]
    number = at.take() if events else None
    if number is None:
        return None
    weights = np.array([weight for weight, *_ in events])
    _, event, people, to = events[int(at.rng.choice(len(events), p=weights / weights.sum()))]
    routine = _following(at, Kind.PRESENCE, at.change(number, uses=min(at.devices[number].uses, 0.6)))
    only = people[0] if event in ("arrives", "leaves") else None
    if event == "arrives" and at.rng.random() < 0.5:
        dark = is_dark(
            np.sort(at.means.span.utc(lives[people[0]].trips[:, 1])), at.means.span.time_zone, at.means.position
        )
        if np.count_nonzero(dark) >= 1.3 * least and np.mean(~dark) >= 0.25:
            likely = float(at.rng.uniform(0.8, 0.95))
            routine = replace(routine, to=at.devices[number].on, conditions=(Condition("dark"),), probability=likely)
    return replace(
        routine,
        presence_event=event,
        people=people,
        trigger_entity=only,
        trigger_to=to if only else None,
    )


def threshold(at: Planting) -> Planted | None:
    """After a measurement crosses a level."""
    number = at.take()
    if number is None:
        return None
    means = at.means
    found = random_level(at.meters, means.span, means.position, means.seed, at.rng)
    if found is None:
        at.free.append(number)
        return None
    meter, level, rising = found
    at.quiet.add(number)
    device = at.change(number, uses=float(at.rng.uniform(0.05, 0.25)), minutes=(20, 150), passing=None)
    delay = float(at.rng.uniform(75, 400))
    return Planted(
        Kind.THRESHOLD,
        device.info.entity_id,
        device.on,
        WEEKDAYS,
        float(at.rng.uniform(0.75, 0.95)),
        delay * float(at.rng.uniform(0.2, 0.45)) / 60,
        trigger_entity=meter.info.entity_id,
        delay_seconds=delay,
        level=level,
        rising=rising,
    )
