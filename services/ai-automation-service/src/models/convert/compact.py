"""Keeps 8-bit embedding tables in 8 bits when OpenVINO compiles a graph.

A quantized table is stored as ``convert(table) [- zero] * scale`` followed by a gather. In a graph whose activations
are quantized too, the CPU plugin folds the first part into one float32 constant: 768 MB for a vocabulary of 250,000.
Gathering the 8-bit rows first, and their
scales beside them, gives the same numbers and leaves the table as it is stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from openvino import Model, Node, Output

_EIGHT_BITS = ("i8", "u8")


def compact_embeddings(model: Model) -> int:
    """Rewrite such gathers in place; returns how many there were."""
    count = 0
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Gather" or not _gathers_rows(node):
            continue
        rewritten = _gathered(node.input_value(0), node)
        if rewritten is not None:
            for target in node.output(0).get_target_inputs():
                target.replace_source_output(rewritten)
            count += 1
    if count:
        model.validate_nodes_and_infer_types()
    return count


def _gathers_rows(gather: Node) -> bool:
    axis = gather.input_value(2).get_node()
    return (
        axis.get_type_name() == "Constant"
        and int(np.asarray(axis.data).reshape(-1)[0]) == 0
        and len(gather.input_value(0).get_partial_shape()) == 2
        and gather.get_attributes().get("batch_dims", 0) == 0
    )


def _gathered(table: Output, gather: Node) -> Output | None:
    """The output of gathering before the arithmetic of ``table``; None when it is not an 8-bit table's."""
    from openvino import opset15 as ops

    node = table.get_node()
    kind = node.get_type_name()
    if kind == "Convert":
        inner = node.input_value(0)
        if inner.get_node().get_type_name() == "Constant":
            if inner.get_element_type().get_type_name() not in _EIGHT_BITS:
                return None
            rows = _rows(inner, gather)
        else:
            found = _gathered(inner, gather)
            if found is None:
                return None
            rows = found
        return ops.convert(rows, table.get_element_type().get_type_name()).output(0)
    if kind in ("Multiply", "Subtract"):
        left = _gathered(node.input_value(0), gather)
        right = _factor(node.input_value(1), gather)
        if left is None or right is None:
            return None
        return (ops.multiply if kind == "Multiply" else ops.subtract)(left, right).output(0)
    return None


def _factor(value: Output, gather: Node) -> Output | None:
    """Scales or zero points for the gathered rows: gathered with them where there is one a row."""
    from openvino import opset15 as ops

    node = value.get_node()
    if node.get_type_name() == "Convert":
        inner = _factor(node.input_value(0), gather)
        return None if inner is None else ops.convert(inner, value.get_element_type().get_type_name()).output(0)
    if node.get_type_name() != "Constant":
        return None
    shape = list(value.get_shape())
    if len(shape) < 2 or shape[0] == 1:
        return value
    return _rows(value, gather)


def _rows(table: Output, gather: Node) -> Output:
    from openvino import opset15 as ops

    return ops.gather(table, gather.input_value(1), gather.input_value(2)).output(0)
