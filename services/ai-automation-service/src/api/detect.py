"""``POST /patterns/detect``: begin a run, and wait for it if asked to."""

from __future__ import annotations

from dataclasses import replace

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from src.analysis.pipeline import DetectRequest
from src.analysis.sources import standing_history
from src.api.pattern_schemas import ShortlistOut
from src.api.problems import BODY_PROBLEMS, PROBLEMS, documented, problem_response
from src.api.run_schemas import DetectIn, Finished, RunOut, Started
from src.api.services import Lanes, Services, UsesLanes, UsesServices
from src.domain.instants import read_instant
from src.domain.local_time import zone
from src.domain.patterns import Kind
from src.domain.runs import Run, RunState, RunTrigger
from src.errors import InvalidSetting, UnknownKind
from src.jobs.runner import Submitted
from src.settings import Settings

router = APIRouter(tags=["patterns"])

# How long one look at a run may hold a thread. Between two looks a waiting request notices that its client has left.
_LOOK_SECONDS = 1.0

_LOCATION = {"Location": {"description": "Where the run is.", "schema": {"type": "string"}}}


@router.post(
    "/patterns/detect",
    summary="Find the home's routines",
    status_code=202,
    response_model=Finished | Started,
    response_model_exclude_unset=True,
    responses={
        200: {"model": Finished, "description": "The run has ended.", "headers": _LOCATION},
        202: {"model": Started, "description": "The run has begun.", "headers": _LOCATION},
        **documented(
            *BODY_PROBLEMS,
            "unknown_kind",
            "unknown_time_zone",
            "invalid_setting",
            "history_not_found",
            "history_unreadable",
            "history_columns_missing",
            "history_empty",
            "no_history",
            "run_in_progress",
            "run_error",
            "run_interrupted",
            "stopping",
            "model_unavailable",
            "database_unreachable",
        ),
    },
)
async def detect(
    http: Request, response: Response, services: UsesServices, lanes: UsesLanes, body: DetectIn | None = None
) -> Started | Response:
    """Mines the history, ranks what it found for each interest and keeps the result.

    Answers at once with the run (202), or with `wait: true` when it has ended (200). Asked again for the same while
    it is under way, it joins that run; asked for something else, it is refused. The body may be left out.
    """
    asked = body or DetectIn()
    submitted = await to_thread.run_sync(_submit, services, asked)
    run = submitted.run
    if asked.wait:
        run = await _wait(http, services, lanes, run)
    location = f"/runs/{run.id}"
    response.headers["Location"] = location
    if not asked.wait or run.state is RunState.RUNNING:
        return Started(run=RunOut.of(run), joined=submitted.joined)
    if run.state is RunState.FAILED:
        return _failed(run, location)
    shortlists = await to_thread.run_sync(services.store.runs.shortlists, run.id)
    response.status_code = 200
    return Finished(
        run=RunOut.of(run),
        joined=submitted.joined,
        patterns=run.counts.get("found", 0),
        shortlists=[ShortlistOut.of(shortlist) for shortlist in shortlists],
    )


def detect_request(asked: DetectIn, home_zone: str, settings: Settings) -> DetectRequest:
    """A request in the pipeline's terms; without a source of its own it imports HISTORY, as the nightly run does.

    Args:
        home_zone: the zone of instants without an offset, unless the request names one.

    Raises:
        UnknownTimeZone, UnknownKind, InvalidSetting: names the field that cannot be used.
    """
    if asked.time_zone is not None:
        zone(asked.time_zone)
    known = [str(kind) for kind in Kind]
    for name in asked.kinds or ():
        if name not in known:
            raise UnknownKind(name, known)
    time_zone = asked.time_zone or home_zone
    start = None if asked.start is None else read_instant("start", asked.start, time_zone)
    end = None if asked.end is None else read_instant("end", asked.end, time_zone)
    if start is not None and end is not None and start >= end:
        raise InvalidSetting("end", asked.end, f"an instant after start, {asked.start}")
    return DetectRequest(
        history=asked.history or settings.history or None,
        entities=asked.entities or (None if asked.history else settings.history_entities or None),
        start=start,
        end=end,
        time_zone=asked.time_zone,
        # In the order of the enumeration, so that the same kinds in another order are the same request.
        kinds=None if asked.kinds is None else tuple(kind for kind in Kind if kind in asked.kinds),
        interest=asked.interest,
        top_k=asked.top_k,
    )


def _submit(services: Services, asked: DetectIn) -> Submitted:
    home_zone = "UTC"
    if asked.start is not None or asked.end is not None:
        home_zone = services.settings.tz or services.store.events.time_zone() or "UTC"
    request = detect_request(asked, home_zone, services.settings)
    standing = standing_history(services.settings)
    if request.history is None and standing is not None and services.store.events.span() is None:
        request = replace(request, history=standing)  # nothing was imported yet, so what is set is read first
    return services.runner.submit(request, trigger=RunTrigger.API)


async def _wait(http: Request, services: Services, lanes: Lanes, run: Run) -> Run:
    """The run once it has ended, or as it is when the client has left."""
    while True:
        run = await to_thread.run_sync(services.runner.wait, run.id, _LOOK_SECONDS, limiter=lanes.waiting)
        if run.state is not RunState.RUNNING or await http.is_disconnected():
            return run


def _failed(run: Run, location: str) -> Response:
    """A failed run that somebody waited for, as the problem that made it fail."""
    error = run.error or {}
    code = str(error.get("code", "internal"))
    return problem_response(
        code if code in PROBLEMS else "internal",
        str(error.get("message", f"Run {run.id} failed.")),
        instance=location,
        remedy=str(error.get("remedy", "")),
        about=run.id,
        headers={"Location": location},
    )
