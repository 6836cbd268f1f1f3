"""What a person would notice of the miner: what it finds, and above all what it does not."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import numpy as np
import pytest

from src.domain.events import EventLog, Origin
from src.domain.patterns import DayTypeTrigger, Kind, MissedTrigger, StateTrigger, TimeTrigger, TogetherTrigger
from src.mining import MiningResult, mine
from tests.unit.mining.conftest import BuildLog, Row, day, ordinary_life

WORKDAYS = ("mon", "tue", "wed", "thu", "fri")


def clock_patterns(result: MiningResult, entity: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (p.actions[0].to, p.trigger.at, p.trigger.weekdays)
        for p in result.patterns
        if isinstance(p.trigger, TimeTrigger) and p.actions[0].entity_id == entity
    ]


def minutes_apart(at: str, hour: int, minute: int) -> float:
    found = int(at[:2]) * 60 + int(at[3:5])
    return abs((found - hour * 60 - minute + 720) % 1440 - 720)


def habit(
    days: range,
    entity: str,
    hour: float,
    sd_minutes: float,
    seed: int,
    *,
    probability: float = 1.0,
    back_after: tuple[float, float] = (0.5, 5.0),
) -> list[Row]:
    """On around ``hour``; off again after hours drawn so widely that the off is no routine."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = [(day(days[0], 0.01), entity, "off")]
    for number in days:
        if rng.uniform() < probability:
            at = day(number, hour) + timedelta(minutes=float(rng.normal(0, sd_minutes)))
            rows += [(at, entity, "on"), (at + timedelta(hours=float(rng.uniform(*back_after))), entity, "off")]
    return rows


def test_a_perfect_day_gives_both_its_routines_and_nothing_else(log_of: BuildLog) -> None:
    rows: list[Row] = [(day(0, 0.01), "switch.pump", "off")]
    for number in range(40):
        rows += [(day(number, 6.5), "switch.pump", "on"), (day(number, 12), "switch.pump", "off")]
    result = mine(log_of(rows))
    assert sorted(clock_patterns(result, "switch.pump")) == [
        ("off", "12:00:00", (*WORKDAYS, "sat", "sun")),
        ("on", "06:30:00", (*WORKDAYS, "sat", "sun")),
    ]


def test_a_routine_around_midnight_is_one_routine_at_its_time(log_of: BuildLog) -> None:
    rows = ordinary_life(60, 1) + habit(range(60), "light.bed", 23 + 58 / 60, 6, 2, back_after=(0.2, 7))
    result = mine(log_of(rows))
    assert len(result.patterns) == 1
    state, at, weekdays = clock_patterns(result, "light.bed")[0]
    assert state == "on"
    assert minutes_apart(at, 23, 58) <= 3
    assert len(weekdays) == 7
    evidence = result.patterns[0].evidence
    assert evidence.rate > 0.9
    assert 3 < evidence.spread_minutes < 9


def test_a_weekend_habit_is_found_with_its_days(log_of: BuildLog) -> None:
    weekend = [number for number in range(63) if number % 7 >= 5]
    rows = ordinary_life(63, 3)
    rng = np.random.default_rng(4)
    rows.append((day(0, 0.01), "media_player.radio", "off"))
    for number in weekend:
        at = day(number, 9.5) + timedelta(minutes=float(rng.normal(0, 10)))
        rows += [
            (at, "media_player.radio", "playing"),
            (at + timedelta(hours=float(rng.uniform(0.5, 6))), "media_player.radio", "off"),
        ]
    result = mine(log_of(rows))
    (found,) = clock_patterns(result, "media_player.radio")
    assert found[0] == "playing"
    assert found[2] == ("sat", "sun")
    assert minutes_apart(found[1], 9, 30) <= 8


