"""How often a routine happens in a log, by every sort of trigger."""

from __future__ import annotations

import numpy as np

from src.domain.events import EventLog, Origin
from src.domain.local_time import to_utc
from src.domain.patterns import (
    WEEKDAYS,
    Action,
    DayTypeTrigger,
    HeldTrigger,
    Json,
    Kind,
    NumericTrigger,
    Pattern,
    PresenceTrigger,
    RateTrigger,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
    TogetherTrigger,
    Trigger,
)
from src.simulation.holding import happened
from src.simulation.log_reading import instants
from tests.unit.simulation.ideal import evidence


def pattern_of(kind: Kind, trigger: Trigger, *things: tuple[str, str], conditions: tuple[Json, ...] = ()) -> Pattern:
    return Pattern("p_0", kind, trigger, tuple(Action(*thing) for thing in things), evidence(), conditions=conditions)


def clock(at: str, days: tuple[str, ...], entity_id: str, to: str) -> Pattern:
    return pattern_of(Kind.TIME_OF_DAY, TimeTrigger(at, days), (entity_id, to))


def follow(cause: tuple[str, str], entity_id: str, to: str, within: float = 60, *, when: Json | None = None) -> Pattern:
    conditions = () if when is None else (when,)
    return pattern_of(Kind.CO_OCCURRENCE, StateTrigger(*cause, 20, within), (entity_id, to), conditions=conditions)


def log_of(events: list[tuple[int, str, str, Origin]]) -> EventLog:
    """Minutes from Monday 2 November 2026 on the wall clock of Berlin, entity, state, origin."""
    events = sorted(events, key=lambda event: event[0])
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
        position=(52.52, 13.4),
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


DOOR = "binary_sensor.d"


def lamp_after_door(*minutes: int, lamp: tuple[int, ...]) -> EventLog:
    """The door opens at those minutes for one minute; a lamp goes on at others for two."""
    events = [(at, DOOR, "on", Origin.DEVICE) for at in minutes] + [
        (at + 1, DOOR, "off", Origin.DEVICE) for at in minutes
    ]
    events += [(at, "light.a", "on", Origin.USER) for at in lamp]
    events += [(at + 2, "light.a", "off", Origin.USER) for at in lamp]
    return log_of(sorted(events))


def test_a_lamp_that_is_on_cannot_be_turned_on() -> None:
    log = lamp_after_door(100, 102, 200, lamp=(101, 201))
    assert happened(log, follow((DOOR, "on"), "light.a", "on", 120)) == (2, 2)


def test_only_chances_under_the_condition_count() -> None:
    # Noon and 20:00 of Monday, and 20:00 of Saturday, in November.
    log = lamp_after_door(720, 1200, 5 * 1440 + 1200, lamp=(1201,))
    opened = (DOOR, "on")
    assert happened(log, follow(opened, "light.a", "on", 120)) == (1, 3)
    dark: Json = {"type": "sun", "is": "below_horizon"}
    assert happened(log, follow(opened, "light.a", "on", 120, when=dark)) == (1, 2)
    workdays: Json = {"type": "time", "weekdays": list(WEEKDAYS[:5])}
    assert happened(log, follow(opened, "light.a", "on", 120, when=workdays)) == (1, 2)
    shut: Json = {"type": "state", "entity_id": "light.a", "state": "on"}
    assert happened(log, follow(opened, "light.a", "on", 120, when=shut)) == (0, 0)


def test_both_sorts_of_day_are_asked() -> None:
    log = lamp_after_door(lamp=(420, 1440 + 425, 5 * 1440 + 540, 6 * 1440 + 700))
    trigger = DayTypeTrigger((TimeTrigger("07:00:00", WEEKDAYS[:5]), TimeTrigger("09:00:00", WEEKDAYS[5:])))
    assert happened(log, pattern_of(Kind.DAY_TYPE, trigger, ("light.a", "on"))) == (3, 7)


def test_the_sun_sets_in_berlin_about_half_past_four() -> None:
    log = lamp_after_door(lamp=(16 * 60 + 40, 1440 + 16 * 60 + 40, 2880 + 14 * 60))
    assert happened(log, pattern_of(Kind.SOLAR, SunTrigger("sunset", 5, WEEKDAYS), ("light.a", "on"))) == (2, 3)


