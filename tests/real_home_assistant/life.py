"""How people live in the test home: what they and the devices do, by a seed. All of it is decided beforehand."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.real_home_assistant.json_types import Json
from tests.real_home_assistant.sunset import sunset
from tests.real_home_assistant.things import LATITUDE, LONGITUDE, TIME_ZONE

_KEEPS = 0.93  # how often people keep a habit
# How damp the air is every 2 minutes from the beginning of a shower, of the way to its dampest.
_SHOWER = (0.1, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0, 0.95, 0.8, 0.65, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.05)


@dataclass(frozen=True)
class Act:
    """Something happens in the home.

    Attributes:
        at: s since the epoch.
        user: who asks for it in the app; None: the device itself is used, or reports.
    """

    at: float
    entity_id: str
    to: str
    user: str | None = None

    def to_json(self) -> Json:
        return {"at": self.at, "entity_id": self.entity_id, "to": self.to, "user": self.user}


class Life:
    """The days of two people, by a seed.

    Args:
        users: a user's id by name.
    """

    def __init__(self, first: date, days: int, seed: int, users: dict[str, str]) -> None:
        self._random = random.Random(seed)
        self._users = users
        self._acts: list[Act] = []
        for number in range(days):
            self._day(first + timedelta(days=number))

    def acts(self) -> list[Act]:
        """What happens, in order."""
        return sorted(self._acts, key=lambda act: act.at)

    def _day(self, day: date) -> None:
        self._day_now = day
        workday = day.weekday() < 5
        self._clock_habits(workday)
        self._comings_and_goings(workday)
        self._television(workday)
        self._bathroom(workday)
        self._noise()

    # What people do by habit.

    def _clock_habits(self, workday: bool) -> None:
        if workday and self._keep():
            at = self._around("06:50", 5)
            self._hand(at, "light.bedroom_lamp", "on")
            self._hand(at + self._minutes(12, 55), "light.bedroom_lamp", "off")
        if self._keep():
            at = self._around("07:12", 5) if workday else self._around("09:25", 6)
            self._hand(at, "switch.coffee_machine", "on")
            self._hand(at + self._minutes(20, 90), "switch.coffee_machine", "off")
        if not workday and self._keep():
            at = self._around("10:00", 6)
            self._hand(at, "light.study", "on")
            self._hand(at + self._minutes(20, 150), "light.study", "off")
        if workday and self._keep():
            self._hand(self._around("08:30", 4), "switch.study_desk", "on")
        if workday:
            self._hand(self._around("16:30", 50), "switch.study_desk", "off")
        if self._keep():
            at = sunset(self._day_now, LATITUDE, LONGITUDE).timestamp() + 60 * self._random.gauss(20, 6)
            self._app(at, "light.living_room_lamp", "on", "Anna")
        if self._keep():
            self._hand(self._around("22:50", 6), "light.living_room_lamp", "off")

    def _comings_and_goings(self, workday: bool) -> None:
        away: list[tuple[str, float, float]] = []
        if workday:
            away.append(("anna", self._around("07:50", 12), self._around("17:30", 35)))
            if self._random.random() < 0.75:
                out = self._around("12:30", 70)
                away.append(("ben", out, out + self._minutes(40, 150)))
            if self._random.random() < 0.4:
                out = self._around("20:10", 30)
                away.append(("ben", out, out + self._minutes(20, 90)))
            if self._random.random() < 0.3:
                out = self._around("18:40", 25)
                away.append(("anna", out, out + self._minutes(30, 70)))
        else:
            out = self._around("12:00", 60)
            back = out + self._minutes(70, 240)
            first, second = self._random.sample(["anna", "ben"], 2)
            away += [(first, out, back), (second, out + self._minutes(0.5, 2), back + self._minutes(0.5, 4))]
            if self._random.random() < 0.5:
                out = self._around("19:00", 40)
                away.append(("ben", out, out + self._minutes(30, 90)))
        moves: list[tuple[float, str, str]] = []
        for who, out, back in away:
            moves += [(out, who, "not_home"), (back, who, "home")]
            self._door(out - self._minutes(0.3, 1.5))
            self._door(back + self._minutes(0.3, 2))
        home = {"anna", "ben"}
        for at, who, to in sorted(moves):
            self._says(at, f"device_tracker.{who}_phone", to)
            before = len(home)
            home = home | {who} if to == "home" else home - {who}
            if before == 0 and self._keep():
                self._hand(at + self._random.uniform(25, 70), "switch.standby_plug", "on")
            if not home and self._keep():
                self._app(at + self._random.uniform(30, 90), "switch.standby_plug", "off", who.capitalize())
            if who == "anna" and to == "home" and self._keep():
                played = at + self._random.uniform(90, 180)
                self._hand(played, "media_player.radio", "on")
                self._hand(played + self._minutes(15, 100), "media_player.radio", "off")

    def _door(self, at: float) -> None:
        """Somebody goes through the front door, and puts the light on."""
        self._says(at, "binary_sensor.front_door", "on")
        self._says(at + self._random.uniform(4, 25), "binary_sensor.front_door", "off")
        self._moves(at + self._random.uniform(1, 4), "hallway")
        if self._keep():
            lit = at + self._random.uniform(4, 11)
            self._hand(lit, "light.hallway", "on")
            self._hand(lit + self._minutes(1, 25), "light.hallway", "off")

    def _television(self, workday: bool) -> None:
        starts = [self._around("20:50", 55)] if self._random.random() < 0.85 else []
        if not workday and self._random.random() < 0.7:
            starts.append(self._around("15:30", 70))
        for at in starts:
            over = at + self._minutes(35, 110)
            self._hand(at, "media_player.tv", "on")
            self._hand(over, "media_player.tv", "off")
            if self._keep():
                self._hand(at + self._random.uniform(8, 25), "media_player.soundbar", "on")
                self._hand(over + self._minutes(0.5, 30), "media_player.soundbar", "off")

    def _bathroom(self, workday: bool) -> None:
        showers = [self._around("07:25" if workday else "10:10", 20)]
        if self._random.random() < 0.5:
            showers.append(self._around("19:00", 70))
        for at in showers:
            peak = self._random.uniform(74, 88)
            reads = [50 + (peak - 50) * part + self._random.uniform(-1, 1) for part in _SHOWER]
            for step, humid in enumerate(reads):
                self._says(at + 120 * step, "sensor.bathroom_humidity", f"{humid:.1f}")
            if self._keep():
                damp = next(step for step, humid in enumerate(reads) if humid > 68)
                fan = at + 120 * damp + self._random.uniform(30, 90)
                self._hand(fan, "switch.bathroom_fan", "on")
                self._hand(fan + self._minutes(12, 45), "switch.bathroom_fan", "off")
        for _ in range(self._count(1.5)):  # washing hands, or a wet towel: not damp enough for the fan
            at, peak = self._between("11:30", "17:00"), self._random.uniform(57, 64)
            for step, part in enumerate(_SHOWER):
                self._says(at + 120 * step, "sensor.bathroom_humidity", f"{50 + (peak - 50) * part:.1f}")
        if self._random.random() < 0.8:
            at = self._between("08:00", "21:30")
            self._hand(at, "switch.towel_warmer", "on")
            held = self._random.gauss(40, 1.5) if self._keep() else self._random.uniform(8, 90)
            self._hand(at + 60 * held, "switch.towel_warmer", "off")
        if self._random.random() < 0.9:
            at = self._between("12:00", "21:00")
            lights = ["light.dining_table", "light.sideboard", "light.window_lamp"]
            self._random.shuffle(lights)
            together = lights if self._keep() else lights[:1]
            for light in together:
                at += self._random.uniform(2, 15)
                self._hand(at, light, "on")
                self._hand(at + self._minutes(20, 140), light, "off")

    # What happens besides.

    def _noise(self) -> None:
        for light, times in (
            ("light.kitchen", 4),
            ("light.bathroom", 5),
            ("light.living_room_ceiling", 1.5),
            ("light.living_room_shelf", 1),
            ("light.study", 0.7),
            ("light.bedroom_lamp", 1),
        ):
            for _ in range(self._count(times)):
                at = self._between("06:30", "23:30")
                turn = self._hand if self._random.random() < 0.7 else self._by_somebody
                turn(at, light, "on")
                turn(at + self._minutes(1, 70), light, "off")
        for _ in range(self._count(2)):
            self._door(self._between("09:00", "22:00"))
        for room, times in (("hallway", 14), ("kitchen", 22), ("living_room", 20)):
            for _ in range(self._count(times)):
                self._moves(self._between("06:40", "23:40"), room)
        warm = 12 + self._random.gauss(0, 3)
        for hour in range(24):
            reads = warm + 5 * (1 - abs(hour - 15) / 12) + self._random.uniform(-0.5, 0.5)
            self._says(self._at(60 * hour + self._random.uniform(0, 59)), "sensor.outside_temperature", f"{reads:.1f}")
        if self._random.random() < 0.15:
            lost = self._random.choice(["light.kitchen", "light.study", "media_player.tv", "sensor.bathroom_humidity"])
            at = self._between("01:00", "05:00")
            self._says(at, lost, "unavailable")
            self._says(at + self._minutes(1, 20), lost, "off" if not lost.startswith("sensor") else "50.0")

    def _by_somebody(self, at: float, entity_id: str, to: str) -> None:
        self._app(at, entity_id, to, self._random.choice(["Anna", "Ben"]))

    def _moves(self, at: float, room: str) -> None:
        self._says(at, f"binary_sensor.{room}_motion", "on")
        self._says(at + self._random.uniform(15, 90), f"binary_sensor.{room}_motion", "off")

    def _hand(self, at: float, entity_id: str, to: str) -> None:
        self._acts.append(Act(at, entity_id, to))

    _says = _hand

    def _app(self, at: float, entity_id: str, to: str, who: str) -> None:
        self._acts.append(Act(at, entity_id, to, self._users[who]))

    # When.

    def _keep(self) -> bool:
        return self._random.random() < _KEEPS

    def _minutes(self, low: float, high: float) -> float:
        """So many minutes, in seconds."""
        return 60 * self._random.uniform(low, high)

    def _count(self, mean: float) -> int:
        return sum(self._random.random() < mean / 30 for _ in range(30))

    def _around(self, clock: str, spread: float) -> float:
        """That time give or take, ``spread`` in minutes; never twice as far again."""
        off = max(-2 * spread, min(2 * spread, self._random.gauss(0, spread)))
        return self._at(_minutes(clock) + off)

    def _between(self, first: str, last: str) -> float:
        return self._at(self._random.uniform(_minutes(first), _minutes(last)))

    def _at(self, minutes: float) -> float:
        """A time of the day on the wall clock, in minutes, as s since the epoch."""
        midnight = datetime.combine(self._day_now, datetime.min.time())
        return (midnight + timedelta(minutes=minutes)).replace(tzinfo=ZoneInfo(TIME_ZONE)).timestamp()


def _minutes(clock: str) -> float:
    return float(int(clock[:2]) * 60 + int(clock[3:]))
