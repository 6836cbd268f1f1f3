"""Random households: usable whatever the seed, and true about themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.domain.events import EventLog
from src.domain.local_time import day_number, to_local
from src.domain.patterns import Kind
from src.simulation.households import household
from src.simulation.verdict import instants


def columns(log: EventLog) -> tuple[bytes, ...]:
    return tuple(column.tobytes() for column in (log.time, log.entity, log.state, log.origin))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), days=st.integers(7, 70), entities=st.integers(16, 120), hard=st.booleans())
def test_every_seed_is_a_home(seed: int, days: int, entities: int, hard: bool) -> None:
    home = household(seed, days, entities, hard=hard)
    log = home.log
    assert entities * 0.6 <= len(log.entities) <= entities * 1.5 + 12
    assert set(log.entities) == set(log.info)
    day = day_number(to_local(log.time, log.time_zone))
    assert 0 <= day[-1] - day[0] < days
    assert not np.isin("", log.states)
    for routine in home.planted:
        assert routine.entity_id in log.entities
        assert (routine.kind is Kind.TIME_OF_DAY) == (routine.at_minutes is not None)
        if routine.trigger_entity is not None:
            assert routine.trigger_entity in log.entities
            assert routine.trigger_entity != routine.entity_id


@pytest.mark.parametrize("seed", [0, 11, 29])
def test_the_same_seed_is_the_same_home(seed: int) -> None:
    assert columns(household(seed).log) == columns(household(seed).log)


def test_homes_differ_in_their_people_and_zones() -> None:
    homes = [household(seed, days=14) for seed in range(25)]
    assert len({sum(name.startswith("person.") for name in home.log.entities) for home in homes}) >= 4
    assert len({home.log.time_zone for home in homes}) >= 3


def test_a_home_can_have_no_routines() -> None:
    assert household(5, routines=0).planted == ()


def test_what_is_planted_can_be_seen() -> None:
    seen = [
        len(instants(home.log, (routine.entity_id, routine.to), by_people=True)) >= 4
        for home in (household(seed) for seed in range(8))
        for routine in home.planted
    ]
    assert np.mean(seen) > 0.95


def test_a_hard_home_drops_routines_that_its_truth_does_not_name() -> None:
    plain, hard = household(3), household(3, hard=True)
    assert hard.planted == plain.planted
    assert columns(hard.log) != columns(plain.log)
