"""Telling true patterns from false ones in a home whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from src.domain.events import EventLog, Origin
from src.domain.local_time import to_utc
from src.domain.patterns import (
    WEEKDAYS,
    Action,
    Evidence,
    Holdout,
    Kind,
    Pattern,
    StateTrigger,
    TimeTrigger,
)
from src.simulation.home import SimulatedHome
from src.simulation.verdict import Judge, Verdict, happened, instants, matches, minutes_apart

WORKDAYS = WEEKDAYS[:5]
TV, BACKLIGHT = "media_player.living_room_tv", "light.tv_backlight"


def evidence(spread: float = 8.0) -> Evidence:
    return Evidence(20, 30, 0.67, 0.5, 0.8, 0.1, 6.7, 1e-6, 1e-4, Holdout(5, 10), spread, "", "")


def clock(at: str, days: tuple[str, ...], entity_id: str, to: str) -> Pattern:
    trigger = TimeTrigger(at, days)
    return Pattern("p_0", Kind.TIME_OF_DAY, trigger, (Action(entity_id, to),), evidence())


def follow(cause: tuple[str, str], entity_id: str, to: str, within: float = 60) -> Pattern:
    trigger = StateTrigger(*cause, 20, within)
    return Pattern("p_0", Kind.CO_OCCURRENCE, trigger, (Action(entity_id, to),), evidence())


@pytest.mark.parametrize(
    ("pattern", "verdict"),
    [
        (clock("06:55:00", WORKDAYS, "light.kitchen_ceiling", "on"), Verdict.PLANTED),
        (clock("07:25:00", WORKDAYS, "light.kitchen_ceiling", "on"), Verdict.FALSE),
        (clock("06:55:00", WORKDAYS, "light.kitchen_ceiling", "off"), Verdict.FALSE),
        (clock("06:55:00", WEEKDAYS[5:], "light.kitchen_ceiling", "on"), Verdict.FALSE),
        # Around midnight the clock is a circle.
        (clock("00:08:00", WEEKDAYS, "light.bedroom_lamp", "off"), Verdict.PLANTED),
        # Part of its days, on its way, and what follows it.
        (clock("07:40:00", ("sun",), "cover.living_room_blinds", "open"), Verdict.EQUIVALENT),
        (clock("07:40:00", WEEKDAYS, "cover.living_room_blinds", "opening"), Verdict.EQUIVALENT),
        (clock("07:17:00", WORKDAYS, "media_player.kitchen_radio", "playing"), Verdict.EQUIVALENT),
        # People make sensors regular; nobody can switch them.
        (clock("07:50:00", WORKDAYS, "person.anna", "not_home"), Verdict.NATURAL),
        (clock("07:00:00", WORKDAYS, "binary_sensor.kitchen_motion", "on"), Verdict.NATURAL),
        (clock("20:00:00", WEEKDAYS, "light.reading_lamp", "on"), Verdict.FALSE),
        (clock("18:00:00", WEEKDAYS, "light.porch", "on"), Verdict.FALSE),
        (follow((TV, "on"), BACKLIGHT, "on"), Verdict.PLANTED),
        (follow((TV, "off"), BACKLIGHT, "on"), Verdict.FALSE),
        (follow((BACKLIGHT, "on"), TV, "on"), Verdict.FALSE),
        # The door, the phone and the person tell of the same arrival.
        (follow(("device_tracker.anna_phone", "home"), "light.living_room_lamp", "on"), Verdict.EQUIVALENT),
        (follow(("person.anna", "home"), "light.living_room_lights", "on"), Verdict.EQUIVALENT),
        # Two people use one door; a sensor sees everybody.
        (follow(("person.ben", "not_home"), "light.living_room_lamp", "on"), Verdict.FALSE),
        (follow(("binary_sensor.living_room_motion", "on"), BACKLIGHT, "on"), Verdict.FALSE),
        # A group repeats its member; a light by motion is automated already.
        (follow(("light.living_room_lamp", "on"), "light.living_room_lights", "on"), Verdict.FALSE),
        (follow(("binary_sensor.hallway_motion", "on"), "light.hallway", "on"), Verdict.FALSE),
        (follow(("binary_sensor.front_door", "on"), "binary_sensor.hallway_motion", "on"), Verdict.NATURAL),
        (follow(("binary_sensor.router_connected", "on"), "light.patio", "on"), Verdict.FALSE),
    ],
)
def test_verdicts_on_the_demo(demo: SimulatedHome, pattern: Pattern, verdict: Verdict) -> None:
    assert Judge(demo)(pattern) is verdict


def test_a_wider_claim_than_the_truth_does_not_match(demo: SimulatedHome) -> None:
    vacuum = next(routine for routine in demo.planted if routine.entity_id == "vacuum.robby")
    assert matches(vacuum, clock("09:30:00", ("tue", "thu"), "vacuum.robby", "cleaning"))
    assert not matches(vacuum, clock("09:30:00", WEEKDAYS, "vacuum.robby", "cleaning"))


def test_the_clock_is_a_circle() -> None:
    assert minutes_apart(1438, 3) == 5
    assert minutes_apart(10, 730) == 720


def log_of(events: list[tuple[int, str, str, Origin]]) -> EventLog:
    """Minutes from Monday 2 November 2026 on the wall clock of Berlin, entity, state, origin."""
    entities = tuple(sorted({entity for _, entity, _, _ in events}))
    states = tuple(sorted({state for _, _, state, _ in events}))
    local = np.array([(20_759 * 1440 + minute) * 60_000_000 for minute, *_ in events], np.int64)
    return EventLog(
        time=to_utc(local, "Europe/Berlin"),
        entity=np.array([entities.index(entity) for _, entity, _, _ in events], np.int32),
        state=np.array([states.index(state) for _, _, state, _ in events], np.int32),
        origin=np.array([origin for *_, origin in events], np.int8),
        entities=entities,
        states=states,
        time_zone="Europe/Berlin",
    )


def test_a_day_is_one_hit_however_often_it_flickers() -> None:
    log = log_of(
        [
            (430, "light.a", "on", Origin.USER),
            (431, "light.a", "off", Origin.USER),
            (432, "light.a", "on", Origin.USER),
            (500, "light.a", "off", Origin.USER),
            (1440 + 700, "light.a", "on", Origin.USER),
            (1440 + 800, "light.a", "off", Origin.USER),
            (2880 + 425, "light.a", "on", Origin.AUTOMATION),
        ]
    )
    assert happened(log, clock("07:10:00", WEEKDAYS, "light.a", "on")) == (1, 3)
    assert happened(log, clock("07:10:00", ("tue",), "light.a", "on")) == (0, 1)


def test_a_midnight_routine_belongs_to_the_day_it_is_named_for() -> None:
    log = log_of(
        [
            (1439, "light.a", "on", Origin.USER),
            (1500, "light.a", "off", Origin.USER),
            (2880 + 4, "light.a", "on", Origin.USER),
            (2880 + 60, "light.a", "off", Origin.USER),
        ]
    )
    assert happened(log, clock("23:58:00", WEEKDAYS, "light.a", "on")) == (2, 3)


def test_a_trigger_is_taken_if_the_action_follows_in_time() -> None:
    log = log_of(
        [
            (10, "binary_sensor.d", "on", Origin.DEVICE),
            (11, "light.a", "on", Origin.USER),
            (12, "binary_sensor.d", "off", Origin.DEVICE),
            (13, "light.a", "off", Origin.USER),
            (40, "binary_sensor.d", "on", Origin.DEVICE),
            (41, "binary_sensor.d", "unavailable", Origin.UNKNOWN),
            (42, "binary_sensor.d", "on", Origin.UNKNOWN),
            (50, "light.a", "on", Origin.USER),
        ]
    )
    assert happened(log, follow(("binary_sensor.d", "on"), "light.a", "on", within=120)) == (1, 2)
    assert len(instants(log, ("binary_sensor.d", "on"))) == 2
    assert len(instants(log, ("light.nobody", "on"))) == 0
