"""What the store does with a routine from night to night: found, missed, gone, back; and why nothing was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from src.domain.local_time import DAY
from src.domain.patterns import Pattern, Status
from src.domain.runs import RunResult, RunTrigger
from src.domain.whys import Why
from src.store import Store
from tests.unit.domain.every_kind import CO_OCCURRENCE, SOLAR, TIME_OF_DAY
from tests.unit.store.worlds import leave

NIGHT = 1_770_000_000_000_000  # µs UTC
LAMP = TIME_OF_DAY.with_(id="p_aaaaaaaaaaaaaaaa")
PORCH = SOLAR.with_(id="p_bbbbbbbbbbbbbbbb")
HALL = CO_OCCURRENCE.with_(id="p_cccccccccccccccc")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'home.db'}")
    yield opened
    opened.close()


def publish(
    store: Store,
    night: int,
    *found: Pattern,
    whole: bool = True,
    replaced: frozenset[str] = frozenset(),
    whys: tuple[Why, ...] = (),
) -> str:
    """What the run of that night found; its id."""
    now = NIGHT + night * DAY
    run = store.runs.start(trigger=RunTrigger.NIGHTLY, request={}, now=now)
    result = RunResult(found, (), {}, {}, {}, {}, {}, whole=whole, replaced=replaced, whys=whys)
    return store.runs.publish(run.id, result, now=now).id


def told(store: Store, pattern: Pattern) -> str:
    """What people are told of it."""
    kept = store.patterns.get(pattern.id)
    return "gone" if kept.status is Status.STALE else kept.evidence.drift


def test_what_is_not_found_any_more_is_fading_for_a_week_and_then_gone(store: Store) -> None:
    publish(store, 0, LAMP, PORCH)
    life = []
    for night in range(1, 12):
        publish(store, night, PORCH)
        life.append(told(store, LAMP))
    assert life == ["fading"] * 7 + ["gone"] * 4
    assert told(store, PORCH) == "stable"
    assert [pattern.id for pattern in store.patterns.page().items] == [PORCH.id]


def test_the_week_begins_anew_whenever_it_is_found_again(store: Store) -> None:
    """Found every fifth night: never gone, and stable on the nights on which it is found."""
    life = []
    for night in range(21):
        publish(store, night, *([LAMP] if night % 5 == 0 else []))
        life.append(told(store, LAMP))
    assert life == (["stable"] + ["fading"] * 4) * 4 + ["stable"]


def test_what_is_fading_comes_after_all_that_was_found(store: Store) -> None:
    publish(store, 0, LAMP, PORCH, HALL)
    publish(store, 1, HALL)
    assert [pattern.id for pattern in store.patterns.page().items] == [HALL.id, LAMP.id, PORCH.id]


def test_what_another_pattern_explains_better_goes_at_once(store: Store) -> None:
    publish(store, 0, LAMP)
    publish(store, 1, PORCH, replaced=frozenset({LAMP.id}))
    assert told(store, LAMP) == "gone"
    assert told(store, PORCH) == "stable"


def test_what_is_gone_and_comes_back_is_what_it_was(store: Store) -> None:
    publish(store, 0, LAMP)
    publish(store, 9)
    assert told(store, LAMP) == "gone"
    publish(store, 20, LAMP)
    assert store.patterns.get(LAMP.id) == LAMP


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.REJECTED, Status.SNOOZED])
def test_an_answer_outlives_the_routine(store: Store, status: Status) -> None:
    publish(store, 0, LAMP)
    leave(store, LAMP.id, status)
    publish(store, 1)
    publish(store, 30, replaced=frozenset({LAMP.id}))
    assert store.patterns.get(LAMP.id).status is status


def test_a_run_over_a_part_says_nothing_of_the_rest(store: Store) -> None:
    publish(store, 0, LAMP)
    publish(store, 30, PORCH, whole=False)
    assert told(store, LAMP) == "stable"


def test_why_nothing_was_found_is_kept_for_thirty_runs(store: Store) -> None:
    def silence(night: int) -> tuple[Why, ...]:
        return (Why(None, "home_with_too_few_days", None, {"reached": night, "needed": 7}),)

    runs = [publish(store, night, whys=silence(night)) for night in range(33)]
    kept = [store.runs.whys(run) for run in runs]
    assert kept[:3] == [[], [], []]
    assert kept[3:] == [list(silence(night)) for night in range(3, 33)]
