"""One run at a time for a home, whoever asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from src.analysis.pipeline import DetectRequest, Pipeline
from src.domain.runs import RunState, RunTrigger
from src.errors import HistoryEmpty, HistoryNotFound, InvalidSetting, NoHistory, NotFound, RunError, RunInProgress
from src.jobs.lease import KeptLease
from src.jobs.runner import RUN_LEASE, Runner, RunProgress
from src.logging_setup import JsonLines
from src.observability.context import request_id
from src.store import Store
from src.store.owners import TTL, here, new_owner, retire, surely_dead, take
from tests.unit.analysis.worlds import Clockwork
from tests.unit.jobs.conftest import HeldPipeline, RunnerFactory

ALL = DetectRequest()
LAMPS = DetectRequest(interest="lamps")


def dead_process() -> int:
    """The number of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def submit(runner: Runner, request: DetectRequest = ALL) -> str:
    return runner.submit(request, trigger=RunTrigger.API).run.id


def test_a_run_goes_on_in_the_background_and_ends(runner: Runner, pipeline: HeldPipeline) -> None:
    pipeline.go.clear()
    submitted = runner.submit(LAMPS, trigger=RunTrigger.API)
    assert not submitted.joined
    assert submitted.run.state is RunState.RUNNING
    assert submitted.run.request == LAMPS.to_json()
    pipeline.began.wait(10)
    assert runner.wait(submitted.run.id, timeout=0).state is RunState.RUNNING
    assert runner.progress(submitted.run.id) == RunProgress("mine", 1, 4, "steps")
    pipeline.go.set()
    assert runner.wait(submitted.run.id).state is RunState.SUCCEEDED


def test_the_same_request_joins_and_another_is_refused(runner: Runner, pipeline: HeldPipeline) -> None:
    pipeline.go.clear()
    first = submit(runner)
    again = runner.submit(DetectRequest(), trigger=RunTrigger.CLI)
    assert again.joined
    assert again.run.id == first
    with pytest.raises(RunInProgress) as caught:
        submit(runner, LAMPS)
    assert caught.value.about == first
    pipeline.go.set()
    runner.wait(first)
    assert submit(runner, LAMPS) != first
    assert len(pipeline.requests) == 2


def test_a_request_without_a_source_joins_a_run_that_imports_first(runner: Runner, pipeline: HeldPipeline) -> None:
    pipeline.go.clear()
    first = submit(runner, DetectRequest(history="home_assistant"))
    assert runner.submit(DetectRequest(), trigger=RunTrigger.API).joined
    with pytest.raises(RunInProgress):
        submit(runner, DetectRequest(history="recorder"))
    pipeline.go.set()
    runner.wait(first)
    assert len(pipeline.requests) == 1


def test_another_process_joins_or_is_refused_too(new_runner: RunnerFactory, pipeline: HeldPipeline) -> None:
    here, there = new_runner(), new_runner()
    pipeline.go.clear()
    first = submit(here)
    joined = there.submit(ALL, trigger=RunTrigger.API)
    assert joined.joined
    assert joined.run.id == first
    with pytest.raises(RunInProgress):
        submit(there, LAMPS)
    assert there.progress(first) is None
    assert there.wait(first, timeout=0).state is RunState.RUNNING
    pipeline.go.set()
    assert there.wait(first).state is RunState.SUCCEEDED
    here.wait(first)
    assert len(pipeline.requests) == 1
    assert not there.submit(ALL, trigger=RunTrigger.API).joined


def test_a_run_that_fails_frees_the_home(runner: Runner, pipeline: HeldPipeline) -> None:
    pipeline.error = HistoryEmpty("history.csv", {})
    run = runner.wait(submit(runner))
    assert run.state is RunState.FAILED
    assert (run.error or {})["code"] == "history_empty"
    pipeline.error = RuntimeError("unforeseen")
    assert (runner.wait(submit(runner)).error or {})["code"] == "internal"
    pipeline.error = None
    assert runner.wait(submit(runner)).state is RunState.SUCCEEDED


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (DetectRequest(history="/nowhere/history.csv"), HistoryNotFound),
        (DetectRequest(top_k=0), InvalidSetting),
    ],
)
def test_what_can_be_seen_at_once_makes_no_run(
    runner: Runner, store: Store, request_: DetectRequest, error: type[Exception]
) -> None:
    with pytest.raises(error):
        submit(runner, request_)
    assert store.runs.page().items == ()


def test_a_home_without_history_makes_no_run(empty_store: Store, clock: Clockwork) -> None:
    runner = Runner(empty_store, cast("Pipeline", None), clock=clock)
    with pytest.raises(NoHistory):
        submit(runner)
    assert empty_store.runs.page().items == ()


def test_a_run_nobody_knows_is_not_found(runner: Runner) -> None:
    with pytest.raises(NotFound):
        runner.wait("r_ffffffffffffffff")
    assert runner.progress("r_ffffffffffffffff") is None


def abandoned(store: Store, clock: Clockwork, owner: str | None) -> str:
    """A run left by an owner that still has the lease, or by one whose lease is gone."""
    if owner is not None:
        assert store.leases.acquire(RUN_LEASE, owner, now=clock(), ttl=TTL)
    return store.runs.start(trigger=RunTrigger.NIGHTLY, request=ALL.to_json(), now=clock(), night="2026-04-01").id


