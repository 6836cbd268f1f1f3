"""The same thing at another time on another sort of day."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from src.domain.events import EventLog
from src.domain.patterns import DayTypeTrigger
from src.mining.clock_shift import first_times, later_p
from src.mining.kinds.day_type import DayType, mann_whitney
from tests.unit.mining.conftest import BuildLog, Row, day, ordinary_life
from tests.unit.mining.shown import shown


def kettle(
    log_of: BuildLog, hours: tuple[float, ...], sd: float, seed: int, days: int = 60, kept: float = 0.9
) -> EventLog:
    """A kettle used around that hour of each weekday, Monday first, and off again at no fixed time."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = [*ordinary_life(days, seed + 100), (day(0, 0.01), "switch.kettle", "off")]
    for number in range(days):
        if rng.random() < kept:
            at = day(number, hours[number % 7]) + timedelta(minutes=float(rng.normal(0, sd)))
            rows += [
                (at, "switch.kettle", "on"),
                (at + timedelta(hours=float(rng.uniform(0.3, 6))), "switch.kettle", "off"),
            ]
    return log_of(rows)


def told(log: EventLog) -> list[list[tuple[str, tuple[str, ...]]]]:
    found = [candidate.trigger for candidate in shown(DayType(), log)]
    return [[(each.at, each.weekdays) for each in t.times] for t in found if isinstance(t, DayTypeTrigger)]


def near(at: str, hour: float) -> bool:
    return abs(int(at[:2]) * 60 + int(at[3:5]) - hour * 60) <= 8


def test_a_kettle_that_is_later_at_the_weekend_is_one_routine_with_two_times(log_of: BuildLog) -> None:
    ((work, free),) = told(kettle(log_of, (6.75,) * 5 + (9.0,) * 2, 8, 1))
    assert near(work[0], 6.75)
    assert near(free[0], 9.0)
    assert work[1] == ("mon", "tue", "wed", "thu", "fri")
    assert free[1] == ("sat", "sun")


def test_sorts_of_days_are_learned_where_they_are_not_the_weekend(log_of: BuildLog) -> None:
    ((one, other),) = told(kettle(log_of, (6.75, 6.75, 9.0, 6.75, 6.75, 9.0, 9.0), 8, 2))
    assert one[1] == ("mon", "tue", "thu", "fri")
    assert other[1] == ("wed", "sat", "sun")


@pytest.mark.parametrize("apart", [0.0, 0.2])
def test_one_time_for_all_days_has_no_sorts_of_days(log_of: BuildLog, apart: float) -> None:
    """Twelve minutes between workdays and weekends are nothing to tell."""
    for seed in range(3):
        assert told(kettle(log_of, (7.0,) * 5 + (7.0 + apart,) * 2, 12, seed)) == []


def test_a_routine_of_workdays_only_has_no_time_for_the_weekend(log_of: BuildLog) -> None:
    rng = np.random.default_rng(3)
    for seed in range(3):
        rows: list[Row] = [*ordinary_life(60, seed), (day(0, 0.01), "switch.kettle", "off")]
        for number in range(60):
            hour = 6.75 + rng.normal(0, 0.1) if number % 7 < 5 else rng.uniform(7, 22)
            at = day(number, float(hour))
            rows += [(at, "switch.kettle", "on"), (at + timedelta(minutes=20), "switch.kettle", "off")]
        assert told(log_of(rows)) == []


def test_a_loose_breakfast_an_hour_later_on_free_days_is_found_in_four_weeks(log_of: BuildLog) -> None:
    """Sensors only, and too loose for any window: half an hour's standard deviation, four weekends."""
    rng = np.random.default_rng(4)
    rows = ordinary_life(32, 4)
    rows.append((day(0, 0.01), "binary_sensor.plates", "off"))
    for number in range(32):
        at = day(number, 10.4 if number % 7 >= 5 else 9.2) + timedelta(minutes=float(rng.normal(0, 30)))
        for again in (timedelta(0), timedelta(hours=float(rng.uniform(7, 12)))):
            rows += [
                (at + again, "binary_sensor.plates", "on"),
                (at + again + timedelta(seconds=9), "binary_sensor.plates", "off"),
            ]
    ((work, free),) = told(log_of(rows))
    assert 30 <= int(free[0][:2]) * 60 + int(free[0][3:5]) - int(work[0][:2]) * 60 - int(work[0][3:5]) <= 110


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=3, max_size=15), st.lists(st.integers(0, 60), min_size=3, max_size=15))
def test_the_rank_sum_is_the_textbooks(one: list[int], two: list[int]) -> None:
    """Without ties, that is: they only make the textbook's variance smaller."""
    a, b = np.array(one, np.float64), np.array(two, np.float64) + 0.5
    a, b = np.unique(a), np.unique(b)
    expected = mannwhitneyu(a, b, alternative="two-sided", method="asymptotic").pvalue
    assert mann_whitney(a, b) == pytest.approx(expected, abs=1e-9)


def test_permutations_of_meaningless_labels_give_even_p_values() -> None:
    """Twenty homes of six things, none of which knows the weekend: about one in twenty is below 0.05."""
    free = np.arange(42) % 7 >= 5
    smallest = []
    for seed in range(40):
        first = np.random.default_rng(seed).normal(0, 30, (6, 42))
        first[np.random.default_rng(seed + 100).random(first.shape) < 0.3] = np.nan
        smallest.append(later_p(first, free).min())
    assert sum(p <= 0.05 for p in smallest) <= 6
    assert 0.3 <= np.median(smallest) <= 0.7


def test_the_first_time_of_the_morning_is_neither_of_the_night_nor_of_the_evening() -> None:
    wall = np.array([30.0, 500.0, 510.0, 1440 + 100.0, 1440 + 1200.0])
    times, index = first_times(wall, 3)
    assert times[0] == 500.0
    assert index[0] == 1
    assert np.isnan(times[1:]).all()
