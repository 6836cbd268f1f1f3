"""Vectors by content."""

from __future__ import annotations

import numpy as np

from src.store import Store
from tests.unit.store.worlds import NOW

MODEL = "all-MiniLM-L6-v2 int8"


def vector(seed: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(size=384).astype(np.float32)


def test_a_vector_comes_back_to_the_bit(store: Store) -> None:
    odd = "Küche\x00\ud800"
    store.embeddings.put(MODEL, {"a": vector(1), odd: vector(2)}, now=NOW)

    found = store.embeddings.get(MODEL, ["a", "b", odd, "a"])

    assert set(found) == {"a", odd}
    assert found["a"].dtype == np.float32
    assert found["a"].tobytes() == vector(1).tobytes()
    assert found[odd].tobytes() == vector(2).tobytes()


def test_another_model_has_other_vectors(store: Store) -> None:
    store.embeddings.put(MODEL, {"a": vector(1)}, now=NOW)
    assert store.embeddings.get("another", ["a"]) == {}


def test_what_is_there_stays(store: Store) -> None:
    store.embeddings.put(MODEL, {"a": vector(1)}, now=NOW)
    store.embeddings.put(MODEL, {"a": vector(2), "b": vector(3)}, now=NOW + 1)
    found = store.embeddings.get(MODEL, ["a", "b"])
    assert found["a"].tobytes() == vector(1).tobytes()
    assert found["b"].tobytes() == vector(3).tobytes()


def test_more_texts_than_one_query_binds(store: Store) -> None:
    many = {str(i): np.full(2, i, np.float32) for i in range(12_000)}
    store.embeddings.put(MODEL, many, now=NOW)
    found = store.embeddings.get(MODEL, [*many, "another"])
    assert len(found) == 12_000
    assert all(found[text][0] == float(text) for text in many)


def test_nothing_asked_nothing_found(store: Store) -> None:
    store.embeddings.put(MODEL, {}, now=NOW)
    assert store.embeddings.get(MODEL, []) == {}