@pytest.mark.parametrize("who", ["nobody", "a dead process of this host", "this process before its restart"])
def test_a_run_whose_process_is_gone_is_failed_at_start(
    store: Store, clock: Clockwork, new_runner: RunnerFactory, who: str
) -> None:
    host = here()
    owner = {
        "nobody": None,
        "a dead process of this host": f"{host}:{dead_process()}:0a",
        "this process before its restart": f"{host}:{os.getpid()}:0a",
    }[who]
    left = abandoned(store, clock, owner)
    (failed,) = new_runner().recover()
    assert failed.id == left
    assert failed.state is RunState.FAILED
    assert (failed.error or {})["code"] == "run_interrupted"
    assert new_runner().recover() == []


def test_a_run_of_another_host_is_left_alone_until_its_lease_runs_out(
    store: Store, clock: Clockwork, runner: Runner
) -> None:
    left = abandoned(store, clock, "elsewhere:17:0a")
    assert runner.recover() == []
    with pytest.raises(RunInProgress):
        submit(runner, LAMPS)
    clock.forward(seconds=61)
    fresh = submit(runner, LAMPS)
    assert store.runs.get(left).state is RunState.FAILED
    assert runner.wait(fresh).state is RunState.SUCCEEDED


def test_waiting_for_a_run_whose_process_dies_comes_to_an_end(store: Store, clock: Clockwork, runner: Runner) -> None:
    left = abandoned(store, clock, f"{here()}:{dead_process()}:0a")
    assert runner.wait(left).state is RunState.FAILED


def test_a_run_of_this_process_is_never_recovered(
    runner: Runner, new_runner: RunnerFactory, pipeline: HeldPipeline
) -> None:
    pipeline.go.clear()
    run = submit(runner)
    assert runner.recover() == []
    assert new_runner().recover() == []
    pipeline.go.set()
    assert runner.wait(run).state is RunState.SUCCEEDED


def test_a_lease_without_a_run_is_no_riddle(
    store: Store, clock: Clockwork, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.jobs.runner._HANDOVER", 0.0)
    store.leases.acquire(RUN_LEASE, "elsewhere:17:0a", now=clock(), ttl=TTL)
    with pytest.raises(RunError, match="within a minute"):
        submit(runner)


def test_closing_marks_what_is_not_done_as_interrupted(
    runner: Runner, new_runner: RunnerFactory, pipeline: HeldPipeline, store: Store
) -> None:
    pipeline.go.clear()
    run = submit(runner)
    runner.close(timeout=0)
    ended = store.runs.get(run)
    assert ended.state is RunState.FAILED
    assert (ended.error or {})["code"] == "run_interrupted"
    with pytest.raises(RunError):
        submit(runner)
    # What the thread still does comes too late, and another process may begin at once.
    pipeline.go.set()
    other = new_runner()
    assert other.wait(submit(other)).state is RunState.SUCCEEDED
    assert store.runs.get(run).state is RunState.FAILED


def test_the_line_of_a_run_that_was_cut_off_names_who_asked_for_it(
    runner: Runner, pipeline: HeldPipeline, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline.go.clear()
    caplog.handler.setFormatter(JsonLines())
    token = request_id.set("asked-1")
    try:
        run = submit(runner)
    finally:
        request_id.reset(token)
    runner.close(timeout=0)
    pipeline.go.set()
    (line,) = (json.loads(line) for line in caplog.text.splitlines() if '"run_interrupted"' in line)
    assert (line["run_id"], line["request_id"]) == (run, "asked-1")


def test_closing_waits_for_a_run_that_is_nearly_done(runner: Runner, store: Store) -> None:
    run = submit(runner)
    runner.close(timeout=10)
    assert store.runs.get(run).state is RunState.SUCCEEDED


def test_who_is_dead_is_only_said_of_this_hosts_processes() -> None:
    host = here()
    alive = new_owner()
    assert not surely_dead(alive)
    retire(alive)
    assert surely_dead(alive)
    assert surely_dead(f"{host}:{dead_process()}:0a")
    assert not surely_dead(f"{host}:{os.getppid()}:0a")
    assert not surely_dead("elsewhere:1:0a")
    assert not surely_dead("no owner at all")
    assert not surely_dead(f"{host}:{10**30}:0a")


def test_a_history_is_checked_where_it_is(runner: Runner, tmp_path: Path) -> None:
    file = tmp_path / "home.csv"
    file.write_text("timestamp,entity_id,state\n")
    assert runner.wait(submit(runner, DetectRequest(history=str(file)))).state is RunState.SUCCEEDED


def test_a_lease_lasts_while_it_is_kept_and_no_longer(
    store: Store, clock: Clockwork, caplog: pytest.LogCaptureFixture
) -> None:
    assert take(store, RUN_LEASE, "here:1:0a", now=clock())
    kept = KeptLease(store, RUN_LEASE, "here:1:0a", clock=clock)
    clock.forward(seconds=50)
    assert kept.renew()
    clock.forward(seconds=50)
    assert not take(store, RUN_LEASE, "there:1:0a", now=clock())
    clock.forward(seconds=11)
    assert take(store, RUN_LEASE, "there:1:0a", now=clock())
    assert not kept.renew()
    assert "lease_lost" in caplog.text
    kept.give_back()
    kept.give_back()
    assert store.leases.holder(RUN_LEASE, now=clock()) == "there:1:0a"
