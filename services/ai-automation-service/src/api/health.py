"""Whether the process lives, and whether it can do its job."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from src import __version__
from src.api.model_schemas import MODEL_EXAMPLE, ModelOut
from src.api.models import models_of
from src.api.pattern_schemas import MadeByOut
from src.api.problems import documented, problem_response
from src.api.run_schemas import instant
from src.api.services import UsesServices
from src.box.disk import LEAST_FREE, free_bytes
from src.errors import StoreError
from src.jobs.live import LiveState, LiveStatus

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok", "version": __version__}]})

    status: Literal["ok"]
    version: str


class DatabaseCheck(BaseModel):
    """Whether the database was read and written just now."""

    ok: bool
    detail: str | None = Field(None, description="Why not.")


class DiskCheck(BaseModel):
    """Free space of a folder the service writes to."""

    ok: bool
    path: str
    free_bytes: int
    needed_bytes: int


class LastInference(BaseModel):
    """What made the patterns that are shown now: the last real work of the models."""

    run: str
    at: AwareDatetime
    made_by: MadeByOut


class ListeningOut(BaseModel):
    """How listening to Home Assistant goes."""

    state: LiveState = Field(description="`standby` while another process listens, `refused` when the token is.")
    since: AwareDatetime | None = Field(description="When that state began.")
    last_event: AwareDatetime | None = Field(description="The newest event that this process kept.")
    last_error: str | None = Field(description="What went wrong last and what to do; null while all is well.")
    events: int = Field(description="Events that this process kept.")

    @classmethod
    def of(cls, status: LiveStatus) -> ListeningOut:
        """The response model of a status."""
        return cls(
            state=status.state,
            since=instant(status.since) if status.since else None,
            last_event=None if status.last_event is None else instant(status.last_event),
            last_error=status.last_error,
            events=status.events,
        )


class Ready(BaseModel):
    """What was checked. Models are told of, not tried: they are loaded by their first use."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "ready",
                    "version": __version__,
                    "database": {"ok": True, "detail": None},
                    "disk": {
                        "data": {"ok": True, "path": "data", "free_bytes": 10**10, "needed_bytes": LEAST_FREE},
                        "models": {"ok": True, "path": "models", "free_bytes": 10**10, "needed_bytes": LEAST_FREE},
                    },
                    "models": {"embedding": MODEL_EXAMPLE},
                    "last_inference": {
                        "run": "r_8a1f6c02d94be753",
                        "at": "2026-10-17T01:00:42Z",
                        "made_by": {
                            "embedding": "all-MiniLM-L6-v2 int8",
                            "reranker": None,
                            "classifier": "linear head",
                        },
                    },
                    "next_nightly": "2026-10-18T03:00:00+02:00",
                    "home_assistant": {
                        "state": "listening",
                        "since": "2026-10-17T01:00:02Z",
                        "last_event": "2026-10-17T09:12:44Z",
                        "last_error": None,
                        "events": 48_211,
                    },
                }
            ]
        }
    )

    status: Literal["ready", "not ready"]
    version: str
    database: DatabaseCheck
    disk: dict[str, DiskCheck] = Field(description="By what is kept there: `data`, `models`.")
    models: dict[str, ModelOut] = Field(description="By name, as `GET /models` tells them.")
    last_inference: LastInference | None = Field(
        description="The last run that succeeded and which model or fallback made each part of it."
    )
    next_nightly: AwareDatetime | None = Field(description="When the nightly run is due.")
    home_assistant: ListeningOut | None = Field(description="Null where nothing listens to a Home Assistant.")


@router.get(
    "/health",
    summary="Is the process alive?",
    responses=documented(),
)
async def health() -> Alive:
    """Always quick: it touches neither the database nor a model. For restarts by a supervisor."""
    return Alive(status="ok", version=__version__)


@router.get(
    "/health/ready",
    summary="Can the service do its job?",
    response_model=Ready,
    responses=documented("not_ready"),
)
def ready(request: Request, services: UsesServices) -> Ready | JSONResponse:
    """Reads and writes the database and looks at the free disk space.

    Either failing answers 503, with the same findings under `checks`. A model that was not used yet is said to be
    so. The absence of one is no failure: the next best method serves, and every result names it.
    """
    settings = services.settings
    database = _database(services)
    disk = {"data": _disk(settings.data_dir), "models": _disk(settings.models_dir)}
    failed = [] if database.ok else [f"the database cannot be used ({database.detail})"]
    failed += [
        f"{check.path} has {check.free_bytes // 1024**2} MB free and needs {check.needed_bytes // 1024**2} MB"
        for check in disk.values()
        if not check.ok
    ]
    found = Ready(
        status="not ready" if failed else "ready",
        version=__version__,
        database=database,
        disk=disk,
        models=models_of(services),
        last_inference=_last_inference(services) if database.ok else None,
        next_nightly=services.nightly.next_run,
        home_assistant=None if services.live is None else ListeningOut.of(services.live.status()),
    )
    if not failed:
        return found
    detail = "; ".join(failed)
    return problem_response(
        "not_ready",
        detail[0].upper() + detail[1:] + ".",
        instance=request.url.path,
        remedy="Check DATABASE_URL, and free or enlarge the volumes of DATA_DIR and MODELS_DIR.",
        checks=found.model_dump(mode="json"),
    )


def _database(services: UsesServices) -> DatabaseCheck:
    try:
        services.store.check()
    except StoreError as error:
        return DatabaseCheck(ok=False, detail=error.message)
    return DatabaseCheck(ok=True)


def _last_inference(services: UsesServices) -> LastInference | None:
    run = services.store.runs.latest_success()
    if run is None:
        return None
    made_by = {role: run.versions.get(role) for role in MadeByOut.model_fields}
    return LastInference(run=run.id, at=instant(run.finished_at or run.created_at), made_by=MadeByOut(**made_by))


def _disk(folder: Path) -> DiskCheck:
    free = free_bytes(folder)
    return DiskCheck(ok=free >= LEAST_FREE, path=str(folder), free_bytes=free, needed_bytes=LEAST_FREE)
