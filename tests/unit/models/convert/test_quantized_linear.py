"""Layers in whole numbers: where inputs are rounded to, what that costs, and that the engine computes the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from openvino import Model
from openvino import opset15 as ops
from safetensors.numpy import save_file

from src.models.convert.bert_forward import gelu
from src.models.convert.layers import Layers
from src.models.convert.quantized_linear import Grid, QuantizedLinear, make_grid, quantize_linear
from src.models.convert.weights import WeightFile
from src.models.infer.runtime import Runtime

Floats = NDArray[np.float32]
CHANNELS, OUTPUTS = 40, 24
LOWEST = -0.17


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def hidden(rng: np.random.Generator) -> Floats:
    """What a layer sees: channels of different widths around different middles, two of them ten times as wide."""
    widths = rng.uniform(0.5, 1.5, CHANNELS)
    widths[[3, 30]] *= 10
    return (rng.normal(0, 1, (3000, CHANNELS)) * widths + rng.normal(0, 1, CHANNELS)).astype(np.float32)


def units(rng: np.random.Generator) -> Floats:
    return gelu(hidden(rng))


def linear(rng: np.random.Generator) -> tuple[Floats, Floats]:
    return rng.normal(0, 0.3, (OUTPUTS, CHANNELS)).astype(np.float32), rng.normal(0, 1, OUTPUTS).astype(np.float32)


def plain_grid(inputs: Floats, weights: Floats, headroom: float = 1.0) -> Grid:
    return make_grid(inputs, weights, headroom=headroom, cuts=0, lowest=None)


def cut_grid(inputs: Floats, weights: Floats, cuts: int = 6) -> Grid:
    return make_grid(inputs, weights, headroom=1.25, cuts=cuts, lowest=LOWEST)


def restored(grid: Grid, inputs: Floats) -> NDArray[np.float64]:
    """(n, channels): what the columns of each channel say together; the parts of one add up from its lowest value."""
    told = grid.levels(inputs).astype(np.float64) * grid.step
    found = np.zeros(inputs.shape)
    for channel in range(inputs.shape[1]):
        own = grid.channels == channel
        found[:, channel] = grid.offset[own].min() + told[:, own].sum(axis=1)
    return found


SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 6))
NUMBERS = st.floats(-50, 50, width=32)


@settings(deadline=None)
@given(st.data(), arrays.arrays(np.float32, SHAPES, elements=NUMBERS))
def test_what_the_calibration_saw_is_within_half_a_step(data: st.DataObject, inputs: Floats) -> None:
    weights = data.draw(arrays.arrays(np.float32, (3, inputs.shape[1]), elements=NUMBERS))
    grid = plain_grid(inputs, weights)
    assert grid.channels.tolist() == list(range(inputs.shape[1]))
    levels = grid.levels(inputs)
    assert np.all((levels >= 0) & (levels <= 255) & (levels == np.rint(levels)))
    fine = grid.step * 0.501 + 8 * np.spacing(np.float32(50))
    assert np.all(np.abs(restored(grid, inputs) - inputs) <= fine)


@settings(deadline=None)
@given(arrays.arrays(np.float32, SHAPES, elements=st.floats(-1e4, 1e4, width=32)))
def test_what_it_did_not_see_goes_to_the_nearest_end(inputs: Floats) -> None:
    seen = np.stack([np.full(inputs.shape[1], -1, np.float32), np.full(inputs.shape[1], 1, np.float32)])
    grid = plain_grid(seen, np.ones((2, inputs.shape[1]), np.float32))
    np.testing.assert_allclose(restored(grid, inputs), np.clip(inputs, -1, 1), atol=0.501 * 2 / 255)


def test_a_wide_channel_does_not_cost_the_narrow_ones_their_levels(rng: np.random.Generator) -> None:
    inputs, (weights, _) = hidden(rng), linear(rng)
    grid = plain_grid(inputs, weights)
    width = inputs.max(axis=0) - inputs.min(axis=0)
    assert width.max() / np.median(width) > 8
    used = width / (grid.step * 255)
    assert used.max() == pytest.approx(1, rel=1e-5)
    assert used.min() > 0.6


def test_headroom_widens_a_range_on_both_sides(rng: np.random.Generator) -> None:
    inputs, (weights, _) = hidden(rng), linear(rng)
    tight, wide = plain_grid(inputs, weights), plain_grid(inputs, weights, headroom=1.5)
    np.testing.assert_allclose(wide.step, tight.step * 1.5, rtol=1e-5)
    np.testing.assert_allclose(wide.offset + wide.step * 127.5, tight.offset + tight.step * 127.5, atol=1e-4)


def test_parts_of_a_unit_add_up_to_it_on_a_finer_grid(rng: np.random.Generator) -> None:
    inputs, (weights, _) = units(rng), linear(rng)
    grid, uncut = cut_grid(inputs, weights), cut_grid(inputs, weights, cuts=0)
    assert grid.is_cut
    assert not uncut.is_cut
    assert len(grid.channels) == CHANNELS + 6
    parts = np.bincount(grid.channels, minlength=CHANNELS)
    assert set(np.flatnonzero(parts > 1)) == {3, 30}
    for channel in (3, 30):
        (steps,) = {*grid.step[grid.channels == channel].tolist()}
        assert steps <= uncut.step[channel] / parts[channel] * 1.0001
        wrong = np.abs(restored(grid, inputs) - inputs)[:, channel]
        assert wrong.max() <= steps * 0.501 + 1e-5
        assert wrong.max() < np.abs(restored(uncut, inputs) - inputs)[:, channel].max() / 2


def test_a_cut_unit_outside_its_range_stays_at_its_ends(rng: np.random.Generator) -> None:
    inputs, (weights, _) = units(rng), linear(rng)
    grid = cut_grid(inputs, weights)
    highest = LOWEST + (inputs.max(axis=0).astype(np.float64) - LOWEST) * 1.25
    far = np.full((1, CHANNELS), 1e3, np.float32)
    ends = restored(grid, far)[0]
    np.testing.assert_allclose(ends[[3, 30]], highest[[3, 30]], rtol=1e-4)
    assert np.all(ends >= highest - 1e-4)
    np.testing.assert_allclose(restored(grid, -far)[0], LOWEST, rtol=1e-5)


@pytest.mark.parametrize("careful", [False, True], ids=["nearest", "careful"])
@pytest.mark.parametrize("cuts", [0, 6])
def test_the_mean_output_is_exactly_what_it_was(rng: np.random.Generator, careful: bool, cuts: int) -> None:
    inputs, (weights, bias) = units(rng), linear(rng)
    grid = cut_grid(inputs, weights, cuts)
    layer = quantize_linear(inputs, weights, bias, grid, careful=careful)
    wanted = (inputs.astype(np.float64) @ weights.T + bias).mean(axis=0)
    np.testing.assert_allclose(layer(inputs).mean(axis=0, dtype=np.float64), wanted, atol=1e-4)


@pytest.mark.parametrize("careful", [False, True], ids=["nearest", "careful"])
def test_outputs_are_off_by_about_a_hundredth(rng: np.random.Generator, careful: bool) -> None:
    inputs, (weights, bias) = hidden(rng), linear(rng)
    layer = quantize_linear(inputs, weights, bias, plain_grid(inputs, weights), careful=careful)
    assert (layer.rows.dtype.name, layer.rows.shape) == ("int8", weights.shape)
    exact = inputs @ weights.T + bias
    wrong = np.sqrt(np.mean((layer(inputs) - exact) ** 2))
    assert wrong / exact.std() < 0.0125


def test_care_pays_where_inputs_go_together(rng: np.random.Generator) -> None:
    causes = rng.normal(0, 1, (3000, 6)) @ rng.normal(0, 1, (6, CHANNELS))
    inputs, (weights, bias) = causes.astype(np.float32), linear(rng)
    grid = plain_grid(inputs, weights)
    told = grid.offset + grid.step * grid.levels(inputs)  # both are given the same; the weights make the difference
    wrong = [
        float(
            (quantize_linear(inputs, weights, bias, grid, careful=careful)(inputs) - told @ weights.T)
            .std(axis=0)
            .mean()
        )
        for careful in (True, False)
    ]
    assert wrong[0] < wrong[1] / 2


def inside_levels(rng: np.random.Generator, grid: Grid, parts: bool) -> Floats:
    """Inputs (1, n, channels) within and beyond the range, none in the middle between two levels."""
    whole = rng.integers(-30, 290, (200, len(grid.step))) + rng.uniform(-0.4, 0.4, (200, len(grid.step)))
    columns = grid.offset + grid.step * whole
    if not parts:
        return columns[None].astype(np.float32)
    first = np.searchsorted(grid.channels, np.arange(CHANNELS))  # the lowest part of each unit
    return columns[None, :, first].astype(np.float32)


@pytest.mark.parametrize("cut", [False, True], ids=["plain", "cut"])
def test_the_engine_computes_the_same_layer(rng: np.random.Generator, tmp_path: Path, cut: bool) -> None:
    inputs, (weights, bias) = units(rng), linear(rng)
    grid = cut_grid(inputs, weights) if cut else plain_grid(inputs, weights)
    layer = quantize_linear(inputs, weights, bias, grid, careful=False)
    asked = inside_levels(rng, grid, parts=cut)

    columns = asked[:, :, grid.channels]
    found = Runtime(1).load(graph(tmp_path, layer))({"x": columns})
    expected = layer(asked[0])
    np.testing.assert_allclose(found[0][0], expected, atol=2e-5 * np.abs(expected).max())
    assert np.array_equal(found[1][0], grid.levels(asked[0]))
    np.testing.assert_allclose(found[2][0], expected[:, [5, 5, 0]], atol=2e-5 * np.abs(expected).max())


def graph(folder: Path, layer: QuantizedLinear) -> Model:
    """Outputs of a layer, its levels, and three of the outputs chosen."""
    save_file({"none": np.zeros(1, np.float32)}, folder / "model.safetensors")
    layers = Layers(WeightFile(folder / "model.safetensors"), "int8")
    x = ops.parameter([-1, -1, len(layer.grid.step)], np.float32, "x")
    x.output(0).set_names({"x"})
    levels = layers.levels(x, layer.grid)
    chosen = layers.whole(levels, layer, np.array([5, 5, 0], np.int64))
    return Model([ops.result(each) for each in (layers.whole(levels, layer), levels, chosen)], [x], "layer")
