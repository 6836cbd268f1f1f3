"""Patterns as automations of the home: look at one, deploy it, take it back, see how it stands.

No body says which Home Assistant is meant: it is the one of the settings.
"""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Body

from src.api.automation_schemas import DeployIn, PreviewOut, RollbackIn, StatusList, StatusOut
from src.api.patterns import PatternId
from src.api.problems import BODY_PROBLEMS, documented
from src.api.services import Services, UsesLanes, UsesServices

router = APIRouter(tags=["automations"])

_NO_CHANGE = ("automation_changed", "automation_busy")
_NO_HOME = (
    "home_assistant_not_set",
    "home_assistant_unreachable",
    "home_assistant_refused",
    "home_assistant_failed",
)


@router.post(
    "/patterns/{pattern_id}/automation",
    summary="Look at a pattern's automation",
    response_model_exclude_unset=True,
    responses=documented(
        "cross_site",
        "body_too_large",
        "not_json",
        "not_found",
        "invalid_request",
        "not_automatable",
        "database_unreachable",
    ),
)
async def preview_automation(services: UsesServices, lanes: UsesLanes, pattern_id: PatternId) -> PreviewOut:
    """The automation as it would be written, what speaks against it and what has to be confirmed. Writes nothing."""

    def preview() -> PreviewOut:
        return PreviewOut.of(services.deployments.preview(pattern_id))

    return await to_thread.run_sync(preview, limiter=lanes.waiting)


@router.post(
    "/patterns/{pattern_id}/deploy",
    summary="Deploy a pattern as an automation",
    responses=documented(
        *BODY_PROBLEMS,
        "not_found",
        "not_automatable",
        "automation_refused",
        *_NO_CHANGE,
        *_NO_HOME,
        "database_unreachable",
    ),
)
async def deploy_pattern(
    services: UsesServices,
    lanes: UsesLanes,
    pattern_id: PatternId,
    body: Annotated[DeployIn | None, Body(description="How; may be left out.")] = None,
) -> StatusOut:
    """Writes it to Home Assistant, switched off unless asked for otherwise, and marks the pattern accepted.

    The same again changes nothing. `automation_refused` lists what speaks against it in `reasons`.
    """
    asked = body or DeployIn()

    def deploy() -> StatusOut:
        status = services.deployments.deploy(pattern_id, enabled=asked.enabled, confirm=asked.confirm)
        return StatusOut.of(status, _zone(services))

    return await to_thread.run_sync(deploy, limiter=lanes.waiting)


@router.post(
    "/patterns/{pattern_id}/rollback",
    summary="Take a pattern's automation back",
    responses=documented(*BODY_PROBLEMS, "not_found", "not_deployed", *_NO_CHANGE, *_NO_HOME, "database_unreachable"),
)
async def roll_back(
    services: UsesServices,
    lanes: UsesLanes,
    pattern_id: PatternId,
    body: Annotated[RollbackIn | None, Body(description="How far; may be left out.")] = None,
) -> StatusOut:
    """Puts back the form that the present one replaced; if it replaced none, or `outright`, deletes the automation."""
    asked = body or RollbackIn()

    def back() -> StatusOut:
        return StatusOut.of(services.deployments.rollback(pattern_id, outright=asked.outright), _zone(services))

    return await to_thread.run_sync(back, limiter=lanes.waiting)


@router.get(
    "/patterns/{pattern_id}/status",
    summary="See how a pattern's automation stands",
    responses=documented("not_found", "invalid_request", "database_unreachable"),
)
async def read_status(services: UsesServices, lanes: UsesLanes, pattern_id: PatternId) -> StatusOut:
    """Asks Home Assistant. Where it does not answer, how it stood last, and a note that says so."""

    def status() -> StatusOut:
        return StatusOut.of(services.deployments.status(pattern_id), _zone(services))

    return await to_thread.run_sync(status, limiter=lanes.waiting)


@router.get(
    "/automations",
    summary="List the automations that were deployed",
    responses=documented("database_unreachable"),
)
async def list_automations(services: UsesServices, lanes: UsesLanes) -> StatusList:
    """Those that were taken back or deleted by hand, too."""

    def statuses() -> StatusList:
        zone = _zone(services)
        return StatusList(automations=[StatusOut.of(each, zone) for each in services.deployments.all()])

    return await to_thread.run_sync(statuses, limiter=lanes.waiting)


def _zone(services: Services) -> str:
    return services.settings.tz or services.store.events.time_zone() or "UTC"
