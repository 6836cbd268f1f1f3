"""Only when dark, only on workdays, only when somebody is there: conditions that earn their place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from src.domain.patterns import WEEKDAYS, Json, Kind
from src.mining import mine
from src.mining.conditions import Condition, choose, more_often
from tests.unit.mining.conftest import BuildLog, Row, day
from tests.unit.mining.following_worlds import answers, busy_home, moments, switched

DAYS = 60


def conditions_of(
    log_of: BuildLog, only: Callable[[datetime], bool], others: list[Row], *, per_day: int = 3
) -> list[list[Json]]:
    """The conditions under which the porch lamp is found to follow the door, in a home where it follows at times."""
    door = moments(DAYS, 1, per_day)
    rows = busy_home(DAYS, 2) + others + switched(door, "binary_sensor.door", 3, minutes=(0.3, 0.4))
    lamp = answers(door, 4, seconds=(30, 80), only=only)
    rows += switched(lamp, "light.porch", 5, minutes=(3, 15))
    patterns = mine(log_of(rows), kinds=[Kind.CO_OCCURRENCE]).patterns
    return [list(p.conditions) for p in patterns if (p.actions[0].entity_id, p.actions[0].to) == ("light.porch", "on")]


def test_a_lamp_that_is_only_used_after_dark_gets_that_condition(log_of: BuildLog) -> None:
    """Berlin in winter: the sun rises after half past seven and sets before six."""
    found = conditions_of(log_of, lambda at: not 7.4 < at.hour + at.minute / 60 < 17.3, [])
    assert found == [[{"type": "sun", "is": "below_horizon"}]]


@pytest.mark.parametrize("workdays", [True, False])
def test_days_of_the_week_are_a_condition(log_of: BuildLog, workdays: bool) -> None:
    found = conditions_of(log_of, lambda at: (at.weekday() < 5) == workdays, [], per_day=4)
    assert found == [[{"type": "time", "weekdays": list(WEEKDAYS[:5] if workdays else WEEKDAYS[5:])}]]


def test_somebody_at_home_is_a_condition(log_of: BuildLog) -> None:
    rng = np.random.default_rng(11)
    away = [(day(n, float(rng.uniform(7, 9))), day(n, float(rng.uniform(15, 19)))) for n in range(DAYS)]
    rows: list[Row] = [(day(0, 0.001), "person.anna", "home")]
    for leaves, comes in away:
        rows += [(leaves, "person.anna", "not_home"), (comes, "person.anna", "home")]
    there = {leaves.date(): (leaves, comes) for leaves, comes in away}
    found = conditions_of(log_of, lambda at: not there[at.date()][0] < at < there[at.date()][1], rows, per_day=5)
    assert found == [[{"type": "presence", "is": "somebody_home", "entity_ids": ["person.anna"]}]]


def test_what_always_holds_gets_no_condition(log_of: BuildLog) -> None:
    assert conditions_of(log_of, lambda at: True, []) == [[]]


def test_what_hardly_ever_holds_is_not_rescued_by_a_condition(log_of: BuildLog) -> None:
    rng = np.random.default_rng(21)
    assert conditions_of(log_of, lambda at: bool(rng.uniform() < 0.3), []) == []


def test_a_condition_that_later_days_contradict_is_dropped() -> None:
    holds = np.tile([True, False], 100)
    searched = np.arange(200) < 150
    condition = Condition({"type": "sun", "is": "below_horizon"}, holds)
    assert choose(np.where(searched, holds, ~holds), searched, [condition]) is None
    assert choose(holds, searched, [condition]) is condition


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_more_often_is_fishers_exact_test(hits: int, misses: int, other_hits: int, other_misses: int) -> None:
    expected = fisher_exact([[hits, misses], [other_hits, other_misses]], alternative="greater").pvalue
    assert more_often(hits, hits + misses, other_hits, other_hits + other_misses) == pytest.approx(expected, abs=1e-9)
