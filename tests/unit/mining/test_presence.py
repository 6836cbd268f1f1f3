"""Somebody comes or goes, and something follows."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from src.domain.patterns import Kind, Pattern, PresenceTrigger
from src.mining import mine
from tests.unit.mining.conftest import BuildLog, Row, day
from tests.unit.mining.following_worlds import answers, busy_home, switched

DAYS = 60
Outings = list[tuple[datetime, datetime]]


def outings(seed: int, share: float = 0.9) -> Outings:
    """Away once on most days, from some time in the morning to some time in the afternoon."""
    rng = np.random.default_rng(seed)
    return [
        (day(number, float(rng.uniform(7, 11))), day(number, float(rng.uniform(14, 21))))
        for number in range(DAYS)
        if rng.uniform() < share
    ]


def tracked(person: str, away: Outings, late: timedelta = timedelta(0)) -> list[Row]:
    rows: list[Row] = [(day(0, 0.001), person, "home")]
    for leaves, comes in away:
        rows += [(leaves + late, person, "not_home"), (comes + late, person, "home")]
    return rows


def found(rows: list[Row], log_of: BuildLog) -> dict[tuple[str, tuple[str, ...]], Pattern]:
    patterns = mine(log_of(rows), kinds=[Kind.PRESENCE]).patterns
    assert all(isinstance(pattern.trigger, PresenceTrigger) for pattern in patterns)
    return {(p.trigger.event, p.trigger.entity_ids): p for p in patterns if isinstance(p.trigger, PresenceTrigger)}


def test_what_one_person_does_on_coming_home_is_theirs(log_of: BuildLog) -> None:
    anna, ben = outings(1), outings(2)
    rows = busy_home(DAYS, 3) + tracked("person.anna", anna) + tracked("person.ben", ben)
    radio = answers([comes for _, comes in anna], 4, seconds=(40, 200))
    rows += switched(radio, "media_player.radio", 5, minutes=(30, 200), states=("off", "playing"))
    (pattern,) = found(rows, log_of).items()
    assert pattern[0] == ("arrives", ("person.anna",))
    assert pattern[1].actions[0].to == "playing"
    assert pattern[1].conditions == ()


def test_what_the_first_to_come_does_is_nobodys_own(log_of: BuildLog) -> None:
    anna, ben = outings(11, 1.0), outings(12, 1.0)
    first = [min(a[1], b[1]) for a, b in zip(anna, ben, strict=True)]
    rows = busy_home(DAYS, 13) + tracked("person.anna", anna) + tracked("person.ben", ben)
    rows += switched(answers(first, 14, seconds=(40, 200)), "light.entrance", 15, minutes=(20, 60))
    assert set(found(rows, log_of)) == {("first_arrives", ("person.anna", "person.ben"))}


def test_what_the_last_to_leave_does_is_found(log_of: BuildLog) -> None:
    anna, ben = outings(21, 1.0), outings(22, 1.0)
    last = [max(a[0], b[0]) for a, b in zip(anna, ben, strict=True)]
    rows = busy_home(DAYS, 23) + tracked("person.anna", anna) + tracked("person.ben", ben)
    rows += switched(
        answers(last, 24, seconds=(20, 100)), "vacuum.robot", 25, minutes=(40, 90), states=("docked", "cleaning")
    )
    assert set(found(rows, log_of)) == {("last_leaves", ("person.anna", "person.ben"))}


def test_alone_is_a_condition_of_an_arrival(log_of: BuildLog) -> None:
    """Ben turns the radio on when he comes home to nobody; Anna never does, also when she comes first."""
    anna, ben = outings(32, 0.6), outings(33, 1.0)
    away = {leaves.date(): comes for leaves, comes in anna}
    alone = [comes for _, comes in ben if comes.date() in away and away[comes.date()] > comes]
    rows = busy_home(DAYS, 34) + tracked("person.anna", anna) + tracked("person.ben", ben)
    rows += switched(answers(alone, 35, seconds=(40, 200), probability=0.95), "switch.radio", 36, minutes=(20, 60))
    ((key, pattern),) = found(rows, log_of).items()
    assert key == ("arrives", ("person.ben",))
    assert pattern.conditions == ({"type": "presence", "is": "nobody_home", "entity_ids": ["person.anna"]},)


def test_trackers_that_echo_each_other_are_one_cause(log_of: BuildLog) -> None:
    away = outings(41)
    rows = busy_home(DAYS, 42) + tracked("device_tracker.phone", away)
    rows += tracked("device_tracker.watch", away, timedelta(seconds=20))
    rows += switched(
        answers([comes for _, comes in away], 43, seconds=(60, 200)), "light.entrance", 44, minutes=(20, 60)
    )
    assert len(found(rows, log_of)) == 1


@pytest.mark.parametrize("seed", range(3))
def test_coming_and_going_sets_nothing_off_in_a_home_without_habits(log_of: BuildLog, seed: int) -> None:
    rows = (
        busy_home(DAYS, 50 + seed)
        + tracked("person.anna", outings(60 + seed))
        + tracked("person.ben", outings(70 + seed))
    )
    assert found(rows, log_of) == {}
