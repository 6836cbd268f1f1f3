"""The graphs, against a forward pass written out in numpy."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from openvino import Model

from src.models.catalog.model_card import Precision
from src.models.convert.bert_graph import embedding_graph, reranker_graph
from src.models.convert.bert_names import BertConfig
from src.models.convert.calibration import calibrate
from src.models.convert.layers import quantize_rows
from src.models.convert.weights import WeightFile, WeightsUnreadable
from src.models.infer.runtime import Network, Runtime
from tests.unit.models import tiny

SEQUENCES = [[2, 9, 17, 33, 3], [2, 40, 3], [2, *range(5, 60), 3]]


def pad(sequences: list[list[int]], length: int, filler: int) -> dict[str, NDArray[np.int64]]:
    ids = np.full((len(sequences), length), filler, np.int64)
    mask = np.zeros_like(ids)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def embedding(folder: Path, precision: Precision = "fp32") -> Network:
    config = BertConfig.from_json(tiny.bert_config())
    return Runtime(1).load(embedding_graph(WeightFile(folder / "model.safetensors"), config, precision))


def reranker(folder: Path, precision: Precision = "fp32") -> Network:
    config = BertConfig.from_json(tiny.xlmr_config())
    return Runtime(1).load(reranker_graph(WeightFile(folder / "model.safetensors"), config, precision))


def rounded(tensors: tiny.Tensors, folder: Path, precision: str) -> tiny.Tensors:
    """The tensors as a precision stores them: matrices and the words' table rounded, the rest not."""
    weights = WeightFile(folder / "model.safetensors")
    result = dict(tensors)
    for name, tensor in tensors.items():
        if tensor.ndim == 2 and "token_type" not in name and "position" not in name:
            if precision == "int8_weights":
                quantized, scales = quantize_rows(weights, name)
                result[name] = quantized * scales
            elif precision == "fp16":
                result[name] = tensor.astype(np.float16).astype(np.float32)
    return result


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8_weights"])
def test_vectors_are_those_of_bert_with_masked_mean_pooling(tmp_path: Path, precision: str) -> None:
    tensors = tiny.encoder_tensors(seed=1)
    folder = tiny.write_model(tmp_path, tensors, tiny.bert_config())
    stored = rounded(tensors, folder, precision)

    (vectors,) = embedding(folder, cast(Precision, precision))(pad(SEQUENCES, 64, filler=0))

    expected = [tiny.reference_vector(stored, sequence) for sequence in SEQUENCES]
    np.testing.assert_allclose(vectors, expected, atol=2e-5)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("precision", ["fp32", "int8_weights"])
def test_logits_are_those_of_xlm_roberta_with_its_positions_and_head(tmp_path: Path, precision: str) -> None:
    tensors = tiny.reranker_tensors(seed=2)
    folder = tiny.write_model(tmp_path, tensors, tiny.xlmr_config())
    stored = rounded(tensors, folder, precision)

    (logits,) = reranker(folder, cast(Precision, precision))(pad(SEQUENCES, 64, filler=1))

    expected = [[tiny.reference_logit(stored, sequence)] for sequence in SEQUENCES]
    np.testing.assert_allclose(logits, expected, atol=5e-5)


def test_int8_stays_near_the_exact_vectors(tmp_path: Path) -> None:
    tensors = tiny.encoder_tensors(seed=3)
    folder = tiny.write_model(tmp_path, tensors, tiny.bert_config())
    (vectors,) = embedding(folder, "int8_weights")(pad(SEQUENCES, 64, filler=0))
    exact = np.array([tiny.reference_vector(tensors, sequence) for sequence in SEQUENCES])
    assert np.sum(vectors * exact, axis=1).min() > 0.998


def test_neither_padding_nor_batch_mates_change_a_vector(tmp_path: Path) -> None:
    network = embedding(tiny.write_model(tmp_path, tiny.encoder_tensors(seed=4), tiny.bert_config()), "int8_weights")
    (alone,) = network(pad([SEQUENCES[0]], 16, filler=0))
    (among,) = network(pad(SEQUENCES, 64, filler=0))
    (other_filler,) = network(pad(SEQUENCES, 64, filler=7))
    np.testing.assert_allclose(among[0], alone[0], atol=1e-6)
    np.testing.assert_allclose(other_filler, among, atol=1e-6)


def test_a_row_of_nothing_but_padding_is_finite(tmp_path: Path) -> None:
    network = embedding(tiny.write_model(tmp_path, tiny.encoder_tensors(seed=5), tiny.bert_config()))
    (vectors,) = network(pad([[]], 16, filler=0))
    assert np.isfinite(vectors).all()


def matrices(graph: Model) -> Counter[str]:
    """How many matrices of each type a graph holds."""
    constants = [node for node in graph.get_ops() if node.get_type_name() == "Constant"]
    shapes = [(list(node.output(0).get_shape()), node.get_element_type().get_type_name()) for node in constants]
    return Counter(kind for shape, kind in shapes if len(shape) == 2 and shape[1] >= tiny.WIDTH)


@pytest.mark.parametrize("calibrated", [False, True], ids=["weights", "whole"])
def test_int8_graphs_hold_no_matrix_but_the_positions_in_floating_point(tmp_path: Path, calibrated: bool) -> None:
    folder = tiny.write_model(tmp_path, tiny.reranker_tensors(seed=6), tiny.xlmr_config())
    weights, config = WeightFile(folder / "model.safetensors"), BertConfig.from_json(tiny.xlmr_config())
    layers = calibrate(weights, config, SEQUENCES) if calibrated else None
    graph = reranker_graph(weights, config, "int8" if calibrated else "int8_weights", calibrated=layers)
    # The words, six in a layer, two in the head; the position table is small and added up beforehand.
    assert matrices(graph) == {"i8": 1 + 6 * tiny.LAYERS + 2, "f32": 1}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"model_type": "deberta"}, "deberta"),
        ({"hidden_act": "relu"}, "relu"),
        ({"position_embedding_type": "relative_key"}, "relative_key"),
    ],
)
def test_a_model_that_the_graph_is_not_is_refused(change: dict[str, object], named: str) -> None:
    with pytest.raises(WeightsUnreadable, match=named):
        BertConfig.from_json({**tiny.bert_config(), **change})


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    tensors = tiny.encoder_tensors(seed=7)
    del tensors["encoder.layer.1.output.dense.weight"]
    folder = tiny.write_model(tmp_path, tensors, tiny.bert_config())
    with pytest.raises(WeightsUnreadable, match=r"encoder\.layer\.1\.output\.dense\.weight"):
        embedding(folder)
