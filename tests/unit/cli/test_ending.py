"""The process is left in time after a signal, and only then."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from threading import Thread

from src.commands.ending import Ending
from tests.unit.test_house import SERVICE

LEFT = 7  # the exit code of a process that was left

# The signals are this process's own affair, so each test has one.
PROGRAM = """
import logging, os, signal, sys, threading
from src.commands.ending import Ending

logging.basicConfig(format="%(message)s %(threads)s", level=logging.WARNING)
for number in (signal.SIGTERM, signal.SIGUSR1):
    signal.signal(number, lambda *_: None)  # it does nothing to the process; the system still tells of it

def left():
    os._exit({left})

def ending(last=60.0, linger=60.0):
    return Ending(last=last, linger=linger, leave=left)

def send(number):
    os.kill(os.getpid(), number)

never = threading.Event()
"""


def end_of(what: str) -> subprocess.CompletedProcess[str]:
    """A process that does it, when it has ended."""
    program = PROGRAM.replace("{left}", str(LEFT)) + textwrap.dedent(what)
    return subprocess.run(
        [sys.executable, "-c", program], cwd=SERVICE, capture_output=True, text=True, timeout=50, check=False
    )


def test_what_ends_by_itself_is_not_left() -> None:
    ended = end_of("""
        with ending(last=0, linger=0).watched():
            pass
        print([thread.name for thread in threading.enumerate()])
    """)
    assert (ended.returncode, ended.stdout) == (0, "['MainThread']\n")


def test_another_signal_is_no_word_to_end() -> None:
    ended = end_of("""
        with ending(last=0, linger=0).watched():
            send(signal.SIGUSR1)
        print("closed")
    """)
    assert (ended.returncode, ended.stdout) == (0, "closed\n")


def test_what_hangs_after_a_signal_is_left_and_named() -> None:
    ended = end_of("""
        threading.Thread(target=never.wait, name="hanging").start()
        with ending(last=0).watched():
            send(signal.SIGTERM)
            never.wait()
    """)
    assert ended.returncode == LEFT
    assert ended.stderr == "left_open ['MainThread', 'hanging']\n"


def test_what_was_closed_in_order_is_left_when_threads_keep_it() -> None:
    ended = end_of("""
        threading.Thread(target=never.wait, name="hanging").start()
        with ending(linger=0).watched():
            send(signal.SIGTERM)
            print("closing", flush=True)
    """)
    assert (ended.returncode, ended.stdout) == (LEFT, "closing\n")


def test_what_was_closed_in_order_does_not_wait_for_the_interpreter() -> None:
    """It calls exit handlers and takes modules apart, when a thread of ours can do nothing about it any more."""
    ended = end_of("""
        import atexit, time

        class Slow:
            def __del__(self):
                time.sleep(600)

        kept = Slow()
        atexit.register(print, "registered before, so it would come after")
        with ending().watched():
            atexit.register(print, "registered meanwhile", flush=True)
            send(signal.SIGTERM)
            never.wait(2)  # the thread that watches has heard of it
        print("closed", flush=True)
    """)
    assert (ended.returncode, ended.stdout) == (LEFT, "closed\nregistered meanwhile\n")


def test_who_was_not_asked_to_end_is_not_left_at_the_exit() -> None:
    ended = end_of("""
        import atexit

        atexit.register(print, "the last word")
        with ending(last=0, linger=0).watched():
            pass
    """)
    assert (ended.returncode, ended.stdout) == (0, "the last word\n")


def test_outside_the_main_thread_there_is_nothing_to_watch() -> None:
    names: list[str] = []

    def serve() -> None:
        with Ending().watched():
            names.extend(thread.name for thread in threading.enumerate())

    thread = Thread(target=serve)
    thread.start()
    thread.join()
    assert "ending" not in names
