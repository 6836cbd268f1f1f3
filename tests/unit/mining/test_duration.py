"""What is left on for about so long, and what only seems to be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.domain.events import EventLog, Origin
from src.domain.patterns import HeldTrigger
from src.mining.kinds.duration import Duration, length_chance
from tests.unit.mining.conftest import Row, build_log, day, ordinary_life
from tests.unit.mining.shown import search, shown

Draw = Callable[[np.random.Generator], float]

FAN = "fan.bathroom"
DAYS = 60


def uses(minutes: Draw, seed: int, entity: str = FAN, per_day: float = 1.0) -> list[Row]:
    """Turned on at any time between seven and ten, and off again after so many minutes."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    free = day(0)
    for moment in np.sort(rng.uniform(0, DAYS, rng.poisson(DAYS * per_day))):
        at = day(int(moment), 7 + moment % 1 * 15)
        if at > free:
            end = at + timedelta(minutes=minutes(rng))
            rows += [(at, entity, "on"), (end, entity, "off")]
            free = end + timedelta(minutes=5)
    return rows


def home(fan: list[Row], seed: int = 0) -> EventLog:
    """The fan, and four lamps that are used for any length."""
    rows = fan + ordinary_life(DAYS, seed)
    for lamp in range(4):
        rows += uses(lambda rng: rng.uniform(10, 300), seed * 10 + lamp, f"light.lamp_{lamp}", 1 + lamp)
    return build_log(rows)


@pytest.mark.parametrize(("minutes", "spread"), [(15, 0.12), (40, 0.08), (110, 0.1)])
def test_a_fan_that_is_turned_off_after_about_so_long_is_found(minutes: float, spread: float) -> None:
    log = home(uses(lambda rng: rng.normal(minutes, spread * minutes), 1))
    (found,) = shown(Duration(), log)
    assert isinstance(found.trigger, HeldTrigger)
    assert (found.trigger.entity_id, found.trigger.to) == (FAN, "on")
    assert found.trigger.for_seconds / 60 == pytest.approx(minutes, rel=0.1)


def test_some_uses_of_another_length_do_not_hide_it() -> None:
    log = home(uses(lambda rng: rng.normal(40, 3) if rng.random() < 0.8 else rng.uniform(10, 300), 2, per_day=2))
    assert len(shown(Duration(), log)) == 1


@pytest.mark.parametrize(
    "minutes",
    [
        lambda rng: rng.uniform(10, 300),
        lambda rng: rng.uniform(40, 160),
        lambda rng: 60 * np.exp(rng.normal(0, 0.6)),
        lambda rng: 60 * np.exp(rng.normal(0, 0.35)),
        lambda rng: 0.5 + rng.exponential(60),
    ],
)
@pytest.mark.parametrize("per_day", [1.0, 5.0])
def test_lengths_at_random_are_none(minutes: Draw, per_day: float) -> None:
    for seed in range(4):
        assert shown(Duration(), home(uses(minutes, seed, per_day=per_day), seed)) == []


def test_a_timer_in_the_device_is_left_out() -> None:
    found = search(Duration(), home(uses(lambda rng: 30 + rng.normal(0, 0.01), 3)))
    assert not found.candidates
    assert found.left_out == {"timed_by_a_device": 1}


def test_an_automation_that_turns_it_off_is_no_habit() -> None:
    rows = home(uses(lambda rng: rng.normal(40, 3), 4))
    off = (rows.entity == rows.entities.index(FAN)) & (rows.state == rows.states.index("off"))
    rows.origin[off] = Origin.AUTOMATION
    assert shown(Duration(), rows) == []


def test_what_an_automation_ended_early_was_no_chance_for_a_person() -> None:
    log = home(uses(lambda rng: 10 if rng.random() < 0.6 else rng.normal(40, 3), 10, per_day=4))
    rows = np.flatnonzero(log.entity == log.entities.index(FAN))
    soon = np.diff(log.time[rows], prepend=0) == 600 * 1_000_000
    log.origin[rows[soon]] = Origin.AUTOMATION
    (found,) = shown(Duration(), log)
    assert found.values.mean() == pytest.approx(40, abs=2)
    assert found.discovery.rate > 0.8


def test_an_end_by_the_clock_is_no_length() -> None:
    rng = np.random.default_rng(5)
    rows: list[Row] = []
    for number in range(DAYS):
        rows.append((day(number, 19 + rng.normal(0, 0.12)), FAN, "on"))
        rows.append((day(number, 20.5 + rng.normal(0, 0.03)), FAN, "off"))
    found = search(Duration(), home(rows))
    assert not found.candidates
    assert found.left_out == {"ends_by_the_clock": 1}


def test_what_is_ended_after_something_else_is_ended_is_no_length() -> None:
    rng = np.random.default_rng(6)
    rows: list[Row] = []
    for number in range(DAYS):
        begin = day(number, rng.uniform(8, 20))
        end = begin + timedelta(minutes=float(rng.normal(60, 5)))
        rows += [(begin, "media_player.tv", "on"), (end, "media_player.tv", "off")]
        rows.append((begin + timedelta(seconds=float(rng.uniform(40, 200))), FAN, "on"))
        rows.append((end + timedelta(seconds=float(rng.uniform(20, 60))), FAN, "off"))
    found = search(Duration(), home(rows))
    assert [each.target for each in found.candidates if each.trigger.to_json()["entity_id"] == FAN] == []
    assert found.left_out["ends_after_something_else"] >= 1


def test_times_without_a_connection_do_not_count() -> None:
    fan = uses(lambda rng: rng.normal(40, 3), 7)
    gone = [(at + timedelta(minutes=2), FAN, "unavailable") for at, _, state in fan if state == "on"]
    back = [(at + timedelta(minutes=12), FAN, "on") for at, _, state in fan if state == "on"]
    assert shown(Duration(), home(fan + gone + back)) == []


@settings(max_examples=60, deadline=None)
@given(
    st.floats(2.5, 10.5),
    st.floats(-1.0, 1.0),
    st.floats(0.05, 0.4),
)
def test_the_chance_is_the_share_of_jittered_lengths(log_seconds: float, away: float, width: float) -> None:
    low = log_seconds + away
    chance = length_chance(np.array([log_seconds]), low, low + width)[0]
    jittered = log_seconds + np.linspace(-np.log(1.8), np.log(1.8), 20_001)
    assert chance == pytest.approx(float(np.mean((jittered >= low) & (jittered <= low + width))), abs=2e-4)
