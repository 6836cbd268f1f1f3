"""Runs and detect requests as they cross HTTP. Instants are ISO 8601 here and µs UTC inside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from src.api.pattern_schemas import PATTERN_EXAMPLE, KindName, RequestModel, ShortlistOut
from src.domain.patterns import Json
from src.domain.runs import Run, RunState, RunTrigger
from src.domain.whys import Why
from src.jobs.runner import RunProgress

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

RUN_EXAMPLE: Json = {
    "id": "r_8a1f6c02d94be753",
    "state": "succeeded",
    "trigger": "nightly",
    "night": "2026-10-17",
    "resumes": None,
    "stage": "publish",
    "created_at": "2026-10-17T01:00:00Z",
    "finished_at": "2026-10-17T01:00:42.180000Z",
    "request": {"top_k": 10},
    "inputs": {"time_zone": "Europe/Berlin", "warnings": []},
    "versions": {"service": "0.1.0"},
    "counts": {"events": 48210, "found": 23},
    "timings": {"mine": 6.2, "embed": 0.4},
    "left_out": {"automation": 812},
    "error": None,
}


WHY_EXAMPLE: Json = {
    "entity_id": "light.hall",
    "reason": "could_be_chance",
    "kind": "time_of_day",
    "sentence": "The hall light: a time of day held 6 of 7 times, but chance would give as much somewhere in a home"
    " like this (q 0.0714, at most 0.05 is shown).",
    "detail": {"reached": 0.0714, "needed": 0.05, "hits": 6, "opportunities": 7},
}


def instant(utc: int) -> datetime:
    """An instant of µs UTC."""
    return _EPOCH + timedelta(microseconds=utc)


class DetectIn(RequestModel):
    """What to mine. Every field may be left out, and so may the body."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {},
                {"interest": "save energy", "top_k": 5, "wait": True},
                {
                    "history": "/config/home-assistant_v2.db",
                    "start": "2026-08-01",
                    "end": "2026-10-01T00:00:00+02:00",
                    "time_zone": "Europe/Berlin",
                    "kinds": ["time_of_day"],
                },
            ]
        },
    )

    history: str | None = Field(
        None,
        min_length=1,
        max_length=4096,
        pattern="^[^\x00]+$",
        description="Path of a history to import first, on the service's machine; left out: mine what was imported, or"
        " read what is set if nothing was.",
    )
    entities: str | None = Field(
        None,
        min_length=1,
        max_length=4096,
        pattern="^[^\x00]+$",
        description="CSV of entity metadata that goes with `history`.",
    )
    start: str | None = Field(
        None, max_length=64, description="ISO 8601: mine from then on. Without an offset: on the home's clock."
    )
    end: str | None = Field(None, max_length=64, description="ISO 8601: mine what was before. As `start`.")
    time_zone: str | None = Field(None, max_length=255, description="IANA name; overrides the history's own zone.")
    kinds: list[KindName] | None = Field(None, min_length=1, description="Which kinds to look for. Left out: all.")
    interest: str | None = Field(
        None,
        min_length=1,
        max_length=500,
        description="Name of a standing interest, or a question. Left out: every standing interest.",
    )
    top_k: int = Field(10, ge=1, le=100, strict=True, description="Length of each shortlist.")
    wait: bool = Field(False, strict=True, description="Answer when the run has ended, with its shortlists.")


class RunError(BaseModel):
    """Why a run failed."""

    code: str
    message: str
    remedy: str = ""


class RunOut(BaseModel):
    """The record of one run."""

    model_config = ConfigDict(json_schema_extra={"examples": [RUN_EXAMPLE]})

    id: str
    state: RunState
    trigger: RunTrigger = Field(description="Who asked for it.")
    night: str | None = Field(description="The local date a nightly run stands for.")
    resumes: str | None = Field(
        description="Id of the first run of this request, which was interrupted and is done again here."
    )
    stage: str = Field(description="The stage it is in, or ended in.")
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    request: dict[str, JsonValue] = Field(description="What was asked for.")
    inputs: dict[str, JsonValue] = Field(description="What was read: source, span, events, entities, zone, seed.")
    versions: dict[str, JsonValue] = Field(description="Of the service, its libraries and each model.")
    counts: dict[str, int] = Field(description="Events, candidates tested, patterns found, ...")
    timings: dict[str, float] = Field(description="Seconds by stage.")
    left_out: dict[str, int] = Field(description="How much was not used, by reason.")
    error: RunError | None = Field(description="Why it failed; null unless it did.")

    @classmethod
    def of(cls, run: Run) -> RunOut:
        return cls.model_validate(_fields(run))


