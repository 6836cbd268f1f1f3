"""Rounds a matrix to int8: number by number, or so that its product errs least on the inputs it will see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from src.models.convert.weights import FloatArray

_BLOCK = 128  # columns whose corrections are kept back and then made at once
_DAMPING = 0.01  # of the mean of the diagonal; keeps the matrix invertible where two inputs always go together
LARGEST = 127


def row_scales(weights: NDArray[np.floating]) -> FloatArray:
    """float32 (rows, 1): the largest magnitude of a row is 127 scales. A row of zeros has scale 1."""
    largest = np.abs(weights).max(axis=1, keepdims=True)
    return np.where(largest > 0, largest / LARGEST, 1).astype(np.float32)


def round_to_nearest(weights: FloatArray, scales: FloatArray) -> NDArray[np.int8]:
    """int8 (rows, columns) whose product with the scales (rows, 1) is nearest to ``weights``, number by number."""
    return np.asarray(np.clip(np.rint(weights / scales), -LARGEST, LARGEST), np.int8)


def round_to_inputs(weights: FloatArray, scales: FloatArray, covariance: NDArray[np.float64]) -> NDArray[np.int8]:
    """int8 (rows, columns) whose product with the scales stands for ``weights`` (rows, columns).

    Column after column is rounded, those of the largest inputs first, and the error of each is made up for by the
    columns that are still to come, as far as their inputs go along with it. Source: Frantar et al., "GPTQ",
    https://arxiv.org/abs/2210.17323.

    Args:
        scales: (rows, 1), see :func:`row_scales`.
        covariance: (columns, columns) of the inputs.
    """
    columns = weights.shape[1]
    order = np.argsort(-np.diag(covariance), kind="stable")
    factor = _inverse_factor(covariance[np.ix_(order, order)])
    # Turned, so that what is worked on together lies together.
    remaining = np.ascontiguousarray(weights.T[order], np.float64)
    rounded = np.empty(remaining.shape, np.int8)
    steps = scales[:, 0].astype(np.float64)
    for first in range(0, columns, _BLOCK):
        past = min(first + _BLOCK, columns)
        block = remaining[first:past]
        errors = np.empty_like(block)
        for place, column in enumerate(range(first, past)):
            whole = np.clip(np.rint(block[place] / steps), -LARGEST, LARGEST)
            rounded[column] = whole
            errors[place] = (block[place] - whole * steps) / factor[column, column]
            block[place + 1 :] -= np.outer(factor[column, column + 1 : past], errors[place])
        remaining[past:] -= factor[first:past, past:].T @ errors
    return np.ascontiguousarray(rounded[np.argsort(order)].T)


def _inverse_factor(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Upper triangular U (n, n) of which ``U.T @ U`` is the inverse of the damped covariance.

    The factor of the reversed matrix, inverted and turned back, is that of the inverse, which is never formed.
    """
    damped = covariance + np.eye(len(covariance)) * max(_DAMPING * float(np.diag(covariance).mean()), 1e-12)
    reversed_factor = np.asarray(np.linalg.cholesky(damped[::-1, ::-1]), np.float64)
    return np.ascontiguousarray(_inverse_of_lower(reversed_factor)[::-1, ::-1])


def _inverse_of_lower(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a lower triangular matrix, by halves."""
    size = len(matrix)
    if size <= _BLOCK:
        return np.asarray(np.linalg.inv(matrix), np.float64)
    half = size // 2
    inverse = np.zeros_like(matrix)
    inverse[:half, :half] = _inverse_of_lower(matrix[:half, :half])
    inverse[half:, half:] = _inverse_of_lower(matrix[half:, half:])
    inverse[half:, :half] = -inverse[half:, half:] @ (matrix[half:, :half] @ inverse[:half, :half])
    return inverse
