"""A pattern: one routine that was found, with its evidence, and its one JSON form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from src.domain.triggers import (
    WEEKDAYS,
    DayTypeTrigger,
    HeldTrigger,
    Json,
    MissedTrigger,
    NumericTrigger,
    PresenceTrigger,
    RateTrigger,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
    TogetherTrigger,
    Trigger,
    trigger_from_json,
)

__all__ = [
    "WEEKDAYS",
    "Action",
    "DayTypeTrigger",
    "Evidence",
    "HeldTrigger",
    "Holdout",
    "Json",
    "Kind",
    "MadeBy",
    "MissedTrigger",
    "NumericTrigger",
    "Pattern",
    "PresenceTrigger",
    "RateTrigger",
    "Scores",
    "StateTrigger",
    "Status",
    "SunTrigger",
    "TimeTrigger",
    "TogetherTrigger",
    "Trigger",
    "trigger_from_json",
]


class Kind(StrEnum):
    """What sort of routine; each is mined by a plug-in of its own in ``mining/kinds``."""

    TIME_OF_DAY = "time_of_day"
    DAY_TYPE = "day_type"
    SOLAR = "solar"
    SEASONAL = "seasonal"
    CO_OCCURRENCE = "co_occurrence"
    PRESENCE = "presence"
    THRESHOLD = "threshold"
    SEQUENCE = "sequence"
    SCENE = "scene"
    DURATION = "duration"
    FREQUENCY = "frequency"
    ANOMALY = "anomaly"


class Status(StrEnum):
    """Where a pattern stands with its people."""

    NEW = "new"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SNOOZED = "snoozed"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Action:
    """An entity taking a state.

    Attributes:
        after_seconds: of a step of a sequence, median time since the step before it, s; else None.
    """

    entity_id: str
    to: str
    after_seconds: float | None = None

    def to_json(self) -> Json:
        value: Json = {"entity_id": self.entity_id, "to": self.to}
        if self.after_seconds is not None:
            value["after_seconds"] = self.after_seconds
        return value


@dataclass(frozen=True, slots=True)
class Holdout:
    """The routine on later days that were not used to find it."""

    hits: int
    opportunities: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """How often the routine took its opportunities, against what chance would give.

    ``hits``, ``opportunities`` and all that is derived from them cover the days used to find the routine;
    ``holdout`` covers the others.

    Attributes:
        rate, rate_low, rate_high: share of opportunities taken, with its Wilson 95 % interval.
        expected_rate: the same share under the null model.
        lift: rate over expected_rate.
        p_value: of the null model, corrected for the windows searched inside this candidate.
        q_value: after control of the false discovery rate over all candidates of the kind.
        spread_minutes: standard deviation of the time, of the delay or of the duration, minutes.
        first_seen, last_seen: ISO 8601 with offset, first and last hit.
        drift: ``stable`` | ``earlier`` | ``later`` | ``fading`` | ``strengthening``.
    """

    hits: int
    opportunities: int
    rate: float
    rate_low: float
    rate_high: float
    expected_rate: float
    lift: float
    p_value: float
    q_value: float
    holdout: Holdout
    spread_minutes: float
    first_seen: str
    last_seen: str
    drift: str = "stable"

    def to_json(self) -> Json:
        return {
            "hits": self.hits,
            "opportunities": self.opportunities,
            "rate": self.rate,
            "rate_low": self.rate_low,
            "rate_high": self.rate_high,
            "expected_rate": self.expected_rate,
            "lift": self.lift,
            "p_value": self.p_value,
            "q_value": self.q_value,
            "holdout": {"hits": self.holdout.hits, "opportunities": self.holdout.opportunities},
            "spread_minutes": self.spread_minutes,
            "first_seen": self.first_seen,
            "last_seen": self.last_seen,
            "drift": self.drift,
        }

    @classmethod
    def from_json(cls, value: Json) -> Evidence:
        return cls(**{**value, "holdout": Holdout(**value["holdout"])})


@dataclass(frozen=True, slots=True)
class Scores:
    """How a pattern fared for one interest.

    Attributes:
        similarity: cosine of sentence and interest, -1 to 1; None without an embedding model.
        relevance: the reranker's logit, or the declared fallback's score; comparable only inside one shortlist.
        rank: 1 for the best.
    """

    similarity: float | None
    relevance: float
    rank: int

    def to_json(self) -> Json:
        return {"similarity": self.similarity, "relevance": self.relevance, "rank": self.rank}


@dataclass(frozen=True, slots=True)
class MadeBy:
    """Which model or declared fallback made each part. None: that part was not made."""

    embedding: str | None = None
    reranker: str | None = None
    classifier: str | None = None

    def to_json(self) -> Json:
        return {"embedding": self.embedding, "reranker": self.reranker, "classifier": self.classifier}


@dataclass(frozen=True, slots=True)
class Pattern:
    """One routine. The mined part is always there; scores and classification come later in the pipeline.

    Attributes:
        id: ``p_`` and 16 hex digits; the same routine keeps it from night to night.
        actions: what is done, in order. Empty for what can only be told: a habit that changed, a door left open.
        conditions: all of which must hold; each one of
            ``{"type": "time", "weekdays": [...]}``,
            ``{"type": "sun", "is": "below_horizon" | "above_horizon"}``,
            ``{"type": "presence", "is": "somebody_home" | "nobody_home", "entity_ids": [...]}``,
            ``{"type": "state", "entity_id": ..., "state": ...}``,
            ``{"type": "season", "from": "MM-DD" | None, "until": "MM-DD" | None}``; a season's side that the history
            does not hold is None.
        covered_by: entity id or name of an automation of the home that does this already; None if none is known to.
        corrected: a person set something of it right; then only the evidence is of what was mined.
    """

    id: str
    kind: Kind
    trigger: Trigger
    actions: tuple[Action, ...]
    evidence: Evidence
    sentence: str = ""
    conditions: tuple[Json, ...] = ()
    scores: Scores | None = None
    category: str | None = None
    priority: str | None = None
    made_by: MadeBy = MadeBy()
    status: Status = Status.NEW
    covered_by: str | None = None
    corrected: bool = False

    def with_(self, **changes: Any) -> Pattern:
        """A copy with some fields replaced."""
        return replace(self, **changes)

    def to_json(self) -> Json:
        """The one JSON form that API, CLI and store speak. Keys that were not made yet are left out."""
        value: Json = {
            "id": self.id,
            "kind": str(self.kind),
            "sentence": self.sentence,
            "trigger": self.trigger.to_json(),
            "conditions": [dict(condition) for condition in self.conditions],
            "actions": [action.to_json() for action in self.actions],
            "evidence": self.evidence.to_json(),
        }
        if self.scores is not None:
            value["scores"] = self.scores.to_json()
        if self.category is not None:
            value["category"] = self.category
        if self.priority is not None:
            value["priority"] = self.priority
        if self.made_by != MadeBy():
            value["made_by"] = self.made_by.to_json()
        value["status"] = str(self.status)
        if self.covered_by is not None:
            value["covered_by"] = self.covered_by
        if self.corrected:
            value["corrected"] = True
        return value

    @classmethod
    def from_json(cls, value: Json) -> Pattern:
        """The inverse of :meth:`to_json`. Raises KeyError, TypeError or ValueError on what is not a pattern."""
        return cls(
            id=value["id"],
            kind=Kind(value["kind"]),
            trigger=trigger_from_json(value["trigger"]),
            actions=tuple(Action(a["entity_id"], a["to"], a.get("after_seconds")) for a in value["actions"]),
            evidence=Evidence.from_json(value["evidence"]),
            sentence=value["sentence"],
            conditions=tuple(value["conditions"]),
            scores=Scores(**value["scores"]) if "scores" in value else None,
            category=value.get("category"),
            priority=value.get("priority"),
            made_by=MadeBy(**value["made_by"]) if "made_by" in value else MadeBy(),
            status=Status(value["status"]),
            covered_by=value.get("covered_by"),
            corrected=value.get("corrected", False),
        )