def test_workdays_and_weekends_keep_their_own_times_in_one_routine(log_of: BuildLog) -> None:
    rows = ordinary_life(70, 5)
    rng = np.random.default_rng(6)
    rows.append((day(0, 0.01), "light.kitchen", "off"))
    for number in range(70):
        hour = 9.0 if number % 7 >= 5 else 6.75
        at = day(number, hour) + timedelta(minutes=float(rng.normal(0, 8)))
        rows += [
            (at, "light.kitchen", "on"),
            (at + timedelta(hours=float(rng.uniform(0.3, 6))), "light.kitchen", "off"),
        ]
    (found,) = mine(log_of(rows)).patterns
    assert isinstance(found.trigger, DayTypeTrigger)
    work, free = found.trigger.times
    assert (work.weekdays, free.weekdays) == (WORKDAYS, ("sat", "sun"))
    assert minutes_apart(work.at, 6, 45) <= 5
    assert minutes_apart(free.at, 9, 0) <= 5


def test_an_action_that_follows_a_door_is_found_with_its_delay(log_of: BuildLog) -> None:
    rng = np.random.default_rng(7)
    rows = ordinary_life(60, 8)
    rows += [(day(0, 0.01), "light.hall", "off"), (day(0, 0.01), "binary_sensor.front_door", "off")]
    for number in range(60):
        for hour in np.sort(rng.uniform(8, 22, 3)):
            at = day(number, float(hour))
            rows += [
                (at, "binary_sensor.front_door", "on"),
                (at + timedelta(seconds=20), "binary_sensor.front_door", "off"),
            ]
            if rng.uniform() < 0.85:
                on = at + timedelta(seconds=float(rng.uniform(15, 75)))
                rows += [
                    (on, "light.hall", "on"),
                    (on + timedelta(minutes=float(rng.uniform(3, 50))), "light.hall", "off"),
                ]
    result = mine(log_of(rows))
    pairs = [p for p in result.patterns if p.kind is Kind.CO_OCCURRENCE]
    assert len(pairs) == len(result.patterns) == 1
    trigger = pairs[0].trigger
    assert isinstance(trigger, StateTrigger)
    assert trigger.entity_id == "binary_sensor.front_door"
    assert (pairs[0].actions[0].entity_id, pairs[0].actions[0].to) == ("light.hall", "on")
    assert trigger.within_seconds in (60, 120)
    assert 20 < trigger.delay_seconds < 75


def test_two_busy_independent_sensors_and_a_busy_lamp_give_nothing(log_of: BuildLog) -> None:
    rows = ordinary_life(60, 9, "binary_sensor.hall_motion", 60) + ordinary_life(
        60, 10, "binary_sensor.kitchen_motion", 60
    )
    rows += ordinary_life(60, 11, "light.living", 6)
    assert mine(log_of(rows)).patterns == ()


def test_two_habits_at_the_same_time_of_day_are_not_a_pair(log_of: BuildLog) -> None:
    rows = ordinary_life(60, 12)
    rows += habit(range(60), "light.a", 7.0, 6, 13) + habit(range(60), "switch.b", 7.05, 6, 14)
    result = mine(log_of(rows))
    assert {p.kind for p in result.patterns} == {Kind.TIME_OF_DAY}
    assert {p.actions[0].entity_id for p in result.patterns} == {"light.a", "switch.b"}


def test_what_an_automation_does_is_not_learned(log_of: BuildLog) -> None:
    rows = ordinary_life(60, 15)
    automatic = habit(range(60), "light.porch", 19.0, 0, 16)
    origins = [Origin.DEVICE] * len(rows) + [Origin.AUTOMATION] * len(automatic)
    result = mine(log_of(rows + automatic, origins=origins))
    assert result.patterns == ()
    assert result.left_out["made_by_automation"] == len(automatic) - 1


def test_a_light_that_an_unseen_automation_switches_at_once_is_not_a_habit(log_of: BuildLog) -> None:
    rng = np.random.default_rng(17)
    rows: list[Row] = [(day(0, 0.01), "light.wc", "off"), (day(0, 0.01), "binary_sensor.wc_motion", "off")]
    for number in range(60):
        for hour in np.sort(rng.uniform(7, 23, 6)):
            at = day(number, float(hour))
            rows += [(at, "binary_sensor.wc_motion", "on"), (at + timedelta(milliseconds=300), "light.wc", "on")]
            rows += [
                (at + timedelta(minutes=3), "binary_sensor.wc_motion", "off"),
                (at + timedelta(minutes=4), "light.wc", "off"),
            ]
    result = mine(log_of(rows))
    assert all(p.actions[0].to != "on" for p in result.patterns)


