"""What the null models count, one instant at a time: free instants, followed instants, days, opportunities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from src.domain.local_time import DAY, to_local, to_utc
from src.mining.clock_frame import Frame
from src.mining.clock_grid import jitter_chance as window_chance
from src.mining.following_chance import (
    MINUTE,
    NEVER,
    ActionTimes,
    day_shift_chance,
    grain_of,
    jitter_chance,
    opportunities,
    spaced,
)

SECOND = 1_000_000
HOUR = 3_600 * SECOND
BORN = -50_000  # seconds; long before anything below

turns = st.lists(st.integers(0, 20_000), min_size=1, max_size=24, unique=True).map(sorted)
moments = st.lists(st.integers(0, 20_000), min_size=1, max_size=12, unique=True).map(sorted)


def lamp(turned: list[int]) -> ActionTimes:
    """A lamp that comes on at the even places of a list of seconds and goes off at the odd ones."""
    on, off = turned[0::2], turned[1::2]
    free = [BORN, *off] if len(on) == len(off) else [BORN, *off, 10**7]
    return ActionTimes(seconds(on), np.ones(len(on), np.bool_), seconds(free))


def seconds(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64) * SECOND


def is_off(turned: list[int], at: float) -> bool:
    """Whether it was off just after an instant: as often turned off as on."""
    return sum(turn <= at for turn in turned) % 2 == 0


def comes_on(turned: list[int], at: float) -> float:
    """Seconds until it comes on again, infinite if it does not."""
    return min((turn - at for turn in turned[0::2] if turn > at), default=float("inf"))


@settings(max_examples=50, deadline=None)
@given(turns, moments)
def test_an_opportunity_is_the_trigger_while_the_lamp_is_off(turned: list[int], triggers: list[int]) -> None:
    expected = [(at, comes_on(turned, at)) for at in triggers if is_off(turned, at)]
    times, delays = opportunities(seconds(triggers), lamp(turned))
    found = [(t // SECOND, d / SECOND) for t, d in zip(times.tolist(), delays.tolist(), strict=True)]
    assert [at for at, _ in found] == [at for at, _ in expected]
    for (_, delay), (_, reference) in zip(found, expected, strict=True):
        assert delay == reference or (reference == float("inf") and delay * SECOND > NEVER / 2)


@settings(max_examples=25, deadline=None)
@given(turns, moments, st.sampled_from([15, 120, 900]), st.sampled_from([0, 60]))
def test_jitter_is_the_share_of_free_instants_followed_in_time(
    turned: list[int], triggers: list[int], delay: int, grain: int
) -> None:
    """Every second within an hour of each trigger is asked, at its middle."""
    found = jitter_chance(seconds(triggers), lamp(turned), delay * SECOND, grain * SECOND)
    grid = np.arange(-3_600, 20_000 + 3_600) + 0.5
    on, off = np.array(turned[0::2]), np.array(turned[1::2])
    count = np.searchsorted(on, grid) + np.searchsorted(off, grid)
    free = count % 2 == 0
    following = np.append(on, 10**9)[np.searchsorted(on, grid)] - grid
    followed = free & (following <= delay + grain)
    for at, chance in zip(triggers, found.tolist(), strict=True):
        near = np.abs(grid - at) < 3_600
        assume(np.count_nonzero(free & near) > 300)  # with few free seconds the rounding of this count shows
        assert chance == pytest.approx(np.count_nonzero(followed & near) / np.count_nonzero(free & near), abs=0.01)


@settings(max_examples=25, deadline=None)
@given(turns, moments, st.sampled_from([15, 120, 900]))
def test_the_chance_grows_with_the_delay_and_is_one_at_most(turned: list[int], triggers: list[int], delay: int) -> None:
    short = jitter_chance(seconds(triggers), lamp(turned), delay * SECOND)
    long = jitter_chance(seconds(triggers), lamp(turned), 2 * delay * SECOND)
    assert (short >= 0).all()
    assert (long >= short - 1e-12).all()
    assert (long <= 1).all()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 40 * 86_400), min_size=1, max_size=60, unique=True).map(sorted),
    st.integers(0, 40),
    st.integers(0, 40),
    st.floats(-30, 30),
)
def test_day_shift_looks_only_at_days_that_are_there_and_moves_with_the_sun(
    taken: list[int], first: int, last: int, moved: float
) -> None:
    zone, start, delay = "Europe/Berlin", 1_790_000_000, 900 * SECOND  # the days run over the change of clocks
    action = ActionTimes(
        seconds([start + t for t in taken]), np.ones(len(taken), np.bool_), seconds([0] * (len(taken) + 1))
    )
    times = seconds([start + 20 * 86_400])
    local = to_local(times, zone)
    within = (seconds([start + first * 86_400]), seconds([start + last * 86_400]))
    hits = days = 0
    for shift in (*range(-7, 0), *range(1, 8)):
        at = int(to_utc(local + shift * DAY + int(moved * MINUTE), zone)[0])
        if within[0][0] <= at and at + delay < within[1][0]:
            days += 1
            hits += any(at < on <= at + delay for on in action.taken.tolist())
    chance = day_shift_chance(
        times, local, action, delay, zone, within=within, shifted=np.full((1, 14), moved, np.float64)
    )
    assert chance[0] == pytest.approx(hits / max(days, 1))


@given(st.lists(st.integers(0, 10_000), max_size=50).map(sorted), st.integers(1, 600))
def test_no_two_opportunities_are_closer_than_their_delay_and_none_is_wasted(times: list[int], gap: int) -> None:
    kept = spaced(np.array(times, np.int64), gap)
    chosen = np.array(times, np.int64)[kept]
    assert (np.diff(chosen) >= gap).all()
    for at in times:
        assert any(chosen_at <= at < chosen_at + gap for chosen_at in chosen.tolist()), "a gap has room for another one"


@given(st.lists(st.integers(0, 10**9), max_size=20))
def test_only_a_log_of_whole_minutes_has_a_grain(times: list[int]) -> None:
    assert grain_of(seconds(times)) == (MINUTE if times and all(at % 60 == 0 for at in times) else 0)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(0, 4 * 1440), min_size=1, max_size=30).map(sorted),
    st.floats(0, 4 * 1440),
    st.floats(1.0, 60.0),
)
def test_a_windows_chance_is_the_share_of_shifted_windows_that_hold_an_action(
    actions: list[float], centre: float, half: float
) -> None:
    found = float(window_chance(np.array(actions), np.array([centre]), half)[0])
    shifted = centre + np.linspace(-180, 180, 20_001)
    near = np.abs(shifted[:, None] - np.array(actions)).min(axis=1)
    assert found == pytest.approx(float(np.mean(near <= half)), abs=0.003)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(900, 1300), min_size=3, max_size=40),
    st.lists(st.floats(0, 40 * 1440), min_size=1, max_size=20).map(sorted),
)
def test_the_suns_clock_shows_every_moment_once_and_in_order(sets: list[float], wall: list[float]) -> None:
    """However oddly the sun sets (no two days further apart than it could), there is a way back."""
    sun = np.clip(np.array(sets), sets[0] - 90, sets[0] + 90)
    frame = Frame.sun("sunset", sun, np.ones(len(sun), np.bool_))
    assert frame is not None
    moments = frame.of(np.array(wall))
    assert (np.diff(moments) >= -1e-9).all()
    assert frame.wall_of(moments) == pytest.approx(np.array(wall), abs=1e-6)
    at_sunset = frame.of(np.arange(len(sun)) * 1440.0 + sun)
    assert at_sunset % 1440 == pytest.approx(np.full(len(sun), frame.mean), abs=1e-6)
