"""Many parts, one bounded time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from threading import Barrier, Event

import pytest

from src.api.closing import Closing
from src.errors import StoreError


@pytest.fixture
def never() -> Iterator[Event]:
    """Not set before the end of the test."""
    event = Event()
    yield event
    event.set()


def test_parts_are_closed_at_once() -> None:
    both = Barrier(2)
    closed: list[int] = []
    Closing(60).together(dict.fromkeys(("one", "other"), lambda: closed.append(both.wait(30))), 60)
    assert sorted(closed) == [0, 1]


def test_one_that_hangs_holds_up_nobody_and_is_named(never: Event, caplog: pytest.LogCaptureFixture) -> None:
    closed: list[str] = []
    Closing(60).together({"runner": never.wait, "live": lambda: closed.append("live")}, 0.05)
    assert closed == ["live"]
    (told,) = [record for record in caplog.records if record.msg == "not_closed_in_time"]
    assert vars(told)["parts"] == ["runner"]


def test_the_whole_time_counts_for_all_that_comes_after(never: Event) -> None:
    closed: list[str] = []
    now = [0.0]
    closing = Closing(10, lambda: now[0])

    def take_long() -> None:
        now[0] = 10.0

    closing.together({"runner": take_long}, 60)
    closing.together({"announcements": never.wait}, 60)
    now[0] = 5.0
    closing.together({"store": lambda: closed.append("store")}, 60)
    assert closed == ["store"]


@pytest.mark.parametrize("error", [StoreError("It is full.", "Free some."), ValueError("odd")])
def test_what_fails_is_logged_and_holds_up_nobody(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    closed: list[str] = []

    def fail() -> None:
        raise error

    closing = Closing(60)
    closing.together({"runner": fail}, 60)
    closing.together({"store": lambda: closed.append("store")}, 60)
    assert closed == ["store"]
    (told,) = [record for record in caplog.records if record.msg == "not_closed"]
    assert vars(told)["part"] == "runner"