class ProgressOut(BaseModel):
    """How far a run under way is."""

    stage: str
    done: float
    total: float = Field(description="0: not known.")
    unit: str

    @classmethod
    def of(cls, progress: RunProgress) -> ProgressOut:
        return cls(stage=progress.stage, done=progress.done, total=progress.total, unit=progress.unit)


class RunDetail(RunOut):
    """A run with how far it is, or what it found."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                RUN_EXAMPLE
                | {
                    "resumed_by": None,
                    "progress": None,
                    "shortlists": [{"interest": "save energy", "patterns": [PATTERN_EXAMPLE]}],
                }
            ]
        }
    )

    resumed_by: str | None = Field(
        description="Id of the last run that does again what this one was interrupted in; null when there is none."
    )
    progress: ProgressOut | None = Field(description="Null when it has ended, or runs in another process.")
    shortlists: list[ShortlistOut] = Field(description="One for each interest, once it has succeeded.")

    @classmethod
    def with_results(
        cls, run: Run, progress: RunProgress | None, shortlists: list[ShortlistOut], resumed_by: Run | None
    ) -> RunDetail:
        shown = None if progress is None else ProgressOut.of(progress)
        further = None if resumed_by is None else resumed_by.id
        return cls.model_validate(_fields(run) | {"resumed_by": further, "progress": shown, "shortlists": shortlists})


class RunPage(BaseModel):
    """Some runs, newest first, and what the home's people ask first: when was the last, when is the next."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "runs": [RUN_EXAMPLE],
                    "next": None,
                    "latest_success": RUN_EXAMPLE,
                    "next_nightly": "2026-10-18T03:00:00+02:00",
                }
            ]
        }
    )

    runs: list[RunOut]
    next: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")
    latest_success: RunOut | None = Field(description="The run whose patterns are shown now.")
    next_nightly: AwareDatetime | None = Field(description="When the nightly run is due, with the home's offset.")


class RunQuery(RequestModel):
    """Which runs to list."""

    limit: int = Field(20, ge=1, le=500, description="How many at most.")
    cursor: str | None = Field(None, max_length=1000, description="`next` of the page before.")


class Started(BaseModel):
    """A run that was begun or joined."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "run": RUN_EXAMPLE | {"state": "running", "trigger": "api", "night": None, "finished_at": None},
                    "joined": False,
                }
            ]
        }
    )

    run: RunOut
    joined: bool = Field(description="The same was asked before and had not ended: this is that run.")


class Finished(Started):
    """A run that was waited for, with what it found."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "run": RUN_EXAMPLE | {"trigger": "api", "night": None},
                    "joined": False,
                    "patterns": 23,
                    "shortlists": [{"interest": "save energy", "patterns": [PATTERN_EXAMPLE]}],
                }
            ]
        }
    )

    patterns: int = Field(description="How many patterns the run found.")
    shortlists: list[ShortlistOut] = Field(description="One for each interest.")


def _fields(run: Run) -> Json:
    return {
        "id": run.id,
        "state": run.state,
        "trigger": run.trigger,
        "night": run.night,
        "resumes": run.resumes,
        "stage": run.stage,
        "created_at": instant(run.created_at),
        "finished_at": None if run.finished_at is None else instant(run.finished_at),
        "request": run.request,
        "inputs": run.inputs,
        "versions": run.versions,
        "counts": run.counts,
        "timings": run.timings,
        "left_out": run.left_out,
        "error": run.error,
    }


class WhyOut(BaseModel):
    """Why nothing is suggested for one entity, or for the home."""

    entity_id: str | None = Field(description="Whom it is about; null for the home as a whole.")
    reason: str = Field(description="Stable code.", examples=["could_be_chance"])
    kind: KindName | None = Field(description="The kind of routine that came closest, if one did.")
    sentence: str = Field(description="The reason in words.")
    detail: dict[str, JsonValue] = Field(description="The numbers behind the reason.")

    @classmethod
    def of(cls, why: Why) -> WhyOut:
        """The schema of a reason."""
        return cls(
            entity_id=why.entity_id,
            reason=why.reason,
            kind=None if why.kind is None else why.kind.value,
            sentence=why.sentence,
            detail=why.detail,
        )


class WhyPage(BaseModel):
    """The reasons of one run."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"run": RUN_EXAMPLE["id"], "whys": [WHY_EXAMPLE]}]})

    run: str = Field(description="Id of the run.")
    whys: list[WhyOut] = Field(description="By entity id; empty for a run that is too long ago.")
