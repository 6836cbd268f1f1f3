"""The things of random households: devices, sensors, what repeats them, and what is automated already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from src.domain.events import EntityInfo
from src.simulation.background import Meter
from src.simulation.catalogue import APPLIANCES, LIGHTS, Appliance
from src.simulation.devices import Device
from src.simulation.house import Echo, TimedAutomation
from src.simulation.weather import Curve


def random_devices(rooms: Sequence[str], count: int, rng: np.random.Generator) -> tuple[Device, ...]:
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


def random_meters(areas: Sequence[str], count: int, rng: np.random.Generator) -> tuple[Meter, ...]:
    """Some that follow the weather or people's showers, the rest rooms' own."""
    meters = []
    outside: tuple[tuple[str, str, str, str, Curve, int, float], ...] = (
        ("outdoor_temperature", "Outdoor temperature", "temperature", "°C", "outdoor", 1, float(rng.uniform(-1, 1.5))),
        ("garden_illuminance", "Garden illuminance", "illuminance", "lx", "light", 0, 1.0),
        (
            "living_room_illuminance",
            "Living room illuminance",
            "illuminance",
            "lx",
            "light",
            0,
            float(rng.uniform(0.008, 0.03)),
        ),
        ("bathroom_humidity", "Bathroom humidity", "humidity", "%", "shower", 0, 1.0),
    )
    for name, title, device_class, unit, curve, decimals, share in outside:
        if rng.random() < 0.7 or name == "bathroom_humidity":
            info = EntityInfo(f"sensor.{name}", title, title.rpartition(" ")[0], device_class, unit)
            meters.append(
                Meter(
                    info,
                    float(rng.uniform(46, 54)),
                    decimals=decimals,
                    every_minutes=float(rng.uniform(3, 8)),
                    curve=curve,
                    share=share,
                )
            )
    for number in range(max(1, count - len(meters))):
        area = areas[number % len(areas)]
        name, device_class, unit, base, swing, noise, decimals = (
            ("temperature", "temperature", "°C", 20.5, 1.2, 0.8, 1),
            ("humidity", "humidity", "%", 50.0, 4.0, 5.0, 0),
            ("power", "power", "W", 120.0, 60.0, 90.0, 1),
        )[int(rng.integers(3)) if number < len(areas) else number // len(areas) % 3]
        entity_id = f"sensor.{area}_{name}_{number}".lower().replace(" ", "_")
        info = EntityInfo(entity_id, f"{area} {name}", area, device_class, unit)
        meters.append(Meter(info, base, swing, noise, decimals, float(rng.uniform(10, 60))))
    return tuple(meters)


def random_echoes(devices: Sequence[Device], rng: np.random.Generator) -> tuple[Echo, ...]:
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


def random_timed(rng: np.random.Generator) -> tuple[TimedAutomation, ...]:
    """Garden lights that most homes have automated by the clock."""
    on = float(rng.uniform(960, 1200))
    automation = TimedAutomation(
        EntityInfo("automation.garden_lights", "Garden lights"),
        EntityInfo("light.garden_lights", "Garden lights", "Garden"),
        round(on),
        round(on + float(rng.uniform(60, 230))),
    )
    return (automation,) if rng.random() < 0.7 else ()
