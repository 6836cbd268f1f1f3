"""Things left open, routines missed, and what only looks like it."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.domain.events import EntityInfo, EventLog
from src.domain.patterns import HeldTrigger, MissedTrigger
from src.mining.kind import Candidate
from src.mining.kinds.anomaly import Anomaly
from src.mining.left_open import can_be_left, longer_chance, round_limit
from src.mining.missed import run_chance
from tests.unit.mining.conftest import START, Row, build_log, day, ordinary_life
from tests.unit.mining.shown import shown

DAYS = 60
WINDOW = "binary_sensor.bath_window"
LAMP = "light.hall"
INFO = {WINDOW: EntityInfo(WINDOW, device_class="window")}


def opened(seed: int, until: int = DAYS, entity: str = WINDOW) -> list[Row]:
    """One to four times a day, for some minutes."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for number in range(until):
        for hour in 7.5 + 4 * np.arange(rng.integers(1, 5)) + rng.uniform(0, 3):
            at = day(number, float(hour))
            rows += [(at, entity, "on"), (at + timedelta(minutes=float(rng.lognormal(1.4, 0.8))), entity, "off")]
    return rows


def left(number: int, hour: float, hours: float) -> list[Row]:
    return [(day(number, hour), WINDOW, "on"), (day(number, hour + hours), WINDOW, "off")]


def log_of(rows: list[Row], seed: int = 0) -> EventLog:
    return build_log([*ordinary_life(DAYS, seed, per_day=60), *rows], info=INFO)


def habit(seed: int, entity: str = LAMP, hour: float = 18.5, missed: tuple[int, ...] = ()) -> list[Row]:
    """Every day but a few at about half past six, and now and then at another time."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for number in range(DAYS):
        if number in missed:
            continue
        at = day(number, hour + rng.normal(0, 0.08))
        rows += [(at, entity, "on"), (at + timedelta(minutes=float(rng.uniform(30, 90))), entity, "off")]
    return rows


def one(found: list[Candidate]) -> Candidate:
    assert len(found) == 1, found
    assert not found[0].acts
    return found[0]


def test_a_window_left_open_over_night_is_told() -> None:
    found = one(shown(Anomaly(), log_of([*opened(1, DAYS - 2), *left(DAYS - 2, 21, 11)])))
    assert isinstance(found.trigger, HeldTrigger)
    assert (found.trigger.entity_id, found.trigger.to) == (WINDOW, "on")
    assert 30 * 60 <= found.trigger.for_seconds <= 4 * 3_600
    assert found.values.tolist() == [11 * 60]


def test_a_window_that_is_still_open_is_told() -> None:
    rows = [*opened(2, DAYS - 1), (day(DAYS - 1, 7), WINDOW, "on")]
    assert isinstance(one(shown(Anomaly(), log_of(rows))).trigger, HeldTrigger)


def test_a_window_that_is_often_open_for_hours_is_nothing_new() -> None:
    rows = opened(3, DAYS - 2)
    for number in range(0, DAYS - 3, 6):
        rows = [row for row in rows if not day(number, 6) < row[0] < day(number, 24)] + left(number, 9, 8)
    assert shown(Anomaly(), log_of([*rows, *left(DAYS - 2, 21, 11)])) == []


def test_a_window_left_open_a_month_ago_is_old_news() -> None:
    rows = [row for row in opened(4) if not day(30) < row[0] < day(32)] + left(30, 21, 11)
    assert shown(Anomaly(), log_of(rows)) == []


def test_a_lamp_that_is_off_while_people_are_away_is_nothing() -> None:
    lamp = [row for row in habit(5) if row[0] < day(DAYS - 6)]
    rows = [row for row in [*ordinary_life(DAYS, 5, per_day=60), *lamp] if row[0] < day(DAYS - 6)]
    ticks: list[Row] = [(day(0, hour), "sensor.clock", str(hour % 2)) for hour in range(DAYS * 24)]
    assert shown(Anomaly(), build_log([*rows, *ticks])) == []


def lamp(seed: int, minutes: float, spread: float) -> list[Row]:
    """Three times a day for about so many minutes, and from noon on of the last day but one for 22 hours."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for number in range(DAYS - 2):
        for hour in (7.0, 13.0, 19.0):
            at = day(number, hour + float(rng.uniform(0, 1)))
            lasted = timedelta(minutes=min(200.0, minutes * float(rng.lognormal(0, spread))))
            rows += [(at, LAMP, "on"), (at + lasted, LAMP, "off")]
    return [*rows, (day(DAYS - 2, 12), LAMP, "on"), (day(DAYS - 1, 10), LAMP, "off")]


def test_a_lamp_that_is_on_for_minutes_can_be_forgotten() -> None:
    found = one(shown(Anomaly(), log_of(lamp(11, 4, 0.4))))
    assert isinstance(found.trigger, HeldTrigger)
    assert (found.trigger.entity_id, found.trigger.to) == (LAMP, "on")


def test_a_lamp_that_burns_for_hours_may_burn_through_a_night() -> None:
    told = shown(Anomaly(), log_of(lamp(12, 90, 0.2)))
    assert not [each for each in told if isinstance(each.trigger, HeldTrigger)]


