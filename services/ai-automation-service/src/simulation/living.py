"""Living in a house for a span gives its log."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, EntityInfo, Int32Array, Int64Array, Origin
from src.simulation.background import battery, flapping, heartbeat, readings, restarted, sun, updates, without
from src.simulation.devices import Device, Surroundings, operate
from src.simulation.home import SimulatedHome
from src.simulation.house import House
from src.simulation.movement import door, motion_sensor, presence, wander
from src.simulation.natural import natural_regularities
from src.simulation.people import Life, departures_of_all, live
from src.simulation.span import DAY_MINUTES, Span
from src.simulation.timeline import Timeline, assemble, changes_only, timeline


def _rng(house: House, name: str) -> np.random.Generator:
    """A stream of its own for each entity, so that adding one leaves the others as they were."""
    return np.random.default_rng([house.seed, crc32(name.encode())])


def _seconds(rng: np.random.Generator, low: float, high: float, count: int) -> Int64Array:
    return (rng.uniform(low, high, count) * MICROSECONDS).astype(np.int64)


class _Living:
    """One house while its timelines are being made."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.span = house.span
        self.lines: dict[str, Timeline] = {}
        self.info: dict[str, EntityInfo] = {}
        self.initial: dict[str, str] = {}
        self.moves: list[Int64Array] = []  # instants of movements, one array for each entry of move_rooms
        self.move_rooms: list[Int64Array] = []

    def keep(self, info: EntityInfo, line: Timeline, initial: str | None = None) -> None:
        self.lines[info.entity_id] = line
        self.info[info.entity_id] = info
        self.initial[info.entity_id] = initial if initial is not None else (line.names[0] if line.names else "off")

    def rng(self, name: str) -> np.random.Generator:
        return _rng(self.house, name)

    def move(self, times: Int64Array, area: str | None) -> None:
        """Somebody moves in an area."""
        for number, room in enumerate(self.house.rooms):
            if room.area == area:
                self.moves.append(times)
                self.move_rooms.append(np.full(len(times), number, np.int64))

    def stay(self, by_hand: Timeline, device: Device, rng: np.random.Generator) -> None:
        """Somebody who switches a thing has been in its room for a while, or will be."""
        count = len(by_hand)
        on = by_hand.code == by_hand.names.index(device.on)
        before = np.where(on, rng.exponential(60, count), rng.lognormal(np.log(600), 1.0, count)) + 1
        after = np.where(on, rng.lognormal(np.log(600), 1.0, count), rng.exponential(20, count))
        moves = np.maximum(1, rng.poisson((before + after) / 130))
        share = rng.random(int(moves.sum()))
        start = np.repeat(by_hand.time - (before * MICROSECONDS).astype(np.int64), moves)
        within = share * np.repeat(before + after, moves)
        self.move(start + (within * MICROSECONDS).astype(np.int64), device.info.area)
        self.move(
            by_hand.time - (np.minimum(before, rng.uniform(1, 8, count)) * MICROSECONDS).astype(np.int64),
            device.info.area,
        )
        self.move(by_hand.time - (before * MICROSECONDS).astype(np.int64), device.info.area)

    def people(self) -> list[Life]:
        lives = []
        for info, person in self.house.people:
            rng = self.rng(info.entity_id)
            life = live(person, self.span, self.house.absences, rng)
            lives.append(life)
            self.keep(info, presence(life, self.span, rng), "home")
            moves = wander(life, self.house.rooms, self.span, rng)
            self.moves.append(moves.time)
            self.move_rooms.append(moves.room)
        for info, person_id in self.house.trackers:
            rng = self.rng(info.entity_id)
            line = self.lines[person_id]
            earlier = line.time - _seconds(rng, 0.02, 0.06, 1)[0]
            self.keep(info, Timeline(earlier, line.code, line.origin, line.names), "home")
        return lives

    def doors(self, lives: Sequence[Life], around: Surroundings) -> None:
        trips = np.concatenate([life.trips for life in lives]) if lives else np.empty((0, 2))
        if self.house.entrance is not None:
            rng = self.rng(self.house.entrance.entity_id)
            passed = np.concatenate([self.span.utc(trips.ravel()), self._visits(around, 0.7, rng)])
            self.keep(self.house.entrance, door(passed, rng.lognormal(np.log(11), 0.5, len(passed))), "off")
            self.move(passed + _seconds(rng, -30, -2, len(passed)), self.house.rooms[0].area)
            self.move(passed + _seconds(rng, 3, 20, len(passed)), self.house.rooms[0].area)
        for info, per_day in self.house.doors:
            rng = self.rng(info.entity_id)
            opened = self._visits(around, per_day, rng)
            self.keep(info, door(opened, rng.lognormal(np.log(40), 1.3, len(opened))), "off")
            self.move(opened - _seconds(rng, 1, 12, len(opened)), info.area)

    def _visits(self, around: Surroundings, per_day: float, rng: np.random.Generator) -> Int64Array:
        at = rng.uniform(0, self.span.minutes, rng.poisson(per_day * self.span.days * 2.2))
        return np.sort(self.span.utc(at[around.active[at.astype(np.int64)]]))

    def gatherings(self, active: BoolArray) -> dict[str, Int64Array]:
        """By area, instants at which people gather there, most of them in the evening."""
        found = {}
        if self.house.gatherings > 0:
            for area in dict.fromkeys(device.info.area or "" for device in self.house.devices):
                rng = self.rng(f"gatherings {area}")
                count = rng.poisson(self.house.gatherings * self.span.days * 1.3)
                minute = np.where(rng.random(count) < 0.7, rng.normal(1170, 110, count), rng.uniform(400, 1400, count))
                at = rng.integers(0, self.span.days, count) * DAY_MINUTES + np.clip(minute, 0, DAY_MINUTES - 1)
                found[area] = np.sort(self.span.utc(at[active[at.astype(np.int64)]]))
        return found

    def devices(self, around: Surroundings) -> None:
        for device in self.house.devices:
            rng = self.rng(device.info.entity_id)
            every = (*self.house.routines, *around.given_up)
            own = [routine for routine in every if routine.entity_id == device.info.entity_id]
            line = operate(device, own, around, rng)
            self.keep(device.info, line, device.off)
            # Who works a thing by hand walks up to it; a phone does not tell where its owner is.
            self.stay(line.where(line.origin == Origin.DEVICE), device, rng)

    def motion(self) -> None:
        times = np.concatenate(self.moves)
        rooms = np.concatenate(self.move_rooms)
        for number, room in enumerate(self.house.rooms):
            if room.motion is not None:
                info = self.house.motion_info.get(room.motion) or EntityInfo(
                    room.motion, f"{room.area} motion", room.area, "motion"
                )
                self.keep(info, motion_sensor(times[rooms == number], room.hold_seconds), "off")

    def automations(self) -> None:
        """What the home automated already: its light by the clock, to the second, and its light by motion."""
        days = np.arange(self.span.days, dtype=np.float64) * DAY_MINUTES
        for timed in self.house.timed:
            rng = self.rng(timed.light.entity_id)
            on, off = self.span.utc(days + timed.on_minutes), self.span.utc(days + timed.off_minutes)
            time = np.concatenate([on, off])
            time += _seconds(rng, 0.05, 0.7, len(time))
            code = np.repeat([1, 0], self.span.days).astype(np.int32)
            self._automated(timed.automation, timed.light, time, code)
        for watching in self.house.by_motion:
            rng = self.rng(watching.light.entity_id)
            sensor = self.lines[watching.sensor]
            on, clear = sensor.when("on"), sensor.when("off")
            off = clear + round(watching.off_after_seconds * MICROSECONDS)
            off = off[_next_after(on, clear) > off]
            time = np.concatenate([on, off])
            time += _seconds(rng, 0.05, 0.6, len(time))
            code = np.concatenate([np.ones(len(on)), np.zeros(len(off))]).astype(np.int32)
            self._automated(watching.automation, watching.light, time, code)

    def _automated(self, automation: EntityInfo, light: EntityInfo, time: Int64Array, code: Int32Array) -> None:
        line = changes_only(timeline(time, code, ("off", "on"), Origin.AUTOMATION), "off")
        self.keep(light, line, "off")
        runs = line.time - 20_000
        self.keep(automation, timeline(runs, np.zeros(len(runs), np.int32), ("on",), Origin.AUTOMATION), "on")

    def echoes(self) -> None:
        for echo in self.house.echoes:
            rng = self.rng(echo.info.entity_id)
            sources = [self.lines[source] for source in echo.sources]
            time = np.concatenate([line.time for line in sources])
            on_state = [np.isin(line.names, echo.on_states).astype(np.int64)[line.code] for line in sources]
            delta = [np.diff(on, prepend=0) for on in on_state]
            origin = np.concatenate([line.origin for line in sources])
            order = np.argsort(time, kind="stable")
            count = np.cumsum(np.concatenate(delta)[order])
            code = (count > 0).astype(np.int32)
            if not echo.same_context:
                origin = np.full(len(origin), Origin.DEVICE, np.int8)
            at = np.maximum.accumulate(time[order] + _seconds(rng, echo.lag_seconds / 10, echo.lag_seconds, len(time)))
            line = changes_only(timeline(at, code, ("off", "on"), origin[order]), "off")
            if echo.watts is None:
                self.keep(echo.info, line, "off")
            else:
                self.keep(echo.info, _power(line, echo.watts, self.span, rng), "0.4")

    def background(self) -> None:
        house, span = self.house, self.span
        for meter in house.meters:
            self.keep(meter.info, readings(meter, span, self.rng(meter.info.entity_id)))
        for info in house.batteries:
            self.keep(info, battery(span, self.rng(info.entity_id)))
        for info, minutes in house.heartbeats:
            self.keep(info, heartbeat(span, minutes, self.rng(info.entity_id)))
        for info, bursts in house.flapping:
            self.keep(info, flapping(span, bursts, self.rng(info.entity_id)))
        for info in house.updates:
            self.keep(info, updates(span, self.rng(info.entity_id)))
        if house.sun:
            self.keep(EntityInfo("sun.sun", "Sun"), sun(span), "below_horizon")

    def interruptions(self) -> None:
        rng = self.rng("restart")
        restarts = np.sort(self.span.utc(rng.uniform(DAY_MINUTES, self.span.minutes, self.house.restarts)))
        for entity_id, line in self.lines.items():
            initial = self.initial[entity_id]
            if not entity_id.startswith(("sun.", "automation.")):
                line = restarted(line, initial, restarts, self.rng(f"{entity_id} restart"))
            silent = [
                (int(self.span.utc(np.array([start]))[0]), int(self.span.utc(np.array([end]))[0]))
                for silenced, start, end in self.house.outages
                if silenced in ("", entity_id)
            ]
            self.lines[entity_id] = without(line, silent)


