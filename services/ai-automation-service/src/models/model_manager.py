"""The one place that holds loaded models: a lazy, thread-safe singleton."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from src.domain.patterns import Json
from src.settings import Settings


@dataclass(frozen=True, slots=True)
class Ranked:
    """One candidate after reranking.

    Attributes:
        index: its place in the candidates that were passed in.
        score: the cross-encoder's logit; higher is more relevant.
    """

    index: int
    score: float


@dataclass(frozen=True, slots=True)
class Classification:
    """What a sentence is about, and how much it matters.

    Attributes:
        category: ``energy`` | ``comfort`` | ``security`` | ``convenience``.
        priority: ``high`` | ``medium`` | ``low``.
        category_probabilities, priority_probabilities: sum to 1 each.
        made_by: the model or the declared fallback that gave the labels.
    """

    category: str
    priority: str
    category_probabilities: dict[str, float]
    priority_probabilities: dict[str, float]
    made_by: str

    def to_json(self) -> Json:
        return {
            "category": self.category,
            "priority": self.priority,
            "category_probabilities": self.category_probabilities,
            "priority_probabilities": self.priority_probabilities,
            "made_by": self.made_by,
        }


class ModelManager:
    """Loads each model on the first call that needs it, once however many threads ask.

    Every method may raise ModelUnavailable or ModelCorrupt of its own role; ``classify`` falls back to the
    linear head by itself and says so in ``made_by``; ``rerank`` does not fall back, its caller has the evidence.
    """

    def __init__(self, settings: Settings) -> None:
        raise NotImplementedError

    @property
    def embedding_id(self) -> str:
        """Names the embedding model with revision and precision without loading it; part of a vector's cache key."""
        raise NotImplementedError

    @property
    def reranker_id(self) -> str:
        """As ``embedding_id``, for the reranker."""
        raise NotImplementedError

    def generate_embeddings(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 (n, 384), rows of unit length. A text's vector does not depend on the other texts."""
        raise NotImplementedError

    def rerank(self, query: str, candidates: Sequence[str], top_k: int = 10) -> list[Ranked]:
        """The ``top_k`` most relevant candidates, best first."""
        raise NotImplementedError

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Category and priority of each text, in the order of the texts."""
        raise NotImplementedError

    def classify_pattern(self, text: str) -> Json:
        """``classify`` for one text, as JSON with ``category`` and ``priority``."""
        raise NotImplementedError

    def get_model_info(self) -> Json:
        """State, source, revision, precision, size, load time and last error by role. Loads nothing."""
        raise NotImplementedError


def get_model_manager() -> ModelManager:
    """The process's manager, made from the process's settings on the first call."""
    raise NotImplementedError
