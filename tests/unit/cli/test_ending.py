"""The process is left in time after a signal, and only then."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from threading import Event, Thread

import pytest

from src.commands.ending import Ending

PATIENCE = 30.0  # s


@pytest.fixture
def ignored() -> Iterator[None]:
    """A signal that does nothing to this process; the system still tells of it."""
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGUSR1)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_what_ends_by_itself_is_not_left() -> None:
    left = Event()
    with Ending(last=0, linger=0, leave=left.set).watched():
        pass
    assert not left.is_set()
    assert "ending" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.usefixtures("ignored")
def test_another_signal_is_no_word_to_end() -> None:
    left = Event()
    with Ending(last=0, linger=0, leave=left.set).watched():
        os.kill(os.getpid(), signal.SIGUSR1)
    assert not left.is_set()


@pytest.mark.usefixtures("ignored")
def test_what_hangs_after_a_signal_is_left_and_named(caplog: pytest.LogCaptureFixture) -> None:
    left, never = Event(), Event()
    hanging = Thread(target=never.wait, name="hanging")
    hanging.start()
    with Ending(last=0, linger=PATIENCE, leave=left.set).watched():
        os.kill(os.getpid(), signal.SIGTERM)
        assert left.wait(PATIENCE)
    (told,) = [record for record in caplog.records if record.msg == "left_open"]
    assert "hanging" in vars(told)["threads"]
    never.set()
    hanging.join()


@pytest.mark.usefixtures("ignored")
def test_what_was_closed_in_order_is_left_when_threads_keep_it() -> None:
    left = Event()
    asked = Ending(last=PATIENCE, linger=0, leave=left.set)
    with asked.watched():
        os.kill(os.getpid(), signal.SIGTERM)
        assert asked._asked.wait(PATIENCE)
        assert not left.is_set()
    assert left.wait(PATIENCE)


def test_outside_the_main_thread_there_is_nothing_to_watch() -> None:
    names: list[str] = []

    def serve() -> None:
        with Ending().watched():
            names.extend(thread.name for thread in threading.enumerate())

    thread = Thread(target=serve)
    thread.start()
    thread.join()
    assert "ending" not in names
