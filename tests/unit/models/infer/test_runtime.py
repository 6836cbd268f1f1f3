"""OpenVINO as this service sets it up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from openvino import Model
from openvino import opset15 as ops

from src.models.infer import runtime as runtime_module
from src.models.infer.runtime import Runtime


def doubler() -> Model:
    x = ops.parameter([-1, -1], np.float32, "x")
    x.output(0).set_names({"x"})
    return Model([ops.multiply(x, ops.constant(np.float32(2)))], [x], "doubler")


def test_threads_at_once_get_each_their_own_answer() -> None:
    network = Runtime(1).load(doubler())
    rng = np.random.default_rng(0)
    questions = [rng.normal(size=(1 + number % 5, 3)).astype(np.float32) for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda x: network({"x": x})[0], questions))
    for question, answer in zip(questions, answers, strict=True):
        np.testing.assert_array_equal(answer, question * 2)


def test_an_answer_stays_when_the_next_question_is_asked() -> None:
    network = Runtime(1).load(doubler())
    first = network({"x": np.ones((1, 1), np.float32)})[0]
    network({"x": np.zeros((1, 1), np.float32)})
    assert first.tolist() == [[2.0]]


def test_a_failed_question_does_not_use_up_the_network() -> None:
    network = Runtime(1).load(doubler())
    for _ in range(3):
        with pytest.raises(KeyError):
            network({})
    assert network({"x": np.ones((1, 1), np.float32)})[0].tolist() == [[2.0]]


def test_results_do_not_follow_the_processor() -> None:
    assert Runtime().properties()["INFERENCE_PRECISION_HINT"] == "f32"
    assert Runtime().properties()["DYNAMIC_QUANTIZATION_GROUP_SIZE"] == 0


def test_threads_are_the_setting_or_what_the_container_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_module, "allowed_cpus", lambda: 3)
    assert Runtime(0).properties()["INFERENCE_NUM_THREADS"] == 3
    assert Runtime(1).properties()["INFERENCE_NUM_THREADS"] == 1
    monkeypatch.setattr(runtime_module, "allowed_cpus", lambda: None)
    assert "INFERENCE_NUM_THREADS" not in Runtime(0).properties()
