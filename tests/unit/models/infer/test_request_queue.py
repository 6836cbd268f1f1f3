"""Texts of many callers in common batches."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
from numpy.typing import NDArray

from src.errors import ModelBusy
from src.models.infer.batches import Batch
from src.models.infer.request_queue import RequestQueue

PAD = 999
Sums = NDArray[np.float32]


def sums(batch: Batch) -> Sums:
    return np.asarray((batch.ids * batch.mask).sum(axis=1, keepdims=True), np.float32)


class Gate:
    """A network that waits before its first batch until it is let through, and notes what each batch was."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()
        self.batches: list[set[int]] = []  # the first token of each row
        self.threads: list[int] = []

    def __call__(self, batch: Batch) -> Sums:
        self.threads.append(threading.get_ident())
        self.batches.append(set(batch.ids[:, 0].tolist()))
        self.entered.set()
        assert self.open.wait(60)
        return sums(batch)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(40) as pool:
        yield pool


def until(condition: Callable[[], bool]) -> None:
    """Come back when it holds. The test's time limit ends a wait in vain."""
    pause = threading.Event()
    while not condition():
        pause.wait(0.001)


@contextmanager
def behind(gate: Gate, queue: RequestQueue, pool: ThreadPoolExecutor) -> Iterator[Future[Sums]]:
    """While one sequence ([1000]) is being run; what is asked in the block waits, and is run when the block ends."""
    first = pool.submit(queue.ask, [[1000]])
    assert gate.entered.wait(60)
    try:
        yield first
    finally:
        gate.open.set()
    assert first.result(60).tolist() == [[1000.0]]


def made(run: Callable[[Batch], Sums], *, limit: int = 4096, workers: int = 1, largest: int = 32) -> RequestQueue:
    return RequestQueue(run, name="reranker", pad=PAD, limit=limit, workers=workers, largest=largest)


def test_rows_come_in_the_order_of_the_sequences_whoever_ran_them(pool: ThreadPoolExecutor) -> None:
    queue = made(sums, limit=100_000)
    rng = random.Random(11)
    requests = [
        [[rng.randrange(1, 100) for _ in range(rng.randrange(1, 60))] for _ in range(rng.choice((1, 1, 2, 40, 300)))]
        for _ in range(200)
    ]
    answers = list(pool.map(queue.ask, requests))
    for request, rows in zip(requests, answers, strict=True):
        assert rows[:, 0].tolist() == [float(sum(sequence)) for sequence in request]
    assert queue.waiting == 0


def test_a_lone_caller_runs_its_own_batches_as_large_as_they_may_be() -> None:
    gate = Gate()
    gate.open.set()
    made(gate).ask([[number] * 10 for number in range(100)])
    assert [len(batch) for batch in gate.batches] == [32, 32, 32, 4]
    assert set(gate.threads) == {threading.get_ident()}


def test_what_waits_meanwhile_is_run_together(pool: ThreadPoolExecutor) -> None:
    gate = Gate()
    queue = made(gate)
    with behind(gate, queue, pool):
        others = [pool.submit(queue.ask, [[number]]) for number in range(8)]
        until(lambda: queue.waiting == 8)
    assert [other.result(60).tolist() for other in others] == [[[float(number)]] for number in range(8)]
    assert gate.batches == [{1000}, set(range(8))]


def test_one_sequence_does_not_wait_for_ten_thousand(pool: ThreadPoolExecutor) -> None:
    gate = Gate()
    queue = made(gate, limit=4)
    many = pool.submit(queue.ask, [[number, 1, 1] for number in range(10_000)])
    assert gate.entered.wait(60)
    one = pool.submit(queue.ask, [[20_000]])
    until(lambda: queue.waiting == 2)  # of ten thousand, a quarter of the bound counts
    gate.open.set()
    assert one.result(60).tolist() == [[20_000.0]]
    many.result(60)
    assert [20_000 in batch for batch in gate.batches].index(True) == 1


def test_every_caller_has_its_turn_where_a_batch_cannot_take_from_all(pool: ThreadPoolExecutor) -> None:
    gate = Gate()
    queue = made(gate)
    with behind(gate, queue, pool):
        # Of this length 12 make a batch.
        others = [pool.submit(queue.ask, [[caller] * 80] * 4) for caller in range(24)]
        until(lambda: queue.waiting == 96)
    for other in others:
        other.result(60)
    assert gate.batches[1] | gate.batches[2] == set(range(24))


