"""Ranking: retrieve the patterns nearest to a question, then let the cross-encoder order them.

Where a model cannot be had the next best method serves, and ``made_by`` of every pattern names it:

| what could not be had | order by | ``made_by.reranker`` |
|---|---|---|
| nothing | the cross-encoder's logit | the model's id |
| the reranker | similarity by sentence and by word, and evidence | ``late-interaction/`` and the embedding model's id |
| and token vectors | similarity by sentence, and evidence | ``similarity+evidence`` |
| the embedding model | the evidence picks the candidates; the cross-encoder orders them | the model's id |
| both | the evidence | ``evidence`` |

What each is worth is measured in docs/ranking.md.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from src.analysis.embedding import Vectors
from src.analysis.patience import Models
from src.analysis.retrieval import RETRIEVED, nearest
from src.domain.patterns import Pattern, Scores
from src.errors import ModelError
from src.models.infer.late_interaction import late_interaction

logger = logging.getLogger(__name__)

BY_WORDS = "late-interaction"
BY_SIMILARITY = "similarity+evidence"
BY_EVIDENCE = "evidence"

# Of the similarity by word, beside the cosine of the sentences.
SHARE_OF_WORDS = 0.5

# The question comes first: between a routine that always happens and one that could be chance lies as much as between
# two sentences 0.02 apart in cosine. More than that pushes what was asked for out of sight.
WEIGHT_OF_EVIDENCE = 0.02


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
    question: str, retrieved: Sequence[Retrieved], models: Models, *, top_k: int, embedding: str | None
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
        scores, reranker = _without_reranker(question, retrieved, models, embedding)
        order = sorted(zip(retrieved, scores, strict=True), key=lambda pair: (-pair[1], pair[0].pattern.id))
    return [
        each.pattern.with_(
            scores=Scores(similarity=each.similarity, relevance=score, rank=rank),
            made_by=replace(each.pattern.made_by, embedding=embedding, reranker=reranker),
        )
        for rank, (each, score) in enumerate(order[:top_k], start=1)
    ], missing


def _without_reranker(
    question: str, retrieved: Sequence[Retrieved], models: Models, embedding: str | None
) -> tuple[list[float], str]:
    """A score for each of what was retrieved, and the name of the method that serves."""
    evidence = [strength(each.pattern) for each in retrieved]
    similarity = [each.similarity for each in retrieved if each.similarity is not None]
    if embedding is None or len(similarity) < len(retrieved):
        return evidence, BY_EVIDENCE
    try:
        asked, *said = models.token_vectors([question, *(each.pattern.sentence for each in retrieved)])
    except ModelError as error:
        # Stored vectors outlive their model, and not every graph gives token vectors.
        logger.info("token_vectors_missing code=%s why=%r", error.code, error.message)
        return mixed(similarity, None, evidence), BY_SIMILARITY
    return mixed(similarity, late_interaction(asked, said).tolist(), evidence), f"{BY_WORDS}/{embedding}"


def mixed(similarity: Sequence[float], by_word: Sequence[float] | None, evidence: Sequence[float]) -> list[float]:
    """The fallback's scores.

    Args:
        similarity: cosines of the sentences with the question.
        by_word: their late interaction; None where it could not be had.
        evidence: their :func:`strength`.
    """
    words = similarity if by_word is None else by_word
    return [
        (1 - SHARE_OF_WORDS) * whole + SHARE_OF_WORDS * word + WEIGHT_OF_EVIDENCE * strong
        for whole, word, strong in zip(similarity, words, evidence, strict=True)
    ]
