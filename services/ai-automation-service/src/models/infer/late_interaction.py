"""How well sentences answer a question, token by token: the fallback where there is no cross-encoder.

A sentence's one vector is the mean of all its tokens, so a single word that answers the question drowns in a long
sentence. Here each word of the question looks for its own nearest word. Source: Khattab and Zaharia, "ColBERT",
https://arxiv.org/abs/2004.12832. Unlike there the encoder was not trained for it, and questions here are mostly
grammar, so words that only hold a sentence together are left out. What it gains is measured in docs/ranking.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from src.models.infer.token_vectors import TokenVectors

_HOLDING_TOGETHER = (
    "a an the is are was were be been am do does did of to in on at by for from with and or not no that this these "
    "those it its i we he she they you my our his her their me us them which what when where who how why will would "
    "could should can may within around every"
)
STOP_WORDS = frozenset(_HOLDING_TOGETHER.split())
_SPECIAL = frozenset({"[CLS]", "[SEP]", "<s>", "</s>"})
_WORD_BEGINS = "▁"  # how sentencepiece marks it


def late_interaction(question: TokenVectors, sentences: Sequence[TokenVectors]) -> NDArray[np.float64]:
    """The mean, over the question's words, of the cosine to the nearest word of each sentence.

    Returns:
        float64 (n,), -1 to 1. A sentence's score depends on the question and itself alone.
    """
    if not sentences:
        return np.empty(0, np.float64)
    asked = _words(question)
    said = [_words(sentence) for sentence in sentences]
    begins = np.cumsum([0, *(len(words) for words in said[:-1])])
    cosines = (asked @ np.concatenate(said).T).astype(np.float64)
    return np.asarray(np.maximum.reduceat(cosines, begins, axis=1).mean(axis=0), np.float64)


def telling(token: str) -> bool:
    """Whether a token says something: no special token, no stop word, no punctuation."""
    bare = token.removeprefix(_WORD_BEGINS).lower()
    return token not in _SPECIAL and bare not in STOP_WORDS and any(c.isalnum() for c in bare)


def _words(text: TokenVectors) -> NDArray[np.float32]:
    """The vectors of the telling tokens, of unit length; of all tokens where none is telling."""
    kept = np.array([telling(token) for token in text.tokens])
    rows = text.vectors[kept] if kept.any() else text.vectors
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
