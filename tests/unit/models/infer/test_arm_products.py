"""Graphs as they are rewritten for arm64, computed by whatever processor runs the tests."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from openvino import Model, Node
from openvino import opset15 as ops

from src.models.infer.arm_products import move_scales_behind
from src.models.infer.runtime import Runtime

ROWS, COLUMNS = 12, 32
BIAS = np.linspace(-300, 300, ROWS, dtype=np.float32)
Floats = NDArray[np.float32]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def rounded(x: Node) -> Node:
    low, high = ops.constant(np.float32(0)), ops.constant(np.float32(255))
    return ops.fake_quantize(x, low, high, low, high, 256)


def linear(inputs: Node, weights: Node) -> Node:
    return ops.add(ops.matmul(inputs, weights, False, True), ops.constant(BIAS))


def stored(rows: NDArray[np.int8], scales: Floats) -> Node:
    return ops.multiply(ops.convert(ops.constant(rows), "f32"), ops.constant(scales))


def model(*outputs: Node, x: Node) -> Model:
    x.output(0).set_names({"x"})
    return Model([ops.result(output) for output in outputs], [x], "products")


def question() -> Node:
    return ops.parameter([-1, -1, COLUMNS], np.float32, "x")


def matrix(rng: np.random.Generator) -> tuple[NDArray[np.int8], Floats]:
    rows = rng.integers(-127, 128, (ROWS, COLUMNS)).astype(np.int8)
    return rows, rng.uniform(0.001, 0.01, (ROWS, 1)).astype(np.float32)


def scales_of_products(graph: Model) -> list[int]:
    """How many scales the weights of each product have."""
    weights = [node.input_value(1).get_node() for node in graph.get_ordered_ops() if node.get_type_name() == "MatMul"]
    return [node.input_value(1).get_node().data.size for node in weights if node.get_type_name() == "Multiply"]


def test_products_have_one_scale_and_say_the_same(rng: np.random.Generator) -> None:
    (rows, scales), x = matrix(rng), question()
    levels = rounded(x)
    graph = model(linear(levels, stored(rows, scales)), linear(levels, stored(rows[::-1].copy(), scales)), x=x)
    assert move_scales_behind(graph)
    assert scales_of_products(graph) == [1, 1]
    asked = rng.uniform(-20, 280, (2, 5, COLUMNS)).astype(np.float32)
    found = Runtime(1).load(graph)({"x": asked})
    whole = np.clip(np.rint(asked), 0, 255)
    for output, weights in zip(found, (rows * scales, rows[::-1] * scales), strict=True):
        expected = whole @ weights.T + BIAS
        np.testing.assert_allclose(output, expected, rtol=0, atol=2e-5 * np.abs(expected).max())


def test_what_is_not_rounded_stays_as_it_is(rng: np.random.Generator) -> None:
    (rows, scales), x = matrix(rng), question()
    graph = model(linear(x, stored(rows, scales)), x=x)
    assert move_scales_behind(graph)
    assert scales_of_products(graph) == [ROWS]


def test_a_product_of_two_calculated_things_is_no_product_with_weights() -> None:
    x = question()
    graph = model(ops.matmul(rounded(x), rounded(x), False, True), x=x)
    assert move_scales_behind(graph)


@pytest.mark.parametrize("form", ["zero points", "rounded weights", "scales of columns", "no bias"])
def test_weights_in_a_form_not_known_are_told(rng: np.random.Generator, form: str) -> None:
    (rows, scales), x = matrix(rng), question()
    whole, levels = ops.convert(ops.constant(rows), "f32"), rounded(x)
    output = {
        "zero points": lambda: linear(levels, ops.multiply(ops.subtract(whole, ops.constant(scales)), scales)),
        "rounded weights": lambda: linear(levels, rounded(ops.constant(rows.astype(np.float32)))),
        "scales of columns": lambda: linear(levels, ops.multiply(whole, np.ones((1, COLUMNS), np.float32))),
        "no bias": lambda: ops.matmul(levels, stored(rows, scales), False, True),
    }[form]()
    assert not move_scales_behind(model(output, x=x))


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("known", [True, False])
def test_what_the_engine_compiles_on(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, machine: str, known: bool
) -> None:
    """On arm64 only what it computes right; and what was given, which may be saved yet, is as it was."""
    (rows, scales), x = matrix(rng), question()
    weights = stored(rows, scales)
    graph = model(linear(rounded(x), weights if known else ops.add(weights, weights)), x=x)
    compiled: list[tuple[Model, dict[str, object]]] = []

    class Engine:
        def compile_model(self, model: Model, device: str, properties: dict[str, object]) -> object:
            compiled.append((model, properties))
            raise RuntimeError("seen")

    monkeypatch.setattr("platform.machine", lambda: machine)
    runtime = Runtime(1)
    monkeypatch.setattr(runtime, "_get_core", Engine)
    with pytest.raises(RuntimeError, match="seen"):
        runtime.load(graph)
    ((model_compiled, properties),) = compiled
    arm = machine == "aarch64"
    if known:
        assert scales_of_products(model_compiled) == ([1] if arm else [ROWS])
        assert scales_of_products(graph) == [ROWS]
    assert ("LP_TRANSFORMS_MODE" in properties) == (arm and not known)
