"""One account of memory: what does not fit beside the others waits, is made smaller, or is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from src.box.budget import Budget, Relief, TooLittleMemory
from src.box.memory import BoxMemory

MB = 1_000_000
LIMIT = 1600 * MB  # of which a sixteenth stays free: 1500 can be had


class Box:
    """A container whose time passes only while somebody waits.

    Attributes:
        idle, busy: bytes of models that may be given up, and that may be when they were not used for a while.
        on_wait: what happens meanwhile, by the number of the look.
    """

    def __init__(self, held: int = 0, limit: int = LIMIT) -> None:
        self.held, self.limit = held, limit
        self.idle: list[int] = []
        self.busy: list[int] = []
        self.on_wait: dict[int, Callable[[], object]] = {}
        self.now = 0.0
        self.looks = 0
        self.budget = Budget(lambda: BoxMemory(self.limit, self.held), lambda: self.now, self._wait)
        self.budget.relieved_by(self._give_up)

    def _wait(self, changed: threading.Condition, seconds: float) -> None:
        self.now += seconds
        self.looks += 1
        changed.release()
        try:
            self.on_wait.pop(self.looks, lambda: None)()
        finally:
            changed.acquire()

    def _give_up(self) -> Relief:
        if self.idle:
            self.held -= self.idle.pop()
            return "given_up"
        return "in_use" if self.busy else "nothing"

    def way(self, *sizes: int, patience: float = 60.0, alone: bool = False) -> int:
        """That is granted now, and given back at once."""
        with self.budget.hold("a thing", [size * MB for size in sizes], patience=patience, alone=alone) as claim:
            return claim.way


def elsewhere(box: Box, size: int, *, alone: bool = False) -> Callable[[], None]:
    """Another thread that has room, and its end."""
    begun, end = threading.Event(), threading.Event()

    def work() -> None:
        with box.budget.hold("the run", [size * MB], patience=0.0, alone=alone):
            begun.set()
            assert end.wait(30)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(30)

    def finish() -> None:
        end.set()
        thread.join()

    return finish


def test_what_fits_begins_at_once() -> None:
    box = Box(held=400 * MB)
    assert box.way(1100) == 0
    assert box.now == 0


def test_the_last_sixteenth_stays_free() -> None:
    with pytest.raises(TooLittleMemory, match="give the container more memory"):
        Box(held=400 * MB).way(1101)


def test_where_nothing_is_known_everything_fits() -> None:
    with Budget(lambda: None).hold("a thing", [10**15], patience=0.0) as claim:
        assert claim.way == 0


def test_what_was_granted_counts_before_it_is_taken() -> None:
    box = Box(held=100 * MB)
    finish = elsewhere(box, 900)
    try:
        with pytest.raises(TooLittleMemory, match="beside the run"):
            box.way(600)
        assert box.way(500) == 0
    finally:
        finish()
    assert box.way(600) == 0


def test_what_was_granted_does_not_count_twice_once_it_is_taken() -> None:
    box = Box(held=100 * MB)
    finish = elsewhere(box, 900)
    try:
        box.held += 900 * MB
        assert box.way(500) == 0
    finally:
        finish()


def test_idle_models_go_first_and_no_more_of_them_than_needed() -> None:
    box = Box(held=1200 * MB)
    box.idle = [100 * MB, 300 * MB]
    assert box.way(600, 100) == 0
    assert box.idle == [100 * MB]
    assert box.now == 0


def test_then_it_waits_for_the_run() -> None:
    box = Box()
    finish = elsewhere(box, 900)
    box.on_wait[3] = finish
    assert box.way(1000, 100) == 0
    assert box.looks == 3


def test_and_for_models_until_nobody_used_them_for_a_while() -> None:
    box = Box(held=1200 * MB)
    box.busy = [900 * MB]
    box.on_wait[4] = lambda: box.idle.append(box.busy.pop())
    assert box.way(1000, 100) == 0


def test_the_smaller_way_comes_after_the_patience() -> None:
    box = Box()
    finish = elsewhere(box, 900)
    try:
        assert box.way(1000, 500, patience=60.0) == 1
        assert box.now == 60
    finally:
        finish()


def test_nobody_waits_for_nothing() -> None:
    box = Box(held=700 * MB)
    assert box.way(1000, 500) == 1
    assert box.now == 0


def test_nobody_waits_for_himself() -> None:
    box = Box()
    with (
        box.budget.hold("the run", [900 * MB], patience=0.0),
        pytest.raises(TooLittleMemory),
        box.budget.hold("the model", [700 * MB], patience=60.0),
    ):
        pass
    assert box.now == 0


def test_one_conversion_comes_after_the_other() -> None:
    box = Box()
    finish = elsewhere(box, 100, alone=True)
    box.on_wait[2] = finish
    assert box.way(100, alone=True) == 0
    assert box.looks == 2


def test_a_conversion_that_does_not_end_soon_has_the_next_beside_it_where_there_is_room() -> None:
    box = Box()
    finish = elsewhere(box, 1000, alone=True)
    try:
        assert box.way(400, 100, patience=60.0, alone=True) == 0
        assert box.way(800, 100, patience=60.0, alone=True) == 1
        assert box.now == 120
    finally:
        finish()


def test_where_no_way_fits_it_waits_on_until_one_does() -> None:
    box = Box()
    finish = elsewhere(box, 1000, alone=True)
    box.on_wait[90] = finish
    with box.budget.hold("a thing", [900 * MB, 600 * MB], patience=60.0, longest=300.0, alone=True) as claim:
        assert claim.way == 0
    assert box.now == 90


def test_but_no_longer_than_it_may() -> None:
    box = Box()
    finish = elsewhere(box, 1000)
    try:
        with (
            pytest.raises(TooLittleMemory, match="beside the run"),
            box.budget.hold("a thing", [900 * MB], patience=60.0, longest=300.0),
        ):
            pass
        assert box.now == 300
    finally:
        finish()


def test_a_limit_that_changes_meanwhile_counts() -> None:
    box = Box(limit=800 * MB)
    finish = elsewhere(box, 100)
    box.on_wait[2] = lambda: setattr(box, "limit", LIMIT)
    try:
        assert box.way(1000) == 0
    finally:
        finish()


def test_what_stays_when_the_work_ends_still_counts() -> None:
    box = Box()
    finish = elsewhere(box, 500)
    try:
        with box.budget.hold("the model", [400 * MB], patience=0.0) as claim:
            box.held += 300 * MB
            claim.stays = 300 * MB
        assert box.way(700) == 0
        with pytest.raises(TooLittleMemory):
            box.way(701, patience=0.0)
    finally:
        finish()


def test_whoever_waits_is_told_for_what_and_may_give_up() -> None:
    box = Box()
    finish = elsewhere(box, 900)
    said: list[str] = []

    def waiting(for_what: str) -> None:
        said.append(for_what)
        raise KeyboardInterrupt

    try:
        with (
            pytest.raises(KeyboardInterrupt),
            box.budget.hold("a thing", [1000 * MB], patience=60.0, waiting=waiting),
        ):
            pass
    finally:
        finish()
    assert said == ["the run"]
    assert box.way(1000) == 0


def test_an_error_in_the_work_gives_its_room_back() -> None:
    box = Box()
    with pytest.raises(ValueError, match="broken"), box.budget.hold("a thing", [1000 * MB], patience=0.0):
        raise ValueError("broken")
    assert box.way(1500) == 0