def test_the_first_who_comes_home_is_not_the_second() -> None:
    people = ("person.a", "person.b")
    out = [(at, name, "not_home", Origin.DEVICE) for at, name in zip((60, 61), people, strict=True)]
    back = [(at, name, "home", Origin.DEVICE) for at, name in zip((300, 400), people, strict=True)]
    lamp = [(302, "light.a", "on", Origin.USER), (350, "light.a", "off", Origin.USER)]
    log = log_of([*out, *back, *lamp])
    first = pattern_of(Kind.PRESENCE, PresenceTrigger("first_arrives", people, 60, 300), ("light.a", "on"))
    second = pattern_of(Kind.PRESENCE, PresenceTrigger("arrives", people[1:], 60, 300), ("light.a", "on"))
    assert happened(log, first) == (1, 1)
    assert happened(log, second) == (0, 1)


def test_a_level_is_crossed_in_one_direction() -> None:
    values = [
        (100 + 10 * number, "sensor.x", str(value), Origin.DEVICE) for number, value in enumerate((5, 9, 12, 9, 12))
    ]
    log = log_of([*values, (123, "fan.a", "on", Origin.USER), (125, "fan.a", "off", Origin.USER)])
    above = pattern_of(Kind.THRESHOLD, NumericTrigger("sensor.x", 10.0, None, 60, 300), ("fan.a", "on"))
    below = pattern_of(Kind.THRESHOLD, NumericTrigger("sensor.x", None, 10.0, 60, 300), ("fan.a", "on"))
    assert happened(log, above) == (1, 2)
    assert happened(log, below) == (0, 1)


def steps(*minutes: float) -> list[tuple[int, str, str, Origin]]:
    names = ("light.a", "light.b", "light.c")
    return [(int(at), name, "on", Origin.USER) for at, name in zip(minutes, names, strict=False)]


def test_all_steps_of_a_sequence_count_in_their_order() -> None:
    off = [(at, f"light.{name}", "off", Origin.USER) for at in (150, 250, 350) for name in "abc"]
    log = log_of(sorted([*steps(100, 101, 103), *steps(200, 203, 201), *steps(300, 301), *off]))
    trigger = StateTrigger("light.a", "on", 60, 400)
    found = pattern_of(Kind.SEQUENCE, trigger, ("light.b", "on"), ("light.c", "on"))
    assert happened(log, found) == (1, 3)


def test_two_thirds_of_a_scene_are_a_scene() -> None:
    log = log_of([*steps(100, 101, 101), *steps(200, 201)[1:], (300, "light.b", "off", Origin.USER)])
    trigger = TogetherTrigger(("light.a", "light.b", "light.c"), 90)
    things = tuple((f"light.{name}", "on") for name in "abc")
    assert happened(log, pattern_of(Kind.SCENE, trigger, *things)) == (1, 1)
    log = log_of(
        [*steps(100, 101, 101), *((at + 100, name, "off", o) for at, name, _, o in steps(1, 1, 1)), *steps(300)]
    )
    assert happened(log, pattern_of(Kind.SCENE, trigger, *things)) == (1, 2)


def test_a_length_is_kept_or_not() -> None:
    log = log_of(
        [
            (start + at, "fan.a", to, Origin.USER)
            for start, length in ((0, 20), (100, 23), (300, 60))
            for at, to in ((0, "on"), (length, "off"))
        ]
    )
    kept = pattern_of(Kind.DURATION, HeldTrigger("fan.a", "on", 1200), ("fan.a", "off")).with_(evidence=evidence(1.0))
    assert happened(log, kept) == (2, 3)
    assert happened(log, kept.with_(actions=())) == (0, 0)


def test_a_new_rate_is_kept_or_not() -> None:
    week = [(day * 1440 + at, "fan.a", to, Origin.USER) for day in range(7) for at, to in ((60, "on"), (90, "off"))]
    log = log_of(week)
    more = RateTrigger("fan.a", "on", 2.0, 7.0, "2026-10-20")
    less = RateTrigger("fan.a", "on", 7.0, 2.0, "2026-10-20")
    assert happened(log, pattern_of(Kind.FREQUENCY, more)) == (1, 1)
    assert happened(log, pattern_of(Kind.FREQUENCY, less)) == (0, 1)