def test_a_flapping_contact_is_not_open() -> None:
    rows = opened(6, DAYS - 1)
    burst = [(day(DAYS - 1, 8) + timedelta(seconds=2 * k), WINDOW, ("on", "off")[k % 2]) for k in range(12)]
    assert shown(Anomaly(), log_of([*rows, *burst])) == []


def test_a_routine_missed_on_the_last_days_is_told() -> None:
    found = one(shown(Anomaly(), log_of(habit(7, missed=(DAYS - 4, DAYS - 3, DAYS - 2, DAYS - 1)))))
    trigger = found.trigger
    assert isinstance(trigger, MissedTrigger)
    assert (trigger.entity_id, trigger.to, trigger.since) == (
        LAMP,
        "on",
        (START + timedelta(days=DAYS - 4)).date().isoformat(),
    )
    assert "18:30" <= trigger.at <= "19:00"
    assert len(trigger.weekdays) == 7
    assert (found.holdout.hits, found.holdout.opportunities) == (0, 4)


def test_a_routine_that_is_missed_now_and_then_is_not_told() -> None:
    missed = (*range(3, 50, 7), DAYS - 3, DAYS - 2, DAYS - 1)
    assert shown(Anomaly(), log_of(habit(8, missed=missed))) == []


def test_a_routine_that_comes_a_little_later_is_not_missed() -> None:
    late = [
        (at + timedelta(minutes=20), entity, state) if at > day(DAYS - 4) else (at, entity, state)
        for at, entity, state in habit(9)
    ]
    assert shown(Anomaly(), log_of(late)) == []


def test_routines_that_all_stop_are_people_who_changed() -> None:
    gone = tuple(range(DAYS - 4, DAYS))
    rows = [row for lamp in range(5) for row in habit(lamp, f"light.lamp_{lamp}", 8 + 2.5 * lamp, gone)]
    assert shown(Anomaly(), log_of(rows)) == []


def test_ordinary_weeks_are_told_nothing() -> None:
    for seed in range(10):
        assert shown(Anomaly(), log_of([*opened(seed), *habit(seed, missed=(seed,))], seed)) == []


def test_only_what_people_leave_can_be_left() -> None:
    assert can_be_left(EntityInfo("binary_sensor.garden_gate"), "on")
    assert can_be_left(EntityInfo("binary_sensor.bathroom_window4"), "on")
    assert can_be_left(EntityInfo("binary_sensor.kitchen_garage_door_2"), "on")
    assert can_be_left(EntityInfo("binary_sensor.garage"), "on")
    assert can_be_left(EntityInfo("binary_sensor.back_door_lock"), "on")
    assert can_be_left(EntityInfo("lock.front"), "unlocked")
    assert not can_be_left(EntityInfo("lock.front"), "locked")
    assert not can_be_left(EntityInfo("binary_sensor.door_motion"), "on")
    assert not can_be_left(EntityInfo("binary_sensor.garage_motion_2"), "on")
    assert not can_be_left(EntityInfo("binary_sensor.garage_freezing"), "on")
    assert not can_be_left(EntityInfo("binary_sensor.wall_clock"), "on")
    assert not can_be_left(EntityInfo("binary_sensor.x", device_class="motion"), "on")
    assert not can_be_left(EntityInfo("person.anna"), "not_home")
    assert not can_be_left(EntityInfo("media_player.tv"), "playing")


@pytest.mark.parametrize("spread", [0.5, 1.3])
def test_lengths_like_the_former_ones_are_as_likely_as_they_are(spread: float) -> None:
    rng = np.random.default_rng(0)
    below = [0, 0]
    for _ in range(3_000):
        lengths = np.exp(rng.normal(4, spread, 61))
        chance = longer_chance(lengths[:60], lengths[60:])[0]
        below = [count + int(chance <= level) for count, level in zip(below, (0.05, 0.01), strict=True)]
    assert below[0] / 3_000 <= 0.06
    assert below[1] / 3_000 <= 0.015


@given(st.lists(st.floats(5, 5_000), min_size=20, max_size=60), st.lists(st.floats(1, 1e6), min_size=2, max_size=9))
def test_longer_is_less_likely(former: list[float], new: list[float]) -> None:
    chance = longer_chance(np.array(former), np.array(sorted(new)))
    assert (np.diff(chance) <= 1e-12).all()
    assert (chance <= 0.5).all()
    assert (chance > 0).all()


@given(st.integers(20, 60), st.integers(0, 5), st.integers(2, 7))
def test_the_chance_of_a_run_is_that_of_drawing_its_days(before: int, misses: int, in_a_row: int) -> None:
    expected = 1.0
    for drawn in range(in_a_row):  # the last day is missed, then the one before it, ...
        expected *= (misses + in_a_row - drawn) / (before + in_a_row - drawn)
    assert run_chance(before, misses, in_a_row) == pytest.approx(expected)
    assert run_chance(before, misses, in_a_row) == pytest.approx(
        math.comb(before, misses) / math.comb(before + in_a_row, misses + in_a_row)
    )


def test_the_limit_is_round_and_below_what_was_unusual() -> None:
    minutes = np.linspace(1, 10, 50) * 60
    assert round_limit(minutes, 11 * 3_600) == 20 * 60
    assert round_limit(minutes, 1_900) == 20 * 60
    assert round_limit(minutes * 60, 13 * 3_600) == 12 * 3_600
