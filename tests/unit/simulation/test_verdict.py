"""Telling true patterns from false ones in a home whose truth is known."""

from __future__ import annotations

import pytest

from src.domain.patterns import (
    WEEKDAYS,
    Action,
    Kind,
    Pattern,
    PresenceTrigger,
    StateTrigger,
    TimeTrigger,
)
from src.simulation.home import SimulatedHome
from src.simulation.households import household
from src.simulation.matching import common_steps, matches, minutes_apart
from src.simulation.verdict import Judge, Verdict
from tests.unit.simulation.ideal import evidence, ideal

WORKDAYS = WEEKDAYS[:5]
TV, BACKLIGHT = "media_player.living_room_tv", "light.tv_backlight"


def clock(at: str, days: tuple[str, ...], entity_id: str, to: str) -> Pattern:
    trigger = TimeTrigger(at, days)
    return Pattern("p_0", Kind.TIME_OF_DAY, trigger, (Action(entity_id, to),), evidence())


def follow(cause: tuple[str, str], entity_id: str, to: str, within: float = 60) -> Pattern:
    trigger = StateTrigger(*cause, 20, within)
    return Pattern("p_0", Kind.CO_OCCURRENCE, trigger, (Action(entity_id, to),), evidence())


def arrival(event: str, people: tuple[str, ...], entity_id: str, to: str) -> Pattern:
    trigger = PresenceTrigger(event, people, 60, 300)
    return Pattern("p_0", Kind.PRESENCE, trigger, (Action(entity_id, to),), evidence())


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
        (follow(("person.anna", "home"), "light.living_room_lamp", "on"), Verdict.EQUIVALENT),
        (arrival("arrives", ("person.anna",), "light.living_room_lamp", "on"), Verdict.PLANTED),
        (arrival("arrives", ("device_tracker.anna_phone",), "light.living_room_lamp", "on"), Verdict.EQUIVALENT),
        (arrival("leaves", ("person.anna",), "light.living_room_lamp", "on"), Verdict.FALSE),
        (arrival("arrives", ("person.ben",), "light.living_room_lamp", "on"), Verdict.FALSE),
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
    assert matches(demo, vacuum, clock("09:30:00", ("tue", "thu"), "vacuum.robby", "cleaning"))
    assert not matches(demo, vacuum, clock("09:30:00", WEEKDAYS, "vacuum.robby", "cleaning"))


def test_the_clock_is_a_circle() -> None:
    assert minutes_apart(1438, 3) == 5
    assert minutes_apart(10, 730) == 720


def test_steps_in_common_keep_their_order() -> None:
    a, b, c, d = (("light.a", "on"), ("light.b", "on"), ("light.c", "on"), ("light.d", "on"))
    assert common_steps((a, b, c), (a, b, c, d)) == 3
    assert common_steps((a, c, b), (a, b, c, d)) == 2
    assert common_steps((), (a,)) == 0


@pytest.fixture(scope="module")
def homes() -> list[SimulatedHome]:
    return [household(seed) for seed in range(6)]


def test_a_perfect_miner_would_be_called_perfect(homes: list[SimulatedHome]) -> None:
    for home in homes:
        judge = Judge(home)
        for routine in home.planted:
            pattern = ideal(home, routine)
            assert judge(pattern) is Verdict.PLANTED
            assert judge.planted(pattern) == routine


def test_the_same_claim_about_a_device_without_routines_is_false(homes: list[SimulatedHome]) -> None:
    judged = 0
    for home in homes:
        judge = Judge(home)
        of_some = {entity_id for routine in home.planted for entity_id, _ in routine.things}
        of_some |= {follower for _, follower in home.echoes} | {source for source, _ in home.echoes}
        idle = next(name for name in home.log.entities if name.startswith("light.") and name not in of_some)
        for routine in home.planted:
            pattern = ideal(home, routine)
            if len(pattern.actions) == 1:
                judged += 1
                assert judge(pattern.with_(actions=(Action(idle, routine.to),))) is Verdict.FALSE, routine
    assert judged > 40
