"""A routine keeps its id from night to night."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.analysis.identity import circular_minutes, identify
from src.domain.patterns import WEEKDAYS, Pattern
from tests.unit.analysis.worlds import WORKDAYS, after, at, evidence

LAMP = ("light.kitchen", "on")


def ids(found: list[Pattern], stored: list[Pattern]) -> list[str]:
    return [pattern.id for pattern in identify(found, stored)]


def test_a_time_that_drifts_a_little_every_night_stays_one_routine() -> None:
    stored = [at("06:40:00", LAMP, id="p_first")]
    for night in range(90):
        moved = str(timedelta(hours=6, minutes=40 + 2 * night)).zfill(8)
        found = identify([at(moved, LAMP, id=f"p_mined_{night}")], stored)
        assert [pattern.id for pattern in found] == ["p_first"]
        assert found[0].trigger == at(moved, LAMP).trigger
        stored = found


@pytest.mark.parametrize(
    ("found", "same"),
    [
        (at("07:10:00", LAMP), True),
        (at("08:05:00", LAMP), True),
        (at("08:20:00", LAMP), False),
        (at("07:10:00", LAMP, weekdays=WEEKDAYS), True),
        (at("07:10:00", LAMP, weekdays=("sat", "sun")), False),
        (at("07:10:00", ("light.kitchen", "off")), False),
        (at("07:10:00", LAMP, ("light.hall", "on")), True),
        (at("07:10:00", LAMP, ("light.hall", "on"), ("light.bed", "on")), False),
        (after(("person.anna", "home"), LAMP), False),
    ],
)
def test_what_counts_as_the_same_routine_of_the_clock(found: Pattern, same: bool) -> None:
    stored = [at("07:06:00", LAMP, id="p_stored")]
    assert (ids([found.with_(id="p_mined")], stored) == ["p_stored"]) is same


@pytest.mark.parametrize(
    ("found", "same"),
    [
        (after(("binary_sensor.door", "on"), LAMP, delay=300, within=900), True),
        (after(("binary_sensor.door", "off"), LAMP), False),
        (after(("binary_sensor.window", "on"), LAMP), False),
        (after(("binary_sensor.door", "on"), ("light.kitchen", "off")), False),
    ],
)
def test_what_counts_as_the_same_routine_after_a_cause(found: Pattern, same: bool) -> None:
    stored = [after(("binary_sensor.door", "on"), LAMP, id="p_stored")]
    assert (ids([found.with_(id="p_mined")], stored) == ["p_stored"]) is same


def test_the_order_of_the_actions_is_no_difference() -> None:
    stored = [at("07:00:00", LAMP, ("light.hall", "on"), id="p_stored")]
    assert ids([at("07:00:00", ("light.hall", "on"), LAMP, id="p_mined")], stored) == ["p_stored"]


def test_midnight_is_no_border() -> None:
    stored = [at("23:50:00", LAMP, id="p_late", weekdays=WEEKDAYS)]
    assert ids([at("00:15:00", LAMP, id="p_mined", weekdays=WEEKDAYS)], stored) == ["p_late"]
    assert circular_minutes("23:58:00", "00:03:00") == 5


def test_two_routines_of_one_lamp_go_to_their_nearest() -> None:
    stored = [at("06:30:00", LAMP, id="p_early"), at("07:10:00", LAMP, id="p_late")]
    found = [at("07:05:00", LAMP, id="p_x"), at("06:50:00", LAMP, id="p_y")]
    assert ids(found, stored) == ["p_late", "p_early"]


def test_a_new_routine_never_takes_the_id_of_one_that_moved_away() -> None:
    # The miner names a routine by its hour: what moved from seven to eight left its name to a newcomer at seven.
    stored = [at("07:50:00", LAMP, id="p_seven")]
    moved, newcomer = at("08:10:00", LAMP, id="p_eight"), at("07:01:00", LAMP, id="p_seven")
    first = ids([moved, newcomer], stored)
    assert first[0] == "p_seven"
    assert first[1] not in {"p_seven", "p_eight"}
    assert first == ids([moved, newcomer], stored)
    following = identify([moved, newcomer], stored)
    assert ids([moved, newcomer], following) == first


def test_a_stale_routine_gets_its_id_back() -> None:
    gone = at("07:00:00", LAMP, id="p_gone", evidence=evidence(rate_low=0.5))
    assert ids([at("07:03:00", LAMP, id="p_mined")], [gone]) == ["p_gone"]


def test_conditions_tell_two_routines_of_one_cause_apart() -> None:
    night = {"type": "time", "after": "22:00:00"}
    cause = ("binary_sensor.door", "on")
    stored = [after(cause, LAMP, id="p_always"), after(cause, LAMP, id="p_night", conditions=(night,))]
    found = [after(cause, LAMP, id="p_x", conditions=(night,)), after(cause, LAMP, id="p_y")]
    assert ids(found, stored) == ["p_night", "p_always"]


times = st.builds("{:02d}:{:02d}:00".format, st.integers(0, 23), st.integers(0, 59))
weekdays = st.sets(st.sampled_from(WEEKDAYS), min_size=1).map(lambda days: [day for day in WEEKDAYS if day in days])
lamps = st.sampled_from(["light.a", "light.b"])


@st.composite
def homes(draw: st.DrawFn) -> list[Pattern]:
    count = draw(st.integers(0, 8))
    return [at(draw(times), (draw(lamps), "on"), weekdays=draw(weekdays), id=f"p_{i}") for i in range(count)]


@settings(max_examples=100, deadline=None)
@given(found=homes(), stored=homes())
def test_ids_are_never_shared_and_matches_are_the_same_routine(found: list[Pattern], stored: list[Pattern]) -> None:
    named = identify(found, stored)
    by_id = {pattern.id: pattern for pattern in stored}
    assert len({pattern.id for pattern in named}) == len(found)
    for before, now in zip(found, named, strict=True):
        assert now.with_(id=before.id) == before
        if now.id in by_id:
            assert by_id[now.id].actions == now.actions
    assert identify(named, named) == named


def test_a_home_that_did_not_change_keeps_every_id() -> None:
    home = [at(f"{hour:02d}:00:00", LAMP, id=f"p_{hour}", weekdays=WORKDAYS) for hour in range(0, 24, 2)]
    assert ids([pattern.with_(id=f"p_mined_{i}") for i, pattern in enumerate(home)], home) == [p.id for p in home]
