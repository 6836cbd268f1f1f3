"""One load for many threads, and failures that are remembered for a minute."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from src.errors import ModelUnavailable
from src.models.single_flight import SingleFlight

THREADS = 64


def test_sixty_four_threads_share_one_load() -> None:
    loads: list[int] = []
    start = threading.Barrier(THREADS)

    def load() -> object:
        loads.append(1)
        return object()

    flight = SingleFlight(load, clock=lambda: 0.0)

    def ask() -> object:
        start.wait()
        return flight.get()

    with ThreadPoolExecutor(THREADS) as pool:
        got = [future.result() for future in [pool.submit(ask) for _ in range(THREADS)]]
    assert len(loads) == 1
    assert len(set(map(id, got))) == 1
    assert flight.value is got[0]


def test_sixty_four_threads_share_one_failure_each_with_an_error_of_its_own() -> None:
    loads: list[int] = []
    start = threading.Barrier(THREADS)

    def load() -> object:
        loads.append(1)
        raise ModelUnavailable("reranker", ["hub: gone"])

    flight = SingleFlight(load, clock=lambda: 0.0)

    def ask() -> ModelUnavailable:
        start.wait()
        with pytest.raises(ModelUnavailable) as caught:
            flight.get()
        return caught.value

    with ThreadPoolExecutor(THREADS) as pool:
        errors = [future.result() for future in [pool.submit(ask) for _ in range(THREADS)]]
    assert len(loads) == 1
    assert len(set(map(id, errors))) == THREADS
    assert {str(error) for error in errors} == {str(ModelUnavailable("reranker", ["hub: gone"]))}


def test_a_failure_is_forgotten_after_a_minute() -> None:
    now = [0.0]
    answers: list[str] = []

    def load() -> str:
        if not answers:
            raise ModelUnavailable("reranker", ["hub: gone"])
        return answers[0]

    flight = SingleFlight(load, clock=lambda: now[0])
    with pytest.raises(ModelUnavailable):
        flight.get()
    answers.append("model")
    now[0] = 59.0
    with pytest.raises(ModelUnavailable):
        flight.get()
    now[0] = 60.0
    assert flight.get() == "model"
