"""A store with some history, and a pipeline whose runs end when the test says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import cast

import pytest

from src.analysis.pipeline import DetectRequest, Pipeline, failure
from src.domain.progress import Progress, silent
from src.domain.runs import Run, RunResult
from src.errors import ServiceError
from src.jobs.runner import Runner
from src.store import Store
from tests.unit.analysis.worlds import Clockwork, Source

RunnerFactory = Callable[[], Runner]


class HeldPipeline:
    """Publishes nothing but a success, once it is let go; or fails with ``error``."""

    def __init__(self, store: Store, clock: Clockwork) -> None:
        self.store = store
        self.clock = clock
        self.go = Event()
        self.go.set()
        self.began = Event()
        self.error: ServiceError | Exception | None = None
        self.requests: list[DetectRequest] = []

    def run(
        self, run: Run, request: DetectRequest, *, progress: Progress = silent, stopping: Event | None = None
    ) -> Run:
        self.requests.append(request)
        progress("mine", 1, 4, "steps")
        self.began.set()
        assert self.go.wait(30)
        if self.error is not None:
            self.store.runs.fail(run.id, failure(run.id, self.error), now=self.clock())
            raise self.error
        return self.store.runs.publish(run.id, RunResult((), (), {}, {}, {}, {}, {}), now=self.clock())


@pytest.fixture
def clock() -> Clockwork:
    return Clockwork()


@pytest.fixture
def empty_store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path / 'home.db'}")
    yield store
    store.close()


@pytest.fixture
def store(empty_store: Store, tmp_path: Path) -> Store:
    empty_store.events.add(Source(tmp_path / "history.csv").log(), source="history.csv")
    return empty_store


@pytest.fixture
def pipeline(store: Store, clock: Clockwork) -> Iterator[HeldPipeline]:
    held = HeldPipeline(store, clock)
    yield held
    held.go.set()


@pytest.fixture
def new_runner(store: Store, pipeline: HeldPipeline, clock: Clockwork) -> Iterator[RunnerFactory]:
    """Runners over one store, as several processes would have them."""
    runners: list[Runner] = []

    def make() -> Runner:
        runners.append(Runner(store, cast("Pipeline", pipeline), clock=clock))
        return runners[-1]

    yield make
    pipeline.go.set()
    for runner in runners:
        runner.close(timeout=5)


@pytest.fixture
def runner(new_runner: RunnerFactory) -> Runner:
    return new_runner()
