"""Patterns and shortlists as they cross HTTP: the JSON form of ``Pattern.to_json``, described field by field."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema

from src.api.trigger_schemas import TriggerOut
from src.domain.patterns import Json, Kind, Pattern, Status
from src.domain.runs import Shortlist

# A plain string with the kinds in its schema: an unknown one is answered as UnknownKind, which lists what there is.
KindName = Annotated[str, WithJsonSchema({"type": "string", "enum": [str(kind) for kind in Kind]})]

PATTERN_EXAMPLE: Json = {
    "id": "p_5f0c9d27a1b3e846",
    "kind": "time_of_day",
    "sentence": "The kitchen light turns on around 07:10 on weekdays.",
    "trigger": {"type": "time", "at": "07:10:00", "weekdays": ["mon", "tue", "wed", "thu", "fri"]},
    "conditions": [],
    "actions": [{"entity_id": "light.kitchen", "to": "on"}],
    "evidence": {
        "hits": 19,
        "opportunities": 22,
        "rate": 0.864,
        "rate_low": 0.667,
        "rate_high": 0.953,
        "expected_rate": 0.06,
        "lift": 14.4,
        "p_value": 1.2e-14,
        "q_value": 3.1e-12,
        "holdout": {"hits": 6, "opportunities": 7},
        "spread_minutes": 8.5,
        "first_seen": "2026-09-01T07:08:12+02:00",
        "last_seen": "2026-10-09T07:11:40+02:00",
        "drift": "stable",
    },
    "scores": {"similarity": 0.61, "relevance": 3.2, "rank": 1},
    "category": "comfort",
    "priority": "medium",
    "made_by": {
        "embedding": "all-MiniLM-L6-v2 int8",
        "reranker": "bge-reranker-base int8",
        "classifier": "flan-t5-small int8",
    },
    "status": "new",
}


# A routine under a condition, and one of those that can only be told.
CONDITIONAL_EXAMPLE: Json = {
    **PATTERN_EXAMPLE,
    "id": "p_1d84b0f6e29c5a73",
    "kind": "presence",
    "sentence": "When Anna comes home, the hall light turns on within 2 minutes when it is dark.",
    "trigger": {
        "type": "presence",
        "event": "arrives",
        "entity_ids": ["person.anna"],
        "delay_seconds": 41.0,
        "within_seconds": 120.0,
    },
    "conditions": [{"type": "sun", "is": "below_horizon"}],
    "actions": [{"entity_id": "light.hall", "to": "on"}],
    "covered_by": "automation.welcome_home",
}
TOLD_EXAMPLE: Json = {
    **PATTERN_EXAMPLE,
    "id": "p_9e03c7715ab2fd48",
    "kind": "frequency",
    "sentence": "The washing machine turns on 6 times a week since 12 October, 2 before.",
    "trigger": {
        "type": "rate",
        "entity_id": "switch.washing_machine",
        "to": "on",
        "per_week_before": 2.1,
        "per_week_after": 6.0,
        "since": "2026-10-12",
    },
    "actions": [],
}

_CONDITIONS = (
    "All of them must hold; `type` is `time` (with `weekdays`), `sun` (`is`: `below_horizon` or `above_horizon`), "
    "`presence` (`is`: `somebody_home` or `nobody_home`, of `entity_ids`), `state` (`entity_id` is in `state`) or "
    "`season` (`from` and `until`, `MM-DD`; null: not seen yet)."
)


class RequestModel(BaseModel):
    """Base of everything a caller sends: a field that does not exist is told, not ignored."""

    model_config = ConfigDict(extra="forbid")


class ActionOut(BaseModel):
    """An entity taking a state."""

    entity_id: str
    to: str
    after_seconds: float | None = Field(
        None, description="Only of a step of a sequence: median time since the step before it, s."
    )


class HoldoutOut(BaseModel):
    """The routine on later days that were not used to find it."""

    hits: int
    opportunities: int


class EvidenceOut(BaseModel):
    """How often the routine took its opportunities, against what chance would give."""

    hits: int = Field(description="Opportunities taken.")
    opportunities: int = Field(description="Opportunities there were.")
    rate: float = Field(description="Share of opportunities taken.")
    rate_low: float = Field(description="Lower end of the rate's Wilson 95 % interval.")
    rate_high: float = Field(description="Upper end of the rate's Wilson 95 % interval.")
    expected_rate: float = Field(description="The same share if chance alone were at work.")
    lift: float = Field(description="Rate over expected rate.")
    p_value: float = Field(description="Of the null model, corrected for the windows searched.")
    q_value: float = Field(description="After control of the false discovery rate over all candidates of the kind.")
    holdout: HoldoutOut
    spread_minutes: float = Field(description="Standard deviation of the time or of the delay, minutes.")
    first_seen: str = Field(description="First hit, ISO 8601 with offset.")
    last_seen: str = Field(description="Last hit, ISO 8601 with offset.")
    drift: str = Field(description="`stable`, `earlier`, `later`, `fading` or `strengthening`.")


class ScoresOut(BaseModel):
    """How a pattern fared for one interest."""

    similarity: float | None = Field(description="Cosine of sentence and question; null without an embedding model.")
    relevance: float = Field(description="The reranker's score; comparable only inside one shortlist.")
    rank: int = Field(description="1 for the best.")


class MadeByOut(BaseModel):
    """Which model or declared fallback made each part; null: that part was not made."""

    embedding: str | None = None
    reranker: str | None = None
    classifier: str | None = None


class PatternOut(BaseModel):
    """One routine. `scores`, `category`, `priority` and `made_by` are absent where they were not made."""

    model_config = ConfigDict(json_schema_extra={"examples": [PATTERN_EXAMPLE, CONDITIONAL_EXAMPLE, TOLD_EXAMPLE]})

    id: str = Field(description="Stable: the same routine keeps its id from night to night.")
    kind: Kind
    sentence: str = Field(description="The routine in plain English.")
    trigger: TriggerOut = Field(description="What sets it off; `type` says how.")
    conditions: list[dict[str, JsonValue]] = Field(description=_CONDITIONS)
    actions: list[ActionOut] = Field(
        description="What is done, in order. Empty for what can only be told: a habit that changed, a door left open."
    )
    evidence: EvidenceOut
    scores: ScoresOut | None = None
    # Strings, because a pattern keeps the label it got when the settings listed others.
    category: str | None = Field(None, description="One of CATEGORIES, as they were when it was classified.")
    priority: str | None = Field(None, description="One of PRIORITIES, as they were when it was classified.")
    made_by: MadeByOut | None = None
    status: Status
    covered_by: str | None = Field(
        None, description="The automation of this home that does the same already; absent when none is known to."
    )
    corrected: bool = Field(False, description="Whether a person set something of it right; absent where nobody did.")

    @classmethod
    def of(cls, pattern: Pattern) -> PatternOut:
        """The response model of a pattern; keys that were not made stay unset."""
        return cls.model_validate(pattern.to_json())


class PatternPage(BaseModel):
    """Some patterns, strongest first, and where the next ones begin."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"patterns": [PATTERN_EXAMPLE], "next": None}]})

    patterns: list[PatternOut]
    next: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")


