"""What ``measure_ranking.py`` compares: ways to score every sentence for every question.

All scores are float64 (questions, sentences), higher is better, comparable inside a row.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from src.models.infer.late_interaction import STOP_WORDS, telling
from src.models.infer.token_vectors import TokenVectors

FloatArray = NDArray[np.float64]

_SPECIAL = frozenset({"[CLS]", "[SEP]"})
_K1, _B = 1.2, 0.75  # the usual choice for BM25


@dataclass(frozen=True, slots=True)
class Interaction:
    """Which tokens meet, and how they count.

    Attributes:
        content: leave out stop words and punctuation.
        special: keep the encoder's special tokens.
        rarity: weigh a question's token by how few of the sentences have it.
        centred: first subtract the mean token vector of the sentences, which they all share.
    """

    content: bool = False
    special: bool = True
    rarity: bool = False
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """A form of late interaction, mixed with the cosine.

    Attributes:
        reverse: share of the sentence's tokens looking for the question's, beside the question's looking for theirs.
        share: of late interaction in the mix; the rest is the cosine.
    """

    interaction: Interaction = Interaction()
    reverse: float = 0.0
    share: float = 1.0


def family(*, of_the_home: bool) -> list[Late]:
    """The forms that are tried.

    Args:
        of_the_home: also those whose scores depend on the home's other sentences. The service gives a pair of texts
            one score, whatever else is at hand, so these are only measured.
    """
    either, statistics = (False, True), (False, True) if of_the_home else (False,)
    return [
        Late(Interaction(content, special, rarity, centred), reverse, share)
        for content, special, rarity, centred, reverse, share in product(
            either, either, statistics, statistics, (0.0, 0.25), (0.3, 0.5, 0.7, 1.0)
        )
    ]


def interactions(
    questions: Sequence[TokenVectors], sentences: Sequence[TokenVectors], form: Interaction
) -> tuple[FloatArray, FloatArray]:
    """Every token of a question finds its nearest in the sentence, and the other way round: the mean cosines."""
    middle = np.concatenate([each.vectors for each in sentences]).mean(axis=0) if form.centred else np.float32(0)
    kept = [_kept(each.tokens, form) for each in sentences]
    rows = np.concatenate([_unit(each.vectors - middle)[keep] for each, keep in zip(sentences, kept, strict=True)])
    lengths = np.array([int(keep.sum()) for keep in kept])
    begins = np.cumsum([0, *lengths[:-1]])
    known = rarity([each.tokens for each in sentences])
    unseen = math.log(1 + 2 * (len(sentences) + 0.5))
    forward, backward = (np.empty((len(questions), len(sentences))) for _ in range(2))
    for row, question in enumerate(questions):
        keep = _kept(question.tokens, form)
        found = np.asarray(_unit(question.vectors - middle)[keep] @ rows.T, np.float64)
        weights = np.array([known.get(token, unseen) if form.rarity else 1.0 for token in question.tokens])[keep]
        forward[row] = (weights / weights.sum()) @ np.maximum.reduceat(found, begins, axis=1)
        backward[row] = np.add.reduceat(found.max(axis=0), begins) / lengths
    return forward, backward


def late(pair: tuple[FloatArray, FloatArray], cosine: FloatArray, form: Late) -> FloatArray:
    """The scores of a form, from what :func:`interactions` gave for its tokens."""
    both = (1 - form.reverse) * pair[0] + form.reverse * pair[1]
    return np.asarray(form.share * both + (1 - form.share) * cosine, np.float64)


def rarity(texts: Sequence[Sequence[str]]) -> dict[str, float]:
    """The weight of each token: the inverse document frequency of BM25."""
    having = Counter(token for tokens in texts for token in set(tokens))
    return {token: math.log(1 + (len(texts) - count + 0.5) / (count + 0.5)) for token, count in having.items()}


def keywords(questions: Sequence[str], sentences: Sequence[str]) -> FloatArray:
    """BM25 over words without stop words and common endings.

    Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009, https://doi.org/10.1561/1500000019.
    """
    texts = [Counter(_words(sentence)) for sentence in sentences]
    lengths = np.array([text.total() for text in texts], np.float64)
    weights = rarity([list(text) for text in texts])
    scores = np.zeros((len(questions), len(sentences)))
    for row, question in enumerate(questions):
        for word in _words(question):
            counts = np.array([text[word] for text in texts], np.float64)
            damped = counts * (_K1 + 1) / (counts + _K1 * (1 - _B + _B * lengths / lengths.mean()))
            scores[row] += weights.get(word, 0.0) * damped
    return scores


def _kept(tokens: Sequence[str], form: Interaction) -> NDArray[np.bool_]:
    """Which tokens take part; all of them where none would be left."""
    kept = np.array([form.special if token in _SPECIAL else not form.content or telling(token) for token in tokens])
    return kept if kept.any() else np.ones(len(tokens), np.bool_)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _words(text: str) -> list[str]:
    found = [word for word in re.findall(r"[a-z]+", text.lower()) if word not in STOP_WORDS]
    return [re.sub(r"(?:ing|es|s|ed)$", "", word) if len(word) > 4 else word for word in found]
