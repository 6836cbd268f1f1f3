"""The graph, against the model written out in numpy with each answer decoded by itself."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from src.models.catalog.model_card import Precision
from src.models.convert.layers import quantize_rows
from src.models.convert.t5_graph import T5Config, classifier_graph, classifier_graphs, position_buckets
from src.models.convert.weights import WeightFile, WeightsUnreadable
from src.models.infer.label_tree import LabelTree
from src.models.infer.runtime import Runtime
from tests.unit.classifier import tiny_t5

rng = np.random.default_rng(7)
PROMPTS = [[*rng.integers(3, tiny_t5.VOCABULARY, size).tolist(), tiny_t5.END] for size in (4, 1, 17, 60)]
ANSWERS = [[5], [7, 8], [7, 9], [7], [7, 8, 9, 10]]


def scores(
    folder: Path, settings: dict[str, object], precision: str = "fp32", prompts: list[list[int]] = PROMPTS
) -> NDArray[np.float64]:
    """Log-probabilities (prompts, answers) by graph and tree, all in one batch."""
    weights = WeightFile(folder / "model.safetensors")
    network = Runtime(1).load(classifier_graph(weights, T5Config.from_json(settings), cast(Precision, precision)))
    length = max(map(len, prompts)) + 3
    ids = np.zeros((len(prompts), length), np.int64)
    mask = np.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, : len(prompt)], mask[row, : len(prompt)] = prompt, 1
    tree = LabelTree.of(ANSWERS, start=tiny_t5.PAD, end=tiny_t5.END)
    (edges,) = network({"input_ids": ids, "attention_mask": mask, **tree.inputs()})
    return tree.log_probabilities(edges)


def expected(weights: tiny_t5.Tensors, *, scaled: bool = False) -> NDArray[np.float64]:
    model = tiny_t5.Reference(weights, scaled=scaled)
    return np.array([model.log_probabilities(prompt, ANSWERS) for prompt in PROMPTS])


def test_one_pass_over_the_tree_is_decoding_each_answer_by_itself(tmp_path: Path) -> None:
    weights = tiny_t5.tensors(seed=1)
    folder = tiny_t5.write_model(tmp_path, weights, tiny_t5.config())

    np.testing.assert_allclose(scores(folder, tiny_t5.config()), expected(weights), atol=1e-4)


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_reduced_precision_rounds_the_matrices_and_nothing_else(tmp_path: Path, precision: str) -> None:
    weights = tiny_t5.tensors(seed=2)
    folder = tiny_t5.write_model(tmp_path, weights, tiny_t5.config())
    file = WeightFile(folder / "model.safetensors")
    stored = dict(weights)
    for name, tensor in weights.items():
        if tensor.ndim == 2 and "relative_attention_bias" not in name:
            quantized, scales = quantize_rows(file, name)
            stored[name] = quantized * scales if precision == "int8" else tensor.astype(np.float16).astype(np.float32)

    np.testing.assert_allclose(scores(folder, tiny_t5.config(), precision), expected(stored), atol=1e-4)


def test_a_tied_head_is_the_embedding_table_and_is_scaled(tmp_path: Path) -> None:
    weights = tiny_t5.tensors(seed=3, tied=True)
    settings = tiny_t5.config(tie_word_embeddings=True)
    folder = tiny_t5.write_model(tmp_path, weights, settings)

    np.testing.assert_allclose(scores(folder, settings), expected(weights, scaled=True), atol=1e-4)


@pytest.mark.parametrize(
    ("said", "scaled"),
    [
        ({"tie_word_embeddings": False}, False),
        ({"tie_word_embeddings": True}, True),
        ({"tie_word_embeddings": True, "scale_decoder_outputs": False}, False),  # as transformers 5 writes it
    ],
)
def test_whether_the_output_is_scaled_is_what_the_config_says(said: dict[str, object], scaled: bool) -> None:
    assert T5Config.from_json(tiny_t5.config(**said)).scale_output is scaled


def test_a_prompt_scores_the_same_in_any_company(tmp_path: Path) -> None:
    folder = tiny_t5.write_model(tmp_path, tiny_t5.tensors(seed=4), tiny_t5.config())

    together = scores(folder, tiny_t5.config(), "int8")
    alone = np.concatenate([scores(folder, tiny_t5.config(), "int8", [prompt]) for prompt in PROMPTS])

    np.testing.assert_allclose(together, alone, rtol=1e-5)


@pytest.mark.parametrize(
    ("both_ways", "expected_buckets"),
    [
        # 32 buckets up to 128 tokens, as all released models have them; worked out by hand.
        (
            True,
            {0: 0, -1: 1, 1: 17, -7: 7, 7: 23, -8: 8, -11: 8, -12: 9, 16: 26, -64: 14, -127: 15, -128: 15, 5000: 31},
        ),
        (False, {0: 0, 3: 0, -1: 1, -15: 15, -16: 16, -18: 16, -19: 17, -127: 31, -5000: 31}),
    ],
)
def test_near_positions_have_a_bias_each_and_far_ones_share(both_ways: bool, expected_buckets: dict[int, int]) -> None:
    config = T5Config.from_json(tiny_t5.config(relative_attention_num_buckets=32, relative_attention_max_distance=128))

    found = position_buckets(np.array(list(expected_buckets)), config, both_ways=both_ways)

    assert dict(zip(expected_buckets, found.tolist(), strict=True)) == expected_buckets


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"model_type": "bart"}, "not of T5"),
        ({"feed_forward_proj": "relu"}, "only 'gated-gelu' is known"),
        ({"decoder_start_token_id": 5}, "another token than the padding"),
    ],
)
def test_another_model_is_refused(tmp_path: Path, changes: dict[str, object], complaint: str) -> None:
    folder = tiny_t5.write_model(tmp_path, tiny_t5.tensors(seed=5), tiny_t5.config())

    with pytest.raises(WeightsUnreadable, match=complaint):
        classifier_graphs(WeightFile(folder / "model.safetensors"), tiny_t5.config(**changes), "int8")


def test_missing_weights_are_named(tmp_path: Path) -> None:
    weights = tiny_t5.tensors(seed=6)
    del weights["decoder.block.1.layer.1.EncDecAttention.k.weight"]
    folder = tiny_t5.write_model(tmp_path, weights, tiny_t5.config())

    with pytest.raises(WeightsUnreadable, match=r"decoder\.block\.1\.layer\.1\.EncDecAttention\.k"):
        classifier_graphs(WeightFile(folder / "model.safetensors"), tiny_t5.config(), "fp32")