class ShortlistOut(BaseModel):
    """The best patterns for one interest or question, best first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"interest": "Which routines waste or could save electricity?", "patterns": [PATTERN_EXAMPLE]}]
        }
    )

    interest: str = Field(description="The interest's name, or the question that was asked.")
    patterns: list[PatternOut]

    @classmethod
    def of(cls, shortlist: Shortlist) -> ShortlistOut:
        return cls(interest=shortlist.interest, patterns=[PatternOut.of(pattern) for pattern in shortlist.patterns])


class PatternQuery(RequestModel):
    """Which patterns to list."""

    limit: int = Field(50, ge=1, le=500, description="How many at most.")
    cursor: str | None = Field(None, max_length=1000, description="`next` of the page before.")
    kind: KindName | None = Field(None, description="Only this kind.")
    status: list[Status] | None = Field(None, description="Only these; may be repeated. Default: all but stale.")
    category: str | None = Field(None, min_length=1, max_length=24, description="Only this category.")


class StatusChange(RequestModel):
    """What a person thinks of a pattern."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"status": "accepted"}]})

    status: Literal["new", "accepted", "rejected", "snoozed"] = Field(
        description="`new` takes an earlier answer back. `stale` is the service's own."
    )


class Question(RequestModel):
    """A question to the stored patterns."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"question": "What happens before bedtime?", "top_k": 5}]}
    )

    question: str = Field(min_length=1, max_length=500, description="In plain words.")
    top_k: int = Field(10, ge=1, le=100, strict=True, description="How many answers at most.")
