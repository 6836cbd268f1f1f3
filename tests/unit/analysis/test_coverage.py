"""Which routines an automation covers: by what it means, and never on a guess."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.analysis.coverage import as_switched, covered
from src.domain.automations import KnownAutomation
from src.domain.events import EntityInfo, EventLog
from src.domain.patterns import (
    WEEKDAYS,
    Action,
    HeldTrigger,
    Kind,
    NumericTrigger,
    Pattern,
    PresenceTrigger,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
    Trigger,
)
from tests.unit.domain.every_kind import (
    CO_OCCURRENCE,
    DAY_TYPE,
    DURATION,
    EVERY,
    FREQUENCY,
    LEFT_OPEN,
    MISSED,
    NAMES,
    PEOPLE,
    PRESENCE,
    SCENE,
    SEQUENCE,
    SOLAR,
    THRESHOLD,
    TIME_OF_DAY,
    routine,
)

WORKDAYS, WEEKEND = WEEKDAYS[:5], WEEKDAYS[5:]
INFO = {person: EntityInfo(person) for person in PEOPLE}


def automation(
    triggers: list[Trigger | None], actions: list[tuple[str, str]] | list[Action], **changes: object
) -> KnownAutomation:
    done = tuple(each if isinstance(each, Action) else Action(*each) for each in actions)
    known = KnownAutomation("Mine", "automation.mine", True, tuple(triggers), done)
    return replace(known, **changes)  # type: ignore[arg-type]


def says(pattern: Pattern, *automations: KnownAutomation) -> bool:
    return covered(pattern, automations, INFO) is not None


def doing(pattern: Pattern, *triggers: Trigger | None) -> KnownAutomation:
    """An automation that does what a pattern does, set off by something."""
    return automation(list(triggers), list(pattern.actions))


@pytest.mark.parametrize("pattern", EVERY, ids=NAMES)
def test_only_a_known_trigger_and_an_enabled_automation_cover(pattern: Pattern) -> None:
    same = automation([pattern.trigger], list(pattern.actions), reminds=True)
    assert not says(pattern, replace(same, triggers=(None,)))
    assert not says(pattern, replace(same, triggers=()))
    assert not says(pattern, replace(same, enabled=False))
    assert not says(pattern)


def test_its_name_is_told() -> None:
    other = automation([TimeTrigger("20:00:00", WEEKDAYS)], [("light.kitchen", "on")], name="Evening")
    mine = doing(TIME_OF_DAY, TimeTrigger("07:00:00", WEEKDAYS))
    assert covered(TIME_OF_DAY, [other, mine], INFO) == "Mine"


@pytest.mark.parametrize(
    ("at", "weekdays", "is_covered"),
    [
        ("07:00:00", WORKDAYS, True),
        ("06:25:00", WEEKDAYS, True),
        ("07:55:00", WORKDAYS, True),
        ("07:56:00", WORKDAYS, False),
        ("07:10:00", WEEKEND, False),
        ("07:10:00", ("mon", "tue", "wed"), True),
        ("07:10:00", ("mon", "tue"), False),
    ],
)
def test_a_clock_within_45_minutes_on_most_of_the_weekdays(
    at: str, weekdays: tuple[str, ...], is_covered: bool
) -> None:
    assert says(TIME_OF_DAY, doing(TIME_OF_DAY, TimeTrigger(at, weekdays))) is is_covered


def test_shortly_after_midnight_is_near_shortly_before_it_on_the_day_before() -> None:
    late = routine(Kind.TIME_OF_DAY, TimeTrigger("23:50:00", WORKDAYS), ("light.hall", "off"))
    assert says(late, doing(late, TimeTrigger("00:10:00", WEEKDAYS[1:6])))
    assert not says(late, doing(late, TimeTrigger("00:40:00", WEEKDAYS[1:6])))


@given(st.integers(0, 1439), st.integers(-720, 720))
def test_how_near_a_clock_is_does_not_depend_on_the_hour(minute: int, apart: int) -> None:
    def at(value: int) -> TimeTrigger:
        return TimeTrigger(f"{value % 1440 // 60:02}:{value % 60:02}:00", WEEKDAYS)

    habit = routine(Kind.TIME_OF_DAY, at(minute), ("light.hall", "off"))
    assert says(habit, doing(habit, at(minute + apart))) is (abs(apart) <= 45)


def test_another_state_or_entity_at_that_time_does_not_cover() -> None:
    at_seven = TimeTrigger("07:10:00", WEEKDAYS)
    assert not says(TIME_OF_DAY, automation([at_seven], [("light.kitchen", "off")]))
    assert not says(TIME_OF_DAY, automation([at_seven], [("light.hall", "on")]))
    assert not says(TIME_OF_DAY, automation([at_seven], [Action("light.kitchen", "on", 3_600.0)]))


def test_workdays_and_weekend_may_be_two_automations() -> None:
    early = doing(DAY_TYPE, TimeTrigger("07:00:00", WORKDAYS))
    late = replace(doing(DAY_TYPE, TimeTrigger("08:30:00", WEEKEND)), name="Yours")
    assert covered(DAY_TYPE, [early, late], INFO) == "Mine and Yours"
    assert covered(DAY_TYPE, [replace(early, triggers=early.triggers + late.triggers)], INFO) == "Mine"
    assert not says(DAY_TYPE, early)


def test_the_same_event_of_the_sun_within_45_minutes() -> None:
    assert says(SOLAR, doing(SOLAR, SunTrigger("sunset", -30, WEEKDAYS)))
    assert not says(SOLAR, doing(SOLAR, SunTrigger("sunset", 60, WEEKDAYS)))
    assert not says(SOLAR, doing(SOLAR, SunTrigger("sunrise", 12, WEEKDAYS)))


def test_the_same_state_at_once_or_after_some_minutes() -> None:
    door = "binary_sensor.front_door"
    assert says(CO_OCCURRENCE, doing(CO_OCCURRENCE, None, StateTrigger(door, "on", 0.0, 0.0)))
    assert says(CO_OCCURRENCE, doing(CO_OCCURRENCE, HeldTrigger(door, "on", 60.0)))
    assert not says(CO_OCCURRENCE, doing(CO_OCCURRENCE, HeldTrigger(door, "on", 3_600.0)))
    assert not says(CO_OCCURRENCE, doing(CO_OCCURRENCE, StateTrigger(door, "off", 0.0, 0.0)))


def test_the_same_direction_over_about_the_same_level() -> None:
    lux = "sensor.living_room_illuminance"
    assert says(THRESHOLD, doing(THRESHOLD, NumericTrigger(lux, None, 50.0, 0.0, 0.0)))
    assert not says(THRESHOLD, doing(THRESHOLD, NumericTrigger(lux, None, 90.0, 0.0, 0.0)))
    assert not says(THRESHOLD, doing(THRESHOLD, NumericTrigger(lux, 50.0, None, 0.0, 0.0)))


ANNA, BEN = (PresenceTrigger("arrives", (person,), 0.0, 0.0) for person in PEOPLE)
FIRST = PresenceTrigger("first_arrives", (), 0.0, 0.0)


def test_somebody_coming_home() -> None:
    anyone_first = replace(PRESENCE, trigger=PresenceTrigger("first_arrives", PEOPLE, 45.0, 120.0))
    assert says(PRESENCE, doing(PRESENCE, ANNA))
    assert not says(PRESENCE, doing(PRESENCE, BEN))
    assert not says(PRESENCE, doing(PRESENCE, replace(ANNA, event="leaves")))
    assert not says(PRESENCE, doing(PRESENCE, FIRST)), "Ben may be there before Anna"
    assert says(anyone_first, doing(PRESENCE, FIRST))
    assert says(anyone_first, doing(PRESENCE, ANNA, BEN))
    assert not says(anyone_first, doing(PRESENCE, ANNA))


def test_whoever_lives_alone_is_the_first_to_come() -> None:
    alone = {"person.anna": EntityInfo("person.anna")}
    assert covered(PRESENCE, [doing(PRESENCE, FIRST)], alone) == "Mine"


def test_a_sequence_and_a_scene_are_covered_as_a_whole() -> None:
    tv_off = StateTrigger("media_player.tv", "off", 0.0, 0.0)
    assert says(SEQUENCE, doing(SEQUENCE, tv_off))
    assert not says(SEQUENCE, automation([tv_off], [("lock.front_door", "locked")]))
    lamp_on = StateTrigger("light.lamp", "on", 0.0, 0.0)
    rest = [("light.spots", "on"), ("media_player.tv", "on")]
    assert says(SCENE, automation([lamp_on], rest))
    assert not says(SCENE, automation([lamp_on], rest[:1]))


@pytest.mark.parametrize(
    ("trigger", "pause", "is_covered"),
    [
        (HeldTrigger("fan.bathroom", "on", 1_200.0), None, True),
        (HeldTrigger("fan.bathroom", "on", 7_200.0), None, False),
        (StateTrigger("fan.bathroom", "on", 0.0, 0.0), 1_800.0, True),
        (StateTrigger("fan.bathroom", "on", 0.0, 0.0), 60.0, False),
        (StateTrigger("fan.bathroom", "on", 0.0, 0.0), None, False),
        (HeldTrigger("fan.kitchen", "on", 1_200.0), None, False),
    ],
)
def test_about_as_long_by_its_trigger_or_by_a_pause(trigger: Trigger, pause: float | None, is_covered: bool) -> None:
    assert says(DURATION, automation([trigger], [Action("fan.bathroom", "off", pause)])) is is_covered


def test_a_reminder_covers_what_was_left_open_and_nothing_covers_what_is_only_told() -> None:
    open_long = HeldTrigger("binary_sensor.bedroom_window", "on", 1_800.0)
    assert says(LEFT_OPEN, automation([open_long], [], reminds=True))
    assert not says(LEFT_OPEN, automation([open_long], [("light.hall", "on")]))
    for told in (FREQUENCY, MISSED):
        assert not says(told, automation([open_long, told.trigger], [], reminds=True))


def test_an_automation_that_is_off_at_the_end_of_the_log_is_disabled() -> None:
    """Three automations: switched off, switched off and on again, and off until it cannot be reached."""
    rows = [("mine", "off"), ("yours", "off"), ("ours", "off"), ("yours", "on"), ("ours", "unavailable")]
    entities, states = (
        ("light.a", "automation.ours", "automation.mine", "automation.yours"),
        ("on", "off", "unavailable"),
    )
    log = EventLog(
        np.arange(len(rows), dtype=np.int64),
        np.array([entities.index(f"automation.{name}") for name, _ in rows], np.int32),
        np.array([states.index(state) for _, state in rows], np.int32),
        np.zeros(len(rows), np.int8),
        entities,
        states,
        "UTC",
    )
    known = [automation([], [], entity_id=f"automation.{name}") for name in ("mine", "yours", "ours", "new")]
    assert [each.enabled for each in as_switched(known, log)] == [False, True, False, True]
    assert as_switched(known, replace(log.between(0, 0), entities=())) == tuple(known)
    disabled = [replace(each, enabled=False) for each in known]
    assert not any(each.enabled for each in as_switched(disabled, log))
