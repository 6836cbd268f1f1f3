"""Token vectors come out of the graph that pools them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openvino
import pytest
from openvino import opset15

from src.errors import ModelUnavailable
from src.models.convert.conversion import Shape, convert_weights
from src.models.infer.embedding import EmbeddingModel
from src.models.infer.runtime import Runtime
from tests.unit.models import tiny

TEXTS = ["the kitchen light turns on", "heating off", "door opens at night when hall motion is seen at night"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A cache entry of a tiny embedding model."""
    source = tiny.write_model(tmp_path / "source", tiny.encoder_tensors(seed=1), tiny.bert_config())
    entry = tmp_path / "entry"
    entry.mkdir()
    files = {name: source / name for name in ("model.safetensors", "config.json", "tokenizer.json")}
    convert_weights(Shape("bert-embedding", "mean", 64), files, "fp32", entry)
    return entry


def model(folder: Path) -> EmbeddingModel:
    return EmbeddingModel(folder, Runtime(1), max_tokens=64, dimensions=tiny.WIDTH)


def test_their_mean_is_the_vector_of_the_text(folder: Path) -> None:
    encoder = model(folder)
    vectors = encoder.embed(TEXTS)
    for each, vector in zip(encoder.token_vectors(TEXTS), vectors, strict=True):
        mean = each.vectors.mean(axis=0)
        np.testing.assert_allclose(mean / np.linalg.norm(mean), vector, atol=1e-5)


def test_each_token_has_its_name_and_its_vector(folder: Path) -> None:
    encoded = model(folder).token_vectors(TEXTS)
    names = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    for each, text in zip(encoded, TEXTS, strict=True):
        assert each.vectors.shape == (len(each.tokens), tiny.WIDTH)
        assert set(each.tokens) <= set(names)
        assert list(each.tokens[1:-1]) == text.split()


def test_they_do_not_depend_on_the_other_texts(folder: Path) -> None:
    encoder = model(folder)
    together = encoder.token_vectors(TEXTS)
    for text, each in zip(TEXTS, together, strict=True):
        (alone,) = encoder.token_vectors([text])
        assert alone.tokens == each.tokens
        np.testing.assert_allclose(alone.vectors, each.vectors, atol=1e-5)


def test_a_graph_that_takes_no_mean_gives_none_and_says_so(folder: Path) -> None:
    encoder = model(folder)
    ids, mask = (opset15.parameter([-1, -1], np.int64, name) for name in ("input_ids", "attention_mask"))
    first = openvino.Model([opset15.result(opset15.add(ids, mask))], [ids, mask], "first-token")
    openvino.save_model(first, str(folder / "other.xml"))
    (folder / "other.xml").replace(folder / "model.xml")
    with pytest.raises(ModelUnavailable, match="no mean over tokens"):
        encoder.token_vectors(TEXTS)
