"""The exact pass in numpy, against the formulas term by term and against the graphs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.models.convert.bert_forward import Forward, Kind, Texts, gelu, portions
from src.models.convert.bert_graph import embedding_graph, reranker_graph
from src.models.convert.bert_names import BertConfig
from src.models.convert.parity import Pooling, exact_scores, exact_vectors, run
from src.models.convert.weights import FloatArray, WeightFile, WeightsUnreadable
from src.models.infer.runtime import Runtime
from tests.unit.models import tiny

SEQUENCES = [[2, 9, 17, 33, 3], [2, 40, 3], [2, *range(5, 60), 3], [2, 9, 17, 33, 3]]
BERT, XLMR = BertConfig.from_json(tiny.bert_config()), BertConfig.from_json(tiny.xlmr_config())


def embedding(folder: Path) -> WeightFile:
    tiny.write_model(folder, tiny.encoder_tensors(seed=1), tiny.bert_config())
    return WeightFile(folder / "model.safetensors")


def reranker(folder: Path) -> WeightFile:
    tiny.write_model(folder, tiny.reranker_tensors(seed=2), tiny.xlmr_config())
    return WeightFile(folder / "model.safetensors")


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta"])
def test_hidden_states_are_those_of_the_formulas(tmp_path: Path, kind: str) -> None:
    if kind == "bert":
        tensors, config, prefix = tiny.encoder_tensors(seed=1), tiny.bert_config(), ""
    else:
        tensors, config, prefix = tiny.reranker_tensors(seed=2), tiny.xlmr_config(), "roberta."
    weights = WeightFile(tiny.write_model(tmp_path, tensors, config) / "model.safetensors")
    hidden = Forward(weights, BertConfig.from_json(config)).hidden(Texts.of(SEQUENCES))
    assert hidden.dtype == np.float32
    expected = [tiny.reference_hidden(tensors, sequence, config, prefix) for sequence in SEQUENCES]
    np.testing.assert_allclose(hidden, np.concatenate(expected), atol=2e-5)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_vectors_are_the_exact_graphs(tmp_path: Path, pooling: Pooling) -> None:
    weights = embedding(tmp_path)
    network = Runtime(1).load(embedding_graph(weights, BERT, "fp32", pooling=pooling))
    exact = exact_vectors(Forward(weights, BERT), SEQUENCES, pooling)
    np.testing.assert_allclose(exact, run(network, SEQUENCES, pad=0), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(exact, axis=1), 1, atol=1e-6)


def test_the_two_ways_of_pooling_are_two(tmp_path: Path) -> None:
    forward = Forward(embedding(tmp_path), BERT)
    mean, first = (exact_vectors(forward, SEQUENCES, pooling) for pooling in ("mean", "cls"))
    assert np.abs(mean - first).max() > 0.02


def test_scores_are_the_exact_graphs(tmp_path: Path) -> None:
    weights = reranker(tmp_path)
    network = Runtime(1).load(reranker_graph(weights, XLMR, "fp32"))
    scores = exact_scores(Forward(weights, XLMR), SEQUENCES)
    assert scores.shape == (len(SEQUENCES),)
    np.testing.assert_allclose(scores, run(network, SEQUENCES, pad=1)[:, 0], atol=2e-5)


def test_more_texts_than_go_into_one_pass_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forward, passes = Forward(embedding(tmp_path), BERT), list[int]()
    whole = exact_vectors(forward, SEQUENCES, "mean")
    hidden = forward.hidden

    def counted(texts: Texts) -> FloatArray:
        passes.append(len(texts.ids))
        return hidden(texts)

    monkeypatch.setattr(forward, "hidden", counted)
    forward.tokens = 8
    np.testing.assert_allclose(exact_vectors(forward, SEQUENCES, "mean"), whole, atol=1e-6)
    assert passes == [8, 57, 5]


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), max_size=30), st.integers(1, 60))
def test_portions_keep_the_order_and_hold_as_many_as_may_be(lengths: list[int], tokens: int) -> None:
    sequences = [[place] * length for place, length in enumerate(lengths)]
    found = [list(portion) for portion in portions(sequences, tokens)]
    assert [each for portion in found for each in portion] == sequences
    sizes = [sum(map(len, portion)) for portion in found]
    assert all(found)
    for place, portion in enumerate(found):
        assert sizes[place] <= tokens or sum(1 for each in portion if each) == 1
        if place:
            assert sizes[place - 1] + len(portion[0]) > tokens


def test_an_observer_sees_every_linear_layer_with_what_it_is_given(tmp_path: Path) -> None:
    weights, seen = embedding(tmp_path), dict[str, tuple[Kind, tuple[int, ...], float]]()
    outputs: dict[str, FloatArray] = {}

    def look(name: str, kind: Kind, inputs: FloatArray, weight: FloatArray, bias: FloatArray) -> None:
        seen[name] = kind, weight.shape, float(inputs.min())
        outputs[name] = inputs @ weight.T + bias

    texts = Texts.of(SEQUENCES)
    hidden = Forward(weights, BERT).hidden(texts, look)
    width, inner = tiny.WIDTH, tiny.INNER
    assert {name: (kind, shape) for name, (kind, shape, _) in seen.items()} == {
        f"encoder.layer.{layer}.{name}": stated
        for layer in range(tiny.LAYERS)
        for name, stated in {
            "attention.self": ("hidden", (3 * width, width)),
            "attention.output.dense": ("context", (width, width)),
            "intermediate.dense": ("hidden", (inner, width)),
            "output.dense": ("inner", (width, inner)),
        }.items()
    }
    assert -0.17 < seen["encoder.layer.0.output.dense"][2] < -0.1  # after the activation, not before
    assert outputs["encoder.layer.1.output.dense"].shape == hidden.shape
    np.testing.assert_array_equal(hidden, Forward(weights, BERT).hidden(texts))  # looking changes nothing


def test_gelu_is_exact_to_a_millionth() -> None:
    x = np.linspace(-12, 12, 4801, dtype=np.float32)
    exact = [value * 0.5 * (1 + math.erf(value / math.sqrt(2))) for value in x.tolist()]
    np.testing.assert_allclose(gelu(x), exact, atol=1e-6, rtol=1e-6)


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    tensors = tiny.encoder_tensors(seed=7)
    del tensors["encoder.layer.1.output.dense.bias"]
    folder = tiny.write_model(tmp_path, tensors, tiny.bert_config())
    forward = Forward(WeightFile(folder / "model.safetensors"), BERT)
    with pytest.raises(WeightsUnreadable, match=r"encoder\.layer\.1\.output\.dense\.bias"):
        forward.hidden(Texts.of(SEQUENCES))
