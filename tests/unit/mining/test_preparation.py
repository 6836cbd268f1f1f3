"""Which days are searched and which are kept back, night after night; and who may act."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from src.domain.local_time import DAY, to_local
from src.mining.changes import find_changes
from src.mining.kind import Home
from src.mining.preparation import main_stretch, prepare
from tests.unit.mining.conftest import Row, build_log, day

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")


def home_of(rows: list[Row], zone: str = "Europe/Berlin") -> Home:
    log = build_log(rows, zone=zone)
    return prepare(log, find_changes(log))


def lamp_on(days: list[int], hour: float = 12.0) -> list[Row]:
    """A lamp that is switched on and off on those days."""
    return [
        row
        for number in days
        for row in (
            (day(number, hour), "light.a", "on"),
            (day(number, hour) + timedelta(hours=2), "light.a", "off"),
        )
    ]


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 120), min_size=8, max_size=110).map(sorted), st.sampled_from(ZONES))
def test_every_observed_day_is_searched_or_held_out_and_the_later_ones_are_held_out(days: list[int], zone: str) -> None:
    home = home_of(lamp_on(days), zone)
    observed = {number - days[0] for number in days}
    searched, kept_back = (set(np.flatnonzero(part).tolist()) for part in (home.discovery, home.holdout))
    assert searched | kept_back == observed
    assert not searched & kept_back
    assert max(searched) < min(kept_back)
    assert 0.1 <= len(kept_back) / len(observed) <= 0.4
    split = int(to_local(np.array([home.split], np.int64), zone)[0])
    assert split % DAY == 0, "a day is never cut"
    assert max(searched) < split // DAY - home.changes.first_day <= min(kept_back)


def test_in_a_log_of_eight_weeks_and_more_the_search_moves_on_mondays_only_and_stays_a_week() -> None:
    splits = []
    for nights in range(56, 200):
        home = home_of(lamp_on(list(range(nights))))
        splits.append(int(np.flatnonzero(home.holdout)[0]))
    moves = np.diff(splits)
    assert all(split % 7 == 0 for split in splits), "the log begins on a Monday"
    assert set(moves.tolist()) <= {0, 7}
    assert np.diff(np.flatnonzero(moves)).min() >= 7


def test_in_a_shorter_log_the_last_quarter_is_held_out_to_the_day() -> None:
    for nights in range(8, 56):
        home = home_of(lamp_on(list(range(nights))))
        assert np.count_nonzero(home.holdout) == max(1, round(nights / 4))


def test_what_a_clock_that_was_wrong_wrote_is_left_out_and_a_holiday_is_not() -> None:
    life = lamp_on([*range(30), *range(150, 190)])
    rows = [(day(-19_000), "light.a", "off"), *life, (day(9_000), "light.a", "on")]
    kept = main_stretch(build_log(rows))
    assert len(kept) == len(life)
    whole = build_log(life)
    assert main_stretch(whole) is whole


def test_of_two_stretches_the_fuller_stays_and_of_equals_the_newer() -> None:
    first, second = lamp_on(list(range(20))), lamp_on(list(range(400, 410)))
    assert len(main_stretch(build_log(first + second))) == len(first)
    equal = lamp_on(list(range(400, 420)))
    kept = main_stretch(build_log(first + equal))
    assert (
        int(to_local(kept.time[:1], kept.time_zone)[0]) // DAY
        == int(to_local(build_log(equal).time[:1], "Europe/Berlin")[0]) // DAY
    )


def test_only_what_can_be_set_may_act_and_motion_never_does() -> None:
    rng = np.random.default_rng(1)
    rows = lamp_on(list(range(20)))
    for number in range(20):
        for entity in ("binary_sensor.hall_motion", "binary_sensor.door"):
            at = day(number, float(rng.uniform(8, 20)))
            rows += [(at, entity, "on"), (at + timedelta(minutes=1), entity, "off")]
    home = home_of(rows)
    acting = {home.changes.things[code].entity_id for code in home.targets}
    setting_off = {home.changes.things[code].entity_id for code in home.triggers}
    assert acting == {"light.a"}
    assert setting_off == {"light.a", "binary_sensor.hall_motion", "binary_sensor.door"}
    no_lamps = home_of([row for row in rows if row[1] != "light.a"])
    assert {no_lamps.changes.things[code].entity_id for code in no_lamps.targets} == {"binary_sensor.door"}


def test_lamps_that_move_as_one_are_one_and_each_is_named() -> None:
    rows = lamp_on(list(range(20)))
    rows += [(at + timedelta(milliseconds=300), "light.b", state) for at, _, state in rows]
    home = home_of(rows)
    named = {tuple(home.changes.things[member].entity_id for member in home.members[code]) for code in home.targets}
    assert named == {("light.a", "light.b")}