def test_lamps_that_move_together_are_one_suggestion(log_of: BuildLog) -> None:
    rows = ordinary_life(60, 18)
    for at, _, state in habit(range(60), "light.x", 19.0, 8, 19):
        rows += [(at, "light.sofa", state), (at + timedelta(seconds=1), "light.shelf", state)]
    result = mine(log_of(rows))
    assert len(result.patterns) == 1
    assert {action.entity_id for action in result.patterns[0].actions} == {"light.sofa", "light.shelf"}


def test_a_group_of_lamps_is_not_proposed_beside_its_members(log_of: BuildLog) -> None:
    """The group is on while any member is, and each member has a habit of its own."""
    rows = ordinary_life(60, 40)
    members = habit(range(60), "light.sofa", 19.0, 8, 41) + habit(range(60), "light.desk", 9.0, 8, 42)
    on: set[str] = set()
    for at, entity, state in sorted(members):
        was = bool(on)
        on = on | {entity} if state == "on" else on - {entity}
        if bool(on) != was:
            rows.append((at + timedelta(milliseconds=40), "light.all", "on" if on else "off"))
    result = mine(log_of(rows + members))
    assert {action.entity_id for p in result.patterns for action in p.actions} == {"light.sofa", "light.desk"}


def test_a_blind_that_is_opening_is_on_its_way_to_open(log_of: BuildLog) -> None:
    rows = ordinary_life(60, 43)
    for at, _, state in habit(range(60), "cover.x", 7.0, 6, 44):
        moving, still = ("opening", "open") if state == "on" else ("closing", "closed")
        rows += [(at, "cover.blinds", moving), (at + timedelta(seconds=25), "cover.blinds", still)]
    result = mine(log_of(rows))
    assert [(action.entity_id, action.to) for p in result.patterns for action in p.actions] == [
        ("cover.blinds", "open")
    ]


def test_days_without_the_device_count_neither_for_nor_against(log_of: BuildLog) -> None:
    """The lamp was unplugged for the last ten days of seventy: it had no chance to be switched on."""
    rows = ordinary_life(70, 45) + habit(range(60), "light.a", 7.0, 6, 46)
    (missed,) = mine(log_of(rows)).patterns
    assert isinstance(missed.trigger, MissedTrigger)
    (found,) = mine(log_of([*rows, (day(60), "light.a", "unavailable")])).patterns
    assert found.kind is Kind.TIME_OF_DAY
    assert found.evidence.opportunities + found.evidence.holdout.opportunities == 60


def test_lights_switched_on_in_any_order_are_no_cause_of_each_other(log_of: BuildLog) -> None:
    """Somebody comes home at no fixed hour and switches two lights on, now this one first, now that one."""
    rng = np.random.default_rng(47)
    rows = ordinary_life(60, 48)
    rows += [(day(0, 0.01), light, "off") for light in ("light.a", "light.b")]
    for number in range(60):
        at = day(number, float(rng.uniform(15, 21)))
        for light in rng.permutation(["light.a", "light.b"]).tolist():
            at += timedelta(seconds=float(rng.uniform(5, 25)))
            rows += [(at, light, "on"), (at + timedelta(hours=float(rng.uniform(0.5, 6))), light, "off")]
    result = mine(log_of(rows))
    (together,) = result.patterns
    assert isinstance(together.trigger, TogetherTrigger)
    assert together.trigger.entity_ids == ("light.a", "light.b")
    assert result.left_out["in_no_order"] >= 1


def test_a_retired_habit_is_not_proposed(log_of: BuildLog) -> None:
    rows = ordinary_life(60, 20) + habit(range(40), "light.desk", 8.0, 5, 21)
    result = mine(log_of(rows))
    assert result.patterns == ()
    assert result.left_out["not_repeated_on_later_days"] >= 1


