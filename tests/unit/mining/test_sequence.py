"""Sequences: what is found in a home where things are done in an order, and what is not taken for one."""

from __future__ import annotations

from collections.abc import Sequence as Items
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.domain.events import EventLog, Float64Array, Origin
from src.domain.patterns import StateTrigger
from src.mining.bars import shortfall
from src.mining.chains import Chain, Chains
from src.mining.chains_links import Link
from src.mining.changes import find_changes
from src.mining.kind import Candidate, Home, Trial
from src.mining.kinds.sequence import Sequence
from src.mining.preparation import prepare
from src.mining.statistics import benjamini_yekutieli, fisher
from tests.unit.mining.conftest import BuildLog, Row, build_log, day, ordinary_life

DAYS = 60
STEPS = ("light.hall", "switch.kettle", "media_player.radio", "light.desk")


def seconds(value: float) -> timedelta:
    return timedelta(seconds=float(value))


def moments(rng: np.random.Generator, per_day: float, days: int = DAYS) -> Float64Array:
    """Hours since the first midnight, ascending: mostly evenings, some mornings."""
    count = int(rng.poisson(days * per_day))
    hour = np.where(rng.random(count) < 0.6, rng.normal(19, 2.5, count), rng.normal(8.5, 1.5, count)) % 24
    return np.sort(rng.integers(0, days, count) * 24.0 + hour)


def used(entity: str, at: Items[datetime], rng: np.random.Generator, to: str = "on") -> list[Row]:
    """Set at those times, and back again after a while that varies."""
    rows: list[Row] = []
    for moment in at:
        rows += [(moment, entity, to), (moment + seconds(rng.uniform(240, 2400)), entity, "off")]
    return rows


def in_order(
    rng: np.random.Generator,
    entities: Items[str],
    *,
    per_day: float = 0.9,
    reliable: float = 0.95,
    gap: tuple[float, float] = (15, 60),
    shuffled: bool = False,
) -> list[Row]:
    """Things done one after the other; what is skipped ends it."""
    at: dict[str, list[datetime]] = {entity: [] for entity in entities}
    for hours in moments(rng, per_day):
        moment = day(0, float(hours))
        order = [entities[place] for place in rng.permutation(len(entities))] if shuffled else entities
        for place, entity in enumerate(order):
            if place and rng.random() > reliable:
                break
            at[entity].append(moment)
            moment += seconds(rng.uniform(*gap))
    return [row for entity in entities for row in used(entity, at[entity], rng)]


def everyday(rng: np.random.Generator) -> list[Row]:
    """Lamps and motion that have nothing to do with each other but the evening."""
    rows = ordinary_life(DAYS, 5, per_day=30)
    for number in range(6):
        rows += used(f"light.other_{number}", [day(0, float(h)) for h in moments(rng, 1.5)], rng)
    return rows


def searched(log: EventLog) -> tuple[Home, list[Candidate]]:
    """The sequences that would be shown."""
    miner = Sequence()
    home = prepare(log, find_changes(log))
    search = miner.search(home)
    p_values = np.array([fisher(c.p_value, c.holdout_p or 1.0) for c in search.candidates])
    q_values = benjamini_yekutieli(p_values, search.tested).tolist()
    return home, [c for c, q in zip(search.candidates, q_values, strict=True) if shortfall(c, q, miner.bar) is None]


def names(home: Home, candidate: Candidate) -> list[str]:
    assert candidate.source is not None
    codes = [candidate.source, *(step.code for step in candidate.steps), candidate.target]
    return [f"{home.changes.things[code].entity_id}:{home.changes.things[code].to}" for code in codes]


@pytest.mark.parametrize("length", [3, 4])
def test_things_done_in_order_are_one_sequence_with_its_delays(log_of: BuildLog, length: int) -> None:
    rng = np.random.default_rng(1)
    home, found = searched(log_of(everyday(rng) + in_order(rng, STEPS[:length])))
    assert [names(home, candidate) for candidate in found] == [[f"{entity}:on" for entity in STEPS[:length]]]
    (candidate,) = found
    assert isinstance(candidate.trigger, StateTrigger)
    assert candidate.trigger.entity_id == STEPS[0]
    assert 25 < candidate.trigger.delay_seconds < 50
    assert candidate.trigger.within_seconds < 60 * length
    assert all(25 < (step.after_seconds or 0) < 50 for step in candidate.steps)
    assert candidate.after_seconds is not None
    assert 25 < candidate.after_seconds < 50
    assert candidate.discovery.rate > 0.75
    assert candidate.discovery.expected < 0.15


