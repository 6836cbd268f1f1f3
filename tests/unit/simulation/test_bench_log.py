"""Logs for measuring speed."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from src.simulation.bench_log import bench_log


@settings(max_examples=20, deadline=None)
@given(events=st.integers(0, 5_000), entities=st.integers(8, 200), days=st.integers(1, 400), seed=st.integers(0, 1000))
def test_it_has_exactly_that_many_events(events: int, entities: int, days: int, seed: int) -> None:
    log = bench_log(events, entities, days, seed)
    assert len(log) == events
    if events:
        assert (log.span[1] - log.span[0]) / 86_400_000_000 <= days + 0.1


def test_about_half_is_numbers_and_the_evening_is_busy() -> None:
    log = bench_log(50_000)
    numeric = np.char.startswith(np.array(log.entities), "sensor.")[log.entity]
    assert 0.4 < numeric.mean() < 0.6
    hours = np.bincount((log.time[~numeric] // 3_600_000_000 + 2) % 24, minlength=24)
    assert hours[18:22].sum() > 3 * hours[1:5].sum()


def test_a_thing_alternates_between_its_states() -> None:
    log = bench_log(20_000)
    lamp = log.state[log.entity == log.entities.index("light.light_0")]
    assert np.all(np.diff(lamp) != 0)
