"""What the endpoints work with: everything that is opened once and lives as long as the process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request

from src.analysis.answering import Answers
from src.analysis.deploying import Deployments
from src.analysis.following_up import FollowUps
from src.analysis.home_view import client_of
from src.analysis.pipeline import Clock, Pipeline
from src.analysis.sources import check_sources
from src.api.closing import Closing
from src.box.cpus import threads
from src.box.temporary import temporary_files_below
from src.domain.instants import instant_now
from src.home_assistant.client import HomeAssistant
from src.home_assistant.description import describe_home
from src.jobs.announcements import Announcements
from src.jobs.live import Live
from src.jobs.live_connection import LiveOptions
from src.jobs.nightly import Nightly
from src.jobs.resuming import Resuming
from src.jobs.runner import Runner
from src.jobs.tending import Tending
from src.models.model_manager import ModelManager, get_model_manager
from src.observability import tracing
from src.settings import Settings, get_settings
from src.store import Store

# Seconds: all that is closed, and of them how long what waits for others may take, the run under way, the last words.
_CLOSING, _WORKING, _RUNNING, _SAYING = 4.5, 2.5, 1.5, 1.0
WAITING_THREADS = 4


def searching_threads() -> int:
    """Two where there is little to share, so that one search does not wait for another's model."""
    return max(2, threads(4))


def quick_threads() -> int:
    """For requests that answer at once: they wait for the database more than they compute."""
    return max(8, 4 * threads(10))


@dataclass(frozen=True)
class Services:
    """The open parts of the process. Models are named here but not loaded."""

    settings: Settings
    store: Store
    models: ModelManager
    answers: Answers
    runner: Runner
    nightly: Nightly
    resuming: Resuming
    announcements: Announcements
    live: Live | None
    clock: Clock
    deployments: Deployments
    tending: Tending

    def start(self) -> None:
        """Tidy up after a process that died, then keep the nightly schedule, resume, listen and announce."""
        tracing.start(self.settings.otel_exporter_otlp_endpoint, self.settings.otel_exporter_otlp_headers)
        self.runner.recover()
        self.tending.start()
        self.nightly.start()
        self.resuming.start()
        self.announcements.start()
        if self.live is not None:
            self.live.start()

    def stop(self) -> None:
        """Tell the work that the end has come, while open requests may still finish. For a signal's handler."""
        self.nightly.stop()
        self.resuming.stop()
        self.runner.stop()

    def close(self) -> None:
        """An end to the work, then the last words about it, then the database; all within one bounded time."""
        self.stop()
        closing = Closing(_CLOSING)
        work: dict[str, Callable[[], object]] = {
            "nightly": self.nightly.close,
            "resuming": self.resuming.close,
            "runner": lambda: self.runner.close(timeout=_RUNNING),
            "tending": self.tending.close,
            "models": self.models.close,
        }
        if self.live is not None:
            work["live"] = partial(self.live.close, timeout=_RUNNING)
        closing.together(work, _WORKING)
        closing.together({"announcements": lambda: self.announcements.close(timeout=_SAYING)}, _SAYING)
        closing.together({"store": self.store.close, "tracing": tracing.stop}, _CLOSING)


def open_services(settings: Settings, clock: Clock = instant_now) -> Services:
    """Open the database, migrate it, and put the parts together. Home Assistant is not called yet.

    Raises:
        CatalogInvalid, InvalidSetting: before anything is opened.
        DatabaseUnreachable, DatabaseTooNew.
    """
    temporary_files_below(settings.data_dir)
    models = get_model_manager() if settings is get_settings() else ModelManager(settings)
    check_sources(settings)
    tracing.check(settings.otel_exporter_otlp_endpoint, settings.otel_exporter_otlp_headers)
    home_assistant = client_of(settings)
    store = Store.of(settings)
    pipeline = Pipeline(
        store, models, settings, clock=clock, home_assistant=lambda: home_assistant, budget=models.budget
    )
    runner = Runner(store, pipeline, clock=clock, ended=lambda run: announcements.run_ended(run))
    resuming = Resuming(runner, store, clock=clock)
    nightly = Nightly(runner, store, settings, clock=clock, first=resuming.look)
    announcements = Announcements(settings, store, nightly, home_assistant=lambda: home_assistant)
    follow_ups = FollowUps(store, clock)
    deployments = Deployments(store, lambda: home_assistant, clock, follow_up=follow_ups.of)
    return Services(
        settings=settings,
        store=store,
        models=models,
        answers=Answers(store, clock),
        runner=runner,
        nightly=nightly,
        resuming=resuming,
        announcements=announcements,
        live=_live(settings, home_assistant, store, follow_ups, clock),
        clock=clock,
        deployments=deployments,
        tending=Tending(deployments),
    )


def _live(
    settings: Settings, ha: HomeAssistant | None, store: Store, follow_ups: FollowUps, clock: Clock
) -> Live | None:
    if ha is None or not settings.ha_live:
        return None
    options = LiveOptions(
        selection=settings.selection,
        include_users=settings.include_users,
        exclude_users=settings.exclude_users,
        time_zone=settings.tz or None,
    )
    return Live(ha, store, describe=describe_home, clock=clock, options=options, fired=follow_ups.told)


@dataclass(frozen=True)
class Lanes:
    """Threads for requests that may take long, apart from the pool of the quick ones.

    A request beyond these waits on the event loop for its turn and holds no thread.
    """

    waiting: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(WAITING_THREADS))
    searching: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(searching_threads()))


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
