"""Random households, no two alike, with random routines: what the miner is measured on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from src.domain.events import EntityInfo
from src.domain.patterns import Kind
from src.simulation.catalogue import POSITIONS, ROOMS
from src.simulation.home import SimulatedHome
from src.simulation.house import House, MotionAutomation
from src.simulation.living import live_in
from src.simulation.movement import Room
from src.simulation.people import live
from src.simulation.planting import Means
from src.simulation.random_people import random_absences, random_guests, random_person
from src.simulation.random_routines import SHARES, dropped_routines, random_routines
from src.simulation.random_things import random_devices, random_echoes, random_meters, random_timed
from src.simulation.span import Span
from src.simulation.streams import stream

_FIRST_NAMES = ("anna", "ben", "carla", "david", "eva", "felix", "greta", "hugo", "ida", "jonas")


def _outages(names: Sequence[str], span: Span, rng: np.random.Generator) -> tuple[tuple[str, float, float], ...]:
    """Now and then the recorder is off for a day or two, or one sensor is silent for a while."""
    outages = []
    if rng.random() < 0.2:
        start = float(rng.uniform(0.1, 0.8) * span.minutes)
        outages.append(("", start, start + float(rng.uniform(300, 2880))))
    for name in names:
        if rng.random() < 0.05:
            start = float(rng.uniform(0, 0.9) * span.minutes)
            outages.append((name, start, start + float(rng.uniform(600, 0.3 * span.minutes))))
    return tuple(outages)


def _harder(house: House, rng: np.random.Generator) -> House:
    """The house with what looks like routines and is none."""
    busy = {entity_id for routine in house.routines for entity_id in (routine.trigger_entity, *dict(routine.things))}
    free = [device for device in house.devices if device.info.entity_id not in busy]
    dropped = dropped_routines(free, len(free) // 3, rng)
    until = [(routine, float(rng.uniform(0.35, 0.6) * house.span.minutes)) for routine in dropped]
    gone = {routine.entity_id for routine in dropped}
    devices = tuple(
        replace(device, leaning=(float(rng.uniform(480, 1380)), float(rng.uniform(60, 110))))
        if device in free and device.info.entity_id not in gone and rng.random() < 0.5
        else device
        for device in house.devices
    )
    return replace(house, devices=devices, given_up=tuple(until), gatherings=float(rng.uniform(0.7, 1.5)))


def household(
    seed: int,
    days: int = 60,
    entities: int = 40,
    *,
    routines: int | None = None,
    kinds: Collection[Kind] = frozenset(SHARES),
    hard: bool = False,
    last_day: date = date(2026, 11, 15),
) -> SimulatedHome:
    """A random home: one to five people, some on shifts, holidays, silent sensors, automations of its own.

    Args:
        entities: about how many; at least 16.
        routines: how many are planted; None for 0.29 to 0.37 of ``entities``.
        kinds: those that may be planted.
        hard: people also use the things of a room together in no order, lean to an hour without keeping to it, and drop
            some of their routines half way: three things that look like routines and are none.
    """
    rng = np.random.default_rng([seed, 4711])
    span = Span.ending(last_day, days, str(rng.choice(list(POSITIONS))))
    names = [str(name) for name in rng.permutation(_FIRST_NAMES)[: int(rng.choice([1, 2, 2, 3, 4, 5]))]]
    people = tuple(
        (EntityInfo(f"person.{name}", name.title()), random_person(name, number, rng))
        for number, name in enumerate(names)
    )
    plan = [ROOMS[0], *(ROOMS[int(n)] for n in 1 + rng.permutation(len(ROOMS) - 1)[: int(rng.integers(3, 7))])]
    rooms = tuple(
        Room(
            area,
            kind,
            f"binary_sensor.{area.lower().replace(' ', '_')}_motion" if rng.random() < 0.6 else None,
            float(rng.uniform(30, 420)),
        )
        for area, kind in plan
    )
    areas = [room.area for room in rooms]
    entrance = EntityInfo("binary_sensor.front_door", "Front door", areas[0], "door") if rng.random() < 0.8 else None
    doors = tuple(
        (
            EntityInfo(f"binary_sensor.{name}", name.replace("_", " ").title(), areas[-1], kind),
            float(rng.uniform(0.4, 5)),
        )
        for name, kind in (("back_door", "door"), ("bedroom_window", "window"), ("fridge_door", "opening"))
        if rng.random() < 0.5
    )
    others = len(people) + sum(room.motion is not None for room in rooms) + len(doors) + (entrance is not None)
    devices = random_devices(areas, max(4, int((entities - others) * 0.74)), rng)
    absences = random_absences(span, rng)
    count = int(entities * rng.uniform(0.29, 0.37)) if routines is None else routines
    position = POSITIONS[span.time_zone]
    means = Means(
        span=span,
        position=position,
        seed=seed,
        # The same lives that will be lived: how often somebody comes and goes decides what may follow it.
        lives={info.entity_id: live(person, span, absences, stream(seed, info.entity_id)) for info, person in people},
        workers=tuple(info.entity_id for info, person in people if person.shifts),
        contacts=tuple((info.entity_id, per_day) for info, per_day in doors),
        devices=devices,
        meters=random_meters(areas, max(2, int((entities - others) * 0.14)), rng),
        absences=absences,
    )
    planted, devices, meters = random_routines(means, count, rng, kinds)
    watched = rooms[0].motion
    # A device that is silent for a while is used less often then, whatever its people do.
    counted = {routine.entity_id for routine in planted if routine.kind in (Kind.FREQUENCY, Kind.ANOMALY)}
    names_of_devices = [device.info.entity_id for device in devices if device.info.entity_id not in counted]
    by_motion = (
        (
            MotionAutomation(
                EntityInfo("automation.light_on_motion", "Light on motion"),
                EntityInfo("light.motion_light", f"{areas[0]} motion light", areas[0]),
                watched,
                float(rng.uniform(30, 300)),
            ),
        )
        if watched and rng.random() < 0.7
        else ()
    )
    house = House(
        span=span,
        seed=seed,
        people=people,
        rooms=rooms,
        entrance=entrance,
        doors=doors,
        devices=devices,
        routines=planted,
        trackers=tuple(
            (EntityInfo(f"device_tracker.{info.name}_phone".lower(), f"{info.name}'s phone"), info.entity_id)
            for info, _ in people
            if rng.random() < 0.4
        ),
        timed=random_timed(rng),
        by_motion=by_motion,
        echoes=random_echoes(devices, rng),
        meters=meters,
        batteries=(EntityInfo("sensor.remote_battery", "Remote battery", None, "battery", "%"),),
        heartbeats=(
            (EntityInfo("binary_sensor.hub_connected", "Hub", None, "connectivity"), float(rng.uniform(10, 90))),
        ),
        flapping=(
            (
                EntityInfo("binary_sensor.shed_contact", "Shed contact", "Shed", "opening"),
                float(rng.uniform(0.2, 4)),
            ),
        ),
        updates=(EntityInfo("update.hub_firmware", "Hub firmware"),),
        restarts=int(rng.integers(0, 8)),
        absences=absences,
        position=position,
        guests=random_guests(span, rng),
        outages=_outages(names_of_devices, span, rng),
    )
    return live_in(_harder(house, rng) if hard else house)
