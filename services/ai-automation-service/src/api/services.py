"""What the endpoints work with: everything that is opened once and lives as long as the process."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request

from src.analysis.answering import Answers
from src.analysis.pipeline import Clock, Pipeline
from src.domain.instants import instant_now
from src.jobs.nightly import Nightly
from src.jobs.runner import Runner
from src.models.model_manager import ModelManager, get_model_manager
from src.settings import Settings, get_settings
from src.store import Store

WAITING_THREADS = 4
SEARCHING_THREADS = 2


@dataclass(frozen=True)
class Services:
    """The open parts of the process. Models are named here but not loaded."""

    settings: Settings
    store: Store
    models: ModelManager
    answers: Answers
    pipeline: Pipeline
    runner: Runner
    nightly: Nightly
    clock: Clock

    def start(self) -> None:
        """Tidy up after a process that died, then keep the nightly schedule."""
        self.runner.recover()
        self.nightly.start()

    def close(self) -> None:
        """No new work, then an end to the work, then the models, then the database."""
        # Backwards, and each whatever became of those before it.
        with ExitStack() as stack:
            stack.callback(self.store.close)
            stack.callback(self.models.close)
            stack.callback(self.runner.close, timeout=5.0)
            stack.callback(self.nightly.close)


def open_services(settings: Settings, clock: Clock = instant_now) -> Services:
    """Open the database, migrate it, and put the parts together.

    Raises:
        CatalogInvalid: before anything is opened.
        DatabaseUnreachable, DatabaseTooNew.
    """
    models = get_model_manager() if settings is get_settings() else ModelManager(settings)
    store = Store.open(settings.store_url)
    pipeline = Pipeline(store, models, settings, clock=clock)
    runner = Runner(store, pipeline, settings, clock=clock)
    nightly = Nightly(runner, store, settings, clock=clock)
    return Services(settings, store, models, Answers(store, clock), pipeline, runner, nightly, clock)


@dataclass(frozen=True)
class Lanes:
    """Threads for requests that may take long, apart from the pool of the quick ones.

    A request beyond these waits on the event loop for its turn and holds no thread.
    """

    waiting: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(WAITING_THREADS))
    searching: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(SEARCHING_THREADS))


# Coroutines, because a plain function here would take a thread of the pool for each request.
async def _services(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


async def _lanes(request: Request) -> Lanes:
    lanes = request.app.state.lanes
    assert isinstance(lanes, Lanes)
    return lanes


UsesServices = Annotated[Services, Depends(_services)]
UsesLanes = Annotated[Lanes, Depends(_lanes)]