def _next_after(times: Int64Array, moments: Int64Array) -> Int64Array:
    padded = np.append(times, np.iinfo(np.int64).max)
    return padded[np.searchsorted(times, moments, "right")]


def _power(line: Timeline, watts: float, span: Span, rng: np.random.Generator) -> Timeline:
    """A plug's meter: some watts while on, next to nothing while off, and a reading now and then."""
    beat = heartbeat(span, 90, rng)
    time = np.concatenate([line.time, beat.time])
    last = np.searchsorted(line.time, beat.time, "right") - 1
    on = np.concatenate([line.code, np.where(last >= 0, line.code[np.maximum(last, 0)] if len(line) else 0, 0)])
    level = np.where(on == 1, np.round(watts + rng.integers(-9, 10, len(on)) * watts / 300, 1), 0.4)
    values, code = np.unique(level, return_inverse=True)
    origin = np.concatenate([line.origin, beat.origin])
    names = tuple(f"{value:.1f}" for value in values.tolist())
    if "0.4" not in names:
        names = (*names, "0.4")
    return timeline(time, code.astype(np.int32), names, origin)


def live_in(house: House) -> SimulatedHome:
    """Live in a house for its span. The same house gives the same home to the byte."""
    living = _Living(house)
    span = house.span
    lives = living.people()
    active = np.zeros(span.minutes, np.bool_)
    for life in lives:
        active |= life.active
    present = np.ones(span.minutes, np.bool_)
    for start, end in house.absences:
        present[max(int(start), 0) : max(int(end), 0)] = False
    departures = np.sort(span.utc(departures_of_all(lives, span)))
    dropped = {routine: int(span.utc(np.array([until]))[0]) for routine, until in house.given_up}
    around = Surroundings(span, active, present, departures, living.lines, living.gatherings(active), given_up=dropped)
    living.doors(lives, around)
    living.devices(around)
    living.motion()
    living.automations()
    living.echoes()
    living.background()
    living.interruptions()
    log = assemble(living.lines, living.info, span.time_zone, span.start, span.end)
    echoes = tuple((source, echo.info.entity_id) for echo in house.echoes for source in echo.sources)
    echoes += tuple((person, info.entity_id) for info, person in house.trackers)
    return SimulatedHome(log, house.routines, natural_regularities(house), echoes)
