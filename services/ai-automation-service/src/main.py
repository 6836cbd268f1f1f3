"""The web service: ``uvicorn src.main:create_app --factory``, or ``python -m src.cli serve``."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator

from anyio import to_thread
from fastapi import FastAPI

from src import __version__
from src.api import automations, detect, feedback, health, metrics, models, patterns, runs
from src.api.download_events import DownloadEvents
from src.api.guards import INGRESS, BodyGuard, HostGuard, is_address
from src.api.model_loads import ModelLoads
from src.api.openapi import install_openapi
from src.api.problems import install_problem_handlers
from src.api.requests import RequestContext
from src.api.scrape import Scraper
from src.api.services import Lanes, Services, open_services, quick_threads
from src.api.stopping import Stopping
from src.errors import ServiceError
from src.logging_setup import configure_logging
from src.settings import Settings, get_settings
from src.web import page

logger = logging.getLogger(__name__)


def create_app(source: Services | Settings | None = None) -> FastAPI:
    """The application.

    Its lifespan opens the store, tidies up after a process that died, keeps the nightly schedule, and closes all in
    the end. No model is loaded at start.

    Args:
        source: open parts to serve (the app closes them), settings to open them by, or None for the process's
            settings with the process's logging.
    """
    if source is None:
        source = get_settings()
        configure_logging(source.log_level, source.secrets)
    settings = source.settings if isinstance(source, Services) else source

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            services = source if isinstance(source, Services) else await to_thread.run_sync(open_services, source)
        except ServiceError as error:
            # What the server tells of this is a traceback.
            logger.error("not_started", extra={"code": error.code, "why": str(error)})
            raise
        try:
            await to_thread.run_sync(services.start)
            app.state.services = services
            app.state.lanes = Lanes()
            to_thread.current_default_thread_limiter().total_tokens = quick_threads()
            app.state.stopping = Stopping(services.stop)
            app.state.loads = ModelLoads(services.models)
            app.state.download_events = DownloadEvents(app.state.stopping)
            app.state.scraping = metrics.Scraping(Scraper(services))
            logger.info("started", extra={"version": __version__})
            with app.state.stopping.on_signals():
                yield
        finally:
            await to_thread.run_sync(services.close)
            logger.info("stopped")

    app = FastAPI(
        title="ai-automation-service",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # the framework's pages load scripts from elsewhere
        redoc_url=None,
        # The framework's own traces and logs hold paths and the words of errors, so names of entities; ours do not.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    for router in (
        detect.router,
        patterns.router,
        feedback.router,
        automations.router,
        runs.router,
        models.router,
        health.router,
        page.router,
    ):
        app.include_router(router)
    if settings.metrics:
        app.include_router(metrics.router)
    install_problem_handlers(app)
    install_openapi(app)
    app.add_middleware(BodyGuard)
    # The Supervisor gives a token to add-ons alone.
    ingress = INGRESS if settings.supervisor_token else None
    app.add_middleware(HostGuard, allowed=allowed_hosts(settings), ingress=ingress)
    app.add_middleware(RequestContext)
    return app


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """The names of ``ALLOWED_HOSTS``, and the one of ``HOST`` if it is one.

    An address in ``HOST`` is answered to anyway, and the pages of other programs on it are not ours.
    """
    names = {name.strip().lower() for name in (*settings.allowed_hosts.split(","), settings.host)}
    return frozenset(names - {""}) - ({settings.host.lower()} if is_address(settings.host) else set())
