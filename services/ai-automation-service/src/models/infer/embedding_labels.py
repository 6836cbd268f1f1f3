"""Labels that nothing was trained on: the one whose description is nearest to a sentence's vector.

Zero-shot, and much weaker than the linear head where both can answer: ``docs/classification.md`` has the figures.
A label's nearness is taken off by how near it is to sentences without content, as in contextual calibration (Zhao et
al., https://arxiv.org/abs/2102.09690): a word that is near to everything is otherwise the answer too often.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MADE_BY = "embedding-labels"
# Chosen on the training sentences: the wording for its macro-F1, the sharpness for the likelihood of their labels.
WORDING = "This home routine is about {}."
SHARPNESS = 22.0
CONTENT_FREE = (
    "N/A",
    "",
    "Something happens around 12:00 every day.",
    "When something happens, something else happens within 5 minutes.",
)


@dataclass(frozen=True)
class EmbeddingLabels:
    """Descriptions of the labels as vectors.

    Attributes:
        vectors: float64 (labels, dimensions), rows of unit length.
        usual: float64 (labels,), mean cosine with sentences without content.
    """

    vectors: FloatArray
    usual: FloatArray

    @classmethod
    def of(cls, labels: Sequence[str], embed: Callable[[Sequence[str]], NDArray[np.float32]]) -> EmbeddingLabels:
        """The labels as the embedding model sees them.

        Args:
            embed: texts to rows of unit length.

        Raises:
            ModelError: whatever ``embed`` raises.
        """
        vectors = embed([*(WORDING.format(label) for label in labels), *CONTENT_FREE]).astype(np.float64)
        described, nothing = vectors[: len(labels)], vectors[len(labels) :]
        return cls(described, (described @ nothing.T).mean(axis=1))

    def probabilities(self, vectors: NDArray[np.floating]) -> FloatArray:
        """(n, dimensions), rows of unit length, to (n, labels); rows sum to 1."""
        logits = SHARPNESS * (vectors.astype(np.float64) @ self.vectors.T - self.usual)
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)
