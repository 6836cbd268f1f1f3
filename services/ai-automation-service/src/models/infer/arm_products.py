"""Products of 8-bit numbers on arm64, where OpenVINO 2026.4.1 takes the first row's scale for every row.

The weights of such a product are ``convert(int8) * scales``, its inputs are rounded to 8 bits too (``FakeQuantize``).
On x86-64 it is right; on arm64 the executor knows one scale only, and what comes out has nothing to do with what should
(https://github.com/openvinotoolkit/openvino/pull/25171 says what it cannot do). A common scale in front of the product,
and what sets the rows apart behind it, are the same numbers, and are multiplied in 8 bits there as well.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from openvino import Model, Node

_ARM = ("aarch64", "arm64")
_LONGEST = 8  # operations between a stored matrix and its product; more are a calculation
_FLOATS = ("f32", "f16", "bf16", "f64")


def on_arm() -> bool:
    """Whether this machine's processor is a 64-bit one of Arm's."""
    return platform.machine() in _ARM


def move_scales_behind(model: Model) -> bool:
    """Rewrite such products in place.

    Returns:
        whether the graph may be computed in 8 bits on arm64 now; False where its weights are in a form not known here.
    """
    nodes = model.get_ordered_ops()
    if not any(node.get_type_name() == "FakeQuantize" for node in nodes):
        return True
    products = [
        node for node in nodes if node.get_type_name() == "MatMul" and _is_stored(node.input_value(1).get_node())
    ]
    moved = [_move(product) for product in products]
    model.validate_nodes_and_infer_types()
    return all(moved)


def _is_stored(node: Node, within: int = _LONGEST) -> bool:
    """Whether nothing that is asked goes into it."""
    if node.get_type_name() == "Constant":
        return True
    inputs = node.input_values()
    return within > 0 and bool(inputs) and all(_is_stored(each.get_node(), within - 1) for each in inputs)


def _move(product: Node) -> bool:
    """Whether a product is right on arm64, rewritten if need be."""
    from openvino import opset15 as ops

    weights = product.input_value(1).get_node()
    if _stored_type(weights) in _FLOATS:
        return True
    if weights.get_type_name() != "Multiply" or _stored_type(weights.input_value(0).get_node()) != "i8":
        return False
    factor = weights.input_value(1).get_node()
    if factor.get_type_name() != "Constant":
        return False
    scales = np.asarray(factor.data, np.float32)
    if scales.size == 1:
        return True
    shape, turned = product.input_value(1).get_shape(), product.get_attributes()["transpose_b"]
    if not turned or len(shape) != 2 or scales.shape != (shape[0], 1):
        return False
    readers = product.output(0).get_target_inputs()
    if not all(_adds_bias(reader.get_node()) for reader in readers):
        return False  # seen: with nothing added, the engine takes the scales back into the product
    # Of a power of two no digit is lost.
    common = np.exp2(np.floor(np.log2(scales.max()))).astype(np.float32)
    rows = ops.multiply(weights.input_value(0), ops.constant(common))
    plain = ops.matmul(product.input_value(0), rows, product.get_attributes()["transpose_a"], True)
    scaled = ops.multiply(plain, ops.constant(scales[:, 0] / common))
    for reader in readers:
        reader.replace_source_output(scaled.output(0))
    return True


def _adds_bias(node: Node) -> bool:
    return node.get_type_name() == "Add" and any(_is_stored(each.get_node()) for each in node.input_values())


def _stored_type(node: Node) -> str:
    """``i8`` of a stored matrix of bytes, converted or not; empty for anything else."""
    if node.get_type_name() == "Convert":
        node = node.input_value(0).get_node()
    return str(node.get_element_type().get_type_name()) if node.get_type_name() == "Constant" else ""
