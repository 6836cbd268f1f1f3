"""Matrices rounded to int8: the plain way, and so that products with the inputs err least."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from src.models.convert.rounding import round_to_inputs, round_to_nearest, row_scales

Floats = NDArray[np.float32]
ROWS, COLUMNS = 24, 200  # more columns than are worked on at once


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def matrix(rng: np.random.Generator) -> Floats:
    return rng.normal(0, 1, (ROWS, COLUMNS)).astype(np.float32)


def correlated(rng: np.random.Generator) -> NDArray[np.float64]:
    """Inputs (n, COLUMNS) that a few causes drive, each with some noise of its own, some ten times as large."""
    causes = rng.normal(0, 1, (2000, 12)) @ rng.normal(0, 1, (12, COLUMNS))
    inputs = (causes + rng.normal(0, 0.3, causes.shape)) * rng.choice([1.0, 10.0], COLUMNS)
    return np.asarray(inputs - inputs.mean(axis=0))


def covariance(inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    return inputs.T @ inputs / len(inputs)


def error(inputs: NDArray[np.float64], weights: Floats, rounded: NDArray[np.int8], scales: Floats) -> float:
    """Root mean square of what the products are off by."""
    return float(np.sqrt(np.mean((inputs @ (rounded * scales - weights).T) ** 2)))


def column_by_column(weights: Floats, scales: Floats, spread: NDArray[np.float64]) -> NDArray[np.int8]:
    """The method as its paper derives it: what is left of the inverse is updated after every column."""
    columns = len(spread)
    left = weights.astype(np.float64)
    inverse = np.linalg.inv(spread + np.eye(columns) * 0.01 * np.diag(spread).mean())
    rounded = np.empty(weights.shape, np.int8)
    for column in np.argsort(-np.diag(spread), kind="stable"):
        steps = scales[:, 0].astype(np.float64)
        rounded[:, column] = np.clip(np.rint(left[:, column] / steps), -127, 127)
        wrong = (left[:, column] - rounded[:, column] * steps) / inverse[column, column]
        left -= np.outer(wrong, inverse[column])
        inverse -= np.outer(inverse[:, column], inverse[column]) / inverse[column, column]
    return rounded


def test_the_largest_number_of_a_row_is_127_scales_and_a_row_of_zeros_has_one() -> None:
    weights = np.array([[0.5, -2.54, 0.01], [0, 0, 0], [1e-3, 2e-3, 0]], np.float32)
    np.testing.assert_allclose(row_scales(weights)[:, 0], [0.02, 1, 2e-3 / 127], rtol=1e-6)
    assert round_to_nearest(weights, row_scales(weights)).tolist() == [[25, -127, 0], [0, 0, 0], [64, 127, 0]]


def test_nearest_is_within_half_a_scale(rng: np.random.Generator) -> None:
    weights = matrix(rng)
    scales = row_scales(weights)
    rounded = round_to_nearest(weights, scales)
    assert (rounded.dtype.name, rounded.shape) == ("int8", weights.shape)
    assert np.all(np.abs(rounded * scales - weights) <= scales * 0.5001)
    assert np.abs(rounded).max(axis=1).tolist() == [127] * ROWS


def test_rounding_to_correlated_inputs_errs_less_than_half_as_much(rng: np.random.Generator) -> None:
    weights, inputs = matrix(rng), correlated(rng)
    scales = row_scales(weights)
    rounded = round_to_inputs(weights, scales, covariance(inputs))
    assert (rounded.dtype.name, rounded.shape) == ("int8", weights.shape)
    nearest = error(inputs, weights, round_to_nearest(weights, scales), scales)
    assert error(inputs, weights, rounded, scales) < nearest / 2


def test_it_is_the_method_that_updates_after_every_column(rng: np.random.Generator) -> None:
    weights, spread = matrix(rng), covariance(correlated(rng))
    scales = row_scales(weights)
    rounded = round_to_inputs(weights, scales, spread)
    # Equal but where a number lay in the middle between two.
    assert np.mean(rounded != column_by_column(weights, scales, spread)) < 1e-3


def test_inputs_that_have_nothing_to_do_with_each_other_leave_the_nearest(rng: np.random.Generator) -> None:
    weights = matrix(rng)
    scales = row_scales(weights)
    spread = np.diag(rng.uniform(0.1, 9.0, COLUMNS))
    assert np.array_equal(round_to_inputs(weights, scales, spread), round_to_nearest(weights, scales))


def test_a_correction_that_does_not_fit_is_cut_off() -> None:
    # The first input is ten times the second: its error of 0.4 is four of the second's, which has no room for them.
    weights = np.array([[0.4, 127.0], [-0.4, -127.0]], np.float32)
    spread = np.array([[100.0, 10.0], [10.0, 1.0]])
    assert round_to_inputs(weights, np.ones((2, 1), np.float32), spread).tolist() == [[0, 127], [0, -127]]


@pytest.mark.parametrize("silent", ["none", "some", "all"])
def test_rows_of_zeros_stay_zeros_and_silent_inputs_do_no_harm(rng: np.random.Generator, silent: str) -> None:
    weights, inputs = matrix(rng), correlated(rng)
    weights[3] = 0
    if silent != "none":
        inputs[:, 7 if silent == "some" else slice(None)] = 0
    scales = row_scales(weights)
    rounded = round_to_inputs(weights, scales, covariance(inputs))
    assert not rounded[3].any()
    if silent == "all":
        assert np.array_equal(rounded, round_to_nearest(weights, scales))
    elif silent == "some":
        assert np.array_equal(rounded[:, 7], round_to_nearest(weights, scales)[:, 7])
