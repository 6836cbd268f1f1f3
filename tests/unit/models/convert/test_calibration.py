"""Graphs that multiply whole numbers compute what their layers say, and stay near the exact model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from src.models.catalog.model_card import Precision
from src.models.convert.bert_forward import Forward, Kind, Texts
from src.models.convert.bert_graph import embedding_graph, reranker_graph
from src.models.convert.bert_names import BertConfig
from src.models.convert.calibration import Calibrated, calibrate
from src.models.convert.parity import Pooling, exact_scores, exact_vectors, run
from src.models.convert.weights import FloatArray, WeightFile
from src.models.infer.runtime import Runtime
from tests.unit.models import tiny

BERT, XLMR = BertConfig.from_json(tiny.bert_config()), BertConfig.from_json(tiny.xlmr_config())
CUTS = 32


def sentences(seed: int, count: int = 60) -> list[list[int]]:
    """Token ids, special tokens around them."""
    rng = np.random.default_rng(seed)
    return [[2, *rng.integers(4, tiny.VOCABULARY, rng.integers(2, 40)).tolist(), 3] for _ in range(count)]


LESSONS, ASKED = sentences(1), sentences(2, 25)


@pytest.fixture(scope="module")
def embedding(tmp_path_factory: pytest.TempPathFactory) -> WeightFile:
    folder = tiny.write_model(tmp_path_factory.mktemp("e"), tiny.encoder_tensors(seed=1), tiny.bert_config())
    return WeightFile(folder / "model.safetensors")


@pytest.fixture(scope="module")
def calibrated(embedding: WeightFile) -> Calibrated:
    return calibrate(embedding, BERT, LESSONS)


def cosines(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(np.sum(one * other, axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1))


def test_every_linear_layer_of_the_encoder_is_calibrated(calibrated: Calibrated) -> None:
    width, inner = tiny.WIDTH, tiny.INNER
    assert {name: layer.rows.shape for name, layer in calibrated.items()} == {
        f"encoder.layer.{layer}.{name}": shape
        for layer in range(tiny.LAYERS)
        for name, shape in {
            "attention.self": (3 * width, width),
            "attention.output.dense": (width, width),
            "intermediate.dense": (inner, width),
            "output.dense": (width, inner + CUTS),
        }.items()
    }
    assert [layer.grid.is_cut for layer in calibrated.values()] == [False, False, False, True] * tiny.LAYERS


def test_ranges_are_wider_than_what_was_seen_where_more_is_to_be_expected(
    embedding: WeightFile, calibrated: Calibrated
) -> None:
    def look(name: str, kind: Kind, inputs: FloatArray, weight: FloatArray, bias: FloatArray) -> None:
        grid, seen = calibrated[name].grid, inputs.max(axis=0) - inputs.min(axis=0)
        if kind == "inner":
            ends = grid.offset + grid.step * 255
            highest = np.array([ends[grid.channels == channel].max() for channel in range(len(seen))])
            assert grid.offset.min() == pytest.approx(-0.17)
            assert np.all(highest + 0.17 >= (inputs.max(axis=0) + 0.17) * 1.2499)
        else:
            assert np.min(grid.step * 255 / seen) == pytest.approx({"hidden": 1.0, "context": 1.25}[kind], rel=1e-4)

    Forward(embedding, BERT).hidden(Texts.of(LESSONS), look)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_vectors_are_those_of_the_layers_written_out(
    embedding: WeightFile, calibrated: Calibrated, pooling: Pooling
) -> None:
    tensors, config = tiny.encoder_tensors(seed=1), tiny.bert_config()
    graph = embedding_graph(embedding, BERT, "fp32", pooling=pooling, calibrated=calibrated)
    found = run(Runtime(1).load(graph), ASKED, pad=0)
    states = [tiny.reference_hidden(tensors, ids, config, whole=calibrated) for ids in ASKED]
    pooled = np.array([state[0] if pooling == "cls" else state.mean(axis=0) for state in states])
    exact = exact_vectors(Forward(embedding, BERT), ASKED, pooling)
    emulated, rounding = 1 - cosines(found, pooled), 1 - cosines(found, exact)
    # Where an input lies in the middle between two levels, float32 and float64 may part by one level.
    assert emulated.mean() < rounding.mean() / 20
    assert np.median(emulated) < 1e-6


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_vectors_stay_near_the_exact_ones(embedding: WeightFile, calibrated: Calibrated, precision: Precision) -> None:
    graph = embedding_graph(embedding, BERT, precision, calibrated=calibrated)
    near = cosines(run(Runtime(1).load(graph), ASKED, pad=0), exact_vectors(Forward(embedding, BERT), ASKED, "mean"))
    assert near.mean() > 0.998
    assert not np.allclose(near, 1, atol=1e-7)  # it was rounded


def test_scores_stay_near_the_exact_ones(tmp_path: Path) -> None:
    folder = tiny.write_model(tmp_path, tiny.reranker_tensors(seed=2), tiny.xlmr_config())
    weights = WeightFile(folder / "model.safetensors")
    calibrated = calibrate(weights, XLMR, LESSONS)
    assert all(name.startswith("roberta.encoder.layer.") for name in calibrated)
    graph = reranker_graph(weights, XLMR, "int8", calibrated=calibrated)
    found = run(Runtime(1).load(graph), ASKED, pad=1)[:, 0]
    exact = exact_scores(Forward(weights, XLMR), ASKED)
    assert np.corrcoef(found, exact)[0, 1] > 0.98


def test_each_layer_is_in_the_graph(embedding: WeightFile, calibrated: Calibrated) -> None:
    runtime = Runtime(1)
    before = run(runtime.load(embedding_graph(embedding, BERT, "fp32", calibrated=calibrated)), ASKED[:3], pad=0)
    for name, layer in calibrated.items():
        changed = {
            **calibrated,
            name: replace(layer, bias=layer.bias + np.linspace(-1, 1, len(layer.bias), dtype="f4")),
        }
        after = run(runtime.load(embedding_graph(embedding, BERT, "fp32", calibrated=changed)), ASKED[:3], pad=0)
        assert np.abs(after - before).max() > 1e-3, name


def test_neither_padding_nor_batch_mates_change_a_vector(embedding: WeightFile, calibrated: Calibrated) -> None:
    network = Runtime(1).load(embedding_graph(embedding, BERT, "int8", calibrated=calibrated))
    together = run(network, ASKED, pad=0)
    alone = np.concatenate([run(network, [ids], pad=0) for ids in ASKED])
    other_filler = run(network, ASKED, pad=7)
    # Another order of a sum may make a level more or less of a number in the middle between two.
    np.testing.assert_allclose(cosines(together, alone), 1, atol=1e-4)
    assert np.median(np.abs(together - alone)) < 1e-6
    np.testing.assert_array_equal(other_filler, together)


def test_the_memory_of_the_pass_bounds_the_lessons(
    embedding: WeightFile, monkeypatch: pytest.MonkeyPatch, calibrated: Calibrated
) -> None:
    monkeypatch.setattr(
        "src.models.convert.calibration.portions", lambda sequences, _: iter([sequences[:10], sequences[10:]])
    )
    fewer = calibrate(embedding, BERT, LESSONS)
    of_ten = calibrate(embedding, BERT, LESSONS[:10])
    name = "encoder.layer.0.output.dense"
    assert np.array_equal(fewer[name].rows, of_ten[name].rows)
    assert not np.array_equal(fewer[name].rows, calibrated[name].rows)


def test_there_must_be_something_to_calibrate_on(embedding: WeightFile) -> None:
    with pytest.raises(ValueError, match="nothing to calibrate on"):
        calibrate(embedding, BERT, [])
