"""Random households: usable whatever the seed, and true about themselves."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.domain.events import EventLog
from src.domain.local_time import DAY, day_number, to_local
from src.domain.patterns import Kind
from src.simulation.daylight import is_dark
from src.simulation.households import household
from src.simulation.log_reading import instants


def columns(log: EventLog) -> tuple[bytes, ...]:
    return tuple(column.tobytes() for column in (log.time, log.entity, log.state, log.origin))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), days=st.integers(7, 70), entities=st.integers(16, 120), hard=st.booleans())
def test_every_seed_is_a_home(seed: int, days: int, entities: int, hard: bool) -> None:
    home = household(seed, days, entities, hard=hard)
    log = home.log
    assert entities * 0.6 <= len(log.entities) <= entities * 1.5 + 16
    assert set(log.entities) == set(log.info)
    day = day_number(to_local(log.time, log.time_zone))
    assert 0 <= day[-1] - day[0] < days
    assert not np.isin("", log.states)
    for routine in home.planted:
        assert routine.entity_id in log.entities
        assert {entity_id for entity_id, _ in routine.things} <= set(log.entities)
        assert set(routine.people) <= set(log.entities)
        if routine.trigger_entity is not None:
            assert routine.trigger_entity in log.entities
            # Only how long a thing is used is about that thing alone.
            assert (routine.trigger_entity == routine.entity_id) == (routine.kind is Kind.DURATION)


@pytest.mark.parametrize("seed", [0, 11, 29])
def test_the_same_seed_is_the_same_home(seed: int) -> None:
    assert columns(household(seed).log) == columns(household(seed).log)


def test_homes_differ_in_their_people_and_zones() -> None:
    homes = [household(seed, days=14) for seed in range(25)]
    assert len({sum(name.startswith("person.") for name in home.log.entities) for home in homes}) >= 4
    assert len({home.log.time_zone for home in homes}) >= 3


def test_every_kind_is_planted_and_two_kinds_most() -> None:
    homes = [household(seed) for seed in range(12)]
    kinds = Counter(routine.kind for home in homes for routine in home.planted)
    assert set(kinds) == set(Kind)
    assert {kind for kind, _ in kinds.most_common(2)} == {Kind.TIME_OF_DAY, Kind.CO_OCCURRENCE}
    assert min(kinds.values()) >= 6
    for home in homes:
        assert 0.25 <= len(home.planted) / 40 <= 0.38


def test_a_home_can_have_no_routines_or_those_of_one_kind() -> None:
    assert household(5, routines=0).planted == ()
    planted = household(5, routines=6, kinds={Kind.SOLAR}).planted
    assert [routine.kind for routine in planted] == [Kind.SOLAR] * 6


def test_a_home_knows_where_it_is() -> None:
    for home in (household(seed, days=14) for seed in range(6)):
        log = home.log
        assert log.position is not None
        up = instants(log, ("sun.sun", "above_horizon"))
        assert len(up) >= 13
        assert not is_dark(up + 60_000_000, log.time_zone, log.position).any()
        assert is_dark(up - 60_000_000, log.time_zone, log.position).all()


@pytest.mark.parametrize("days", [10, 200, 400])
def test_homes_of_other_lengths(days: int) -> None:
    home = household(2, days)
    assert 0.95 * days <= (home.log.span[1] - home.log.span[0]) / DAY <= days + 0.1
    assert len(home.planted) >= 10


def test_what_is_planted_can_be_seen() -> None:
    seen = [
        len(instants(home.log, (routine.entity_id, routine.to), by_people=True)) >= 10
        for home in (household(seed) for seed in range(8))
        for routine in home.planted
    ]
    assert np.mean(seen) > 0.95


def test_a_hard_home_drops_routines_that_its_truth_does_not_name() -> None:
    plain, hard = household(3), household(3, hard=True)
    assert hard.planted == plain.planted
    assert columns(hard.log) != columns(plain.log)
