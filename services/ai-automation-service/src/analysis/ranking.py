"""Ranking: retrieve the patterns nearest to a question, then let the cross-encoder order them.

Where a model cannot be had the next best method serves, and ``made_by`` of every pattern names it:

| what could not be had | order by | ``made_by.reranker`` |
|---|---|---|
| nothing | the cross-encoder's logit | the model's id |
| the reranker | similarity, with the evidence breaking near ties | ``similarity+evidence`` |
| the embedding model | the evidence picks the candidates; the cross-encoder orders them | the model's id |
| both | the evidence | ``evidence`` |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from src.analysis.embedding import Vectors
from src.analysis.retrieval import RETRIEVED, nearest
from src.domain.patterns import Pattern, Scores
from src.errors import ModelError
from src.models.model_manager import ModelManager

BY_SIMILARITY = "similarity+evidence"
BY_EVIDENCE = "evidence"

# The question comes first: between a routine that always happens and one that could be chance lies as much as
# between two sentences 0.2 apart in cosine, about the difference between on the subject and near it.
_WEIGHT_OF_EVIDENCE = 0.2


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A pattern and its cosine to the question; None without an embedding model."""

    pattern: Pattern
    similarity: float | None


def strength(pattern: Pattern) -> float:
    """0 to 1: the share of its chances that a routine surely takes and that chance does not explain."""
    return min(1.0, max(0.0, pattern.evidence.rate_low - pattern.evidence.expected_rate))


def retrieve(question: str, patterns: Sequence[Pattern], vectors: Vectors) -> list[Retrieved]:
    """The 100 patterns nearest to a question; without vectors, the 100 with the strongest evidence.

    Args:
        vectors: hold the question and every pattern's sentence, unless the embedding model could not be had.
    """
    if not patterns:
        return []
    if vectors.model is None:
        strongest = sorted(patterns, key=lambda pattern: (-strength(pattern), pattern.id))
        return [Retrieved(pattern, None) for pattern in strongest[:RETRIEVED]]
    rows = vectors.rows([pattern.sentence for pattern in patterns])
    return [
        Retrieved(patterns[row], similarity) for row, similarity in nearest(vectors.by_text[question], rows, RETRIEVED)
    ]


def rerank(
    question: str, retrieved: Sequence[Retrieved], models: ModelManager, *, top_k: int, embedding: str | None
) -> tuple[list[Pattern], ModelError | None]:
    """The ``top_k`` best of what was retrieved, best first, with scores and ``made_by``; and why a fallback served.

    Args:
        embedding: id of the model that retrieved, for ``made_by``.
    """
    if not retrieved:
        return [], None
    missing: ModelError | None = None
    try:
        ranked = models.rerank(question, [each.pattern.sentence for each in retrieved], top_k)
        order = [(retrieved[each.index], each.score) for each in ranked]
        reranker = models.reranker_id
    except ModelError as error:
        missing = error
        order = sorted(((each, _score(each)) for each in retrieved), key=lambda pair: (-pair[1], pair[0].pattern.id))
        reranker = BY_EVIDENCE if embedding is None else BY_SIMILARITY
    return [
        each.pattern.with_(
            scores=Scores(similarity=each.similarity, relevance=score, rank=rank),
            made_by=replace(each.pattern.made_by, embedding=embedding, reranker=reranker),
        )
        for rank, (each, score) in enumerate(order[:top_k], start=1)
    ], missing


def _score(each: Retrieved) -> float:
    if each.similarity is None:
        return strength(each.pattern)
    return each.similarity + _WEIGHT_OF_EVIDENCE * strength(each.pattern)
