"""What the models answer with."""

from __future__ import annotations

from dataclasses import dataclass

from src.domain.patterns import Json


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
        priority: ``high`` | ``medium`` | ``low``; None where nothing at hand can tell.
        category_probabilities, priority_probabilities: sum to 1 each; without a priority its are empty.
        made_by: the model or the declared fallback that gave the labels.
    """

    category: str
    priority: str | None
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
