"""Homes without routines: what shuffling keeps and what it breaks."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from src.domain.events import EventLog, Int64Array
from src.domain.local_time import DAY, day_number, to_local
from src.domain.patterns import Kind
from src.simulation.home import SimulatedHome
from src.simulation.households import household
from src.simulation.log_reading import instants
from src.simulation.nulls import BROKEN_BY_TURNING, NULL_KINDS, NullKind, null_home, permute_days, rotate_days
from src.simulation.span import MINUTE


def by_entity_and_day(log: EventLog) -> dict[tuple[int, int], int]:
    day = day_number(to_local(log.time, log.time_zone))
    pairs, counts = np.unique(np.stack([log.entity, day]), axis=1, return_counts=True)
    return {(int(entity), int(at)): int(count) for (entity, at), count in zip(pairs.T, counts, strict=True)}


def busiest_hour(log: EventLog, times: Int64Array) -> float:
    minute = to_local(times, log.time_zone) % DAY // MINUTE
    return max(float(np.mean((minute - start) % 1440 < 60)) for start in range(0, 1440, 10))


def test_rotation_keeps_how_much_happens_each_day_and_breaks_the_clock(demo: SimulatedHome) -> None:
    turned = rotate_days(demo.log, np.random.default_rng(1))
    before, after = by_entity_and_day(demo.log), by_entity_and_day(turned)
    # The hours that the change of clocks skips or repeats can push an event over midnight.
    assert sum(before[key] != after.get(key) for key in before) <= 3
    light = ("light.kitchen_ceiling", "on")
    assert busiest_hour(demo.log, instants(demo.log, light)) > 0.3
    assert busiest_hour(turned, instants(turned, light)) < 0.2


def test_rotation_keeps_the_gaps_inside_a_day(demo: SimulatedHome) -> None:
    day = demo.log.between(demo.log.span[0], demo.log.span[0] + 20 * 3600 * 1_000_000)
    turned = rotate_days(day, np.random.default_rng(2))
    for entity in range(len(day.entities)):
        gaps, moved = (np.diff(log.time[log.entity == entity]) for log in (day, turned))
        # Turning cuts the day's circle at one place only.
        common = set(gaps.tolist()) & set(moved.tolist())
        assert len(common) >= len(set(gaps.tolist())) - 1


def test_permutation_keeps_the_clock_and_breaks_what_goes_together(demo: SimulatedHome) -> None:
    shuffled = permute_days(demo.log, np.random.default_rng(3))
    for entity in (0, 5, 20):
        before, after = (
            np.sort(to_local(log.time[log.entity == entity], log.time_zone) % DAY // MINUTE)
            for log in (demo.log, shuffled)
        )
        assert np.mean(before == after) > 0.98
    for log, together in ((demo.log, True), (shuffled, False)):
        tv = instants(log, ("media_player.living_room_tv", "on"))
        light = np.append(instants(log, ("light.tv_backlight", "on")), np.iinfo(np.int64).max)
        follows = light[np.searchsorted(light, tv)] - tv < MINUTE
        assert (follows.mean() > 0.5) == together


def test_shuffling_nothing_gives_nothing(demo: SimulatedHome) -> None:
    nothing = demo.log.between(0, 1)
    assert len(rotate_days(nothing, np.random.default_rng(0))) == 0
    assert len(permute_days(nothing, np.random.default_rng(0))) == 0


@pytest.mark.parametrize("kind", NULL_KINDS)
def test_a_null_home_has_no_truth_and_is_the_same_for_the_same_seed(kind: NullKind) -> None:
    one, again, other = (null_home(seed, kind, days=21) for seed in (4, 4, 5))
    assert one.planted == ()
    assert np.array_equal(one.log.time, again.log.time)
    assert not np.array_equal(one.log.time[:100], other.log.time[:100])
    assert len(one.log) > 500


def test_a_uniform_home_has_no_busy_hour() -> None:
    log = null_home(0, "uniform").log
    assert busiest_hour(log, log.time) < 0.06


@pytest.mark.parametrize("kind", NULL_KINDS)
def test_a_null_home_holds_what_could_fool_every_kind(kind: NullKind) -> None:
    log = null_home(1, kind, days=30).log
    domains = Counter(name.partition(".")[0] for name in log.entities)
    assert domains["light"] >= 5
    assert domains["person"] >= 1
    assert domains["sensor"] >= 3
    assert {log.about(name).device_class for name in log.entities} & {"door", "window", "opening"}
    rooms = Counter(log.about(name).area for name in log.entities if name.startswith("light."))
    assert max(rooms.values()) >= 3
    assert log.position is not None


def test_turned_days_have_no_routine_that_turning_would_keep() -> None:
    home = household(3, kinds=BROKEN_BY_TURNING)
    kept = {Kind.DURATION, Kind.FREQUENCY, Kind.ANOMALY, Kind.SEASONAL}
    assert home.planted
    assert not kept & {routine.kind for routine in home.planted}
