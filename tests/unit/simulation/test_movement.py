"""What sensors make of people who come, go and move about."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from src.domain.events import MICROSECONDS
from src.simulation.movement import Room, door, motion_sensor, presence, wander
from src.simulation.people import NIGHT, OFFICE, Person, departures_of_all, live
from src.simulation.span import Span

SPAN = Span.ending(date(2026, 11, 15), 28, "Europe/Helsinki")
OFFICE_WORKER = Person("person.a", (OFFICE,), outings=0.5)


@given(moves=st.lists(st.integers(0, 10_000), max_size=60), hold=st.integers(1, 600))
def test_motion_stays_on_for_the_hold_time_after_the_last_movement(moves: list[int], hold: int) -> None:
    line = motion_sensor(np.array(moves, np.int64) * MICROSECONDS, hold)
    on, off = line.when("on"), line.when("off")
    assert len(on) == len(off)
    assert np.all(on < off)
    assert np.all(on[1:] > off[:-1])
    for move in moves:
        covering = (on <= move * MICROSECONDS) & (off >= (move + hold) * MICROSECONDS)
        assert covering.sum() == 1


def test_a_door_that_is_open_is_not_opened_again() -> None:
    line = door(np.array([100, 104, 200], np.int64) * MICROSECONDS, np.array([10.0, 10.0, 5.0]))
    assert [line.names[code] for code in line.code] == ["on", "off", "on", "off"]


def test_an_office_worker_is_out_on_working_days_and_asleep_at_night() -> None:
    life = live(OFFICE_WORKER, SPAN, (), np.random.default_rng(1))
    days = life.active.reshape(SPAN.days, 1440)
    working = SPAN.weekdays < 5
    assert days[working][:, 11 * 60].mean() < 0.2
    assert days[~working][:, 11 * 60].mean() > 0.5
    assert days[1:, 3 * 60].mean() < 0.1


def test_a_night_shift_is_out_at_night() -> None:
    night = live(Person("person.n", (NIGHT,), outings=0), SPAN, (), np.random.default_rng(1))
    out = [start % 1440 for start, _ in night.trips]
    assert len(out) >= 15
    assert 20 * 60 < np.median(out) < 23 * 60


def test_nobody_is_at_home_on_holiday() -> None:
    absence = (5 * 1440 + 600.0, 9 * 1440 + 900.0)
    rng = np.random.default_rng(2)
    life = live(OFFICE_WORKER, SPAN, (absence,), rng)
    assert not life.active[5 * 1440 + 601 : 9 * 1440 + 899].any()
    rooms = (Room("Hall", "hallway"), Room("Bath", "bathroom"))
    moves = wander(life, rooms, SPAN, rng)
    low, high = SPAN.utc(np.array(absence))
    assert not ((moves.time > low) & (moves.time < high)).any()
    assert set(moves.room.tolist()) == {0, 1}


def test_a_person_is_home_and_away_by_turns() -> None:
    rng = np.random.default_rng(3)
    line = presence(live(OFFICE_WORKER, SPAN, (), rng), SPAN, rng)
    assert np.all(np.diff(line.code) != 0)
    assert len(line) > 30


def test_the_last_to_leave_empties_the_home() -> None:
    lives = [live(Person(f"person.{n}", (OFFICE,), outings=0), SPAN, (), np.random.default_rng(n)) for n in (1, 2)]
    departures = departures_of_all(lives, SPAN)
    assert len(departures) >= 15
    for moment in departures:
        assert all(any(start <= moment + 1 and moment < end for start, end in life.trips) for life in lives)
