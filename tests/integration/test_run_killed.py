"""A process that is killed in the middle of a run leaves the results before it, and the next process goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from src.analysis.pipeline import DetectRequest, Pipeline
from src.analysis.stages import STAGES
from src.domain.patterns import Pattern
from src.domain.runs import RunState, RunTrigger
from src.jobs.runner import Runner
from src.models.model_manager import ModelManager
from src.settings import load_settings
from src.store import Store
from tests.unit.analysis.worlds import Clockwork, CountingModels, Found, Source, after, at

BEFORE = [at("07:12:00", ("light.kitchen", "on"), id="p_lamp")]
THEN = [*BEFORE, after(("binary_sensor.front_door", "on"), ("light.hall", "on"), id="p_door")]


def runner_over(folder: Path, store: Store, patterns: list[Pattern]) -> Runner:
    found = Found()
    found.patterns = patterns
    source = Source(folder / "history.csv")
    clock = Clockwork()
    settings = load_settings(tz="", history="")
    models = cast("ModelManager", CountingModels())
    pipeline = Pipeline(store, models, settings, clock=clock, read=source.read, mine=found.mine)
    return Runner(store, pipeline, clock=clock)


def hang_in(folder: Path, stage: str) -> None:
    """The child's work: a run that never leaves one stage."""
    store = Store.open(f"sqlite:///{folder / 'home.db'}")
    note = store.runs.stage

    def stop_there(run_id: str, name: str) -> None:
        note(run_id, name)
        if name == stage:
            sys.stdout.write("there\n")
            sys.stdout.flush()
            signal.sigwait({signal.SIGUSR1})

    store.runs.stage = stop_there  # type: ignore[assignment,method-assign]
    runner = runner_over(folder, store, THEN)
    runner.wait(runner.submit(DetectRequest(history=str(folder / "history.csv")), trigger=RunTrigger.API).run.id)


@pytest.mark.parametrize("stage", STAGES)
def test_killed_in_any_stage(tmp_path: Path, stage: str) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'home.db'}")
    first = runner_over(tmp_path, store, BEFORE)
    request = DetectRequest(history=str(tmp_path / "history.csv"))
    first.wait(first.submit(request, trigger=RunTrigger.API).run.id)
    first.close()
    results = store.patterns.all()
    assert [pattern.id for pattern in results] == ["p_lamp"]

    program = (
        "from pathlib import Path; from tests.integration.test_run_killed import hang_in; "
        f"hang_in(Path({str(tmp_path)!r}), {stage!r})"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"there\n"
        child.send_signal(signal.SIGKILL)

    (left,) = store.runs.running()
    assert left.stage == stage
    assert store.patterns.all() == results

    following = runner_over(tmp_path, store, THEN)
    (ended,) = following.recover()
    assert ended.id == left.id
    assert (ended.error or {})["code"] == "run_interrupted"
    run = following.wait(following.submit(request, trigger=RunTrigger.API).run.id)
    assert run.state is RunState.SUCCEEDED
    assert {pattern.id for pattern in store.patterns.all()} == {"p_lamp", "p_door"}
    assert store.events.count() == 30
    following.close()
    store.close()
