"""Clock routines: which windows are routines, and which busy hours are none."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from src.domain.patterns import TimeTrigger
from src.mining.kind import Candidate
from src.mining.kinds.time_of_day import TimeOfDay, clock_trigger
from tests.unit.mining.conftest import BuildLog, Row, day, ordinary_life
from tests.unit.mining.shown import shown

EVERY_DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def off_by(candidate: Candidate, hour: float) -> float:
    """Minutes between a candidate's time and an hour of the day."""
    assert isinstance(candidate.trigger, TimeTrigger)
    at = int(candidate.trigger.at[:2]) * 60 + int(candidate.trigger.at[3:5])
    return abs((at - hour * 60 + 720) % 1440 - 720)


def uses(days: list[int], entity: str, hour: float, sd: float, seed: int, minutes: tuple[float, float]) -> list[Row]:
    """On around the hour on those days, off again after so many minutes."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = [(day(0, 0.01), entity, "off")]
    for number in days:
        at = day(number, hour) + timedelta(minutes=float(rng.normal(0, sd)))
        rows += [(at, entity, "on"), (at + timedelta(minutes=float(rng.uniform(*minutes))), entity, "off")]
    return rows


def test_a_routine_of_tuesday_and_thursday_is_found_in_sixty_days(log_of: BuildLog) -> None:
    days = [number for number in range(60) if number % 7 in (1, 3)]
    log = log_of(ordinary_life(60, 1) + uses(days, "switch.bin_light", 19.5, 6, 2, (5, 200)))
    on = [found for found in shown(TimeOfDay(), log) if off_by(found, 19.5) < 10]
    assert [found.trigger.weekdays for found in on if isinstance(found.trigger, TimeTrigger)] == [("tue", "thu")]


def test_ends_after_durations_of_all_lengths_keep_to_no_clock(log_of: BuildLog) -> None:
    """The lamp comes on at seven and goes off when it is no longer needed, any time in the four hours after."""
    for seed in range(4):
        log = log_of(ordinary_life(60, seed) + uses(list(range(60)), "light.desk", 19.0, 5, seed + 50, (10, 250)))
        assert [off_by(found, 19.0) < 8 for found in shown(TimeOfDay(), log)] == [True]


def test_a_home_whose_whole_life_keeps_to_one_hour_has_no_routines_in_it(log_of: BuildLog) -> None:
    """Everybody is home from half past six to half past seven, and all lamps are used then at random."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        rows: list[Row] = []
        for lamp in range(8):
            rows.append((day(0, 0.01), f"light.lamp_{lamp}", "off"))
            for number in range(60):
                for minute in np.sort(rng.normal(0, 25, rng.poisson(1.2))).tolist():
                    at = day(number, 19.0) + timedelta(minutes=minute)
                    rows += [
                        (at, f"light.lamp_{lamp}", "on"),
                        (at + timedelta(seconds=50), f"light.lamp_{lamp}", "off"),
                    ]
        assert shown(TimeOfDay(), log_of(rows)) == []


def test_on_the_nights_of_the_change_of_clocks_it_is_the_wall_clock_that_counts(log_of: BuildLog) -> None:
    """Half past two does not happen on one night of March; the routine of the others stays at half past two."""
    days = [number for number in range(50, 110) if day(number).date().isoformat() != "2026-03-29"]
    rows = [(at + timedelta(days=50), entity, to) for at, entity, to in ordinary_life(60, 5)]
    log = log_of(rows + uses(days, "switch.boiler", 2.5, 3, 6, (20, 200)))
    (found,) = [found for found in shown(TimeOfDay(), log) if off_by(found, 2.5) <= 2]
    assert isinstance(found.trigger, TimeTrigger)
    assert found.trigger.weekdays == EVERY_DAY
    assert found.discovery.rate > 0.9


@pytest.mark.parametrize(
    ("centre", "days", "at", "told"),
    [
        (430.4, (0, 1), "07:10:00", ("mon", "tue")),
        (1442.0, (4,), "00:02:00", ("sat",)),
        (-3.0, (0,), "23:57:00", ("sun",)),
    ],
)
def test_a_window_beyond_midnight_is_told_with_the_weekday_of_its_time(
    centre: float, days: tuple[int, ...], at: str, told: tuple[str, ...]
) -> None:
    assert clock_trigger(centre, days) == TimeTrigger(at, told)
