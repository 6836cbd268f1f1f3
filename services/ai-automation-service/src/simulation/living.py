"""Living in a house for a span gives its log."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, EntityInfo, Int32Array, Int64Array, Origin
from src.domain.local_time import to_local
from src.domain.patterns import Kind
from src.simulation.background import battery, flapping, heartbeat, readings, restarted, sun, updates, without
from src.simulation.devices import Device, operate
from src.simulation.echoes import echoed
from src.simulation.home import SimulatedHome
from src.simulation.house import House
from src.simulation.moments import Surroundings, left_open
from src.simulation.movement import door, motion_sensor, presence, wander
from src.simulation.natural import natural_regularities
from src.simulation.people import Life, departures_of_all, live
from src.simulation.span import DAY_MINUTES, MINUTE
from src.simulation.streams import stream
from src.simulation.timeline import Timeline, assemble, changes_only, timeline
from src.simulation.weather import Sky


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
        return stream(self.house.seed, name)

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

    def guests(self) -> None:
        """Those who stay for an evening or some days walk about as well."""
        for number, (start, end) in enumerate(self.house.guests):
            rng = self.rng(f"guest {number}")
            asleep = np.arange(self.span.minutes) % DAY_MINUTES
            there = np.zeros(self.span.minutes, np.bool_)
            there[int(start) : int(end)] = True
            there &= (asleep > 540) | (asleep < 30)
            moves = wander(Life(np.empty((0, 2)), there), self.house.rooms, self.span, rng)
            inside = moves.time[there[self.minute_of(moves.time)]]
            self.moves.append(inside)
            self.move_rooms.append(moves.room[there[self.minute_of(moves.time)]])

    def minute_of(self, times: Int64Array) -> Int64Array:
        """Whole minutes of the span on the wall clock, kept inside it."""
        minute = to_local(times, self.span.time_zone) // MINUTE - self.span.first_day * DAY_MINUTES
        return np.clip(minute, 0, self.span.minutes - 1)

    def meters(self, active: BoolArray) -> None:
        sky = Sky.over(self.span, self.house.position, self.rng("sky"))
        rng = self.rng("showers")
        showered = np.sort(rng.uniform(0, self.span.minutes, rng.poisson(4.2 * self.span.days)))
        showered = showered[active[showered.astype(np.int64)]]
        for meter in self.house.meters:
            self.keep(meter.info, readings(meter, self.span, self.rng(meter.info.entity_id), sky, showered))

    def doors(self, lives: Sequence[Life], around: Surroundings) -> None:
        trips = np.concatenate([life.trips for life in lives]) if lives else np.empty((0, 2))
        if self.house.entrance is not None:
            rng = self.rng(self.house.entrance.entity_id)
            callers = self.span.utc(np.array(self.house.guests, np.float64).ravel())
            passed = np.concatenate([self.span.utc(trips.ravel()), callers, self._visits(around, 0.7, rng)])
            self.keep(self.house.entrance, door(passed, rng.lognormal(np.log(11), 0.5, len(passed))), "off")
            self.move(passed + _seconds(rng, -30, -2, len(passed)), self.house.rooms[0].area)
            self.move(passed + _seconds(rng, 3, 20, len(passed)), self.house.rooms[0].area)
        for info, per_day in self.house.doors:
            rng = self.rng(info.entity_id)
            opened = self._visits(around, per_day, rng)
            seconds = rng.lognormal(np.log(40), 1.3, len(opened))
            for routine in self.house.routines:
                if routine.kind is Kind.ANOMALY and routine.entity_id == info.entity_id:
                    begin, until = left_open(routine, around, rng)
                    seconds = np.clip(rng.lognormal(np.log(180), 0.6, len(opened)), 30, 900)
                    rest = (opened + seconds * MICROSECONDS < begin) | (opened > until)
                    opened = np.append(opened[rest], begin)
                    seconds = np.append(seconds[rest], (until - begin) / MICROSECONDS)
            self.keep(info, door(opened, seconds), "off")
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
            own = [routine for routine in every if device.info.entity_id in dict(routine.things)]
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
            line = echoed(echo, [self.lines[source] for source in echo.sources], self.span, rng)
            self.keep(echo.info, line, "off" if echo.watts is None else "0.4")

    def background(self) -> None:
        house, span = self.house, self.span
        for info in house.batteries:
            self.keep(info, battery(span, self.rng(info.entity_id)))
        for info, minutes in house.heartbeats:
            self.keep(info, heartbeat(span, minutes, self.rng(info.entity_id)))
        for info, bursts in house.flapping:
            self.keep(info, flapping(span, bursts, self.rng(info.entity_id)))
        for info in house.updates:
            self.keep(info, updates(span, self.rng(info.entity_id)))
        if house.sun:
            self.keep(EntityInfo("sun.sun", "Sun"), sun(span, house.position), "below_horizon")

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
    busier = np.ones(span.days)
    for start, end in house.guests:
        busier[int(start // DAY_MINUTES) : int(end // DAY_MINUTES) + 1] = 1.5
    around = Surroundings(
        span,
        active,
        present,
        np.sort(span.utc(departures_of_all(lives, span))),
        living.lines,
        living.rng,
        house.position,
        busier,
        living.gatherings(active),
        given_up={routine: int(span.utc(np.array([until]))[0]) for routine, until in house.given_up},
    )
    living.guests()
    living.doors(lives, around)
    living.meters(active)
    living.devices(around)
    living.motion()
    living.automations()
    living.echoes()
    living.background()
    living.interruptions()
    echoes = tuple((source, echo.info.entity_id) for echo in house.echoes for source in echo.sources)
    echoes += tuple((person, info.entity_id) for info, person in house.trackers)
    return SimulatedHome(
        assemble(living.lines, living.info, span.time_zone, span.start, span.end, house.position),
        house.routines,
        natural_regularities(house),
        echoes,
        span,
        tuple(around.given_up.items()),
        tuple(
            (int(span.utc(np.array([start]))[0]), int(span.utc(np.array([end]))[0])) for start, end in house.absences
        ),
    )
