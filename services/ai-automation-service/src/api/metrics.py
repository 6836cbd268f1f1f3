"""``GET /metrics``: what Prometheus asks for, in its text format or as OpenMetrics."""

from __future__ import annotations

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from prometheus_client.exposition import choose_encoder

from src.api.scrape import Scraper

router = APIRouter()

# Threads of their own: those of the pool may all be waiting for the database.
_THREADS = 2


class Scraping:
    """A scraper and the threads it may use."""

    def __init__(self, scraper: Scraper) -> None:
        self.scraper = scraper
        self.lane = CapacityLimiter(_THREADS)


# Not in the description: that is of JSON for programs of the home, this is for one program with a format of its own.
@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Numbers for Prometheus. Loads no model and waits for neither a run nor a writer of the database."""
    scraping = request.app.state.scraping
    assert isinstance(scraping, Scraping)
    try:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
    except (TypeError, ValueError):  # the library takes a version that is no number for one
        encode, content_type = choose_encoder("")
    body = await to_thread.run_sync(lambda: encode(scraping.scraper), limiter=scraping.lane)
    # Bytes: with text the framework would add a charset of its own.
    return Response(body, headers={"Content-Type": content_type})
