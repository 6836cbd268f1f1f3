"""What people say of a pattern, as it crosses HTTP."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from src.analysis.answering import LONGEST_NOTE, SNOOZE_DAYS
from src.api.pattern_schemas import RequestModel
from src.domain.answers import Answer, Reason, Verdict
from src.domain.corrections import Correction
from src.domain.local_time import isoformat
from src.domain.patterns import WEEKDAYS, Json

_CORRECTION_EXAMPLE: Json = {"at": "07:15", "weekdays": ["mon", "tue"]}


class CorrectionIn(RequestModel):
    """What is to be set right; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_CORRECTION_EXAMPLE]})

    at: str | None = Field(None, max_length=8, description="`HH:MM` or `HH:MM:SS`, for what the clock sets off.")
    weekdays: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = Field(
        default_factory=list, max_length=len(WEEKDAYS), description="For what the clock or the sun sets off."
    )
    offset_minutes: int | None = Field(None, description="Minutes after sunrise or sunset; negative: before it.")
    for_seconds: float | None = Field(None, description="How long it is held, for what is left on for so long.")
    entities: dict[str, str] = Field(
        default_factory=dict, max_length=50, description="The entity that is meant, by the one that was found."
    )
    category: str | None = Field(None, min_length=1, max_length=24)
    priority: str | None = Field(None, min_length=1, max_length=24)

    def value(self) -> Correction:
        """The same as the domain's."""
        return Correction.from_json(self.model_dump(exclude_defaults=True))


class FeedbackIn(RequestModel):
    """One answer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"verdict": "rejected", "reasons": ["not_this_device"], "note": "The cat sets it off."},
                {"verdict": "corrected", "correction": _CORRECTION_EXAMPLE},
            ]
        },
    )

    verdict: Verdict = Field(description="`reopened` takes back every earlier answer to the pattern.")
    reasons: list[Reason] = Field(
        default_factory=list,
        max_length=len(Reason),
        description="Of a rejection; `not_this_device`, `not_at_night` and `not_this_kind` keep others away as well.",
    )
    note: str = Field("", max_length=LONGEST_NOTE, description="In one's own words; stays in this home.")
    days: int | None = Field(None, description=f"How long a snoozed pattern stays away; default: {SNOOZE_DAYS}.")
    correction: CorrectionIn | None = Field(None, description="With the verdict `corrected`.")


_GIVEN: Json = {
    "verdict": "rejected",
    "given": "2026-10-17T21:04:11+02:00",
    "until": None,
    "reasons": ["not_at_night"],
    "note": "The baby sleeps.",
    "correction": None,
    "sentence": "The hall light turns on around 23:30 every day.",
}


class FeedbackOut(BaseModel):
    """One answer that was given."""

    model_config = ConfigDict(json_schema_extra={"examples": [_GIVEN]})

    verdict: Verdict
    given: str = Field(description="ISO 8601 with offset.")
    until: str | None = Field(description="When a snoozed pattern is shown again.")
    reasons: list[Reason]
    note: str
    correction: dict[str, object] | None
    sentence: str = Field(description="The pattern as it was said then.")

    @classmethod
    def of(cls, answer: Answer, time_zone: str) -> FeedbackOut:
        """The response model of an answer."""
        value = answer.to_json()
        value["given"] = isoformat(answer.given, time_zone)
        value["until"] = None if answer.until is None else isoformat(answer.until, time_zone)
        return cls.model_validate(value)


class FeedbackHistory(BaseModel):
    """All that was said of a pattern, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"feedback": [_GIVEN]}]})

    feedback: list[FeedbackOut]
