"""Runs: what was done, when, and how far the one under way is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from src.api.pattern_schemas import ShortlistOut
from src.api.problems import documented
from src.api.run_schemas import RunDetail, RunOut, RunPage, RunQuery, WhyOut, WhyPage
from src.api.services import UsesServices
from src.domain.runs import RunState
from src.errors import NotFound

router = APIRouter(tags=["runs"])

RunId = Annotated[str, Path(description="Id of a run.", max_length=100, examples=["r_8a1f6c02d94be753"])]


@router.get(
    "/runs",
    summary="List runs",
    responses=documented("invalid_request", "invalid_setting", "database_unreachable"),
)
def list_runs(services: UsesServices, query: Annotated[RunQuery, Query()]) -> RunPage:
    """Newest first, with the run whose patterns are shown now and the time of the next nightly run."""
    page = services.store.runs.page(limit=query.limit, cursor=query.cursor)
    latest = services.store.runs.latest_success()
    return RunPage(
        runs=[RunOut.of(run) for run in page.items],
        next=page.next,
        latest_success=None if latest is None else RunOut.of(latest),
        next_nightly=services.nightly.next_run,
    )


@router.get(
    "/runs/{run_id}",
    summary="Read one run",
    response_model_exclude_unset=True,
    responses=documented("not_found", "invalid_request", "database_unreachable"),
)
def read_run(services: UsesServices, run_id: RunId) -> RunDetail:
    """The record of a run, how far it is while it runs in this process, and what it found.

    A run that was interrupted is done again when the service is back: `resumed_by` says by which run.
    """
    run = services.store.runs.get(run_id)
    progress = services.runner.progress(run_id) if run.state is RunState.RUNNING else None
    shortlists = services.store.runs.shortlists(run_id) if run.state is RunState.SUCCEEDED else []
    resumed_by = services.store.runs.resumed_by(run) if run.state is RunState.FAILED else None
    return RunDetail.with_results(run, progress, [ShortlistOut.of(each) for each in shortlists], resumed_by)


@router.get(
    "/runs/{run_id}/whys",
    summary="Why not more?",
    responses=documented("not_found", "invalid_request", "database_unreachable"),
)
def read_whys(
    services: UsesServices,
    run_id: RunId,
    entity_id: Annotated[str | None, Query(description="Only this entity.", max_length=255)] = None,
) -> WhyPage:
    """Why a run suggested nothing for an entity: too few days, never the same time, an automation, below the bar by how
    much, or left out for what reason. The newest 30 runs know it; `latest` stands for the run whose patterns are shown.
    """
    latest = services.store.runs.latest_success() if run_id == "latest" else services.store.runs.get(run_id)
    if latest is None:
        raise NotFound("run", run_id)
    whys = services.store.runs.whys(latest.id)
    chosen = [why for why in whys if entity_id is None or why.entity_id == entity_id]
    return WhyPage(run=latest.id, whys=[WhyOut.of(why) for why in chosen])
