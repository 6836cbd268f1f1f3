"""What was asked for and interrupted is done again: once, and not for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import cast

import pytest

from src.analysis.pipeline import DetectRequest, Pipeline, failure
from src.domain.local_time import DAY
from src.domain.patterns import Json, Kind
from src.domain.runs import Run, RunResult, RunState, RunTrigger
from src.errors import RunInterrupted
from src.jobs.nightly import Nightly
from src.jobs.resuming import Resuming, interrupted
from src.jobs.runner import RUN_LEASE, Runner
from src.settings import load_settings
from src.store import Store
from src.store.owners import TTL
from tests.unit.analysis.worlds import Clockwork
from tests.unit.jobs.conftest import HeldPipeline, RunnerFactory

ALL = DetectRequest()
LAMPS = DetectRequest(interest="lamps", kinds=(Kind.TIME_OF_DAY,), start=1_760_000_000_000_000)

NewResuming = Callable[[Runner], Resuming]


@pytest.fixture
def new_resuming(store: Store, clock: Clockwork) -> Iterator[NewResuming]:
    made: list[Resuming] = []

    def make(runner: Runner) -> Resuming:
        made.append(Resuming(runner, store, clock=clock))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def resuming(new_resuming: NewResuming, runner: Runner) -> Resuming:
    return new_resuming(runner)


def stopped(
    store: Store,
    clock: Clockwork,
    request: DetectRequest = ALL,
    *,
    trigger: RunTrigger = RunTrigger.API,
    resumes: str | None = None,
) -> Run:
    """A run that was interrupted now."""
    run = store.runs.start(trigger=trigger, request=request.to_json(), now=clock(), resumes=resumes)
    return store.runs.fail(run.id, failure(run.id, RunInterrupted(run.id, "the service was stopped")), now=clock())


def done(store: Store, clock: Clockwork, request: DetectRequest) -> Run:
    run = store.runs.start(trigger=RunTrigger.API, request=request.to_json(), now=clock())
    return store.runs.publish(run.id, RunResult((), (), {}, {}, {}, {}, {}), now=clock())


def test_an_interrupted_run_is_done_again_and_each_names_the_other(
    resuming: Resuming, store: Store, clock: Clockwork, pipeline: HeldPipeline
) -> None:
    left = stopped(store, clock, LAMPS)
    (again,) = resuming.look()
    assert (again.state, again.trigger, again.request) == (RunState.SUCCEEDED, RunTrigger.API, left.request)
    assert again.resumes == left.id
    assert store.runs.resumed_by(left) == again
    assert store.runs.resumed_by(again) is None
    assert pipeline.requests == [LAMPS]
    assert resuming.look() == []


def test_a_run_whose_process_died_is_done_again(
    resuming: Resuming, store: Store, clock: Clockwork, pipeline: HeldPipeline
) -> None:
    left = store.runs.start(trigger=RunTrigger.API, request=ALL.to_json(), now=clock())
    (again,) = resuming.look()
    assert again.resumes == left.id
    assert store.runs.get(left.id).state is RunState.FAILED


def test_a_run_that_died_on_another_host_is_done_again_when_its_lease_has_run_out(
    resuming: Resuming, store: Store, clock: Clockwork
) -> None:
    left = store.runs.start(trigger=RunTrigger.API, request=ALL.to_json(), now=clock())
    store.leases.acquire(RUN_LEASE, "elsewhere:1:x", now=clock(), ttl=TTL)
    assert resuming.look() == []
    clock.now += 2 * TTL
    assert [run.resumes for run in resuming.look()] == [left.id]


def test_several_are_done_in_the_order_in_which_they_were_asked_for(
    resuming: Resuming, store: Store, clock: Clockwork, pipeline: HeldPipeline
) -> None:
    lamps = stopped(store, clock, LAMPS)
    everything = stopped(store, clock, ALL)
    assert [run.resumes for run in resuming.look()] == [lamps.id, everything.id]
    assert pipeline.requests == [LAMPS, ALL]


def test_a_request_is_resumed_twice_and_then_told_why_not(
    resuming: Resuming, store: Store, clock: Clockwork, pipeline: HeldPipeline
) -> None:
    first = stopped(store, clock)
    pipeline.error = RunInterrupted("r", "its process is gone")
    ended = resuming.look()
    assert [run.resumes for run in ended] == [first.id, first.id]
    assert len(pipeline.requests) == 2
    last = store.runs.resumed_by(first)
    assert last is not None
    assert last.id == ended[-1].id
    error = last.error or {}
    assert error["code"] == "run_interrupted"
    assert "begun 3 times" in error["message"]
    assert "memory" in error["remedy"]
    assert "shorter span" in error["remedy"]
    assert resuming.look() == []
    pipeline.error = None
    stopped(store, clock)  # somebody asked again, so it counts anew
    (again,) = resuming.look()
    assert again.state is RunState.SUCCEEDED


def test_a_later_whole_run_answers_it(resuming: Resuming, store: Store, clock: Clockwork) -> None:
    stopped(store, clock, LAMPS)
    done(store, clock, ALL)
    assert resuming.look() == []


def test_a_later_run_of_the_same_request_answers_it_and_another_does_not(
    resuming: Resuming, store: Store, clock: Clockwork
) -> None:
    stopped(store, clock, LAMPS)
    everything = stopped(store, clock, ALL)
    done(store, clock, LAMPS)
    assert [run.resumes for run in resuming.look()] == [everything.id]


def test_one_that_is_older_than_a_day_is_left(resuming: Resuming, store: Store, clock: Clockwork) -> None:
    stopped(store, clock)
    clock.now += DAY + 1
    assert resuming.look() == []


@pytest.mark.parametrize("trigger", [RunTrigger.CLI, RunTrigger.NIGHTLY])
def test_only_what_the_api_was_asked_for(
    resuming: Resuming, store: Store, clock: Clockwork, trigger: RunTrigger
) -> None:
    stopped(store, clock, trigger=trigger)
    assert resuming.look() == []


def test_a_run_that_failed_by_itself_is_not_done_again(
    resuming: Resuming, runner: Runner, pipeline: HeldPipeline
) -> None:
    pipeline.error = ValueError("odd")
    failed = runner.wait(runner.submit(ALL, trigger=RunTrigger.API).run.id)
    assert (failed.error or {})["code"] == "internal"
    assert resuming.look() == []


def test_a_history_that_is_gone_is_told_and_ends_it(
    resuming: Resuming, store: Store, clock: Clockwork, tmp_path: Path, pipeline: HeldPipeline
) -> None:
    left = stopped(store, clock, DetectRequest(history=str(tmp_path / "gone.csv")))
    (refused,) = resuming.look()
    assert (refused.state, refused.resumes) == (RunState.FAILED, left.id)
    assert (refused.error or {})["code"] == "history_not_found"
    assert pipeline.requests == []
    assert resuming.look() == []


def test_a_kind_of_another_version_is_told_and_ends_it(resuming: Resuming, store: Store, clock: Clockwork) -> None:
    run = store.runs.start(trigger=RunTrigger.API, request=ALL.to_json() | {"kinds": ["of_tomorrow"]}, now=clock())
    (refused,) = resuming.look()
    assert (refused.resumes, (refused.error or {})["code"]) == (run.id, "unknown_kind")


@pytest.mark.parametrize("made_up", [{"start": "x"}, {"history": 5}, {"kinds": 7}, {"top_k": "many"}])
def test_a_request_that_is_none_is_told_and_ends_it(
    made_up: Json, resuming: Resuming, store: Store, clock: Clockwork
) -> None:
    run = store.runs.start(trigger=RunTrigger.API, request=ALL.to_json() | made_up, now=clock())
    (refused,) = resuming.look()
    assert (refused.resumes, (refused.error or {})["code"]) == (run.id, "invalid_setting")


def test_a_home_without_history_is_told_and_ends_it(clock: Clockwork) -> None:
    store = Store.open("sqlite://")
    runner = Runner(store, cast("Pipeline", HeldPipeline(store, clock)), clock=clock)
    resuming = Resuming(runner, store, clock=clock)
    left = stopped(store, clock)
    (refused,) = resuming.look()
    assert (refused.resumes, (refused.error or {})["code"]) == (left.id, "no_history")
    resuming.close()
    runner.close()
    store.close()


def test_what_is_under_way_is_waited_for(
    resuming: Resuming, runner: Runner, store: Store, clock: Clockwork, pipeline: HeldPipeline
) -> None:
    left = stopped(store, clock, LAMPS)
    pipeline.go.clear()
    other = runner.submit(DetectRequest(interest="heating"), trigger=RunTrigger.API).run
    ended: list[Run] = []
    looking = Thread(target=lambda: ended.extend(resuming.look()))
    looking.start()
    pipeline.began.wait(10)
    assert store.runs.resumed_by(left) is None
    pipeline.go.set()
    looking.join(30)
    assert store.runs.get(other.id).state is RunState.SUCCEEDED
    assert [run.resumes for run in ended] == [left.id]


def test_another_process_that_resumes_leaves_nothing_to_do(
    new_runner: RunnerFactory,
    new_resuming: NewResuming,
    store: Store,
    clock: Clockwork,
    pipeline: HeldPipeline,
) -> None:
    stopped(store, clock)
    pipeline.go.clear()
    here, there = new_resuming(new_runner()), new_resuming(new_runner())
    looking = Thread(target=here.look)
    looking.start()
    assert pipeline.began.wait(10)
    assert there.look() == []
    pipeline.go.set()
    looking.join(30)
    assert there.look() == []
    assert len(pipeline.requests) == 1


def test_a_night_that_is_due_is_made_up_for_by_what_is_resumed_first(
    resuming: Resuming, runner: Runner, store: Store, clock: Clockwork, pipeline: HeldPipeline
) -> None:
    settings = load_settings(tz="Europe/Berlin", history="", history_entities="")
    nightly = Nightly(runner, store, settings, clock=clock, first=resuming.look)
    left = stopped(store, clock)
    assert nightly.wanted() is not None
    assert nightly.look() is None
    nightly.close()
    assert [run.resumes for run in store.runs.since(0)] == [None, left.id]
    assert len(pipeline.requests) == 1


def test_it_ends_with_the_service_and_leaves_the_rest_to_the_next(
    resuming: Resuming, runner: Runner, store: Store, clock: Clockwork, pipeline: HeldPipeline
) -> None:
    stopped(store, clock)
    pipeline.go.clear()
    resuming.start()
    assert pipeline.began.wait(10)
    resuming.stop()
    runner.stop()
    resuming.close(timeout=30)
    runner.close(timeout=0)
    (left,) = interrupted(store.runs.since(0))
    assert left.begun == 2
    pipeline.go.set()


def test_a_request_is_read_back_as_it_was_written() -> None:
    for request in (ALL, LAMPS, DetectRequest(history="h.csv", entities="e.csv", end=1_760_000_000_000_001, top_k=3)):
        assert DetectRequest.from_json(request.to_json()) == request
