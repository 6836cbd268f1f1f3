"""Routines that keep to the sun, and those that only seem to."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from src.domain.events import EventLog, Float64Array
from src.domain.patterns import Kind, SunTrigger
from src.mining import mine
from src.mining.changes import find_changes
from src.mining.kinds.solar import Solar
from src.mining.sun import find_sun
from tests.unit.mining.conftest import BuildLog, Row, day, ordinary_life
from tests.unit.mining.shown import search, shown


def sun_minutes(log_of: BuildLog, days: int, event: str) -> Float64Array:
    """Minutes after midnight of the event on each day, over Berlin."""
    log = log_of(ordinary_life(days, 0))
    sun = find_sun(log, find_changes(log).first_day, days)
    assert sun is not None
    return sun.set if event == "sunset" else sun.rise


def lamp(
    log_of: BuildLog,
    minutes: Float64Array,
    sd: float,
    seed: int,
    kept: float = 0.9,
    zone: str | None = None,
    first: int = 0,
) -> EventLog:
    """A porch lamp that comes on at those minutes of each day, about, from the ``first`` day after START."""
    rng = np.random.default_rng(seed)
    life = ordinary_life(len(minutes), seed + 100)
    rows: list[Row] = [(at + timedelta(days=first), entity, to) for at, entity, to in life]
    rows.append((day(first, 0.01), "light.porch", "off"))
    for number, minute in enumerate(minutes.tolist(), first):
        if rng.random() < kept:
            at = day(number) + timedelta(minutes=minute + float(rng.normal(0, sd)))
            rows += [
                (at, "light.porch", "on"),
                (at + timedelta(minutes=float(rng.uniform(30, 300))), "light.porch", "off"),
            ]
    return log_of(rows) if zone is None else log_of(rows, zone=zone)


@pytest.mark.parametrize(("event", "offset"), [("sunset", 10), ("sunset", -50), ("sunrise", 25)])
def test_a_lamp_that_follows_the_sun_for_ten_weeks_is_found_with_its_offset(
    log_of: BuildLog, event: str, offset: int
) -> None:
    log = lamp(log_of, sun_minutes(log_of, 70, event) + offset, 7, seed=1)
    (found,) = shown(Solar(), log)
    assert isinstance(found.trigger, SunTrigger)
    assert found.trigger.event == event
    assert abs(found.trigger.offset_minutes - offset) <= 4
    assert len(found.trigger.weekdays) == 7


def test_a_clock_time_near_sunset_is_not_the_suns(log_of: BuildLog) -> None:
    for seed in range(3):
        assert shown(Solar(), lamp(log_of, np.full(70, 17 * 60 + 30.0), 8, seed)) == []


def test_a_habit_that_was_moved_by_an_hour_half_way_is_not_the_suns(log_of: BuildLog) -> None:
    """Spring: the sun moved by two hours, the habit by one, on a single day."""
    minutes = np.where(np.arange(70) < 35, 17.5 * 60, 18.5 * 60)
    for seed in range(3):
        assert shown(Solar(), lamp(log_of, minutes, 8, seed)) == []


def test_where_the_sun_hardly_moves_nothing_is_said_of_it(log_of: BuildLog) -> None:
    """Four weeks in January: sunset moves by 40 minutes over Berlin, by ten over Singapore."""
    minutes = sun_minutes(log_of, 28, "sunset") * 0 + 19 * 60
    assert search(Solar(), lamp(log_of, minutes, 4, 1, zone="Asia/Singapore")).candidates == []


JUNE_4 = 150  # days after START


@pytest.mark.parametrize("offset", [-40, 12])
def test_around_the_solstice_the_last_weeks_tell_the_sun_from_the_clock(log_of: BuildLog, offset: int) -> None:
    """Sixty days from June 4: sunset hardly moves until the middle of July, and by twenty minutes and more after it."""
    minutes = sun_minutes(log_of, JUNE_4 + 60, "sunset")[JUNE_4:] + offset
    for seed in range(3):
        log = lamp(log_of, minutes, 4, seed, first=JUNE_4)
        (found,) = [each for each in mine(log).patterns if "light.porch" in str(each.actions) and "'on'" in str(each)]
        assert found.kind is Kind.SOLAR
        assert isinstance(found.trigger, SunTrigger)
        assert abs(found.trigger.offset_minutes - offset) <= 4


@pytest.mark.parametrize("sd", [4, 9])
def test_around_the_solstice_a_clock_time_stays_one(log_of: BuildLog, sd: float) -> None:
    for seed in range(3):
        assert shown(Solar(), lamp(log_of, np.full(60, 21 * 60 + 20.0), sd, seed, first=JUNE_4)) == []


def test_a_home_of_which_nothing_says_where_it_is_has_no_sun(log_of: BuildLog) -> None:
    log = lamp(log_of, np.full(40, 1140.0), 5, 1, zone="UTC")
    assert search(Solar(), log).left_out == {"sun_not_known": 1}
