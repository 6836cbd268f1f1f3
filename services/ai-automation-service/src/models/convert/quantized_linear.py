"""A linear layer in whole numbers: 8-bit inputs on a grid of each channel's own, times 8-bit weights.

One scale for a whole input tensor is what the engines multiply with, and transformers do not fit it: a channel or two
are ten times as large as the rest. So a channel has a grid of its own, ``offset + step * (0 ... 255)``. The steps are
multiplied into the weights and the offsets into the bias, so that the product itself sees plain numbers from 0 to 255.
How much of a channel's width goes into its step and how much is left to the weights is the compromise of Xiao et al.,
"SmoothQuant", https://arxiv.org/abs/2211.10438.

Where the inputs are the units of a hidden layer, the widest are cut into ranges: copies of the unit that each see one
part of its range, as if it were clipped to it. Their weights are the same and their sum is the unit, on a grid that is
as many times finer. (Zhao et al., "Outlier Channel Splitting", https://arxiv.org/abs/1901.09504, halves the values of
such channels instead, which needs no clipping and gains less.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from src.models.convert.rounding import round_to_inputs, round_to_nearest, row_scales
from src.models.convert.weights import FloatArray

LEVELS = 255
_SHARE = 0.9  # of a channel's width that its step takes; the rest is left to its weights
_NARROWEST = 1e-5


@dataclass(frozen=True)
class Grid:
    """Where each input channel is rounded to.

    Attributes:
        channels: int64 (columns,), which input each column of the weights multiplies; each once unless ranges are cut.
        offset, step: float32 (columns,); the values are ``offset + step * k`` for k from 0 to 255.
    """

    channels: NDArray[np.int64]
    offset: FloatArray
    step: FloatArray

    @property
    def is_cut(self) -> bool:
        """Whether a channel is more than one column."""
        return len(set(self.channels.tolist())) < len(self.channels)

    def levels(self, inputs: FloatArray) -> FloatArray:
        """(n, channels) to whole numbers (n, columns) from 0 to 255."""
        of = inputs[:, self.channels] if self.is_cut else inputs
        return np.asarray(np.clip(np.rint((of - self.offset) / self.step), 0, LEVELS), np.float32)


@dataclass(frozen=True)
class QuantizedLinear:
    """What a graph needs of a calibrated layer: ``levels(x) @ (rows * scales).T + bias``.

    Attributes:
        rows: int8 (outputs, columns).
        scales: float32 (outputs, 1).
        bias: float32 (outputs,), offsets and the mean error on the calibration's inputs included.
    """

    grid: Grid
    rows: NDArray[np.int8]
    scales: FloatArray
    bias: FloatArray

    def __call__(self, inputs: FloatArray) -> FloatArray:
        """(n, channels) to (n, outputs), in float32: what the graph computes."""
        product = self.grid.levels(inputs) @ (self.rows * self.scales).T + self.bias
        return np.asarray(product, np.float32)


def make_grid(inputs: FloatArray, weights: FloatArray, *, headroom: float, cuts: int, lowest: float | None) -> Grid:
    """A grid for inputs like these.

    Args:
        inputs: (n, channels), what the layer saw in the calibration.
        weights: (outputs, channels).
        headroom: the range is made wider by this factor, for inputs that the calibration did not show.
        cuts: columns to add for the widest channels; 0 where inputs cannot be copied.
        lowest: no input can be below it (the minimum of an activation function); None: not known.
    """
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    if lowest is None:
        middle = (low + high) / 2
        width = np.maximum(high - low, _NARROWEST) * headroom
        low = middle - width / 2
    else:
        low = np.full_like(high, lowest)
        width = np.maximum(high - low, _NARROWEST) * headroom
    parts = np.ones(len(width), np.int64)
    for _ in range(cuts):
        parts[np.argmax(width / parts)] += 1
    channels = np.repeat(np.arange(len(parts)), parts)
    part = np.concatenate([np.arange(count) for count in parts])
    width = (width / parts)[channels]
    low = low[channels] + width * part
    strength = np.abs(weights).max(axis=0)[channels] + 1e-9
    balance = width**_SHARE / strength ** (1 - _SHARE)
    whole = parts[channels] == 1
    step = balance * (np.max(width[whole] / balance[whole]) / LEVELS if whole.any() else 0)
    # A part must end where the next begins, so its step is exactly its width.
    step = np.where(whole, step, width / LEVELS)
    if lowest is None:
        low = np.where(whole, low + width / 2 - step * LEVELS / 2, low)
    return Grid(channels, low.astype(np.float32), step.astype(np.float32))


def quantize_linear(
    inputs: FloatArray, weights: FloatArray, bias: FloatArray, grid: Grid, *, careful: bool
) -> QuantizedLinear:
    """The layer on a grid, its mean output on these inputs left as it was.

    Args:
        inputs: (n, channels).
        weights: (outputs, channels).
        bias: (outputs,).
        careful: round the weights to the inputs, which costs the inverse of a matrix (columns, columns).
    """
    levels = grid.levels(inputs)
    mean = levels.mean(axis=0)
    stretched = (weights[:, grid.channels] * grid.step).astype(np.float32)
    scales = row_scales(stretched)
    if careful:
        spread = (levels - mean).astype(np.float32)
        rows = round_to_inputs(stretched, scales, (spread.T @ spread).astype(np.float64) / len(levels))
    else:
        rows = round_to_nearest(stretched, scales)
    wanted = weights @ inputs.mean(axis=0) + bias
    return QuantizedLinear(grid, rows, scales, np.asarray(wanted - (rows * scales) @ mean, np.float32))
