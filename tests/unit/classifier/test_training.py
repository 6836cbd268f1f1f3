"""The training itself, on worlds small enough to know the answer."""

from __future__ import annotations

import numpy as np
import pytest

from scripts import measure_classifier as measuring
from scripts import train_linear_head as training


def world(seed: int, families: int = 60, each: int = 6) -> tuple[measuring.Sentences, measuring.FloatArray]:
    """Families scattered around their class's direction; the last third is held out."""
    rng = np.random.default_rng(seed)
    count = len(measuring.PAIRS)
    directions = rng.normal(size=(count, 24))
    classes = np.repeat(np.arange(families) % count, each)
    own = np.repeat(rng.normal(size=(families, 24)), each, axis=0)
    vectors = directions[classes] + 0.8 * own + 0.3 * rng.normal(size=(families * each, 24))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = {
        name: np.array([known.index(measuring.PAIRS[c][place]) for c in classes], np.int64)
        for place, (name, known) in enumerate(measuring.LABELS.items())
    }
    sentences = measuring.Sentences(
        texts=["When it rains, the awning closes within a minute."] * len(classes),
        labels=labels,
        classes=classes,
        families=np.repeat([f"family-{number}" for number in range(families)], each),
        held_out=np.arange(len(classes)) >= 2 * len(classes) // 3,
        sha256="0" * 64,
    )
    return sentences, vectors


def test_the_fit_is_the_minimum_of_what_it_says_it_minimises() -> None:
    sentences, vectors = world(seed=1)
    strength = 3.0

    weights, intercepts = training.fit(vectors, sentences.classes, strength)

    shares = np.exp(training.log_softmax(vectors @ weights.T + intercepts))
    wanted = np.eye(len(measuring.PAIRS))[sentences.classes]
    slope = strength * (shares - wanted).T @ vectors + weights
    assert np.abs(slope).max() < 1e-2
    assert np.abs((shares - wanted).sum(axis=0)).max() < 1e-2


def test_the_same_sentences_give_the_same_file() -> None:
    sentences, vectors = world(seed=2)

    assert training.as_text(training.make_head(sentences, vectors, vectors, "x")) == training.as_text(
        training.make_head(sentences, vectors, vectors, "x")
    )


def test_held_out_sentences_have_no_part_in_how_the_head_is_trained() -> None:
    sentences, vectors = world(seed=3)
    held = sentences.held_out
    sentences_again, _ = world(seed=3)
    sentences_again.classes[held] = 0
    for labels in sentences_again.labels.values():
        labels[held] = 0
    vectors_again = np.where(held[:, None], 0.5, vectors)

    assert training.choose(sentences, vectors) == training.choose(sentences_again, vectors_again)


def test_a_head_finds_the_classes_of_families_it_has_not_seen() -> None:
    sentences, vectors = world(seed=4)

    figures = training.make_head(sentences, vectors, vectors, "x").figures

    for name in measuring.LABELS:
        head, commonest = figures[name]["linear_head"], figures[name]["commonest_label"]
        assert head["accuracy"] > commonest["accuracy"] + 0.2
        low, high = head["accuracy_95"]
        assert low <= head["accuracy"] <= high
        assert head["mean_confidence"] == pytest.approx(head["accuracy"], abs=0.15)  # calibrated


def test_a_head_is_trained_on_one_form_of_the_vectors_and_measured_on_the_other() -> None:
    sentences, vectors = world(seed=5)
    held = sentences.held_out
    turned = -vectors

    head, expected = (
        training.make_head(sentences, vectors, turned, "x"),
        training.make_head(sentences, vectors, vectors, "x"),
    )

    np.testing.assert_array_equal(head.weights, expected.weights)
    for name in measuring.LABELS:
        assert head.figures[name]["linear_head"]["accuracy"] < expected.figures[name]["linear_head"]["accuracy"]
    served = np.where(held[:, None], vectors, turned)
    assert training.make_head(sentences, vectors, served, "x").figures == expected.figures


def test_macro_f1_counts_every_label_alike() -> None:
    labels, predicted = np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 0, 0, 1])

    assert measuring.macro_f1(labels, predicted, 3) == pytest.approx((8 / 9 + 2 / 3) / 2)


@pytest.mark.parametrize(
    ("text", "category", "priority"),
    [
        ("The front door is locked around 23:00 every day.", "security", "high"),
        ("The coffee machine turns on around 07:00 every day.", "convenience", "low"),
        ("The heating turns off around 22:30 every day.", "energy", "high"),
    ],
)
def test_the_keyword_baseline_reads_words(text: str, category: str, priority: str) -> None:
    assert measuring.LABELS["category"][measuring.by_keywords("category", text)] == category
    assert measuring.LABELS["priority"][measuring.by_keywords("priority", text)] == priority
