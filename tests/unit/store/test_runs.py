"""Run records: what is written comes back, and a run ends once."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import create_engine, text

from src.domain.runs import Run, RunState, RunTrigger, Shortlist
from src.errors import NotFound, RunInterrupted, StoreError
from src.store import Store
from tests.unit.store.worlds import NOW, SECOND, pattern, result

ERROR = {"code": "no_history", "message": "There is nothing.", "remedy": "Import something."}


def start(store: Store, night: str | None = None, now: int = NOW) -> Run:
    trigger = RunTrigger.API if night is None else RunTrigger.NIGHTLY
    return store.runs.start(trigger=trigger, request={"top_k": 10, "history": "/\udcff"}, now=now, night=night)


def test_a_run_from_start_to_success(store: Store) -> None:
    begun = start(store, night="2025-10-18")
    assert re.fullmatch("r_[0-9a-f]{16}", begun.id)
    assert begun == Run(
        id=begun.id,
        state=RunState.RUNNING,
        trigger=RunTrigger.NIGHTLY,
        created_at=NOW,
        night="2025-10-18",
        request={"top_k": 10, "history": "/\udcff"},
    )
    assert store.runs.running() == [begun] == [store.runs.get(begun.id)]

    store.runs.stage(begun.id, "mine")
    assert store.runs.get(begun.id).stage == "mine"

    shortlists = (Shortlist("save energy", (pattern(2), pattern(1))), Shortlist("safer nights", ()))
    found = result(pattern(1), pattern(2), shortlists=shortlists)
    ended = store.runs.publish(begun.id, found, now=NOW + SECOND)

    assert ended == store.runs.get(begun.id) == store.runs.latest_success()
    assert (ended.state, ended.finished_at, ended.stage) == (RunState.SUCCEEDED, NOW + SECOND, "mine")
    assert (ended.inputs, ended.versions, ended.counts) == (found.inputs, found.versions, found.counts)
    assert (ended.timings, ended.left_out, ended.error) == (found.timings, found.left_out, None)
    assert store.runs.shortlists(begun.id) == list(shortlists)
    assert store.runs.running() == []


def test_a_run_that_fails_leaves_what_was_published(store: Store) -> None:
    good = store.runs.publish(start(store).id, result(pattern(1)), now=NOW)
    bad = store.runs.fail(start(store).id, ERROR, now=NOW + SECOND)

    assert (bad.state, bad.error, bad.finished_at) == (RunState.FAILED, ERROR, NOW + SECOND)
    assert store.runs.latest_success() == good
    assert store.patterns.all() == [pattern(1)]


def test_a_run_ends_once(store: Store) -> None:
    failed = store.runs.fail(start(store).id, ERROR, now=NOW + 1)
    succeeded = store.runs.publish(start(store).id, result(pattern(1)), now=NOW + 2)

    assert store.runs.fail(failed.id, {"code": "other"}, now=NOW + 9) == failed
    assert store.runs.fail(succeeded.id, ERROR, now=NOW + 9) == succeeded
    for ended in (failed, succeeded):
        with pytest.raises(RunInterrupted, match=ended.id):
            store.runs.publish(ended.id, result(pattern(2)), now=NOW + 9)
        store.runs.stage(ended.id, "publish")
        assert store.runs.get(ended.id) == ended
    assert store.patterns.all() == [pattern(1)]


def test_runs_that_are_not_there(store: Store) -> None:
    with pytest.raises(NotFound, match="r_0"):
        store.runs.get("r_0")
    with pytest.raises(NotFound, match="r_0"):
        store.runs.fail("r_0", ERROR, now=NOW)
    with pytest.raises(NotFound, match="r_0"):
        store.runs.publish("r_0", result(), now=NOW)
    assert store.runs.shortlists("r_0") == []
    assert store.runs.latest_success() is None
    assert store.runs.succeeded_night("2025-10-18") is None


def test_a_night_succeeds_once(store: Store) -> None:
    first, second = start(store, "2025-10-18"), start(store, "2025-10-18")
    by_hand = start(store)
    store.runs.publish(first.id, result(pattern(1)), now=NOW)

    with pytest.raises(RunInterrupted, match="2025-10-18"):
        store.runs.publish(second.id, result(pattern(2)), now=NOW + 1)

    assert store.patterns.all() == [pattern(1)]
    assert store.runs.get(second.id).state is RunState.RUNNING
    found = store.runs.succeeded_night("2025-10-18")
    assert found is not None
    assert found.id == first.id
    assert store.runs.succeeded_night("2025-10-19") is None
    for other in (by_hand, start(store, "2025-10-19")):
        assert store.runs.publish(other.id, result(pattern(1)), now=NOW + 2).state is RunState.SUCCEEDED


def test_a_failed_night_may_be_done_again(store: Store) -> None:
    store.runs.fail(start(store, "2025-10-18").id, ERROR, now=NOW)
    again = store.runs.publish(start(store, "2025-10-18").id, result(), now=NOW)
    assert store.runs.succeeded_night("2025-10-18") == again


def test_publishing_is_whole_or_not_at_all(store: Store) -> None:
    store.runs.publish(start(store).id, result(pattern(1)), now=NOW)
    begun = start(store)
    not_json = Shortlist("odd", (pattern(2, conditions=({"lift": float("nan")},)),))

    with pytest.raises(StoreError):
        store.runs.publish(begun.id, result(pattern(2), shortlists=[not_json]), now=NOW)

    assert store.runs.get(begun.id) == begun
    assert store.patterns.all() == [pattern(1)]
    assert store.runs.shortlists(begun.id) == []


def test_newest_first_also_within_one_microsecond(store: Store) -> None:
    begun = [start(store) for _ in range(5)]
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = store.runs.page(limit=2, cursor=cursor)
        seen += [run.id for run in page.items]
        cursor = page.next
        start(store)  # a run that begins while somebody pages
    assert cursor is None
    assert seen == [run.id for run in reversed(begun)]
    assert [run.id for run in store.runs.running()][:5] == [run.id for run in begun]


def test_the_latest_success_is_the_last_that_published(store: Store) -> None:
    slow, quick = start(store), start(store)
    store.runs.publish(quick.id, result(), now=NOW + 1)
    store.runs.publish(slow.id, result(), now=NOW + 2)
    latest = store.runs.latest_success()
    assert latest is not None
    assert latest.id == slow.id


def test_the_database_itself_refuses_a_second_success_of_a_night(url: str, store: Store) -> None:
    """Another version of the service, or a person with a database shell, cannot break it either."""
    store.runs.publish(start(store, "2025-10-18").id, result(), now=NOW)
    start(store, "2025-10-18")
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with pytest.raises(Exception, match=r"(?i)unique"), engine.begin() as connection:
        connection.execute(text("UPDATE run SET state = 'succeeded' WHERE state = 'running'"))
    engine.dispose()
