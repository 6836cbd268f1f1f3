"""What people think of a pattern: say it, and read what was said."""

from __future__ import annotations

from fastapi import APIRouter

from src.api.feedback_schemas import FeedbackHistory, FeedbackIn, FeedbackOut
from src.api.pattern_schemas import PatternOut
from src.api.patterns import PatternId
from src.api.problems import BODY_PROBLEMS, documented
from src.api.services import UsesServices

router = APIRouter(tags=["patterns"])


@router.post(
    "/patterns/{pattern_id}/feedback",
    summary="Answer a pattern",
    response_model_exclude_unset=True,
    responses=documented(*BODY_PROBLEMS, "not_found", "invalid_setting", "database_unreachable"),
)
def give_feedback(services: UsesServices, pattern_id: PatternId, body: FeedbackIn) -> PatternOut:
    """Accepts, rejects (with reasons), snoozes or corrects a pattern; returns it as it is then.

    A rejected pattern stays away under any wording. Every answer is kept.
    """
    answered = services.answers.give(
        pattern_id,
        body.verdict,
        reasons=body.reasons,
        note=body.note,
        days=body.days,
        correction=None if body.correction is None else body.correction.value(),
    )
    services.announcements.refresh()
    return PatternOut.of(answered)


@router.get(
    "/patterns/{pattern_id}/feedback",
    summary="Read what was said of a pattern",
    responses=documented("not_found", "invalid_request", "database_unreachable"),
)
def read_feedback(services: UsesServices, pattern_id: PatternId) -> FeedbackHistory:
    """Every answer to it, oldest first."""
    zone = services.store.events.time_zone() or "UTC"
    return FeedbackHistory(feedback=[FeedbackOut.of(answer, zone) for answer in services.answers.history(pattern_id)])
