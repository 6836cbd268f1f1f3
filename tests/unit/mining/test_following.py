"""Counting who came before whom, and when a number crossed a level, against slow reference versions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from src.domain.events import EventLog
from src.domain.local_time import DAY, to_utc
from src.mining.changes import find_changes
from src.mining.following import Cause, Link
from src.mining.following_chance import MINUTE, ActionTimes, day_shift_chance, spaced, sun_shift
from src.mining.following_levels import scale
from src.mining.following_rivals import screened_off
from src.mining.following_screen import FAR, promising
from src.mining.preparation import prepare
from src.mining.readings import Readings
from src.mining.sun import Sun
from tests.unit.mining.conftest import BuildLog
from tests.unit.mining.following_worlds import answers, busy_home, moments, switched

SECOND = 1_000_000


@given(st.lists(st.integers(0, 5_000), max_size=80).map(sorted), st.integers(1, 900))
def test_spaced_keeps_what_a_patient_reader_keeps(times: list[int], gap: int) -> None:
    kept: list[int] = []
    for index, at in enumerate(times):
        if not kept or at >= times[kept[-1]] + gap:
            kept.append(index)
    assert spaced(np.array(times, np.int64), gap).tolist() == kept


def test_what_keeps_to_the_sun_is_expected_on_the_days_around() -> None:
    """A lamp five minutes after sunset, which comes two minutes later every day: the clock hardly expects it."""
    days = np.arange(40)
    sunset = np.asarray(1_000.0 + 2.0 * days, np.float64)
    sun = Sun(np.full(40, 400.0), sunset, np.ones(40, np.bool_), "position")
    local = (20_000 + days) * DAY + (sunset * MINUTE).astype(np.int64)
    taken = to_utc(local + 5 * MINUTE, "Europe/Berlin")
    lamp = ActionTimes(taken, np.ones(40, np.bool_), np.append(taken - 1, taken[-1] + 1))
    times, delay = to_utc(local, "Europe/Berlin"), 6 * MINUTE
    within = (np.full(40, times[0]), np.full(40, times[-1] + DAY))
    shifted = sun_shift(sun, 20_000, local)
    by_clock = day_shift_chance(times, local, lamp, delay, "Europe/Berlin", within=within)
    by_sun = day_shift_chance(times, local, lamp, delay, "Europe/Berlin", within=within, shifted=shifted)
    assert by_clock.mean() < 0.3
    np.testing.assert_allclose(by_sun, 1.0)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_an_action_follows_often_is_worth_a_test(log_of: BuildLog, seed: int) -> None:
    """Pairs that meet in a third of all cases, counted one by one, are among the promising; a lonely one is not."""
    door = moments(40, seed, 2)
    rows = busy_home(40, seed) + switched(door, "binary_sensor.door", seed, minutes=(0.3, 0.4))
    rows += switched(answers(door, seed, seconds=(30, 800), probability=0.5), "switch.pump", seed, minutes=(3, 9))
    log = log_of(rows)
    home = prepare(log, find_changes(log))
    changes = home.changes
    causes = [changes.time[changes.of(code)] for code in home.triggers]
    found = promising(home, causes, home.targets)
    assert found == sorted(set(found))
    names = {(changes.things[home.triggers[place]], changes.things[target]) for place, target in found}
    pump = next(thing for thing in changes.things if (thing.entity_id, thing.to) == ("switch.pump", "on"))
    opened = next(thing for thing in changes.things if (thing.entity_id, thing.to) == ("binary_sensor.door", "on"))
    assert (opened, pump) in names
    for place, target in found:
        taken = changes.time[changes.of(target)]
        met = sum(int(((at - causes[place] >= 0) & (at - causes[place] <= FAR)).any()) for at in taken.tolist())
        assert met >= 5


def test_the_same_pairs_are_promising_whatever_the_rest_of_the_log_holds_later(log_of: BuildLog) -> None:
    door = moments(40, 7, 2)
    rows = busy_home(40, 8) + switched(door, "binary_sensor.door", 9, minutes=(0.3, 0.4))
    log = log_of(rows)
    home = prepare(log, find_changes(log))
    causes = [home.changes.time[home.changes.of(code)] for code in home.triggers]
    cut = [times[times < home.split] for times in causes]
    assert promising(home, causes, home.targets) == promising(home, cut, home.targets)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 40), min_size=50, max_size=120),
    st.integers(0, 40),
    st.booleans(),
)
def test_crossings_are_those_of_a_reader_with_hysteresis(values: list[int], at: int, upward: bool) -> None:
    readings = Readings("sensor.x", None, np.arange(len(values), dtype=np.int64) * SECOND, np.array(values, np.float64))
    levels = scale(readings, len(values) * SECOND)
    assert levels is not None
    place = int(np.searchsorted(levels.levels, at, "right")) - 1
    lowest, highest = int(levels.reached.min()), int(levels.reached.max())
    expected, armed = [], False
    for index, (value, reached) in enumerate(zip(values, levels.reached.tolist(), strict=True)):
        over = value >= at
        if armed and over == upward:
            expected.append(index)
            armed = False
        if over != upward:
            far = reached <= max(place - 3, lowest) if upward else reached > min(place + 3, highest - 1)
            armed = armed or far
    assert (levels.crossings(float(at), upward) // SECOND).tolist() == expected


@given(st.lists(st.integers(0, 400), min_size=60, max_size=90), st.integers(1, 399), st.booleans())
def test_a_level_as_it_is_written_parts_the_same_readings(values: list[int], at: int, upward: bool) -> None:
    assume(min(values) < at <= max(values))
    value = np.array(values, np.float64) / 7
    levels = scale(
        Readings("sensor.x", "lx", np.arange(len(value), dtype=np.int64) * SECOND, value), len(value) * SECOND
    )
    assert levels is not None
    written = levels.written(at / 7, upward)
    over = value > written if upward else value >= written
    np.testing.assert_array_equal(over, value >= at / 7)


def link(times: list[int], hits: list[bool], chance: float = 0.05) -> Link:
    """A cause at those seconds, of which some are followed after a minute."""
    at = np.array(times, np.int64) * SECOND
    cause = Cause((str(times[0]),), at, frozenset(), lambda delay, within: pytest.fail("not asked for"))
    n = len(times)
    none = ActionTimes(at[:0], np.zeros(0, np.bool_), at[:1])
    delays = np.full(n, 60 * SECOND, np.int64)
    return Link(
        cause,
        0,
        none,
        120 * SECOND,
        at,
        delays,
        np.zeros(n, np.int64),
        np.array(hits),
        np.ones(n, np.bool_),
        np.full(n, chance),
    )


def test_a_cause_is_screened_off_by_one_without_which_nothing_follows() -> None:
    hours = [3_600 * n for n in range(60)]
    always = link(hours, [n % 5 != 0 for n in range(60)])
    companion = link([at + 20 for at in hours[::2]] + [216_000 + at for at in hours[:20]], [n < 24 for n in range(50)])
    assert screened_off(companion, always)
    assert not screened_off(always, companion)


def test_two_causes_that_never_part_are_not_told_apart() -> None:
    hours = [3_600 * n for n in range(40)]
    opens, closes = link(hours, [True] * 40), link([at + 10 for at in hours], [True] * 40)
    assert not screened_off(opens, closes)
    assert not screened_off(closes, opens)


def test_codes_carry_no_meaning(log_of: BuildLog) -> None:
    rows = busy_home(30, 1) + switched(moments(30, 2), "binary_sensor.door", 3, minutes=(0.3, 0.4))
    log = log_of(rows)
    pairs = []
    for each in (log, reversed_codes(log)):
        home = prepare(each, find_changes(each))
        changes = home.changes
        found = promising(home, [changes.time[changes.of(code)] for code in home.triggers], home.targets)
        names = [(thing.entity_id, thing.to) for thing in changes.things]
        pairs.append({(names[home.triggers[place]], names[target]) for place, target in found})
    assert pairs[0] == pairs[1]


def reversed_codes(log: EventLog) -> EventLog:
    return dataclasses.replace(
        log, entity=(len(log.entities) - 1 - log.entity).astype(np.int32), entities=log.entities[::-1]
    )
