"""Quantized embedding tables of finished graphs stay in 8 bits and give the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
from openvino import Model, Node
from openvino import opset15 as ops

from src.models.convert.compact import compact_embeddings
from src.models.infer.runtime import Runtime

ROWS, WIDTH = 50, 8
IDS = np.array([[0, 3, 49], [7, 7, 1]], np.int64)


def lookup(table: Node, axis: int = 0) -> Model:
    ids = ops.parameter([-1, -1], np.int64, "input_ids")
    ids.output(0).set_names({"input_ids"})
    return Model([ops.gather(table, ids, ops.constant(np.int64(axis)))], [ids], "lookup")


def table(kind: str) -> Node:
    """A table as quantizers write it: symmetric, asymmetric, one scale for all, through half precision."""
    rng = np.random.default_rng(0)
    scales = rng.uniform(0.01, 0.1, (ROWS, 1)).astype(np.float32)
    signed = ops.constant(rng.integers(-127, 128, (ROWS, WIDTH), np.int8))
    unsigned = ops.constant(rng.integers(0, 256, (ROWS, WIDTH), np.uint8))
    if kind == "symmetric":
        return ops.multiply(ops.convert(signed, "f32"), ops.constant(scales))
    if kind == "asymmetric":
        zeros = ops.convert(ops.constant(rng.integers(0, 256, (ROWS, 1), np.uint8)), "f32")
        return ops.multiply(ops.subtract(ops.convert(unsigned, "f32"), zeros), ops.constant(scales))
    if kind == "one scale":
        return ops.multiply(ops.convert(signed, "f32"), ops.constant(np.float32(0.03)))
    halves = ops.multiply(ops.convert(signed, "f16"), ops.constant(scales.astype(np.float16)))
    return ops.convert(halves, "f32")


@pytest.mark.parametrize("kind", ["symmetric", "asymmetric", "one scale", "half"])
def test_the_gather_moves_before_the_scaling_and_gives_the_same(kind: str) -> None:
    before = Runtime(1).load(lookup(table(kind)))({"input_ids": IDS})[0]
    model = lookup(table(kind))

    assert compact_embeddings(model) == 1

    gathered = [node.input_value(0) for node in model.get_ops() if node.get_type_name() == "Gather"]
    wide = [value for value in gathered if list(value.get_shape()) == [ROWS, WIDTH]]
    assert [value.get_element_type().get_type_name() for value in wide] == ["u8" if kind == "asymmetric" else "i8"]
    np.testing.assert_allclose(
        Runtime(1).load(model)({"input_ids": IDS})[0], before, rtol=1e-3 if kind == "half" else 1e-6
    )


def test_what_is_no_quantized_table_is_left_alone() -> None:
    plain = ops.constant(np.ones((ROWS, WIDTH), np.float32))
    half = ops.convert(ops.constant(np.ones((ROWS, WIDTH), np.float16)), "f32")
    assert compact_embeddings(lookup(plain)) == 0
    assert compact_embeddings(lookup(half)) == 0
    assert compact_embeddings(lookup(table("symmetric"), axis=1)) == 0
