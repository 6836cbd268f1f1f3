"""The clock's grid and the home's liveliness, against counting one window at a time."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from src.mining.activity import BIN, BINS, Activity, lively_chance
from src.mining.changes import find_changes
from src.mining.clock_days import ThingDays, clock_of
from src.mining.clock_frame import Frame
from src.mining.clock_grid import HALF_BINS, Grid
from src.mining.preparation import prepare
from tests.unit.mining.conftest import BuildLog, Row, build_log, day, ordinary_life

DAYS = 9


def lamp(minutes: list[int]) -> ThingDays:
    """A lamp that comes on at those minutes of nine days in a home where people move about."""
    rows: list[Row] = [*ordinary_life(DAYS, 1), (day(0, 0.001), "light.a", "off")]
    for minute in minutes:
        at = day(0) + timedelta(minutes=minute)
        rows += [(at, "light.a", "on"), (at + timedelta(seconds=20), "light.a", "off")]
    log = build_log(rows)
    home = prepare(log, find_changes(log))
    (code,) = (thing.code for thing in home.changes.things if (thing.entity_id, thing.to) == ("light.a", "on"))
    return ThingDays(home, code)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(2, DAYS * 1440 - 5), min_size=1, max_size=25, unique=True), st.integers(0, 4))
def test_the_grid_counts_the_days_on_which_a_window_holds_an_action(minutes: list[int], row: int) -> None:
    thing = lamp(minutes)
    half = HALF_BINS[row]
    group = np.arange(DAYS) % 3 - 1
    hits = Grid(thing, np.ones(len(thing.minutes), np.bool_)).hits(group, 2)[row]
    bins = {int(minute // BIN) for minute in thing.minutes}
    for at in range(0, BINS, 7):
        for number in (0, 1):
            days = [d for d in range(DAYS) if group[d] == number]
            expected = sum(any(abs(b - (d * BINS + at)) <= half for b in bins) for d in days)
            assert hits[number, at] == expected


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(2, DAYS * 1440 - 5), min_size=1, max_size=25, unique=True), st.integers(0, 4))
def test_the_grids_chances_are_those_of_the_exact_ones(minutes: list[int], row: int) -> None:
    thing = lamp(minutes)
    half = HALF_BINS[row]
    bins = np.arange(0, BINS, 9)
    centres = np.asarray((np.arange(DAYS)[:, None] * BINS + bins + 0.5) * BIN, np.float64)
    found = Grid(thing, np.ones(len(thing.minutes), np.bool_)).spread_out(half, bins)
    expected = lively_chance(thing.lively, thing.minutes, centres, (half + 0.5) * BIN)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_where_nobody_else_was_seen_nothing_is_expected(log_of: BuildLog) -> None:
    log = log_of(ordinary_life(10, 2))
    home = prepare(log, find_changes(log))
    assert Activity(home).of_others("binary_sensor.hall_motion")[-1] == 0.0
    others = Activity(home).per_day("binary_sensor.hall_motion")
    assert others.sum() == 0


def test_a_busy_hour_expects_more_than_a_quiet_one_but_not_in_proportion(log_of: BuildLog) -> None:
    """Sixteen sensors between 18 and 19 o'clock, one between 16 and 17; a lamp is as easily used in either."""
    rows: list[Row] = []
    for number in range(10):
        for sensor in range(16):
            for minute in range(0, 60, 5):
                at = day(number, 18) + timedelta(minutes=minute, seconds=sensor)
                rows.append((at, f"binary_sensor.s{sensor:02d}", "on" if minute % 10 else "off"))
                if sensor == 0:
                    rows.append((at - timedelta(hours=2), "binary_sensor.s00", "off" if minute % 10 else "on"))
        rows.append((day(number, 17.5), "light.a", "on" if number % 2 else "off"))
    log = log_of(rows)
    home = prepare(log, find_changes(log))
    lively = clock_of(home).activity.of_others("light.a")
    action = np.array([5 * 1440 + 17.5 * 60])
    busy, quiet = (lively_chance(lively, action, action + off, 10.0)[0] for off in (60.0, -60.0))
    assert 2 < busy / quiet < 8


@given(st.lists(st.floats(300, 1300), min_size=3, max_size=30), st.lists(st.floats(0, 4000), min_size=1, max_size=20))
def test_the_suns_timeline_keeps_the_order_and_can_be_undone(event: list[float], wall: list[float]) -> None:
    frame = Frame.sun("sunset", np.array(event), np.ones(len(event), np.bool_))
    assert frame is not None
    moments = np.sort(np.array(wall))
    if np.diff(np.array(event), prepend=event[0]).min() > -1400:
        there = frame.of(moments)
        assert (np.diff(there) >= -1e-6).all()
        np.testing.assert_allclose(frame.wall_of(there), moments, atol=1e-6)


def test_the_sun_sets_at_one_time_on_its_own_timeline() -> None:
    event = np.array([1000.0, 1002.0, np.nan, 1006.0])
    frame = Frame.sun("sunset", event, np.ones(len(event), np.bool_))
    assert frame is not None
    days = np.array([0, 1, 3])
    np.testing.assert_allclose(frame.of(days * 1440.0 + event[days]) - days * 1440.0, frame.mean)
    assert frame.known.tolist() == [True, True, False, True]
    assert Frame.sun("sunset", np.full(3, np.nan), np.ones(3, np.bool_)) is None
