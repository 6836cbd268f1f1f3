"""Comings and goings, levels that are crossed, and the sun: what routines are due by."""

from __future__ import annotations

import itertools
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.domain.events import Int64Array
from src.domain.local_time import DAY, to_local
from src.simulation.catalogue import POSITIONS
from src.simulation.daylight import is_dark, sun_times
from src.simulation.occasions import Stays, comings_and_goings, crossings
from src.simulation.span import MINUTE, Span

# Who goes out first, and then every so many minutes comes or goes.
OUTINGS = st.lists(st.integers(1, 500), max_size=12)


def stays(gaps: list[int], number: int) -> Stays:
    """Never two people at one instant."""
    at = np.cumsum(np.array([0, *gaps], np.int64))[1:] * 10 + number
    return Stays(at[1::2], at[::2])


def slowly(event: str, people: list[Stays]) -> list[int]:
    """The same, one event after the other."""
    events = sorted(
        (int(at), here, n)
        for n, p in enumerate(people)
        for here, times in ((True, p.arrived), (False, p.left))
        for at in times
    )
    at_home = set(range(len(people)))
    found = []
    for at, arrives, person in events:
        if arrives:
            if not at_home and event == "first_arrives":
                found.append(at)
            at_home.add(person)
        else:
            at_home.discard(person)
            if not at_home and event == "last_leaves":
                found.append(at)
    return found


@given(people=st.lists(OUTINGS, min_size=1, max_size=4), event=st.sampled_from(("first_arrives", "last_leaves")))
def test_the_first_and_the_last_of_a_household(people: list[list[int]], event: str) -> None:
    household = [stays(gaps, number) for number, gaps in enumerate(people)]
    assert comings_and_goings(event, household).tolist() == slowly(event, household)


@given(gaps=OUTINGS, at=st.integers(0, 60_000))
def test_somebody_is_at_home_unless_they_left_last(gaps: list[int], at: int) -> None:
    person = stays(gaps, 0)
    last_left = max([int(t) for t in person.left if t <= at], default=-1)
    last_came = max([int(t) for t in person.arrived if t <= at], default=-1)
    assert person.at_home(np.array([at], np.int64))[0] == (last_came > last_left or last_left == -1)


@given(values=st.lists(st.floats(-50, 50), max_size=40), level=st.floats(-40, 40))
def test_a_level_is_crossed_up_and_down_in_turn(values: list[float], level: float) -> None:
    time = np.arange(len(values), dtype=np.int64)
    series = np.array([value for value in values if value != level], np.float64)
    time = time[: len(series)]
    up: Int64Array = crossings(time, series, level, rising=True)
    down: Int64Array = crossings(time, series, level, rising=False)
    assert abs(len(up) - len(down)) <= 1
    both = sorted([(int(at), "up") for at in up] + [(int(at), "down") for at in down])
    assert all(a[1] != b[1] for a, b in itertools.pairwise(both))


@pytest.mark.parametrize("zone", POSITIONS)
@pytest.mark.parametrize("last", [date(2026, 6, 21), date(2026, 11, 15), date(2026, 12, 21)])
def test_the_sun_rises_before_noon_and_sets_after_it(zone: str, last: date) -> None:
    span = Span.ending(last, 40, zone)
    rise, fall = sun_times(span.first_day, span.days, zone, POSITIONS[zone])
    days = np.arange(span.first_day, span.first_day + span.days)
    for times, low, high in ((rise, 3, 10), (fall, 14, 23.5)):
        local = to_local(times, zone)
        assert np.array_equal(local // DAY, days)
        assert np.all((local % DAY >= low * 60 * MINUTE) & (local % DAY <= high * 60 * MINUTE))
    noon = span.utc(np.arange(span.days, dtype=np.float64) * 1440 + 720)
    assert not is_dark(noon, zone, POSITIONS[zone]).any()
    assert is_dark(noon - 11 * 60 * MINUTE, zone, POSITIONS[zone]).all()


def by_hand(day: date, north: float, east: float) -> tuple[float, float]:
    """Sunrise and sunset by the sunrise equation, minutes of UTC, with 0.83 degrees for refraction and the disc."""
    number = day.timetuple().tm_yday
    tilt = np.radians(-23.44 * np.cos(2 * np.pi * (number + 10) / 365))
    turn = 2 * np.pi * (number - 81) / 365
    late = 9.87 * np.sin(2 * turn) - 7.53 * np.cos(turn) - 1.5 * np.sin(turn)
    height = np.sin(np.radians(-0.833)) - np.sin(np.radians(north)) * np.sin(tilt)
    half = 4 * np.degrees(np.arccos(height / (np.cos(np.radians(north)) * np.cos(tilt))))
    noon = 720 - 4 * east - late
    return float(noon - half), float(noon + half)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/London", "America/New_York"])
def test_the_sun_keeps_to_the_sunrise_equation(zone: str) -> None:
    span = Span.ending(date(2026, 11, 15), 60, zone)
    rise, fall = sun_times(span.first_day, span.days, zone, POSITIONS[zone])
    for number in range(0, 60, 7):
        day = date.fromordinal(date(1970, 1, 1).toordinal() + span.first_day + number)
        midnight = (span.first_day + number) * DAY
        expected = by_hand(day, *POSITIONS[zone])
        found = [float(times[number] - midnight) / MINUTE for times in (rise, fall)]
        assert np.abs(np.array(found) - expected).max() <= 6
