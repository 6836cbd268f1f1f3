"""Scenes: what is found in a home where things are set together, and what is not taken for one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.domain.events import EntityInfo, EventLog, Float64Array
from src.domain.patterns import TogetherTrigger
from src.mining.bars import corrected, shortfall
from src.mining.changes import find_changes
from src.mining.following_chance import NEVER
from src.mining.gatherings import WINDOWS, Gatherings
from src.mining.kind import Candidate, Home
from src.mining.kinds.scene import Scene
from src.mining.preparation import prepare
from tests.unit.mining.conftest import BuildLog, Row, build_log, day, ordinary_life

DAYS = 60
LAMPS = ("light.ceiling", "light.desk", "light.shelf", "light.sofa", "light.window")


def seconds(value: float) -> timedelta:
    return timedelta(seconds=float(value))


def evenings(rng: np.random.Generator, per_day: float) -> Float64Array:
    """Hours since the first midnight, ascending, most of them in the evening."""
    count = int(rng.poisson(DAYS * per_day))
    hour = np.where(rng.random(count) < 0.7, rng.normal(19, 2, count), rng.normal(9, 2, count)) % 24
    return np.sort(rng.integers(0, DAYS, count) * 24.0 + hour)


def used(entity: str, at: list[datetime], rng: np.random.Generator) -> list[Row]:
    """On at those times, and off again after a while that varies."""
    rows: list[Row] = []
    for moment in at:
        rows += [(moment, entity, "on"), (moment + seconds(rng.uniform(240, 3600)), entity, "off")]
    return rows


def everyday(rng: np.random.Generator) -> list[Row]:
    """Lamps and motion that have nothing to do with each other but the evening."""
    rows = ordinary_life(DAYS, 5, per_day=30)
    for number in range(6):
        rows += used(f"light.other_{number}", [day(0, float(h)) for h in evenings(rng, 1.5)], rng)
    return rows


def together(
    rng: np.random.Generator, entities: tuple[str, ...], within: float, *, per_day: float = 1.0, joining: float = 0.97
) -> list[Row]:
    """On in any order, all inside ``within`` seconds."""
    at: dict[str, list[datetime]] = {entity: [] for entity in entities}
    for hours in evenings(rng, per_day):
        for entity in entities:
            if rng.random() < joining:
                at[entity].append(day(0, float(hours)) + seconds(rng.uniform(0, within)))
    return [row for entity in entities for row in used(entity, at[entity], rng)]


def in_areas(areas: Mapping[str, str]) -> dict[str, EntityInfo]:
    return {entity: EntityInfo(entity, entity, area, None, None) for entity, area in areas.items()}


def shown(log: EventLog) -> tuple[Home, list[Candidate]]:
    """The scenes that would be shown."""
    miner = Scene()
    home = prepare(log, find_changes(log))
    search = miner.search(home)
    return home, [
        each.candidate for each in corrected(search) if shortfall(each.candidate, each.q_value, miner.bar) is None
    ]


def members(candidate: Candidate) -> tuple[str, ...]:
    assert isinstance(candidate.trigger, TogetherTrigger)
    return candidate.trigger.entity_ids


@pytest.mark.parametrize("size", [2, 3, 5])
def test_lamps_set_together_in_any_order_are_one_scene(log_of: BuildLog, size: int) -> None:
    rng = np.random.default_rng(1)
    home, found = shown(log_of(everyday(rng) + together(rng, LAMPS[:size], 75)))
    assert [members(candidate) for candidate in found] == [LAMPS[:size]]
    (candidate,) = found
    codes = [candidate.target, *(step.code for step in candidate.steps)]
    assert codes == sorted(codes)
    assert {home.changes.things[code].to for code in codes} == {"on"}
    assert isinstance(candidate.trigger, TogetherTrigger)
    assert candidate.trigger.within_seconds <= 120
    assert len(candidate.hit_times) == len(candidate.values)
    assert float(candidate.values.max()) <= 2
    assert candidate.discovery.rate > 0.8
    # Somebody busy for a quarter of an hour to either side may set any lamp inside the window by chance.
    assert 0.7 * 2 * candidate.trigger.within_seconds / 1800 < candidate.discovery.expected < 0.2


def test_switching_all_off_on_the_way_out_is_a_scene(log_of: BuildLog) -> None:
    rng = np.random.default_rng(2)
    rows = everyday(rng)
    for hours in evenings(rng, 1):
        leaving = day(0, float(hours))
        for entity in LAMPS[:4]:
            rows += [
                (leaving - seconds(rng.uniform(1200, 9000)), entity, "on"),
                (leaving + seconds(rng.uniform(0, 90)), entity, "off"),
            ]
    home, found = shown(log_of(rows))
    assert [members(candidate) for candidate in found] == [LAMPS[:4]]
    assert home.changes.things[found[0].target].to == "off"


def test_lamps_of_one_busy_evening_room_are_no_scene(log_of: BuildLog) -> None:
    rng = np.random.default_rng(3)
    rows = ordinary_life(DAYS, 5)
    for entity in LAMPS:
        at = [day(number, float(rng.normal(20, 0.7))) for number in range(DAYS) for _ in range(4)]
        rows += used(entity, sorted(at), rng)
    _, found = shown(log_of(rows))
    assert found == []


@pytest.mark.parametrize(("minutes", "joining"), [(15, 0.5), (15, 1.0), (6, 1.0)])
def test_what_is_set_some_time_after_coming_home_is_no_scene(log_of: BuildLog, minutes: int, joining: float) -> None:
    for seed in range(4, 8):
        rng = np.random.default_rng(seed)
        _, found = shown(log_of(everyday(rng) + together(rng, LAMPS, 60 * minutes, per_day=1.2, joining=joining)))
        assert found == []


def test_lamps_of_two_rooms_are_no_scene(log_of: BuildLog) -> None:
    rng = np.random.default_rng(5)
    rows = everyday(rng) + together(rng, LAMPS[:2], 60)
    _, apart = shown(log_of(rows, info=in_areas({LAMPS[0]: "Kitchen", LAMPS[1]: "Study"})))
    _, same = shown(log_of(rows, info=in_areas({LAMPS[0]: "Kitchen", LAMPS[1]: "Kitchen"})))
    assert apart == []
    assert [members(candidate) for candidate in same] == [LAMPS[:2]]


def test_what_always_comes_in_one_order_is_no_scene(log_of: BuildLog) -> None:
    rng = np.random.default_rng(6)
    rows = everyday(rng)
    for hours in evenings(rng, 1):
        at = day(0, float(hours))
        for entity in LAMPS[:3]:
            rows += used(entity, [at], rng)
            at += seconds(rng.uniform(8, 30))
    _, found = shown(log_of(rows))
    assert found == []


def test_lamps_that_a_device_sets_within_seconds_are_no_scene(log_of: BuildLog) -> None:
    rng = np.random.default_rng(7)
    _, found = shown(log_of(everyday(rng) + together(rng, LAMPS[:4], 5)))
    assert found == []


def test_a_lamp_that_joins_now_and_then_is_not_a_member(log_of: BuildLog) -> None:
    rng = np.random.default_rng(8)
    rows = everyday(rng)
    for hours in evenings(rng, 1):
        at = day(0, float(hours))
        joining = LAMPS if rng.random() < 0.4 else LAMPS[:4]
        for entity in joining:
            rows += used(entity, [at + seconds(rng.uniform(0, 60))], rng)
    _, found = shown(log_of(rows))
    assert [members(candidate) for candidate in found] == [LAMPS[:4]]


@pytest.mark.parametrize(("size", "alone"), [(2, 0.25), (3, 0.8), (5, 0.8)])
def test_lamps_that_are_also_used_one_by_one_are_one_whole_scene(log_of: BuildLog, size: int, alone: float) -> None:
    """On the average each lamp is set ``alone`` times a day for its own sake, and all of them once."""
    rng = np.random.default_rng(9)
    rows = everyday(rng) + together(rng, LAMPS[:size], 110)
    for entity in LAMPS[:size]:
        rows += used(entity, [day(0, float(h)) for h in evenings(rng, alone)], rng)
    _, found = shown(log_of(rows))
    assert [members(candidate) for candidate in found] == [LAMPS[:size]]
    assert isinstance(found[0].trigger, TogetherTrigger)
    assert found[0].trigger.within_seconds == 120


def test_a_room_whose_lamps_are_now_and_then_all_turned_on_at_once_is_still_one_scene(log_of: BuildLog) -> None:
    rng = np.random.default_rng(10)
    rows = everyday(rng)
    for hours in evenings(rng, 1.3):
        count = 4 if rng.random() < 0.65 else int(rng.integers(1, 4))
        for entity in rng.permutation(LAMPS[:4])[:count]:
            rows += used(str(entity), [day(0, float(hours)) + seconds(rng.uniform(0, 100))], rng)
    _, found = shown(log_of(rows))
    assert [members(candidate) for candidate in found] == [LAMPS[:4]]


@pytest.mark.parametrize("joining", [0.4, 0.55])
def test_whatever_lamps_of_a_room_are_just_wanted_are_no_scene(log_of: BuildLog, joining: float) -> None:
    for seed in range(11, 15):
        rng = np.random.default_rng(seed)
        _, found = shown(log_of(everyday(rng) + together(rng, LAMPS, 60, per_day=1.5, joining=joining)))
        assert found == []


_TIMES = st.lists(st.tuples(st.integers(1, 4_000), st.integers(1, 200)), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(lamps=st.lists(_TIMES, min_size=2, max_size=4))
def test_gatherings_are_those_that_one_finds_by_hand(lamps: list[list[tuple[int, int]]]) -> None:
    rows: list[Row] = [(day(20), "light.end", "off")]
    on: list[list[tuple[int, int]]] = []
    for number, uses in enumerate(lamps):
        rows.append((day(0), f"light.x{number}", "off"))
        on.append([])
        free = 0
        for start, lasts in sorted(uses):
            if start > free:
                free = start + lasts
                on[-1].append((start, free))
                rows.append((day(0) + 7 * seconds(start), f"light.x{number}", "on"))
                rows.append((day(0) + 7 * seconds(free), f"light.x{number}", "off"))
    log = build_log(rows)
    home = prepare(log, find_changes(log))
    codes = tuple(thing.code for thing in home.changes.things if thing.to == "on")
    gathering = Gatherings(home).of(codes)
    window = gathering.window / 7_000_000
    assert gathering.window in WINDOWS.tolist()
    opened: list[tuple[int, list[int | None]]] = []
    for start in sorted({start for uses in on for start, _ in uses}):
        if opened and 7 * start < 7 * opened[-1][0] + gathering.window / 1_000_000:
            continue
        if any(since < start < until for uses in on for since, until in uses):
            continue
        near = [next((since for since, _ in uses if start <= since <= start + window), None) for uses in on]
        opened.append((start, near))
    midnight = log.time[0]
    expected = [(start, near) for start, near in opened if 2 * near.count(None) <= len(on)]
    found = [
        (int(start - midnight) // 7_000_000, [None if t >= NEVER else int(t - midnight) // 7_000_000 for t in column])
        for start, column in zip(gathering.starts.tolist(), gathering.times.T.tolist(), strict=True)
    ]
    assert found == expected
