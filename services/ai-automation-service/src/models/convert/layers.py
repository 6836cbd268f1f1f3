"""The pieces that encoder graphs are made of, built from source weights at a precision.

A graph is built with ``openvino.opset15`` from numpy arrays alone. At INT8 every output channel of a matrix, and every
row of an embedding table, is an int8 vector times one float32 scale (symmetric, nearest, the largest magnitude is
127), and activations stay float32. A layer that was calibrated is multiplied in whole numbers instead, its inputs
rounded to 8 bits too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from src.models.catalog.model_card import Precision
from src.models.convert.quantized_linear import LEVELS
from src.models.convert.weights import FloatArray, WeightFile

if TYPE_CHECKING:
    from openvino import Node

    from src.models.convert.quantized_linear import Grid, QuantizedLinear


def quantize_rows(weights: WeightFile, name: str) -> tuple[NDArray[np.int8], FloatArray]:
    """A matrix as int8 rows and their scales, without holding it in float32.

    Returns:
        int8 (rows, columns) in [-127, 127] and float32 (rows, 1); their product is the matrix, rounded. A row of
        zeros has scale 1.
    """
    rows, columns = weights.shape(name)
    quantized = np.empty((rows, columns), np.int8)
    scales = np.empty((rows, 1), np.float32)
    first = 0
    for block in weights.blocks(name):
        past = first + len(block)
        largest = np.abs(block).max(axis=1, keepdims=True)
        scale = np.where(largest > 0, largest / 127, np.float32(1)).astype(np.float32)
        scales[first:past] = scale
        np.clip(np.rint(block / scale), -127, 127, out=block)
        quantized[first:past] = block
        first = past
    return quantized, scales


class Layers:
    """Makes graph nodes from the tensors of one file at one precision.

    Raises (any method):
        WeightsUnreadable: the file has no tensor of that name.
    """

    def __init__(self, weights: WeightFile, precision: Precision) -> None:
        from openvino import opset15

        self.weights = weights
        self.precision = precision
        self._ops = opset15

    def vector(self, name: str) -> Node:
        """A small tensor (a bias, a norm's weight), always float32."""
        return self._ops.constant(self.weights.read(name))

    def matrix(self, name: str) -> Node:
        """A matrix (rows, columns) as the float32 operand of a product, stored at the precision."""
        ops = self._ops
        if self.precision.startswith("int8"):
            quantized, scales = quantize_rows(self.weights, name)
            return ops.multiply(ops.convert(ops.constant(quantized), "f32"), ops.constant(scales))
        if self.precision == "fp16":
            return ops.convert(ops.constant(self._half(name)), "f32")
        return ops.constant(self.weights.read(name))

    def linear(self, x: Node, name: str, *, bias: bool = True) -> Node:
        """``x @ weight.T + bias`` of ``{name}.weight`` (out, in) and ``{name}.bias`` (out,)."""
        product = self._ops.matmul(x, self.matrix(f"{name}.weight"), False, True)
        return self._ops.add(product, self.vector(f"{name}.bias")) if bias else product

    def levels(self, x: Node, grid: Grid) -> Node:
        """``x`` (batch, length, columns) rounded to its grid: whole numbers from 0 to 255, kept in eight bits.

        The columns of a grid that cuts channels must be there already, see :meth:`whole`.
        """
        ops = self._ops
        scaled = ops.add(ops.multiply(x, ops.constant(1 / grid.step)), ops.constant(-grid.offset / grid.step))
        low, high = ops.constant(np.float32(0)), ops.constant(np.float32(LEVELS))
        return ops.fake_quantize(scaled, low, high, low, high, LEVELS + 1)

    def whole(self, levels: Node, layer: QuantizedLinear, outputs: NDArray[np.int64] | slice = slice(None)) -> Node:
        """The product of a calibrated layer with what :meth:`levels` gives.

        Args:
            outputs: which of its outputs, in which order, as often as they stand there.
        """
        ops = self._ops
        rows = ops.multiply(ops.convert(ops.constant(layer.rows[outputs]), "f32"), ops.constant(layer.scales[outputs]))
        return ops.add(ops.matmul(levels, rows, False, True), ops.constant(layer.bias[outputs]))

    def embedding(self, ids: Node, name: str) -> Node:
        """Rows of the table ``name`` (rows, columns) at integer ``ids`` (...): float32 (..., columns).

        At INT8 the gathered rows are scaled after the gather: a table that is scaled before it would be unpacked
        to float32 when the graph is compiled.
        """
        ops, axis = self._ops, self._ops.constant(np.int64(0))
        if self.precision.startswith("int8"):
            quantized, scales = quantize_rows(self.weights, name)
            rows = ops.convert(ops.gather(ops.constant(quantized), ids, axis), "f32")
            return ops.multiply(rows, ops.gather(ops.constant(scales), ids, axis))
        if self.precision == "fp16":
            return ops.convert(ops.gather(ops.constant(self._half(name)), ids, axis), "f32")
        return ops.gather(ops.constant(self.weights.read(name)), ids, axis)

    def _half(self, name: str) -> NDArray[np.float16]:
        return np.concatenate([block.astype(np.float16) for block in self.weights.blocks(name)])

    def layer_norm(self, x: Node, name: str, epsilon: float) -> Node:
        """Normalises the last axis to mean 0 and variance 1, then ``{name}.weight`` and ``{name}.bias``."""
        ops = self._ops
        normal = ops.mvn(x, ops.constant(np.array([-1], np.int64)), True, epsilon, "inside_sqrt")
        return ops.add(ops.multiply(normal, self.vector(f"{name}.weight")), self.vector(f"{name}.bias"))

    def split_heads(self, x: Node, heads: int) -> Node:
        """(batch, length, heads * width) to (batch, heads, length, width)."""
        ops = self._ops
        split = ops.reshape(x, ops.constant(np.array([0, 0, heads, -1], np.int64)), True)
        return ops.transpose(split, ops.constant(np.array([0, 2, 1, 3], np.int64)))

    def join_heads(self, x: Node) -> Node:
        """The inverse of :meth:`split_heads`."""
        ops = self._ops
        turned = ops.transpose(x, ops.constant(np.array([0, 2, 1, 3], np.int64)))
        return ops.reshape(turned, ops.constant(np.array([0, 0, -1], np.int64)), True)
