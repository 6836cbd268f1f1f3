"""Who is at home: against a reader who keeps a list of who is in."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from src.domain.local_time import to_utc
from src.mining.people import People, find_people
from tests.unit.mining.conftest import START, Row, build_log, day

PEOPLE = ("person.anna", "person.ben", "person.cleo")
PLACES = ("home", "not_home", "work")


def micros(minute: int) -> int:
    """UTC of that minute after the start."""
    at = START + timedelta(minutes=minute)
    local = np.array([(at - START.replace(year=1970, day=1)) // timedelta(microseconds=1)], np.int64)
    return int(to_utc(local, "Europe/Berlin")[0])


def people_of(rows: list[Row]) -> People:
    return find_people(build_log(rows))


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[int, str, str]]:
    """Minutes (all different, some apart) at which people are somewhere; all have been at home and out."""
    moves: list[tuple[int, str, str]] = []
    for number, person in enumerate(PEOPLE[: draw(st.integers(1, 3))]):
        at = sorted(draw(st.sets(st.integers(1, 900), min_size=3, max_size=14)))
        first = draw(st.booleans())
        for place, minute in enumerate(at):
            here = (place % 2 == 0) == first
            moves.append((minute * 3 + number, person, "home" if here else draw(st.sampled_from(PLACES[1:]))))
    return sorted(moves)


@settings(max_examples=60, deadline=None)
@given(lives())
def test_somebody_is_home_when_a_list_of_those_inside_is_not_empty(moves: list[tuple[int, str, str]]) -> None:
    people = people_of([(START + timedelta(minutes=minute), who, place) for minute, who, place in moves])
    # The first state of each says where they were, not when they came there.
    inside = {who for who in PEOPLE if next((place for _, name, place in moves if name == who), "") == "home"}
    began = {who: next(minute for minute, name, _ in moves if name == who) for who in {name for _, name, _ in moves}}
    first_arrivals, last_departures = [], []
    asked, expected = [], []
    for minute, who, place in moves:
        if minute > began[who]:
            before = bool(inside)
            (inside.add if place == "home" else inside.discard)(who)
            if not before and inside:
                first_arrivals.append(micros(minute))
            if before and not inside:
                last_departures.append(micros(minute))
        asked.append(micros(minute) + 1)
        expected.append(bool(inside))
    assert people.entity_ids == tuple(sorted(began))
    assert people.first_arrivals.tolist() == first_arrivals
    assert people.last_departures.tolist() == last_departures
    assert people.somebody_home(np.array(asked, np.int64)).tolist() == expected


def test_from_work_to_the_shop_nobody_leaves_home() -> None:
    rows: list[Row] = [
        (day(0, 7), "person.anna", "home"),
        (day(0, 8), "person.anna", "work"),
        (day(0, 17), "person.anna", "not_home"),
        (day(0, 18), "person.anna", "home"),
    ]
    people = people_of(rows)
    assert (len(people.departures[0]), len(people.arrivals[0])) == (1, 1)


def test_a_home_that_tracks_nobody_always_has_somebody() -> None:
    rows: list[Row] = [(day(n, 8), "light.a", "on" if n % 2 else "off") for n in range(9)]
    people = people_of(rows)
    assert people.entity_ids == ()
    assert people.somebody_home(np.arange(5, dtype=np.int64)).all()


def test_trackers_are_asked_only_where_there_are_no_persons() -> None:
    tracker: list[Row] = [
        (day(n, hour), "device_tracker.phone", s) for n in range(3) for hour, s in ((8, "not_home"), (17, "home"))
    ]
    person: list[Row] = [
        (day(n, hour), "person.anna", s) for n in range(3) for hour, s in ((9, "not_home"), (16, "home"))
    ]
    assert people_of(tracker).entity_ids == ("device_tracker.phone",)
    assert people_of(tracker + person).entity_ids == ("person.anna",)


def test_a_phone_that_flaps_on_the_sofa_does_not_confuse_the_days_after() -> None:
    """Ten changes in half a minute on one evening; Anna is in that night, and out on the days after as ever."""
    rows: list[Row] = [(day(0, 0.1), "person.anna", "home")]
    for number in range(6):
        rows += [(day(number, 8), "person.anna", "not_home"), (day(number, 17), "person.anna", "home")]
        if number == 2:
            flaps = [day(number, 20) + timedelta(seconds=3 * step) for step in range(10)]
            rows += [(at, "person.anna", "home" if step % 2 else "not_home") for step, at in enumerate(flaps)]
    people = people_of(rows)
    evenings = np.array([micros(number * 1440 + 20 * 60) for number in range(3, 6)], np.int64)
    noons = np.array([micros(number * 1440 + 12 * 60) for number in range(3, 6)], np.int64)
    assert people.somebody_home(evenings).all()
    assert not people.somebody_home(noons).any()


def test_who_never_goes_out_keeps_the_home_from_being_empty() -> None:
    rows: list[Row] = [(day(0, 0.1), "person.anna", "home"), (day(0, 0.1), "person.grandmother", "home")]
    for number in range(10):
        rows += [(day(number, 8), "person.anna", "not_home"), (day(number, 17), "person.anna", "home")]
    people = people_of(rows)
    assert people.somebody_home(np.array([micros(1440 + 720)], np.int64)).all()
    assert len(people.last_departures) == 0
