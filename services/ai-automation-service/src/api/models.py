"""The models: what is here, load and unload one, and watch their downloads."""

from __future__ import annotations

from concurrent.futures import wait as wait_for
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from src.api.download_events import RETRY_SECONDS, DownloadEvents
from src.api.media_types import preferred
from src.api.model_loads import ModelLoads
from src.api.model_schemas import DOWNLOAD_EXAMPLE, MODEL_EXAMPLE, DownloadOut, LoadStarted, ModelOut
from src.api.problems import documented, problem_response, stopping_problem
from src.api.services import Services, UsesLanes, UsesServices
from src.api.stopping import Stopping
from src.errors import ModelInUse, UnknownModel

router = APIRouter(tags=["models"])

EVENTS = "/models/downloads"
# How long one look at a load may hold a thread. Between two looks a waiting request notices that its client has left.
_LOOK_SECONDS = 1.0

ModelName = Annotated[
    str,
    Path(
        description="Name of a model, as `GET /models` lists it, or the role it serves.",
        max_length=100,
        examples=["reranker"],
    ),
]


# Coroutines, because a plain function here would take a thread of the pool for each request.
async def _loads(request: Request) -> ModelLoads:
    loads = request.app.state.loads
    assert isinstance(loads, ModelLoads)
    return loads


async def _events(request: Request) -> DownloadEvents:
    events = request.app.state.download_events
    assert isinstance(events, DownloadEvents)
    return events


async def _stopping(request: Request) -> Stopping:
    stopping = request.app.state.stopping
    assert isinstance(stopping, Stopping)
    return stopping


@router.get(
    "/models",
    summary="Tell of the models",
    response_description="By name.",
    responses=documented(),
    openapi_extra={"responses": {"200": {"content": {"application/json": {"example": {"embedding": MODEL_EXAMPLE}}}}}},
)
def models(services: UsesServices) -> dict[str, ModelOut]:
    """State, source, precision, revision, size, load time, memory, parity, last use and last error. Loads nothing."""
    return models_of(services)


@router.post(
    "/models/{name}/load",
    summary="Load a model",
    response_model=ModelOut,
    responses={
        200: {"model": ModelOut, "description": "It is loaded."},
        202: {
            "model": LoadStarted,
            "description": "The load has begun.",
            "headers": {"Location": {"description": "Where to watch it.", "schema": {"type": "string"}}},
        },
        **documented(
            "cross_site", "unknown_model", "invalid_request", "model_unavailable", "model_corrupt", "stopping"
        ),
    },
)
async def load_model(
    http: Request,
    services: UsesServices,
    lanes: UsesLanes,
    loads: Annotated[ModelLoads, Depends(_loads)],
    stopping: Annotated[Stopping, Depends(_stopping)],
    name: ModelName,
    wait: Annotated[bool, Query(description="Answer when it is loaded; otherwise at once, with 202.")] = True,
) -> ModelOut | Response:
    """Loads a model, fetching and preparing it first when it is not here, which may take minutes.

    Nothing happens to a model that is loaded. If the caller hangs up, the load goes on. A model that cannot be had
    answers 503 with every source that was tried and why it failed.
    """
    name = await to_thread.run_sync(_found, services, name)
    load = loads.begin(name)
    while wait and not load.done():
        await to_thread.run_sync(partial(wait_for, [load], _LOOK_SECONDS), limiter=lanes.waiting)
        if stopping:
            return stopping_problem(http.url.path)
        wait = not await http.is_disconnected()
    if not wait:
        started = LoadStarted(name=name, state="loading", events=EVENTS)
        return JSONResponse(started.model_dump(), 202, headers={"Location": EVENTS})
    load.result()
    return await to_thread.run_sync(_told, services, name)


@router.post(
    "/models/{name}/unload",
    summary="Unload a model",
    responses=documented("cross_site", "unknown_model", "model_in_use", "invalid_request"),
)
def unload_model(services: UsesServices, name: ModelName) -> ModelOut:
    """Gives a model's memory back. Its files stay, and the next use loads it again.

    Nothing happens to a model that is not loaded. One that is in use is waited for a few seconds, then refused.
    """
    name = _found(services, name)
    if services.models.unload(name) == "in_use":
        raise ModelInUse(name)
    return _told(services, name)


@router.get(
    EVENTS,
    summary="Watch the downloads",
    response_model=list[DownloadOut],
    response_description="Where each model's preparation is, in the order of the last change.",
    responses=documented("too_many_watchers"),
    openapi_extra={
        "responses": {
            "200": {
                "content": {
                    "application/json": {"example": [DOWNLOAD_EXAMPLE]},
                    "text/event-stream": {"schema": {"type": "string"}},
                }
            }
        }
    },
)
async def downloads(
    http: Request,
    services: UsesServices,
    events: Annotated[DownloadEvents, Depends(_events)],
) -> list[DownloadOut] | Response:
    """Server-sent events (`download`, with the same fields), or with `Accept: application/json` the latest states.

    The stream begins with the latest state of each model and goes on until the watcher leaves or the service stops.
    What another process prepares shows as `waiting` once this one wants the same model.
    """
    board = services.models.downloads
    if preferred(http.headers.get("accept", "*/*"), "text/event-stream", "application/json") == "application/json":
        return [DownloadOut.of(download) for download in board.latest()]
    stream = events.open(board, http.headers.get("last-event-id"))
    if stream is not None:
        return stream
    return problem_response(
        "too_many_watchers",
        "As many as the service allows are watching the downloads already.",
        instance=http.url.path,
        remedy="Ask with Accept: application/json from time to time instead.",
        headers={"Retry-After": str(round(RETRY_SECONDS))},
    )


def models_of(services: Services) -> dict[str, ModelOut]:
    """Every model by name; loads nothing."""
    return {name: ModelOut.model_validate(told) for name, told in services.models.get_model_info().items()}


def _found(services: Services, name: str) -> str:
    """The name itself, or, when there is none of that name, that of the model which serves the role of that name.

    Raises:
        UnknownModel: neither a name nor a role.
    """
    known = services.models.get_model_info()
    serving = (other for other, told in known.items() if told["role"] == name)
    found = name if name in known else next(serving, None)
    if found is None:
        raise UnknownModel(name, list(known))
    return found


def _told(services: Services, name: str) -> ModelOut:
    return models_of(services)[name]
