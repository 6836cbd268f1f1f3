"""Ask the stored patterns a question."""

from __future__ import annotations

from src.domain.runs import Shortlist
from src.models.model_manager import ModelManager
from src.store.store import Store


def search(store: Store, models: ModelManager, question: str, *, top_k: int = 10, now: int) -> Shortlist:
    """The stored patterns (not stale, not rejected) that answer a question best, retrieved and reranked.

    Raises:
        InvalidSetting: an empty question, or ``top_k`` outside 1 to 100.
    """
    raise NotImplementedError
