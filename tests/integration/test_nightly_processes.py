"""Several service processes on one database make one run of a night."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import cast

from src.analysis.pipeline import Pipeline
from src.domain.runs import RunState
from src.jobs.nightly import Nightly
from src.jobs.runner import Runner
from src.models.model_manager import ModelManager
from src.settings import load_settings
from src.store import Store
from tests.unit.analysis.worlds import Clockwork, CountingModels, Found, Source, at


def look_once(folder: Path) -> None:
    """The child's work: a service that looks at 3 AM, when the parent says go."""
    store = Store.open(f"sqlite:///{folder / 'home.db'}")
    clock = Clockwork()
    source = Source(folder / f"history-{os.getpid()}.csv")
    found = Found()
    found.patterns = [at("07:12:00", ("light.kitchen", "on"), id="p_lamp")]
    settings = load_settings(tz="Europe/Berlin", history="", history_entities="")
    models = cast("ModelManager", CountingModels())
    pipeline = Pipeline(store, models, settings, clock=clock, read=source.read, mine=found.mine)
    runner = Runner(store, pipeline, clock=clock)
    nightly = Nightly(runner, store, settings, clock=clock)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    nightly.look()
    nightly.close()
    runner.close()
    store.close()


def test_four_processes_that_look_at_once(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'home.db'}")
    store.events.add(Source(tmp_path / "history.csv").log(), source="history.csv")
    program = (
        "from pathlib import Path; from tests.integration.test_nightly_processes import look_once; "
        f"look_once(Path({str(tmp_path)!r}))"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        for _ in range(4)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
    for child in children:
        child.communicate(b"go\n", timeout=60)
    assert [child.returncode for child in children] == [0, 0, 0, 0]
    runs = store.runs.page().items
    assert [(run.state, run.night) for run in runs] == [(RunState.SUCCEEDED, "2026-04-01")]
    assert [pattern.id for pattern in store.patterns.all()] == ["p_lamp"]
    store.close()
