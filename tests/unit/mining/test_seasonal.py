"""Routines of one part of the year."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from src.domain.events import EventLog
from src.domain.patterns import Kind, TimeTrigger
from src.mining import mine
from src.mining.kinds.seasonal import Seasonal, exact_test
from tests.unit.mining.conftest import BuildLog, Row, day, ordinary_life
from tests.unit.mining.shown import shown


def fan(log_of: BuildLog, on: list[int], days: int, seed: int, hour: float = 20.5, per_day: int = 20) -> EventLog:
    """A fan that runs around that hour on nine in ten of those days."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = [*ordinary_life(days, seed + 100, per_day=per_day), (day(0, 0.01), "fan.bedroom", "off")]
    for number in on:
        if rng.random() < 0.9:
            at = day(number, hour) + timedelta(minutes=float(rng.normal(0, 8)))
            rows += [
                (at, "fan.bedroom", "on"),
                (at + timedelta(hours=float(rng.uniform(0.5, 5))), "fan.bedroom", "off"),
            ]
    return log_of(rows)


@pytest.mark.parametrize("began", [30, 36])
def test_a_routine_that_began_some_weeks_ago_is_found_with_its_beginning(log_of: BuildLog, began: int) -> None:
    (found,) = shown(Seasonal(), fan(log_of, list(range(began, 60)), 60, 1))
    assert isinstance(found.trigger, TimeTrigger)
    assert found.trigger.at[:2] == "20"
    (season,) = found.conditions
    assert season["until"] is None
    first = day(began).strftime("%m-%d")
    assert first <= season["from"] <= (day(began) + timedelta(days=4)).strftime("%m-%d")


@pytest.mark.parametrize("began", [19, 26])
def test_a_strong_routine_that_began_early_is_told_as_one_that_began(log_of: BuildLog, began: int) -> None:
    """As a routine of all days it would beat chance by far as well, and be told of weeks that knew nothing of it."""
    for seed in range(3):
        patterns = mine(fan(log_of, list(range(began, 60)), 60, seed)).patterns
        (found,) = [each for each in patterns if each.kind in (Kind.SEASONAL, Kind.TIME_OF_DAY)]
        assert found.kind is Kind.SEASONAL
        first = day(began).strftime("%m-%d")
        assert first <= found.conditions[0]["from"] <= (day(began) + timedelta(days=4)).strftime("%m-%d")


def test_a_routine_of_all_days_has_no_season(log_of: BuildLog) -> None:
    for seed in range(3):
        assert shown(Seasonal(), fan(log_of, list(range(60)), 60, seed)) == []


def test_a_routine_that_was_given_up_is_not_proposed(log_of: BuildLog) -> None:
    assert shown(Seasonal(), fan(log_of, list(range(25, 44)), 60, 2)) == []


def test_a_routine_that_was_moved_to_another_hour_did_not_begin_then(log_of: BuildLog) -> None:
    rng = np.random.default_rng(3)
    rows: list[Row] = [*ordinary_life(60, 3), (day(0, 0.01), "fan.bedroom", "off")]
    for number in range(60):
        at = day(number, 20.0 if number < 30 else 21.0) + timedelta(minutes=float(rng.normal(0, 7)))
        rows += [(at, "fan.bedroom", "on"), (at + timedelta(hours=float(rng.uniform(0.5, 5))), "fan.bedroom", "off")]
    assert shown(Seasonal(), log_of(rows)) == []


def test_days_away_are_not_days_without_the_routine(log_of: BuildLog) -> None:
    """The home stood empty for the first two weeks but for a fridge that a neighbour looked after."""
    rows = [(at + timedelta(days=14), entity, to) for at, entity, to in ordinary_life(46, 4)]
    rows += [(day(number, 12), "binary_sensor.fridge", "on" if number % 2 else "off") for number in range(14)]
    rng = np.random.default_rng(4)
    rows.append((day(0, 0.01), "fan.bedroom", "off"))
    for number in range(14, 60):
        at = day(number, 20.5) + timedelta(minutes=float(rng.normal(0, 8)))
        rows += [(at, "fan.bedroom", "on"), (at + timedelta(hours=float(rng.uniform(0.5, 3))), "fan.bedroom", "off")]
    assert shown(Seasonal(), log_of(rows)) == []


def test_in_a_long_log_the_summer_has_two_ends(log_of: BuildLog) -> None:
    """From January of one year to July of the next; the fan runs from June to August."""
    summer = [number for number in range(560) if day(number).month in (6, 7, 8)]
    found = [c for c in shown(Seasonal(), fan(log_of, summer, 560, 5, per_day=3)) if len(c.hit_times) > 60]
    (season,) = found[0].conditions
    assert "05-20" <= season["from"] <= "06-10"
    assert "08-22" <= season["until"] <= "09-10"


def test_in_a_long_log_a_summer_that_is_over_is_not_proposed(log_of: BuildLog) -> None:
    summer = [number for number in range(420) if day(number).month in (6, 7, 8)]
    assert shown(Seasonal(), fan(log_of, summer, 420, 6, per_day=3)) == []


@given(st.integers(1, 20), st.integers(1, 20), st.data())
def test_the_exact_test_is_fishers(n: int, other_n: int, data: st.DataObject) -> None:
    hits, other_hits = data.draw(st.integers(0, n)), data.draw(st.integers(0, other_n))
    table = [[hits, n - hits], [other_hits, other_n - other_hits]]
    assert exact_test(hits, n, other_hits, other_n) == pytest.approx(
        fisher_exact(table, alternative="greater").pvalue, abs=1e-9
    )
