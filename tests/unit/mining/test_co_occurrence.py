"""One thing after another: what is a cause, and what only looks like one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from src.domain.patterns import Kind, Pattern, StateTrigger
from src.mining import MiningResult, mine
from tests.unit.mining.conftest import BuildLog, Row
from tests.unit.mining.following_worlds import answers, busy_home, moments, switched

DAYS = 60


def pairs(result: MiningResult) -> set[tuple[str, str, str]]:
    return {_pair(pattern) for pattern in result.patterns}


def _pair(pattern: Pattern) -> tuple[str, str, str]:
    assert isinstance(pattern.trigger, StateTrigger)
    return pattern.trigger.entity_id, pattern.actions[0].entity_id, pattern.actions[0].to


def test_a_fan_that_is_turned_on_minutes_after_the_shower_is_found(log_of: BuildLog) -> None:
    showers = moments(DAYS, 1, 1)
    rows = busy_home(DAYS, 2) + switched(showers, "binary_sensor.shower", 3, minutes=(4, 9))
    rows += switched(answers(showers, 4, seconds=(120, 540), probability=0.75), "fan.bath", 5, minutes=(10, 40))
    result = mine(log_of(rows), kinds=[Kind.CO_OCCURRENCE])
    assert ("binary_sensor.shower", "fan.bath", "on") in pairs(result)
    assert all(trigger == "binary_sensor.shower" for trigger, _, _ in pairs(result))


@pytest.mark.parametrize("seed", range(5))
def test_a_busy_home_without_habits_gives_nothing(log_of: BuildLog, seed: int) -> None:
    assert mine(log_of(busy_home(DAYS, 100 * seed)), kinds=[Kind.CO_OCCURRENCE]).patterns == ()


def test_what_a_third_thing_sets_off_is_no_cause_of_its_other_consequences(log_of: BuildLog) -> None:
    """The bell has somebody turn on the porch lamp at once and the kettle soon after, each by a throw of its own."""
    bell = moments(DAYS, 11, 3)
    rows = busy_home(DAYS, 12) + switched(bell, "binary_sensor.bell", 13, minutes=(0.2, 0.3))
    rows += switched(answers(bell, 14, seconds=(15, 40), probability=0.75), "light.porch", 15, minutes=(3, 30))
    rows += switched(answers(bell, 16, seconds=(60, 200), probability=0.8), "switch.kettle", 17, minutes=(3, 12))
    result = mine(log_of(rows), kinds=[Kind.CO_OCCURRENCE])
    assert ("binary_sensor.bell", "light.porch", "on") in pairs(result)
    assert ("binary_sensor.bell", "switch.kettle", "on") in pairs(result)
    assert ("light.porch", "switch.kettle", "on") not in pairs(result)
    assert result.left_out["explained_by_a_third"] >= 1


def test_the_nearer_cause_of_a_chain_is_named(log_of: BuildLog) -> None:
    """The door leads to the lamp half of the time, and the lamp always to the radio, whoever turned it on."""
    door = moments(DAYS, 21, 3)
    lamp = answers(door, 22, seconds=(20, 60), probability=0.5) + moments(DAYS, 23, 1)
    rows = busy_home(DAYS, 24) + switched(door, "binary_sensor.door", 25, minutes=(0.2, 0.4))
    rows += switched(lamp, "light.desk", 26, minutes=(5, 15))
    rows += switched(answers(lamp, 27, seconds=(20, 60), probability=0.9), "switch.radio", 28, minutes=(2, 4))
    found = pairs(mine(log_of(rows), kinds=[Kind.CO_OCCURRENCE]))
    assert ("light.desk", "switch.radio", "on") in found
    assert ("binary_sensor.door", "switch.radio", "on") not in found


def test_what_follows_a_lamps_end_is_not_said_to_follow_its_beginning(log_of: BuildLog) -> None:
    lamp = moments(DAYS, 31, 2)
    rows = busy_home(DAYS, 32) + switched(lamp, "light.bath", 33, minutes=(4, 12))
    ends = [at for at, entity, state in rows if entity == "light.bath" and state == "off"][1:]
    rows += switched(answers(ends, 34, seconds=(20, 60), probability=0.9), "fan.bath", 35, minutes=(15, 40))
    (found,) = [
        p for p in mine(log_of(rows), kinds=[Kind.CO_OCCURRENCE]).patterns if _pair(p)[1:] == ("fan.bath", "on")
    ]
    assert isinstance(found.trigger, StateTrigger)
    assert (found.trigger.entity_id, found.trigger.to) == ("light.bath", "off")


def whole_minutes(rows: list[Row]) -> list[Row]:
    return [(at.replace(second=0, microsecond=0), entity, state) for at, entity, state in rows]


def test_in_a_log_of_whole_minutes_the_order_is_taken_from_what_is_minutes_apart(log_of: BuildLog) -> None:
    door = moments(DAYS, 41, 3)
    rows = busy_home(DAYS, 42) + switched(door, "binary_sensor.door", 43, minutes=(2, 3))
    rows += switched(answers(door, 44, seconds=(20, 90)), "light.porch", 45, minutes=(4, 30))
    found = pairs(mine(log_of(whole_minutes(rows)), kinds=[Kind.CO_OCCURRENCE]))
    assert ("binary_sensor.door", "light.porch", "on") in found
    assert all(target == "light.porch" for _, target, _ in found)


def test_in_a_log_of_whole_minutes_what_falls_into_the_same_one_has_no_order(log_of: BuildLog) -> None:
    bell = [at.replace(second=2, microsecond=0) for at in moments(DAYS, 51, 3)]
    rows = busy_home(DAYS, 52) + switched(bell, "binary_sensor.bell", 53, minutes=(2, 3))
    rows += switched([at + timedelta(seconds=9) for at in bell], "light.porch", 54, minutes=(4, 30))
    result = mine(log_of(whole_minutes(rows)), kinds=[Kind.CO_OCCURRENCE])
    assert all(pattern.actions[0].to != "on" for pattern in result.patterns)


def test_coming_home_is_left_to_the_kind_that_knows_people(log_of: BuildLog) -> None:
    comes = moments(DAYS, 61, 1, (15, 20))
    rows = busy_home(DAYS, 62) + switched(comes, "person.anna", 63, minutes=(600, 700), states=("not_home", "home"))
    rows += switched(answers(comes, 64, seconds=(30, 90)), "switch.radio", 65, minutes=(20, 200))
    assert mine(log_of(rows), kinds=[Kind.CO_OCCURRENCE]).patterns == ()
    assert mine(log_of(rows), kinds=[Kind.PRESENCE]).patterns
