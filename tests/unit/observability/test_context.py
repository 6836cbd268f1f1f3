"""A thread goes on for whom it was begun for."""

from __future__ import annotations

from threading import Thread

from src.observability.context import hand_over, in_run, request_id, run_id


def told_by_a_thread(*, handed_over: bool) -> list[tuple[str | None, str | None]]:
    told: list[tuple[str | None, str | None]] = []

    def work() -> None:
        told.append((request_id.get(), run_id.get()))

    thread = Thread(target=hand_over(work) if handed_over else work)
    thread.start()
    thread.join()
    return told


def test_a_thread_knows_the_request_and_the_run_that_it_was_handed() -> None:
    token = request_id.set("asked")
    try:
        with in_run("r_1"):
            assert told_by_a_thread(handed_over=True) == [("asked", "r_1")]
            assert told_by_a_thread(handed_over=False) == [(None, None)]
    finally:
        request_id.reset(token)


def test_work_is_handed_over_with_its_arguments() -> None:
    told: list[int] = []
    hand_over(lambda first, second: told.extend((first, second)), 1, 2)()
    assert told == [1, 2]


def test_after_a_run_nothing_belongs_to_it() -> None:
    with in_run("r_1"), in_run("r_2"):
        assert run_id.get() == "r_2"
    assert run_id.get() is None
