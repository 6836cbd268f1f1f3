"""Models and their downloads as they cross HTTP: the JSON of ``ModelManager.get_model_info`` and ``Download``."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from src.domain.patterns import Json
from src.models.catalog.model_catalog import Role
from src.models.download.board import Download, Stage
from src.models.slot import State

MODEL_EXAMPLE: Json = {
    "name": "embedding",
    "role": "embedding",
    "model": "sentence-transformers/all-MiniLM-L6-v2",
    "state": "loaded",
    "source": "hub sentence-transformers/all-MiniLM-L6-v2@1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
    "revision": "1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
    "precision": "int8",
    "size_bytes": 23_400_000,
    "load_seconds": 0.4,
    "memory_bytes": 61_000_000,
    "anonymous_bytes": 38_000_000,
    "parity": {"int8": {"cosine_mean": 0.9994, "cosine_min": 0.9902, "same_neighbour": 0.978, "texts": 455}},
    "in_use": 0,
    "last_used": "2026-10-17T01:00:42Z",
    "error": None,
    "retry_at": None,
    "last_error": None,
    "licence": "Apache-2.0",
}

DOWNLOAD_EXAMPLE: Json = {
    "name": "embedding",
    "model": "sentence-transformers/all-MiniLM-L6-v2",
    "stage": "downloading",
    "source": "hub sentence-transformers/all-MiniLM-L6-v2@1110a24",
    "file": "model.safetensors",
    "bytes_done": 41_943_040,
    "bytes_total": 91_335_000,
    "bytes_per_second": 5_200_000.0,
    "seconds_left": 9.5,
    "attempt": 1,
    "message": None,
}


class LastErrorOut(BaseModel):
    """Something that went wrong with a model."""

    at: AwareDatetime
    message: str


class ModelOut(BaseModel):
    """One model. Null is what is not known, as before it was ever here."""

    model_config = ConfigDict(json_schema_extra={"examples": [MODEL_EXAMPLE]})

    name: str = Field(description="Short, and unlike any other's.")
    role: Role = Field(description="What it is for.")
    model: str = Field(description="Its id on the hub.")
    state: State = Field(
        description="`not_loaded` is no promise that it would; `unloaded`: it was, and the next use loads it again."
    )
    source: str | None = Field(description="What it was made from: a hub's repository and commit, or a package.")
    revision: str | None = Field(description="Commit of its files on the hub.")
    precision: str = Field(
        description="`int8`, `int8_weights` (what flows between the weights stays exact), `fp16` or `fp32`: what"
        " serves, which may be safer than what QUANTIZATION asks for; before its files are here, what is asked for."
    )
    size_bytes: int | None = Field(description="Of its files in MODELS_DIR.")
    load_seconds: float | None = Field(description="What the last load took, fetching included.")
    memory_bytes: int | None = Field(description="By which the process grew when it was loaded.")
    anonymous_bytes: int | None = Field(description="Of it what is no page of a file.")
    parity: dict[str, JsonValue] | None = Field(
        description="How near its answers are to those of the unrounded weights, as measured when it was made."
    )
    in_use: int = Field(description="How many use it at this moment.")
    last_used: AwareDatetime | None = Field(description="When it last answered.")
    error: str | None = Field(description="Why the last load failed.")
    retry_at: AwareDatetime | None = Field(description="From when on the next use tries a failed load again.")
    last_error: LastErrorOut | None = Field(description="The last thing that went wrong, long past or not.")
    licence: str = Field(description="SPDX name.")


class DownloadOut(BaseModel):
    """How far the preparation of one model is."""

    model_config = ConfigDict(json_schema_extra={"examples": [DOWNLOAD_EXAMPLE]})

    name: str = Field(description="Name of the model.")
    model: str = Field(description="Its id on the hub.")
    stage: Stage = Field(
        description="`waiting` for another process that prepares it, or for memory; `done` and `failed` are the last."
    )
    source: str = Field(description="What it is fetched from; empty before the first is tried.")
    file: str | None = Field(description="The file that is being fetched or checked.")
    bytes_done: int = Field(description="Of all files of the source together.")
    bytes_total: int | None = Field(description="Null while it is not known.")
    bytes_per_second: float | None = Field(description="Over the last seconds.")
    seconds_left: float | None = Field(description="Of the download, at that rate.")
    attempt: int = Field(description="At this file, from 1.")
    message: str | None = Field(description="Why it failed, or what is waited for.")

    @classmethod
    def of(cls, download: Download) -> DownloadOut:
        return cls.model_validate(download.to_json())


class LoadStarted(BaseModel):
    """A load has begun, or had begun before."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "reranker", "state": "loading", "events": "/models/downloads"}]}
    )

    name: str
    state: Literal["loading"]
    events: str = Field(description="Where its progress can be watched; `GET /models` tells how it ended.")