def test_a_caller_returns_when_its_own_are_done(pool: ThreadPoolExecutor) -> None:
    gate = Gate()
    queue = made(gate)
    with behind(gate, queue, pool):
        other = pool.submit(queue.ask, [[number] for number in range(100)])
        until(lambda: queue.waiting == 100)
    other.result(60)
    assert len(gate.batches) == 5
    assert gate.threads[0] not in gate.threads[1:]


def test_beyond_the_bound_a_caller_is_told_to_come_back(pool: ThreadPoolExecutor) -> None:
    gate = Gate()
    queue = made(gate, limit=8)
    with behind(gate, queue, pool):
        others = [pool.submit(queue.ask, [[number], [number]]) for number in range(4)]
        until(lambda: queue.waiting == 8)
        with pytest.raises(ModelBusy, match="reranker model is busy: 8 texts are waiting") as caught:
            queue.ask([[7]])
        assert caught.value.seconds >= 1
    for other in others:
        other.result(60)
    assert queue.ask([[7]]).tolist() == [[7.0]]
    assert sum(len(batch) for batch in gate.batches) == 1 + 4 + 1  # the refused one was not run


def test_alone_a_caller_may_have_more_than_the_bound() -> None:
    assert made(sums, limit=1).ask([[number] for number in range(100)]).shape == (100, 1)


def test_when_to_come_back_follows_what_waits_and_how_fast_it_goes(pool: ThreadPoolExecutor) -> None:
    gate, now = Gate(), [0.0]
    gate.open.set()

    def slowly(batch: Batch) -> Sums:
        now[0] += 10.0 * len(batch.ids)
        return gate(batch)

    queue = RequestQueue(slowly, name="reranker", pad=PAD, limit=8, clock=lambda: now[0])
    queue.ask([[1]])
    gate.open.clear()
    gate.entered.clear()
    with behind(gate, queue, pool):
        others = [pool.submit(queue.ask, [[number], [number]]) for number in range(4)]
        until(lambda: queue.waiting == 8)
        with pytest.raises(ModelBusy) as caught:
            queue.ask([[7]])
    assert caught.value.seconds == pytest.approx(80.0)
    for other in others:
        other.result(60)


def test_one_callers_fault_is_not_anothers(pool: ThreadPoolExecutor) -> None:
    def refuses_13(batch: Batch) -> Sums:
        if 13 in batch.ids:
            raise RuntimeError("13 is not a token")
        return gate(batch)

    gate = Gate()
    queue = made(refuses_13)
    with behind(gate, queue, pool):
        others = [pool.submit(queue.ask, [[number, 13] if number == 5 else [number]] * 3) for number in range(8)]
        until(lambda: queue.waiting == 24)
    for number, other in enumerate(others):
        if number == 5:
            assert isinstance(other.exception(60), RuntimeError)
        else:
            assert other.result(60).tolist() == [[float(number)]] * 3
    assert queue.waiting == 0
    assert queue.ask([[2]]).tolist() == [[2.0]]


def test_who_is_interrupted_leaves_the_others_their_turn(pool: ThreadPoolExecutor) -> None:
    def interrupted_once(batch: Batch) -> Sums:
        rows = gate(batch)
        if len(gate.batches) == 1:
            raise KeyboardInterrupt
        return rows

    gate = Gate()
    queue = made(interrupted_once)
    first = pool.submit(queue.ask, [[1000]] * 40)
    assert gate.entered.wait(60)
    other = pool.submit(queue.ask, [[5]])
    until(lambda: queue.waiting == 9)
    gate.open.set()
    assert isinstance(first.exception(60), KeyboardInterrupt)
    assert other.result(60).tolist() == [[5.0]]
    assert gate.batches == [{1000}, {5}]
    assert queue.waiting == 0


def test_two_workers_run_two_batches_at_once(pool: ThreadPoolExecutor) -> None:
    both = threading.Barrier(2)

    def together(batch: Batch) -> Sums:
        both.wait(60)
        return sums(batch)

    queue = made(together, workers=2, largest=1)
    answers: Sequence[Sums] = list(pool.map(queue.ask, [[[1]], [[2]]]))
    assert [answer.tolist() for answer in answers] == [[[1.0]], [[2.0]]]
