"""What a run says of itself when it is over: what stood in for what, who made it, and why it failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from src.domain.patterns import Json, Pattern
from src.domain.runs import Shortlist
from src.domain.secrets import masked
from src.errors import ModelBusy, ModelError, ModelUnavailable, RunInterrupted, ServiceError


def stood_in(error: ModelError) -> str:
    """What a person should know of a missing model; the whole why is logged, and told by ``GET /models``."""
    if isinstance(error, ModelBusy):
        return f"The {error.about} model was busy for too long, so its declared fallback did the work."
    if not isinstance(error, ModelUnavailable):
        return str(error)
    return (
        f"The {error.about} model is not at hand, so its declared fallback did the work:"
        " `python scripts/download-models.py` fetches it, or says why not."
    )


def failure(run_id: str, error: BaseException, secrets: Iterable[str] = ()) -> Json:
    """``{"code", "message", "remedy"}`` of what ended a run.

    Args:
        secrets: to be left out of what a library says of an error that nobody foresaw.
    """
    if not isinstance(error, ServiceError):
        if isinstance(error, Exception):
            error = ServiceError(
                masked(f"Something unexpected happened: {type(error).__name__}: {error}.", secrets),
                "Please report it, with the lines of the service's log around it.",
            )
        else:
            error = RunInterrupted(run_id, "the process was asked to stop")
    return {"code": error.code, "message": error.message, "remedy": error.remedy}


def made_by(patterns: Sequence[Pattern], shortlists: Sequence[Shortlist]) -> Json:
    """The model or declared fallback behind each part of the run, None for a part that was not made."""
    everything = [*patterns, *(pattern for shortlist in shortlists for pattern in shortlist.patterns)]
    parts = [pattern.made_by.to_json() for pattern in everything]
    return {
        role: next((part[role] for part in parts if part[role] is not None), None)
        for role in ("embedding", "reranker", "classifier")
    }
