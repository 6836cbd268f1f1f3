"""Routines while they are being planted, and the devices and meters that they take and change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from src.simulation.background import Meter
from src.simulation.daylight import Position
from src.simulation.devices import Device
from src.simulation.home import Planted
from src.simulation.people import Interval, Life
from src.simulation.span import Span

Draw = Callable[[Device, np.random.Generator], Planted]


@dataclass(frozen=True)
class Means:
    """What routines may be made of.

    Attributes:
        lives: by person's entity id.
        workers: those who go out to work or school.
        contacts: entity ids of doors, with openings a day.
        absences: holidays, moments of the span.
    """

    span: Span
    position: Position
    seed: int
    lives: Mapping[str, Life]
    workers: tuple[str, ...]
    contacts: tuple[tuple[str, float], ...]
    devices: tuple[Device, ...]
    meters: tuple[Meter, ...]
    absences: tuple[Interval, ...]


class Planting:
    """Routines while they are being planted. Devices and meters change as the routines need them.

    A device follows only what comes before it in ``devices``, so that no two wait for each other.

    Attributes:
        free: numbers of devices without a routine, the next one last.
        quiet: numbers of devices that set nothing off.
    """

    def __init__(self, means: Means, rng: np.random.Generator) -> None:
        self.means = means
        self.rng = rng
        self.devices = list(means.devices)
        self.meters = list(means.meters)
        self.routines: list[Planted] = []
        self.free = [int(number) for number in rng.permutation(len(self.devices))]
        self.quiet: set[int] = set()

    def take(self) -> int | None:
        """The next free device."""
        return self.free.pop() if self.free else None

    def change(self, number: int, **changes: object) -> Device:
        """Give a device what a routine needs."""
        self.devices[number] = replace(self.devices[number], **changes)  # type: ignore[arg-type]
        return self.devices[number]

    def by_clock(self, draw: Draw) -> Planted | None:
        """A routine of the clock for the next free device."""
        number = self.take()
        return None if number is None else draw(self.devices[number], self.rng)

    def trigger(self, number: int, often: float) -> tuple[str, str] | None:
        """What may set off the device of that number, mostly another device, at least so often a day."""
        found = [(contact, "on") for contact, per_day in self.means.contacts if per_day >= often]
        for before, device in enumerate(self.devices[:number]):
            if before not in self.quiet and device.uses >= often:
                found += [(device.info.entity_id, to) for to in (device.on, device.off)]
        return found[int(self.rng.integers(len(found)))] if found else None
