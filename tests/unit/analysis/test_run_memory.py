"""A run asks for memory before it loads its events, and says what to do when there is none."""

from __future__ import annotations

import pytest

from src.analysis.run_memory import room_for_runs
from src.box.budget import Budget
from src.box.memory import BoxMemory
from src.errors import RunError, RunInterrupted

MB = 1_000_000


def nothing() -> None:
    """Nobody stops the run."""


def test_a_million_events_fit_beside_half_of_a_gigabyte() -> None:
    budget = Budget(lambda: BoxMemory(1000 * MB, 500 * MB))
    with room_for_runs(budget, nothing) as room:
        room(1_000_000)
    with room_for_runs(budget, nothing) as room:
        room(1_000_000)


def test_ten_million_do_not_and_the_error_says_what_helps() -> None:
    budget = Budget(lambda: BoxMemory(1000 * MB, 500 * MB))
    with (
        room_for_runs(budget, nothing) as room,
        pytest.raises(RunError, match=r"The run takes 1400 MB and 437 MB of 1000 MB are free.* RETENTION_DAYS"),
    ):
        room(10_000_000)


def test_a_run_that_waits_for_memory_can_be_stopped() -> None:
    budget = Budget(lambda: BoxMemory(1000 * MB, 500 * MB))
    budget.relieved_by(lambda: "in_use")

    def stop() -> None:
        raise RunInterrupted("run_1", "the service was stopped")

    with room_for_runs(budget, stop) as room, pytest.raises(RunInterrupted):
        room(10_000_000)
