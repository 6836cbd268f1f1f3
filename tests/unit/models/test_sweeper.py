"""A thread that sweeps as long as there is something to sweep."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

from src.models.sweeper import Sweeper


class House:
    """Notes each sweep, and whose thread it was."""

    def __init__(self, swept: threading.Semaphore, threads: list[threading.Thread]) -> None:
        self.swept = swept
        self.threads = threads

    def sweep(self) -> None:
        self.threads.append(threading.current_thread())
        self.swept.release()


def test_it_sweeps_again_and_again_in_one_thread_until_it_is_stopped() -> None:
    swept, threads = threading.Semaphore(0), list[threading.Thread]()
    house = House(swept, threads)
    sweeper = Sweeper(house.sweep, period=0.001)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: sweeper.start(), range(32)))
    for _ in range(3):
        assert swept.acquire(timeout=60)
    sweeper.stop()
    assert len(set(threads)) == 1
    assert not threads[0].is_alive()
    assert threads[0].daemon


def test_it_ends_with_what_it_sweeps() -> None:
    swept, threads = threading.Semaphore(0), list[threading.Thread]()
    house = House(swept, threads)
    sweeper = Sweeper(house.sweep, period=0.001)
    sweeper.start()
    assert swept.acquire(timeout=60)
    del house
    gc.collect()
    threads[0].join(60)
    assert not threads[0].is_alive()


def test_an_end_does_not_wait_for_the_next_sweep() -> None:
    swept, threads = threading.Semaphore(0), list[threading.Thread]()
    house = House(swept, threads)
    before = set(threading.enumerate())
    sweeper = Sweeper(house.sweep, period=1e6)
    sweeper.start()
    (thread,) = set(threading.enumerate()) - before
    del house
    gc.collect()
    thread.join(60)
    assert not thread.is_alive()
    assert threads == []


def test_stopping_what_never_started() -> None:
    house = House(threading.Semaphore(0), [])
    Sweeper(house.sweep, period=1.0).stop()