@pytest.mark.parametrize("seed", range(10))
def test_ten_uniformly_random_events_give_nothing(log_of: BuildLog, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows: list[Row] = [
        (day(0, float(hour)), "light.a", "on" if step % 2 else "off")
        for step, hour in enumerate(np.sort(rng.uniform(0, 30 * 24, 10)))
    ]
    assert mine(log_of(rows)).patterns == ()


@pytest.mark.parametrize("zone", ["Europe/Helsinki", "America/New_York", "Australia/Lord_Howe"])
def test_a_habit_keeps_its_wall_clock_time_over_the_change_of_clocks(log_of: BuildLog, zone: str) -> None:
    """March to May: the clocks change in every zone, and 06:40 stays 06:40."""
    rows = [(at + timedelta(days=45), entity, state) for at, entity, state in ordinary_life(63, 22)]
    rows += [(at + timedelta(days=45), e, s) for at, e, s in habit(range(63), "light.k", 6 + 40 / 60, 5, 23)]
    ((_, at, weekdays),) = clock_patterns(mine(log_of(rows, zone=zone)), "light.k")
    assert minutes_apart(at, 6, 40) <= 3
    assert len(weekdays) == 7


def shuffled(log: EventLog, seed: int) -> EventLog:
    """The same events with other codes for entities and states."""
    rng = np.random.default_rng(seed)
    entities, states = rng.permutation(len(log.entities)), rng.permutation(len(log.states))
    entity = np.argsort(entities).astype(np.int32)[log.entity]
    state = np.argsort(states).astype(np.int32)[log.state]
    return dataclasses.replace(
        log,
        entity=entity,
        state=state,
        entities=tuple(log.entities[i] for i in entities),
        states=tuple(log.states[i] for i in states),
    )


def test_the_same_log_gives_the_same_patterns_to_the_digit_whatever_the_codes(log_of: BuildLog) -> None:
    rows = ordinary_life(60, 24) + habit(range(60), "light.a", 7.0, 6, 25) + habit(range(60), "fan.b", 21.0, 9, 26)
    log = log_of(rows)
    first, again = mine(log), mine(log)
    assert len(first.patterns) == 2
    assert first == again
    other = mine(shuffled(log, 1))
    assert [p.to_json() for p in other.patterns] == [p.to_json() for p in first.patterns]
    assert other.left_out == first.left_out


def test_the_same_routine_keeps_its_id_while_it_wanders_by_minutes(log_of: BuildLog) -> None:
    ids = set()
    for shift in (0.0, 0.1):
        rows = ordinary_life(60, 27) + habit(range(60), "light.a", 7.4 + shift, 6, 28)
        ids |= {p.id for p in mine(log_of(rows)).patterns}
    assert len(ids) == 1


def test_only_the_kinds_that_were_asked_for_are_mined(log_of: BuildLog) -> None:
    rows = ordinary_life(60, 24) + habit(range(60), "light.a", 7.0, 6, 25)
    result = mine(log_of(rows), kinds=[Kind.CO_OCCURRENCE])
    assert result.patterns == ()
    assert set(result.tested) == {"co_occurrence"}


def test_one_event_from_a_wrong_clock_changes_nothing(log_of: BuildLog) -> None:
    rows = ordinary_life(60, 24) + habit(range(60), "light.a", 7.0, 6, 25)
    wrong: list[Row] = [(day(-19_000), "light.a", "off"), (day(9_000), "light.a", "off")]
    result = mine(log_of(rows + wrong))
    assert result.patterns == mine(log_of(rows)).patterns
    assert result.left_out["far_from_the_rest"] == 2


def hostile_logs() -> dict[str, list[Row]]:
    return {
        "empty": [],
        "one event": [(day(0, 1), "light.a", "on")],
        "one entity": [(day(n, 7), "light.a", "on" if n % 2 else "off") for n in range(30)],
        "all at one instant": [(day(0, 1), f"light.l{n}", "on") for n in range(500)],
        "10,000 entities": [(day(n % 30, n % 24), f"light.l{n}", s) for n in range(10_000) for s in ("on", "off")],
        "10 years with 3 events": [
            (day(0), "light.a", "on"),
            (day(1800), "light.a", "off"),
            (day(3650), "light.a", "on"),
        ],
        "nothing but unavailable": [(day(n), "light.a", "unavailable") for n in range(30)],
    }


@pytest.mark.parametrize("name", hostile_logs())
def test_strange_logs_neither_crash_nor_invent(log_of: BuildLog, name: str) -> None:
    assert mine(log_of(hostile_logs()[name])).patterns == ()
