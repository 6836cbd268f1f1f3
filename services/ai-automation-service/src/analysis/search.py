"""Ask the stored patterns a question."""

from __future__ import annotations

import logging

from src.analysis.embedding import embed
from src.analysis.patience import Models
from src.analysis.ranking import rerank, retrieve
from src.analysis.request import check_question, check_top_k
from src.domain.patterns import Status
from src.domain.runs import Shortlist
from src.errors import ModelBusy
from src.store.store import Store

logger = logging.getLogger(__name__)

_HIDDEN = (Status.STALE, Status.REJECTED)


def search(store: Store, models: Models, question: str, *, top_k: int = 10, now: int) -> Shortlist:
    """The stored patterns (not stale, not rejected) that answer a question best, retrieved and reranked.

    Raises:
        InvalidSetting: an empty question, or ``top_k`` outside 1 to 100.
        ModelBusy: a model has too much to do already.
    """
    asked = check_question("question", question)
    check_top_k(top_k)
    patterns = [pattern for pattern in store.patterns.all() if pattern.status not in _HIDDEN]
    if not patterns:
        return Shortlist(asked, ())
    # The sentences were embedded by the run that found them, unless the model has changed since. A question is not
    # kept: there is no end to them.
    sentences = embed(store, models, [pattern.sentence for pattern in patterns], now=now)
    vectors = sentences.plus(embed(store, models, [asked], now=now, keep=False))
    best, missing = rerank(asked, retrieve(asked, patterns, vectors), models, top_k=top_k, embedding=vectors.model)
    for error in (vectors.missing, missing):
        if isinstance(error, ModelBusy):
            raise error  # asked again in a few seconds it answers, and better than what stands in for it
        if error is not None:
            logger.warning("model_missing", extra={"role": error.about, "code": error.code, "why": error.message})
    return Shortlist(asked, tuple(best))