def test_somebody_who_now_and_then_dawdles_still_does_the_same_things(log_of: BuildLog) -> None:
    """Mostly less than half a minute from each thing to the next, one time in five about four minutes."""
    rng = np.random.default_rng(15)
    at: dict[str, list[datetime]] = {entity: [] for entity in STEPS[:3]}
    for hours in moments(rng, 0.9):
        moment = day(0, float(hours))
        for entity in STEPS[:3]:
            at[entity].append(moment)
            moment += seconds(rng.uniform(12, 28) if rng.random() < 0.8 else rng.uniform(200, 290))
    rows = everyday(rng) + [row for entity in STEPS[:3] for row in used(entity, at[entity], rng)]
    home, found = searched(log_of(rows))
    assert [names(home, candidate) for candidate in found] == [[f"{entity}:on" for entity in STEPS[:3]]]
    assert found[0].discovery.rate > 0.9


def test_a_person_coming_home_may_begin_a_sequence(log_of: BuildLog) -> None:
    rng = np.random.default_rng(2)
    rows = everyday(rng)
    at: list[datetime] = []
    for number in range(DAYS):
        home_at = day(number, float(rng.uniform(15, 19)))
        rows += [(home_at - timedelta(hours=8), "person.anna", "not_home"), (home_at, "person.anna", "home")]
        at.append(home_at + seconds(rng.uniform(60, 200)))
    rows += used("light.hall", at, rng)
    rows += used("media_player.radio", [moment + seconds(rng.uniform(20, 90)) for moment in at], rng)
    home, found = searched(log_of(rows))
    assert [names(home, candidate) for candidate in found] == [
        ["person.anna:home", "light.hall:on", "media_player.radio:on"]
    ]


def test_things_done_together_in_any_order_are_no_sequence(log_of: BuildLog) -> None:
    rng = np.random.default_rng(3)
    _, found = searched(log_of(everyday(rng) + in_order(rng, STEPS, shuffled=True)))
    assert found == []


def test_two_habits_that_only_meet_in_the_middle_are_no_sequence(log_of: BuildLog) -> None:
    rng = np.random.default_rng(4)
    first = [day(0, float(h)) for h in moments(rng, 0.8)]
    alone = [day(0, float(h)) for h in moments(rng, 2)]
    second = sorted([moment + seconds(rng.uniform(15, 60)) for moment in first] + alone)
    third = [moment + seconds(rng.uniform(15, 60)) for moment in second]
    rows = everyday(rng)
    for entity, at in zip(STEPS, (first, second, third), strict=False):
        rows += used(entity, at, rng)
    _, found = searched(log_of(rows))
    assert found == []


def test_two_answers_to_one_door_are_no_sequence(log_of: BuildLog) -> None:
    rng = np.random.default_rng(5)
    rows = everyday(rng)
    lamp: list[datetime] = []
    radio: list[datetime] = []
    for hours in moments(rng, 2):
        opened = day(0, float(hours))
        rows += [(opened, "binary_sensor.door", "on"), (opened + seconds(5), "binary_sensor.door", "off")]
        lamp += [opened + seconds(rng.uniform(10, 40))] if rng.random() < 0.75 else []
        radio += [opened + seconds(rng.uniform(60, 110))] if rng.random() < 0.85 else []
    rows += used("light.hall", lamp, rng) + used("media_player.radio", radio, rng)
    _, found = searched(log_of(rows))
    assert found == []


def test_habits_of_one_clock_time_are_no_sequence(log_of: BuildLog) -> None:
    rng = np.random.default_rng(6)
    rows = everyday(rng)
    for place, entity in enumerate(STEPS):
        rows += used(
            entity, [day(number, 7 + place / 30 + float(rng.normal(0, 0.5)) / 60) for number in range(DAYS)], rng
        )
    _, found = searched(log_of(rows))
    assert found == []


