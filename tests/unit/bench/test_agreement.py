"""Agreement of a precision's answers with those at float32."""

from __future__ import annotations

import numpy as np

from scripts.bench.agreement import of_labels, of_scores, of_vectors


def test_vectors_agree_with_themselves() -> None:
    vectors = np.linalg.qr(np.random.default_rng(1).normal(size=(8, 8)))[0].astype(np.float32)
    assert of_vectors(vectors, vectors.copy()) == {"cosine_mean": 1.0, "cosine_min": 1.0, "same_nearest": 1.0}


def test_a_turned_vector_is_the_least_cosine_and_may_move_its_neighbour() -> None:
    def unit(degrees: float) -> list[float]:
        return [np.cos(np.radians(degrees)), np.sin(np.radians(degrees))]

    # Nearest of 0° is 10°; turned to 50° it is 60° instead. The others keep theirs: 10° and 60° have 0° and 10°.
    reference = np.array([unit(0), unit(10), unit(61)], np.float32)
    found = of_vectors(reference, np.array([unit(50), unit(10), unit(61)], np.float32))
    assert found["cosine_min"] == round(float(np.cos(np.radians(50))), 5)
    assert found["cosine_mean"] == round((2 + float(np.cos(np.radians(50)))) / 3, 5)
    assert found["same_nearest"] == round(1 / 3, 3)  # 10° keeps 0°; 61° had 10° and has 50° now


def test_scores_keep_their_order_or_do_not() -> None:
    reference = np.array([[3.0, 1.0], [0.0, 2.0]], np.float32)
    other = np.array([[2.5, 1.0], [2.0, 0.0]], np.float32)
    found = of_scores(reference, other)
    assert found["same_best"] == 0.5
    assert found["largest_difference"] == 2.0
    assert found["correlation"] < 1


def test_labels_are_the_most_probable() -> None:
    reference = np.array([[0.7, 0.3], [0.4, 0.6]], np.float32)
    other = np.array([[0.6, 0.4], [0.55, 0.45]], np.float32)
    assert of_labels(reference, other) == {"same_label": 0.5, "largest_difference": 0.15}
