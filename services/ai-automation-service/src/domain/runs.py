"""A run: one execution of the pipeline, as a record that can be read years later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from src.domain.corrections import Correction
from src.domain.patterns import Json, Pattern
from src.domain.whys import Why


class RunState(StrEnum):
    """``running`` becomes exactly one of the other two."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class RunTrigger(StrEnum):
    """Who asked for the run."""

    API = "api"
    CLI = "cli"
    NIGHTLY = "nightly"


@dataclass(frozen=True)
class Shortlist:
    """The top of one run for one interest, best first, reranked and classified."""

    interest: str
    patterns: tuple[Pattern, ...]

    def to_json(self) -> Json:
        return {"interest": self.interest, "patterns": [pattern.to_json() for pattern in self.patterns]}


@dataclass(frozen=True)
class Run:
    """The record of one run.

    Times are µs since the epoch, UTC. ``night`` is the local date (``YYYY-MM-DD``) a nightly run stands for;
    at most one run of a night succeeds.

    Attributes:
        resumes: id of the first run of this request, which was interrupted; None for a run that goes on with none.
        request: what was asked for, in the terms of ``POST /patterns/detect``.
        inputs: what was read: source, span, events, entities, time zone, seed.
        versions: service, python, numpy, openvino, and each model with its revision and precision.
        counts: events, candidates tested per kind, patterns found, embedded, retrieved, ...
        timings: seconds by stage.
        left_out: how many of what was not used, by reason.
        error: ``{"code", "message", "remedy"}`` of a failed run.
    """

    id: str
    state: RunState
    trigger: RunTrigger
    created_at: int
    finished_at: int | None = None
    night: str | None = None
    resumes: str | None = None
    stage: str = "queued"
    request: Json = field(default_factory=dict)
    inputs: Json = field(default_factory=dict)
    versions: Json = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    error: Json | None = None

    @property
    def whole(self) -> bool:
        """Whether it did all that a nightly run does: every kind, every interest, the whole span."""
        return all(self.request.get(name) is None for name in ("kinds", "interest", "start", "end"))


@dataclass(frozen=True)
class RunResult:
    """All that a run found, handed to the store in one piece so that it is published whole or not at all.

    Attributes:
        whole: the run looked for everything, so that what it did not find has gone; a run over a part of the history,
            of the kinds or in another zone only adds and updates.
        replaced: ids of stored patterns that one of these explains better.
        whys: why nothing is suggested for an entity, or for the home.
        corrections: of those that people set right, by id, with the sentence of what they are now.
    """

    patterns: tuple[Pattern, ...]
    shortlists: tuple[Shortlist, ...]
    inputs: Json
    versions: Json
    counts: dict[str, int]
    timings: dict[str, float]
    left_out: dict[str, int]
    whole: bool = True
    replaced: frozenset[str] = frozenset()
    whys: tuple[Why, ...] = ()
    corrections: Mapping[str, Correction] = field(default_factory=dict)