@pytest.mark.parametrize("jitter", [0.0, 0.5])
def test_lamps_that_a_switch_sets_one_after_the_other_are_a_device(log_of: BuildLog, jitter: float) -> None:
    rng = np.random.default_rng(7)
    rows = everyday(rng)
    for hours in moments(rng, 1.2):
        at = day(0, float(hours))
        for place, entity in enumerate(STEPS):
            rows += used(entity, [at + seconds(4 * place + jitter * rng.random())], rng)
    _, found = searched(log_of(rows))
    assert found == []


def test_lamps_that_motion_sensors_set_along_the_way_are_no_habit(log_of: BuildLog) -> None:
    rng = np.random.default_rng(8)
    rows: list[Row] = []
    for hours in moments(rng, 6):
        at = day(0, float(hours))
        for room in ("hall", "stairs", "bath"):
            rows += [
                (at, f"binary_sensor.{room}_motion", "on"),
                (at + seconds(0.5), f"light.{room}", "on"),
                (at + seconds(60), f"binary_sensor.{room}_motion", "off"),
                (at + seconds(180.5), f"light.{room}", "off"),
            ]
            at += seconds(rng.uniform(8, 50))
    _, found = searched(log_of(rows))
    assert found == []


def test_a_step_that_an_automation_takes_is_no_habit(log_of: BuildLog) -> None:
    rng = np.random.default_rng(9)
    rows = everyday(rng) + in_order(rng, STEPS[:3])
    origins = [Origin.AUTOMATION if entity == STEPS[1] else Origin.USER for _, entity, _ in rows]
    _, found = searched(log_of(rows, origins=origins))
    assert found == []


def test_held_out_days_do_not_decide_what_is_searched(log_of: BuildLog) -> None:
    rng = np.random.default_rng(10)
    rows = everyday(rng) + in_order(rng, STEPS[:3])
    kept = [row for row in rows if row[0] < day(45) or row[1] not in STEPS]
    home = prepare(log_of(kept), find_changes(log_of(kept)))
    whole = prepare(log_of(rows), find_changes(log_of(rows)))
    assert home.split == whole.split
    (with_end,), (without_end,) = Sequence().search(whole).candidates, Sequence().search(home).candidates
    assert with_end.discovery == without_end.discovery
    assert with_end.p_value == without_end.p_value
    assert with_end.holdout.hits > 8 > without_end.holdout.hits


_TIMES = st.lists(st.integers(1, 3_000), min_size=3, max_size=25, unique=True)


@settings(max_examples=60, deadline=None)
@given(first=_TIMES, second=_TIMES, third=_TIMES, delay=st.integers(5, 400))
def test_hits_of_a_chain_are_those_that_one_finds_by_hand(
    first: list[int], second: list[int], third: list[int], delay: int
) -> None:
    minute = timedelta(minutes=1)
    entities = ("button.a", "button.b", "button.c")
    rows: list[Row] = [(day(20), "light.end", state) for state in ("off",)]
    rows += [(day(0), entity, "start") for entity in entities]
    rows += [
        (day(0) + number * minute, entity, str(number))
        for entity, times in zip(entities, (first, second, third), strict=True)
        for number in times
    ]
    home = prepare(build_log(rows), find_changes(build_log(rows)))
    codes = {thing.entity_id: thing.code for thing in home.changes.things}
    within = delay * 60_000_000
    links = tuple(Link(codes[entity], within, Trial(0, 0, 0), Trial(0, 0, 0), 1.0) for entity in entities[1:])
    none = np.zeros((3, 0), np.int64)
    course = Chains(home).course(Chain(tuple(codes[entity] for entity in entities), links, none, 0))
    expected: list[tuple[int, bool]] = []
    for start in sorted(first):
        if expected and start < expected[-1][0] + 2 * delay:
            continue
        # Everything is on the minute, so what is noted in the same one may have followed.
        after = min((t for t in second if t >= start), default=10**9)
        last = min((t for t in third if t >= after), default=10**9)
        expected.append((start, after - start <= delay and last - after <= delay))
    begin = home.changes.time[0] - min(first + second + third) * 60_000_000
    starts = ((course.starts - begin) // 60_000_000).tolist()
    assert list(zip(starts, course.hit.tolist(), strict=True)) == expected
