"""What people do more or less often since a date, and what only varies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.domain.events import EntityInfo, EventLog
from src.domain.patterns import RateTrigger
from src.mining.change_points import find_change, level_p
from src.mining.kinds.frequency import Frequency
from tests.unit.mining.conftest import START, Row, build_log, day, ordinary_life
from tests.unit.mining.shown import search, shown

DAYS = 60
TV = "media_player.tv"
Rate = Callable[[np.random.Generator], np.ndarray]


def used(entity: str, per_day: np.ndarray, rng: np.random.Generator, on: str = "on") -> list[Row]:
    rows: list[Row] = []
    for number, count in enumerate(rng.poisson(per_day).tolist()):
        for hour in np.sort(rng.uniform(7, 23, count)):
            rows += [(day(number, float(hour)), entity, on), (day(number, float(hour) + 0.01), entity, "off")]
    return rows


def varying(mean: float, rng: np.random.Generator) -> np.ndarray:
    """Busy and idle days, and busier weekends: broader than Poisson's."""
    return mean * rng.gamma(3, 1 / 3, DAYS) * np.where(np.arange(DAYS) % 7 >= 5, 1.4, 1.0)


def home_rows(seed: int, tv: np.ndarray | None = None) -> list[Row]:
    rng = np.random.default_rng(seed)
    rows = ordinary_life(DAYS, seed)
    for lamp in range(10):
        rows += used(f"light.lamp_{lamp}", varying(float(rng.lognormal(0.2, 0.6)), rng), rng)
    if tv is not None:
        rows += used(TV, tv * rng.gamma(5, 1 / 5, DAYS), rng)
    return rows


def home(seed: int, tv: np.ndarray | None = None) -> EventLog:
    return build_log(home_rows(seed, tv))


def changing(before: float, after: float, ago: int) -> np.ndarray:
    return np.where(np.arange(DAYS) < DAYS - ago, before, after)


@pytest.mark.parametrize(("before", "after", "ago"), [(1.0, 5.0, 20), (1.0, 4.5, 34), (5.0, 1.0, 27), (8.0, 2.5, 22)])
def test_a_changed_habit_is_told_with_its_date(before: float, after: float, ago: int) -> None:
    (found,) = shown(Frequency(), home(1, changing(before, after, ago)))
    trigger = found.trigger
    assert isinstance(trigger, RateTrigger)
    assert (trigger.entity_id, trigger.to, found.acts) == (TV, "on", False)
    since = START.date() + timedelta(days=DAYS - ago)
    assert abs((date.fromisoformat(trigger.since) - since).days) <= 4
    assert trigger.per_week_before == pytest.approx(7 * before, rel=0.4)
    assert trigger.per_week_after == pytest.approx(7 * after, rel=0.4)


def test_days_that_merely_vary_are_no_change() -> None:
    assert [found for seed in range(25) for found in shown(Frequency(), home(seed))] == []


def evenings(seed: int, lit: np.ndarray) -> list[Row]:
    """People about from four to a quarter past six, and a lamp used a dozen times an hour once it is lit."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for number in range(DAYS):
        dark = 18.25 - float(lit[number])
        for entity, since, count in (("switch.tv", 16.0, 30), ("light.hall", 18.25 - dark, rng.poisson(12 * dark))):
            for hour in np.sort(rng.uniform(since, 18.25, count)):
                at = day(number, float(hour))
                rows += [(at, entity, "on"), (at + timedelta(seconds=20), entity, "off")]
    return rows


BERLIN = 16.1 + 1.75 * np.arange(DAYS) / DAYS  # its sunset, from START on


def test_lamps_that_are_used_less_in_spring_are_no_news() -> None:
    rows = evenings(1, BERLIN)
    assert shown(Frequency(), build_log(rows)) == []
    # Where nothing tells of the sun, it looks like a change.
    (found,) = shown(Frequency(), build_log(rows, zone="UTC"))
    assert found.trigger.to_json()["entity_id"] == "light.hall"


def test_a_lamp_that_changed_by_far_more_than_the_days_is_told() -> None:
    (found,) = shown(Frequency(), build_log(evenings(2, np.where(np.arange(DAYS) < 35, BERLIN, 18.15))))
    assert found.trigger.to_json()["entity_id"] == "light.hall"


def test_a_holiday_is_no_change_of_habit() -> None:
    rows = [row for row in home_rows(2, changing(4, 4, 20)) if not day(44) < row[0] < day(58)]
    # The TV says every night that it is off, so it is not broken.
    nightly = [(day(number, 3), TV, "off") for number in range(DAYS)]
    assert shown(Frequency(), build_log([*rows, *nightly])) == []


def test_a_device_that_fell_silent_is_not_used_less() -> None:
    found = search(Frequency(), home(3, changing(4, 0, 20)))
    assert not [each for each in found.candidates if each.trigger.to_json()["entity_id"] == TV]
    assert found.left_out == {"silent_for_long": 1}


def test_a_door_counts_and_motion_does_not() -> None:
    rng = np.random.default_rng(4)
    rate = changing(2, 8, 25)
    info = {
        "binary_sensor.back_door": EntityInfo("binary_sensor.back_door", device_class="door"),
        "binary_sensor.hall": EntityInfo("binary_sensor.hall", device_class="motion"),
    }
    rows = [row for entity in info for row in used(entity, rate, rng)]
    log = build_log([*ordinary_life(DAYS, 4, per_day=60), *used("light.lamp", varying(2, rng), rng), *rows], info=info)
    told = [found.trigger.to_json()["entity_id"] for found in shown(Frequency(), log)]
    assert told == ["binary_sensor.back_door"]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=8, max_size=40))
def test_the_change_is_the_split_with_the_largest_rank_difference(counts: list[int]) -> None:
    found = find_change(np.array(counts), 2, 2)
    if len(set(counts)) == 1:
        assert found is None
        return
    assert found is not None

    def wins(at: int) -> float:
        before, after = counts[:at], counts[at:]
        won = sum((b < a) + 0.5 * (a == b) for b in before for a in after)
        pairs = len(before) * len(after)
        return float(abs(won - pairs / 2) / np.sqrt(pairs))

    assert wins(found.at) == pytest.approx(max(wins(at) for at in range(2, len(counts) - 1)))


def test_chance_of_a_change_is_no_smaller_than_it_is() -> None:
    rng = np.random.default_rng(0)
    counts = rng.poisson(1.5 * rng.gamma(2, 0.5, 60))
    tails = []
    for _ in range(1_500):
        change = find_change(rng.permutation(counts), 10, 10)
        assert change is not None
        tails.append(change.p_value(1.0))
    for level in (0.2, 0.05, 0.02):
        assert np.mean(np.array(tails) <= level) <= level + 0.007


def test_dependent_days_weigh_less() -> None:
    before, after = np.array([1, 2, 0, 1, 2, 1, 0, 2, 1, 1]), np.array([2, 3, 1, 4, 2, 3, 3, 2, 1, 4])
    assert level_p(before, after, more=True, widening=1.0) < level_p(before, after, more=True, widening=3.0) < 0.5
    assert level_p(before, after, more=False, widening=1.0) > 0.9
