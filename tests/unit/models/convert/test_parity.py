"""When a rounded model is near enough to the exact one to serve in its place."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from src.models.convert.parity import ScoreParity, VectorParity, run, score_parity, vector_parity

Floats = NDArray[np.float32]
TEXTS, WIDTH = 120, 16


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def unit(vectors: NDArray[np.floating]) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def vectors(rng: np.random.Generator) -> Floats:
    return unit(rng.normal(0, 1, (TEXTS, WIDTH)))


def off_by(rng: np.random.Generator, exact: Floats, amount: float) -> Floats:
    return unit(exact + rng.normal(0, amount, exact.shape))


def test_the_same_vectors_are_the_same(rng: np.random.Generator) -> None:
    exact = vectors(rng)
    found = vector_parity(exact, exact.copy())
    assert found.cosine_mean == pytest.approx(1, abs=1e-6)
    assert (found.same_neighbour, found.texts, found.accepted) == (1.0, TEXTS, True)
    assert found.to_json() == {"cosine_mean": 1.0, "cosine_min": 1.0, "same_neighbour": 1.0, "texts": TEXTS}


@pytest.mark.parametrize(("amount", "accepted"), [(0.001, True), (0.03, False)])
def test_noise_below_the_bar_is_taken_and_noise_above_it_is_not(
    rng: np.random.Generator, amount: float, accepted: bool
) -> None:
    exact = vectors(rng)
    found = vector_parity(exact, off_by(rng, exact, amount))
    assert found.accepted is accepted
    # Noise of a width in every one of so many dimensions turns a unit vector by about this much.
    assert found.cosine_mean == pytest.approx(1 - amount**2 * (WIDTH - 1) / 2, rel=2e-3)
    assert found.cosine_min < found.cosine_mean


def test_a_text_whose_nearest_is_another_counts_against_it() -> None:
    # Three on a circle: the middle one's nearest is the first, and then, by a hair, the last.
    angles = np.array([0.0, 0.30, 0.61, 2.0, 2.2, 4.0, 4.2])
    exact = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    turned = angles + np.array([0, 0.01, 0, 0, 0, 0, 0])
    found = vector_parity(exact, np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32))
    assert found.cosine_mean > 0.9999
    assert found.same_neighbour == pytest.approx(6 / 7)
    assert not found.accepted


@pytest.mark.parametrize(
    ("cosine", "same", "accepted"),
    [(0.999, 0.97, True), (0.9989, 1.0, False), (1.0, 0.969, False)],
    ids=["at-the-bar", "cosine-below", "neighbours-below"],
)
def test_both_bars_must_be_met(cosine: float, same: float, accepted: bool) -> None:
    assert VectorParity(cosine, 0.9, same, 100).accepted is accepted


def test_the_same_scores_are_the_same_and_so_are_they_on_another_scale(rng: np.random.Generator) -> None:
    exact = rng.normal(0, 3, (6, 20)).astype(np.float32)
    for found in (exact, exact * 2 - 1):
        parity = score_parity(exact, found)
        assert parity.correlation == pytest.approx(1, abs=1e-6)
        assert (parity.same_best, parity.pairs, parity.accepted) == (1.0, 120, True)


def test_scores_of_another_order_are_refused(rng: np.random.Generator) -> None:
    exact = rng.normal(0, 3, (6, 20)).astype(np.float32)
    best = exact.argmax(axis=1)
    found = exact.copy()
    found[0, best[0]] = exact[0].min()  # one question's best is its worst
    parity = score_parity(exact, found)
    assert parity.same_best == pytest.approx(5 / 6)
    assert parity.correlation < 0.99
    assert not parity.accepted
    assert ScoreParity(0.99, 0.5, 120).accepted


@pytest.mark.parametrize("constant", ["exact", "found"])
def test_scores_that_are_all_the_same_say_nothing(rng: np.random.Generator, constant: str) -> None:
    varied, flat = rng.normal(0, 3, (2, 5)).astype(np.float32), np.ones((2, 5), np.float32)
    parity = score_parity(flat, varied) if constant == "exact" else score_parity(varied, flat)
    assert parity.correlation == 0
    assert not parity.accepted


def test_rows_come_back_in_the_order_of_the_sequences() -> None:
    def first_and_count(inputs: dict[str, NDArray[np.int64]]) -> list[Floats]:
        return [np.stack([inputs["input_ids"][:, 0], inputs["attention_mask"].sum(axis=1)], axis=1).astype(np.float32)]

    sequences = [[100 + place] * (1 + place * 7 % 40) for place in range(50)]
    expected = [[sequence[0], len(sequence)] for sequence in sequences]
    assert run(first_and_count, sequences, pad=9).tolist() == expected
