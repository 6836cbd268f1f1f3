"""The null models' chances, computed exactly, against counting one instant at a time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.domain.local_time import DAY, to_local, to_utc
from src.mining import clock_grid, following_chance
from src.mining.following_chance import ActionTimes

SECOND = 1_000_000
HOUR = 3_600 * SECOND

seconds = st.lists(st.integers(0, 40_000), min_size=1, max_size=25, unique=True).map(sorted)


def action_of(changes: list[int]) -> ActionTimes:
    """An entity that takes the state at even places of the list and leaves it at odd ones."""
    taken, left = changes[0::2], changes[1::2]
    free = [-100_000, *left] if len(left) == len(taken) else [-100_000, *left, 10**9]
    return ActionTimes(
        taken=np.array(taken, np.int64) * SECOND,
        personal=np.ones(len(taken), np.bool_),
        free_from=np.array(free, np.int64) * SECOND,
    )


@settings(max_examples=40, deadline=None)
@given(seconds, st.integers(0, 40_000), st.sampled_from([15, 300, 900]))
def test_jitter_chance_is_the_share_of_free_instants_that_were_followed(
    changes: list[int], at: int, delay: int
) -> None:
    action = action_of(changes)
    chance = following_chance.jitter_chance(np.array([at * SECOND], np.int64), action, delay * SECOND)[0]
    free = hits = 0
    for instant in range(at - 3600, at + 3600):
        middle = instant * SECOND + SECOND // 2
        following = bisect_right(action.taken.tolist(), middle)
        if action.free_from[following] > middle:
            continue
        free += 1
        hits += following < len(action.taken) and action.taken[following] - middle <= delay * SECOND
    if free > 100:  # with hardly a free second the rounding of this count shows
        assert chance == pytest.approx(hits / free, abs=0.02)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 40 * 86_400), min_size=1, max_size=60, unique=True).map(sorted), st.integers(10, 30))
def test_day_shift_chance_counts_the_days_around(taken: list[int], day: int) -> None:
    zone = "Europe/Berlin"
    start = 1_772_000_000  # February 2026: the days run over the change of clocks
    action = ActionTimes(
        np.array(taken, np.int64) * SECOND + start * SECOND,
        np.ones(len(taken), np.bool_),
        np.zeros(len(taken) + 1, np.int64),
    )
    times = np.array([start + day * 86_400], np.int64) * SECOND
    local = to_local(times, zone)
    expected = 0
    for shift in [*range(-7, 0), *range(1, 8)]:
        moved = int(to_utc(local + shift * DAY, zone)[0])
        expected += any(moved < at <= moved + 900 * SECOND for at in action.taken.tolist())
    chance = following_chance.day_shift_chance(times, local, action, 900 * SECOND, zone)
    assert chance[0] == pytest.approx(expected / 14)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 5 * 1440), min_size=1, max_size=30).map(sorted),
    st.floats(720, 4 * 1440),
    st.sampled_from([7.5, 17.5, 42.5]),
)
def test_a_windows_chance_is_the_share_of_shifts_that_would_hit_it(
    actions: list[float], centre: float, half: float
) -> None:
    chance = clock_grid.jitter_chance(np.array(actions), np.array([centre]), half)[0]
    shifts = np.arange(-180, 180, 0.05) + 0.025
    hits = 0
    for shift in shifts.tolist():
        near = bisect_left(actions, centre + shift - half)
        hits += near < len(actions) and actions[near] <= centre + shift + half
    assert chance == pytest.approx(hits / len(shifts), abs=0.005)


def test_a_busy_lamp_is_expected_in_every_window_of_its_evening() -> None:
    days = np.array([day * 1440.0 for day in range(10)], np.float64)
    every_ten_minutes = np.array([day + minute for day in days for minute in range(1080, 1380, 10)], np.float64)
    at_half_past_eight = np.array([day + 1230.0 for day in days], np.float64)
    assert (clock_grid.jitter_chance(every_ten_minutes, at_half_past_eight, 17.5) > 0.8).all()
    assert clock_grid.jitter_chance(at_half_past_eight, at_half_past_eight, 17.5) == pytest.approx(35 / 360)


def test_a_trigger_long_before_anything_happened_expects_little() -> None:
    action = action_of([10, 20])
    assert following_chance.jitter_chance(np.array([0], np.int64), action, 15 * SECOND)[0] < 0.01
    assert following_chance.jitter_chance(np.zeros(0, np.int64), action, HOUR).shape == (0,)
