"""What is shown already: it stays while its evidence is merely weaker, and goes at once when something explains it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from src.domain.events import EventLog
from src.domain.patterns import WEEKDAYS, Kind, Pattern, Status, TimeTrigger
from src.mining import MiningResult, mine
from tests.unit.domain.every_kind import routine
from tests.unit.mining.conftest import START, Row, build_log, day, ordinary_life

LAMP = "light.desk"


def evening_lamp(evenings: Iterable[int], days: int = 60) -> EventLog:
    """A lamp at about half past seven on those evenings; its off is at any time after."""
    rng = np.random.default_rng(7)
    rows = [*ordinary_life(days, 7, per_day=6), (START, LAMP, "off")]
    for number in evenings:
        at = day(number, 19.5) + timedelta(minutes=float(rng.normal(0, 6)))
        rows += [(at, LAMP, "on"), (at + timedelta(hours=float(rng.uniform(0.3, 4))), LAMP, "off")]
    return build_log(rows)


def shown(at: str = "19:30:00", **changes: object) -> Pattern:
    """What people see of the lamp since an earlier night."""
    return routine(Kind.TIME_OF_DAY, TimeTrigger(at, WEEKDAYS), (LAMP, "on"), id="p_shown", **changes)


def switches_on(result: MiningResult) -> list[Pattern]:
    return [pattern for pattern in result.patterns if any((a.entity_id, a.to) == (LAMP, "on") for a in pattern.actions)]


def weakened() -> EventLog:
    """Every second evening at first, lately every third: in all too seldom to be shown anew."""
    return evening_lamp(number for number in range(60) if number % (2 if number < 42 else 3) == 0)


def test_a_routine_that_got_weaker_is_not_shown_anew_but_stays_if_it_was_shown() -> None:
    log = weakened()
    assert switches_on(mine(log)) == []
    (kept,) = switches_on(mine(log, known=[shown()]))
    assert (kept.evidence.hits, kept.evidence.opportunities) == (21, 42)
    assert (kept.evidence.holdout.hits, kept.evidence.holdout.opportunities) == (6, 18)


@pytest.mark.parametrize(
    "known",
    [
        [],
        [shown(status=Status.STALE)],
        [shown("08:00:00")],
        [routine(Kind.TIME_OF_DAY, TimeTrigger("19:30:00", WEEKDAYS), ("light.other", "on"))],
    ],
)
def test_what_was_not_shown_gets_no_help(known: list[Pattern]) -> None:
    assert switches_on(mine(weakened(), known=known)) == []


@pytest.mark.parametrize("status", [Status.NEW, Status.ACCEPTED, Status.REJECTED, Status.SNOOZED])
def test_whatever_people_said_to_it_it_is_shown(status: Status) -> None:
    assert len(switches_on(mine(weakened(), known=[shown(status=status)]))) == 1


def test_being_known_helps_no_lamp_at_random() -> None:
    """Hysteresis keeps a routine; it does not keep an error alive."""
    rng = np.random.default_rng(5)
    rows: list[Row] = [*ordinary_life(60, 6, per_day=6), (START, LAMP, "off")]
    for number in range(60):
        for hour in np.sort(rng.uniform(7, 22, 2)).tolist():
            at = day(number, hour)
            rows += [(at, LAMP, "on"), (at + timedelta(minutes=float(rng.uniform(2, 40))), LAMP, "off")]
    known = [shown(f"{hour:02d}:00:00") for hour in range(7, 23)]
    assert switches_on(mine(build_log(rows), known=known)) == []


def test_a_strong_routine_is_the_same_whether_it_was_known_or_not() -> None:
    log = evening_lamp(range(60))
    assert mine(log, known=[shown()]).patterns == mine(log).patterns


def lamp_after_the_door(days: int) -> EventLog:
    """Always within a minute of the door, which is opened at seven or so: an earlier run took the clock for it."""
    rng = np.random.default_rng(8)
    rows: list[Row] = [(START, LAMP, "off"), (START, "binary_sensor.door", "off"), *ordinary_life(days, 9, per_day=6)]
    for number in range(days):
        for hour in (7 + float(rng.normal(0, 0.1)), float(rng.uniform(9, 21))):
            door = day(number, hour)
            on = door + timedelta(seconds=float(rng.uniform(15, 40)))
            rows += [(door, "binary_sensor.door", "on"), (door + timedelta(seconds=6), "binary_sensor.door", "off")]
            rows += [(on, LAMP, "on"), (on + timedelta(minutes=float(rng.uniform(3, 60))), LAMP, "off")]
    return build_log(rows)


def test_what_a_better_explanation_takes_the_place_of_is_named_so_that_it_can_go_at_once() -> None:
    known = [shown("07:00:00"), shown("19:30:00", sentence="").with_(id="p_other")]
    result = mine(lamp_after_the_door(60), known=known)
    assert [pattern.kind for pattern in switches_on(result)] == [Kind.CO_OCCURRENCE]
    assert result.replaced == frozenset({"p_shown"})


def test_without_anything_known_nothing_is_replaced() -> None:
    assert mine(lamp_after_the_door(60)).replaced == frozenset()


def test_a_pattern_that_is_found_again_replaces_nothing() -> None:
    log = evening_lamp(range(60))
    found = mine(log)
    assert mine(log, known=found.patterns).replaced == frozenset()
    assert replace(found, replaced=frozenset()) == found
