"""Episodes: how long an entity was in a state, and when that is not known."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from src.domain.events import MICROSECONDS, EventLog
from src.domain.local_time import DAY
from src.mining.changes import find_changes
from src.mining.episodes import Episodes, codes_by_entity, find_episodes, find_outages
from src.mining.lived_days import lived_days, out_of_order
from src.mining.preparation import prepare
from tests.unit.mining.conftest import Row, build_log, day, ordinary_life

LAMP = "light.lamp"


def episodes_of(log: EventLog, entity: str = LAMP) -> Episodes:
    changes = find_changes(log)
    return find_episodes(changes, codes_by_entity(changes)[entity], find_outages(log))


def at(hour: float, state: str) -> Row:
    return day(10, hour), LAMP, state


def test_an_episode_lasts_from_one_change_to_the_next_and_the_last_goes_on() -> None:
    log = build_log([*ordinary_life(20, 0), at(7, "off"), at(8, "on"), at(9.5, "off"), at(12, "on")])
    found = episodes_of(log)
    hours = found.lasted / (3_600 * MICROSECONDS)
    assert hours[:2].tolist() == [1.5, 2.5]
    assert found.running.tolist() == [False, False, True]
    assert found.whole.tolist() == [True, True, True]
    assert int(found.end[-1]) == log.span[1]


def test_a_restart_does_not_break_an_episode_and_an_hour_without_a_state_does() -> None:
    short, long = timedelta(seconds=1), timedelta(hours=1)
    for silence, whole in ((short, True), (long, False)):
        away: list[Row] = [(day(10, 8.5), LAMP, "unavailable"), (day(10, 8.5) + silence, LAMP, "on")]
        log = build_log([*ordinary_life(20, 0), at(7, "off"), at(8, "on"), *away, at(10, "off"), at(12, "on")])
        assert episodes_of(log).whole.tolist()[0] is whole


def test_a_state_that_an_entity_came_back_with_has_no_known_beginning() -> None:
    log = build_log(
        [*ordinary_life(20, 0), at(7, "off"), at(8, "unavailable"), at(9, "on"), at(10, "off"), at(12, "on")]
    )
    found = episodes_of(log)
    assert found.whole.tolist() == [False, True, True]


def test_what_the_recorder_slept_through_is_not_whole_and_those_days_were_not_lived() -> None:
    life = ordinary_life(30, 0, per_day=200)
    rows = [row for row in life if not day(10, 12) < row[0] < day(12, 12)]
    log = build_log([*rows, at(7, "off"), at(8, "on"), (day(13, 8), LAMP, "off"), (day(14, 8), LAMP, "on")])
    assert episodes_of(log).whole.tolist() == [False, True, True]
    home = prepare(log, find_changes(log))
    assert np.flatnonzero(~lived_days(home, find_outages(log))).tolist() == [10, 11, 12]


def test_a_week_away_is_not_lived_in() -> None:
    life = ordinary_life(30, 0, per_day=60)
    rows = [row for row in life if not day(9, 12) < row[0] < day(16, 12)]
    people: list[Row] = [
        (day(0, 6), "person.anna", "home"),
        (day(9, 12), "person.anna", "not_home"),
        (day(16, 12), "person.anna", "home"),
    ]
    # Something ticks at home all the while, so the days are observed.
    clock: list[Row] = [(day(0, hour), "sensor.clock", str(hour % 2)) for hour in range(30 * 24)]
    log = build_log([*rows, *people, *clock])
    home = prepare(log, find_changes(log))
    assert not lived_days(home, find_outages(log))[10:16].any()
    assert lived_days(home, find_outages(log))[[5, 20]].all()


def test_a_long_silence_of_a_busy_entity_is_a_fault_and_of_a_seldom_one_is_not() -> None:
    days = np.ones(60, np.bool_)
    busy, seldom = days.copy(), np.arange(60) % 5 == 0
    busy[20:27] = seldom[21:30] = False
    assert np.flatnonzero(out_of_order(busy, days)).tolist() == list(range(20, 27))
    assert not out_of_order(seldom, days).any()


@given(st.lists(st.integers(1, 10 * 86_400), min_size=4, max_size=40, unique=True))
def test_episodes_fill_the_time_between_changes(seconds: list[int]) -> None:
    moments = sorted(seconds)
    rows: list[Row] = [
        (day(0) + timedelta(seconds=moment), LAMP, "on" if number % 2 else "off")
        for number, moment in enumerate(moments)
        if number == 0 or moment - moments[number - 1] >= 60
    ]
    log = build_log([*rows, (day(11), LAMP, "unavailable")])
    if len(codes_by_entity(find_changes(log))) == 0:
        return
    found = episodes_of(log)
    assert (found.begin[1:] == found.end[:-1]).all()
    assert int(found.lasted.sum()) == log.span[1] - int(found.begin[0])
    assert int(found.lasted.max()) <= 12 * DAY
