"""Random weights, written as the service reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scripts.bench.weights import _write_weights
from src.models.convert.weights import WeightFile


def test_random_weights_are_a_safetensors_file(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    _write_weights(path, {"a.weight": (300, 40), "a.LayerNorm.weight": (7,)})
    weights = WeightFile(path)
    assert set(weights) == {"a.weight", "a.LayerNorm.weight"}
    numbers = weights.read("a.weight")
    assert numbers.shape == (300, 40)
    assert 0.019 < numbers.std() < 0.021
    assert np.array_equal(weights.read("a.LayerNorm.weight"), np.ones(7, np.float32))
