"""What was found: list it, read one, ask it a question, and say what one thinks of it."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Path, Query

from src.analysis.search import search
from src.api.pattern_schemas import (
    PatternOut,
    PatternPage,
    PatternQuery,
    Question,
    ShortlistOut,
    StatusChange,
)
from src.api.problems import BODY_PROBLEMS, documented
from src.api.services import UsesLanes, UsesServices
from src.domain.answers import Verdict
from src.domain.patterns import Kind
from src.domain.runs import Shortlist
from src.errors import UnknownKind

router = APIRouter(tags=["patterns"])

_VERDICTS = {
    "new": Verdict.REOPENED,
    "accepted": Verdict.ACCEPTED,
    "rejected": Verdict.REJECTED,
    "snoozed": Verdict.SNOOZED,
}

PatternId = Annotated[str, Path(description="Id of a pattern.", max_length=100, examples=["p_5f0c9d27a1b3e846"])]


@router.get(
    "/patterns",
    summary="List patterns",
    response_model_exclude_unset=True,
    responses=documented("invalid_request", "unknown_kind", "invalid_setting", "database_unreachable"),
)
def list_patterns(services: UsesServices, query: Annotated[PatternQuery, Query()]) -> PatternPage:
    """The newest form of each routine, strongest first. Stale ones only when asked for by status."""
    known = [str(kind) for kind in Kind]
    if query.kind is not None and query.kind not in known:
        raise UnknownKind(query.kind, known)
    page = services.store.patterns.page(
        limit=query.limit, cursor=query.cursor, kind=query.kind, status=query.status, category=query.category
    )
    return PatternPage(patterns=[PatternOut.of(pattern) for pattern in page.items], next=page.next)


@router.post(
    "/patterns/search",
    summary="Ask the patterns a question",
    response_model_exclude_unset=True,
    responses=documented(*BODY_PROBLEMS, "invalid_setting", "model_busy", "model_unavailable", "database_unreachable"),
)
async def search_patterns(services: UsesServices, lanes: UsesLanes, body: Question) -> ShortlistOut:
    """The stored patterns that answer a question best: retrieved by embedding, reranked by the cross-encoder.

    Stale and rejected ones are left out. Where a model cannot be had, `made_by` names what served instead.
    """

    def ask() -> Shortlist:
        return search(services.store, services.models, body.question, top_k=body.top_k, now=services.clock())

    return ShortlistOut.of(await to_thread.run_sync(ask, limiter=lanes.searching))


@router.get(
    "/patterns/{pattern_id}",
    summary="Read one pattern",
    response_model_exclude_unset=True,
    responses=documented("not_found", "invalid_request", "database_unreachable"),
)
def read_pattern(services: UsesServices, pattern_id: PatternId) -> PatternOut:
    """The newest form of one routine, stale or not."""
    return PatternOut.of(services.store.patterns.get(pattern_id))


@router.patch(
    "/patterns/{pattern_id}",
    summary="Accept, reject or snooze a pattern",
    response_model_exclude_unset=True,
    responses=documented(*BODY_PROBLEMS, "not_found", "database_unreachable"),
)
def change_pattern(services: UsesServices, pattern_id: PatternId, body: StatusChange) -> PatternOut:
    """Keeps what a person thinks of a routine. Later runs keep it too. `POST .../feedback` takes reasons as well."""
    answered = services.answers.give(pattern_id, _VERDICTS[body.status])
    services.announcements.refresh()
    return PatternOut.of(answered)
