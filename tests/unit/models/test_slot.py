"""A place for one model: one load for many threads, failures remembered, nothing let go of in use."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from src.errors import ModelUnavailable
from src.models.slot import RetryPolicy, Slot, State

THREADS = 64


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Source:
    """What loads come from; ``gone`` says whether it fails."""

    def __init__(self, *, gone: bool = False) -> None:
        self.gone = gone
        self.loads = 0

    def __call__(self) -> object:
        self.loads += 1
        if self.gone:
            raise ModelUnavailable("reranker", [f"hub: gone {self.loads}"])
        return object()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_sixty_four_threads_share_one_load(clock: Clock) -> None:
    source, start = Source(), threading.Barrier(THREADS)
    slot = Slot(source, clock)

    def ask(_: int) -> object:
        start.wait()
        with slot.use() as value:
            return value

    with ThreadPoolExecutor(THREADS) as pool:
        got = list(pool.map(ask, range(THREADS)))
    assert source.loads == 1
    assert len(set(map(id, got))) == 1
    assert slot.value is got[0]
    assert slot.state == "loaded"
    assert slot.leases == 0


def test_sixty_four_threads_share_one_failure_each_with_an_error_of_its_own(clock: Clock) -> None:
    source, start = Source(gone=True), threading.Barrier(THREADS)
    slot = Slot(source, clock)

    def ask(_: int) -> ModelUnavailable:
        start.wait()
        with pytest.raises(ModelUnavailable) as caught:
            slot.get()
        return caught.value

    with ThreadPoolExecutor(THREADS) as pool:
        errors = list(pool.map(ask, range(THREADS)))
    assert source.loads == 1
    assert len(set(map(id, errors))) == THREADS
    assert {str(error) for error in errors} == {str(ModelUnavailable("reranker", ["hub: gone 1"]))}
    assert slot.state == "failed"


def test_who_looks_during_a_load_sees_it(clock: Clock) -> None:
    def load() -> list[State]:
        return [before, slot.state]

    slot = Slot(load, clock)
    before = slot.state
    assert [*slot.get(), slot.state] == ["not_loaded", "loading", "loaded"]


def failing_times(slot: Slot[object], source: Source, clock: Clock, count: int) -> list[float]:
    """When each of the next loads was tried, in seconds since the one before."""
    pauses = []
    for _ in range(count):
        tried, since = source.loads, clock.now
        while source.loads == tried:
            clock.now += 30.0
            with pytest.raises(ModelUnavailable):
                slot.get()
        pauses.append(clock.now - since)
    return pauses


def test_a_failed_load_is_tried_again_later_and_later(clock: Clock) -> None:
    source = Source(gone=True)
    slot = Slot(source, clock)
    with pytest.raises(ModelUnavailable):
        slot.get()
    assert failing_times(slot, source, clock, 7) == [60, 120, 240, 480, 960, 1800, 1800]


def test_after_a_success_failures_count_from_the_start(clock: Clock) -> None:
    source = Source(gone=True)
    slot = Slot(source, clock)
    with pytest.raises(ModelUnavailable):
        slot.get()
    failing_times(slot, source, clock, 2)

    source.gone = False
    clock.now += 240.0
    slot.get()
    assert slot.failure is None
    assert slot.unload() == "unloaded"
    source.gone = True
    with pytest.raises(ModelUnavailable):
        slot.get()
    assert failing_times(slot, source, clock, 1) == [60]


def test_who_insists_is_not_held_off_and_starts_the_count_anew(clock: Clock) -> None:
    source = Source(gone=True)
    slot = Slot(source, clock)
    with pytest.raises(ModelUnavailable):
        slot.get()
    failing_times(slot, source, clock, 3)
    loads = source.loads
    with pytest.raises(ModelUnavailable, match=f"gone {loads + 1}"):
        slot.get(again=True)
    assert failing_times(slot, source, clock, 1) == [60]
    source.gone = False
    assert slot.get(again=True) is slot.value


def test_a_failure_keeps_nothing_alive(clock: Clock) -> None:
    slot = Slot(Source(gone=True), clock)
    with pytest.raises(ModelUnavailable):
        slot.get()
    assert slot.failure
    assert slot.failure.error.__traceback__ is None


def test_a_mistake_is_passed_on_and_not_remembered(clock: Clock) -> None:
    answers: list[Exception] = [ZeroDivisionError()]

    def load() -> str:
        if answers:
            raise answers.pop()
        return "model"

    slot = Slot(load, clock)
    with pytest.raises(ZeroDivisionError):
        slot.get()
    assert slot.state == "not_loaded"
    assert slot.get() == "model"


def test_what_is_leased_is_not_let_go_of(clock: Clock) -> None:
    slot = Slot(Source(), clock)
    assert slot.unload() == "not_loaded"
    with slot.use() as value:
        clock.now = 1e6
        assert slot.unload() == "in_use"
        assert slot.unload_idle(1.0) == "in_use"
        assert slot.value is value
    assert slot.unload() == "unloaded"
    assert slot.value is None
    assert slot.state == "unloaded"


def test_the_next_use_loads_again(clock: Clock) -> None:
    source = Source()
    slot = Slot(source, clock)
    first = slot.get()
    slot.unload()
    assert slot.get() is not first
    assert source.loads == 2


def test_an_unload_waits_for_the_last_lease(clock: Clock) -> None:
    slot = Slot(Source(), clock)
    with ThreadPoolExecutor(1) as pool:
        with slot.use() as value:
            unloading = pool.submit(slot.unload, 60.0)
            assert slot.value is value
        assert unloading.result(60) == "unloaded"


def test_idle_is_counted_from_the_end_of_the_last_use(clock: Clock) -> None:
    slot = Slot(Source(), clock)
    assert slot.unload_idle(600.0) == "not_loaded"
    with slot.use():
        clock.now = 500.0
    clock.now = 1099.0
    assert slot.unload_idle(600.0) == "in_use"
    clock.now = 1100.0
    assert slot.unload_idle(600.0) == "unloaded"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_threads_that_load_use_and_unload_never_lose_what_they_use(clock: Clock, seed: int) -> None:
    source = Source()
    slot = Slot(source, clock)
    lost: list[int] = []

    def work(thread: int) -> None:
        rng = random.Random(1000 * seed + thread)
        for step in range(300):
            match rng.randrange(6):
                case 0:
                    slot.unload(rng.choice((0.0, 0.001)))
                case 1:
                    slot.unload_idle(0.0)
                case 2:
                    slot.get()
                case _:
                    with slot.use() as value:
                        for _ in range(rng.randrange(20)):
                            if slot.value is not value:
                                lost.append(step)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(12)))
    assert lost == []
    assert source.loads > 1
    assert slot.leases == 0
    assert slot.unload() in ("unloaded", "not_loaded")


def test_pauses_double_up_to_a_limit() -> None:
    policy = RetryPolicy(first=1.0, longest=5.0)
    assert [policy.pause(failures) for failures in (1, 2, 3, 4, 10_000)] == [1, 2, 4, 5, 5]
