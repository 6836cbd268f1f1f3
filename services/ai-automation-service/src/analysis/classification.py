"""Category and priority for the patterns of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from src.analysis.patience import Models
from src.domain.patterns import Pattern
from src.errors import ModelError
from src.models.model_manager import Classification

# Above this only the strongest and the shortlisted are classified; on a small box more would take minutes.
MOST = 200


def classify(
    patterns: Sequence[Pattern], shortlisted: set[str], models: Models
) -> tuple[dict[str, Classification], ModelError | None]:
    """Labels by pattern id, and why there are none.

    Args:
        patterns: strongest first.
        shortlisted: ids that are classified however many patterns there are.
    """
    chosen = [pattern for i, pattern in enumerate(patterns) if i < MOST or pattern.id in shortlisted]
    if not chosen:
        return {}, None
    try:
        labels = models.classify([pattern.sentence for pattern in chosen])
    except ModelError as error:
        return {}, error
    return {pattern.id: label for pattern, label in zip(chosen, labels, strict=True)}, None


def labelled(pattern: Pattern, labels: dict[str, Classification]) -> Pattern:
    """The pattern with its category and priority, if it got any."""
    label = labels.get(pattern.id)
    if label is None:
        return pattern
    return pattern.with_(
        category=label.category,
        priority=label.priority,
        made_by=replace(pattern.made_by, classifier=label.made_by),
    )
