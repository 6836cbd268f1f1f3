"""Random households, no two alike, with random routines: what the miner is measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from src.domain.events import EntityInfo
from src.simulation.background import Meter
from src.simulation.catalogue import APPLIANCES, LIGHTS, ROOMS, Appliance
from src.simulation.devices import Device
from src.simulation.home import SimulatedHome
from src.simulation.house import Echo, House, MotionAutomation, TimedAutomation
from src.simulation.living import live_in
from src.simulation.movement import Room
from src.simulation.people import EARLY, LATE, NIGHT, OFFICE, SCHOOL, Interval, Person, Shift
from src.simulation.random_routines import random_routines
from src.simulation.span import DAY_MINUTES, Span

_ZONES = ("Europe/Berlin", "Europe/Helsinki", "America/New_York", "Europe/London", "Australia/Sydney")
_FIRST_NAMES = ("anna", "ben", "carla", "david", "eva", "felix", "greta", "hugo", "ida", "jonas")


def _person(name: str, number: int, rng: np.random.Generator) -> Person:
    """Office, home office, shifts, school, or at home; the first is never a child."""
    shift_kinds: tuple[tuple[float, tuple[Shift, ...]], ...] = (
        (0.5, (OFFICE,)),
        (0.12, (EARLY, LATE)),
        (0.05, (EARLY, LATE, NIGHT)),
        (0.18, ()),
        (0.15 if number else 0.0, (SCHOOL,)),
    )
    weights = np.array([weight for weight, _ in shift_kinds])
    shifts = shift_kinds[int(rng.choice(len(shift_kinds), p=weights / weights.sum()))][1]
    offset = rng.normal(0, 35)
    moved = tuple(
        Shift(shift.wake + offset, shift.leave + offset, shift.back + offset, shift.sleep + offset * 0.5)
        for shift in shifts
    )
    days = tuple(sorted(rng.choice(5, int(rng.integers(3, 6)), replace=False).tolist())) if rng.random() < 0.3 else None
    return Person(
        f"person.{name}",
        moved,
        days or (0, 1, 2, 3, 4),
        wake=float(rng.normal(500, 40)),
        sleep=float(rng.normal(1400, 40)),
        outings=float(rng.uniform(0.5, 1.6)),
        punctual=float(rng.uniform(5, 20)),
    )


def _absences(span: Span, rng: np.random.Generator) -> tuple[Interval, ...]:
    """A holiday of some days in every other home."""
    if span.days < 21 or rng.random() < 0.5:
        return ()
    first = int(rng.integers(5, span.days - 12))
    length = int(rng.integers(2, 9))
    return ((first * DAY_MINUTES + float(rng.uniform(500, 1000)), (first + length) * DAY_MINUTES + 1000.0),)


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


def _devices(rooms: Sequence[str], count: int, rng: np.random.Generator) -> tuple[Device, ...]:
    """Lights in rooms first, then appliances, in an order that routines may follow."""
    devices: list[Device] = []
    for number in range(count):
        use = float(rng.lognormal(np.log(0.9), 0.7))
        shape = str(rng.choice(["evening", "evening", "evening", "morning", "day", "flat"]))
        wall = float(rng.choice([0.05, 0.3, 0.6, 0.9, 1.0]))
        if rng.random() < 0.55 or number >= len(APPLIANCES) * 2:
            area = str(rng.choice(rooms))
            name = f"{area} {rng.choice(LIGHTS)}"
            device = Device(EntityInfo("", name, area), uses=use, shape=shape, wall=wall)
            domain = "light"
        else:
            appliance: Appliance = APPLIANCES[int(rng.integers(len(APPLIANCES)))]
            area = str(rng.choice(rooms))
            name = f"{area} {appliance.name}"
            domain = appliance.domain
            device = Device(
                EntityInfo("", name, area, appliance.device_class),
                on=appliance.on,
                off=appliance.off,
                uses=use * appliance.use,
                shape=shape,
                minutes=appliance.minutes,
                wall=wall,
                passing=appliance.passing,
            )
        base = f"{domain}.{name.lower().replace(' ', '_').replace(chr(39), '')}"
        taken = {other.info.entity_id for other in devices}
        entity_id = base if base not in taken else f"{base}_{number}"
        devices.append(replace(device, info=replace(device.info, entity_id=entity_id)))
    return tuple(devices)


def _harder(house: House, rng: np.random.Generator) -> House:
    """The house with what looks like routines and is none."""
    busy = {routine.entity_id for routine in house.routines}
    free = [device for device in house.devices if device.info.entity_id not in busy]
    people = [info.entity_id for info, _ in house.people]
    contacts = [house.entrance.entity_id] if house.entrance else []
    dropped = random_routines(people, contacts, free, len(free) // 3, rng)
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
    hard: bool = False,
    last_day: date = date(2026, 11, 15),
) -> SimulatedHome:
    """A random home: one to five people, some on shifts, holidays, silent sensors, automations of its own.

    Args:
        entities: about how many; at least 16.
        routines: how many are planted; None for 0.2 to 0.4 of ``entities``.
        hard: people also use the things of a room together in no order, lean to an hour without keeping to it, and drop
            some of their routines half way: three things that look like routines and are none.
    """
    rng = np.random.default_rng([seed, 4711])
    span = Span.ending(last_day, days, str(rng.choice(_ZONES)))
    names = [str(name) for name in rng.permutation(_FIRST_NAMES)[: int(rng.choice([1, 2, 2, 3, 4, 5]))]]
    people = tuple(
        (EntityInfo(f"person.{name}", name.title()), _person(name, number, rng)) for number, name in enumerate(names)
    )
    kinds = [ROOMS[0], *(ROOMS[int(n)] for n in 1 + rng.permutation(len(ROOMS) - 1)[: int(rng.integers(3, 7))])]
    rooms = tuple(
        Room(
            area,
            kind,
            f"binary_sensor.{area.lower().replace(' ', '_')}_motion" if rng.random() < 0.6 else None,
            float(rng.uniform(30, 420)),
        )
        for area, kind in kinds
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
    devices = _devices(areas, max(4, int((entities - others) * 0.6)), rng)
    count = int(entities * rng.uniform(0.2, 0.4)) if routines is None else routines
    contacts = [info.entity_id for info, _ in doors] + ([entrance.entity_id] if entrance else [])
    planted = random_routines([info.entity_id for info, _ in people], contacts, devices, count, rng)
    meters = _meters(areas, max(2, int((entities - others) * 0.2)), rng)
    watched = rooms[0].motion
    names_of_devices = [device.info.entity_id for device in devices]
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
        timed=_timed(rng),
        by_motion=by_motion,
        echoes=_echoes(devices, rng),
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
        absences=_absences(span, rng),
        outages=_outages(names_of_devices, span, rng),
    )
    return live_in(_harder(house, rng) if hard else house)


def _timed(rng: np.random.Generator) -> tuple[TimedAutomation, ...]:
    on = float(rng.uniform(960, 1200))
    automation = TimedAutomation(
        EntityInfo("automation.garden_lights", "Garden lights"),
        EntityInfo("light.garden_lights", "Garden lights", "Garden"),
        round(on),
        round(on + float(rng.uniform(60, 230))),
    )
    return (automation,) if rng.random() < 0.7 else ()


def _meters(areas: Sequence[str], count: int, rng: np.random.Generator) -> tuple[Meter, ...]:
    meters = []
    for number in range(count):
        area = areas[number % len(areas)]
        name, device_class, unit, base, swing, noise, decimals = (
            ("temperature", "temperature", "°C", 20.5, 1.2, 0.8, 1),
            ("humidity", "humidity", "%", 50.0, 4.0, 5.0, 0),
            ("power", "power", "W", 120.0, 60.0, 90.0, 1),
        )[number // len(areas) % 3]
        entity_id = f"sensor.{area}_{name}_{number}".lower().replace(" ", "_")
        info = EntityInfo(entity_id, f"{area} {name}", area, device_class, unit)
        meters.append(Meter(info, base, swing, noise, decimals, float(rng.uniform(10, 60))))
    return tuple(meters)


def _echoes(devices: Sequence[Device], rng: np.random.Generator) -> tuple[Echo, ...]:
    """A group of two lamps, a second entity of the same relay, a plug's meter and its template."""
    lamps = [device.info for device in devices if device.info.domain == "light"]
    plugs = [device.info for device in devices if device.info.domain == "switch"]
    echoes = []
    if len(lamps) >= 2 and rng.random() < 0.6:
        pair = tuple(lamps[int(number)].entity_id for number in rng.permutation(len(lamps))[:2])
        echoes.append(Echo(EntityInfo("light.lamp_group", "Lamps"), pair))
    if lamps and rng.random() < 0.3:
        lamp = lamps[int(rng.integers(len(lamps)))]
        name = lamp.entity_id.partition(".")[2]
        echoes.append(
            Echo(
                EntityInfo(f"switch.{name}_relay", f"{lamp.name} relay", lamp.area), (lamp.entity_id,), lag_seconds=0.8
            )
        )
    for plug in plugs[:2]:
        name = plug.entity_id.partition(".")[2]
        meter = EntityInfo(f"sensor.{name}_power", f"{plug.name} power", plug.area, "power", "W")
        echoes.append(
            Echo(meter, (plug.entity_id,), lag_seconds=3, watts=float(rng.uniform(20, 2000)), same_context=False)
        )
        running = EntityInfo(f"binary_sensor.{name}_running", f"{plug.name} running", plug.area, "running")
        echoes.append(Echo(running, (plug.entity_id,), lag_seconds=4))
    return tuple(echoes)
