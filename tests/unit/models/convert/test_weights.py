"""Reading safetensors, against the format's own library and against broken files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save, save_file

from src.models.convert import weights as weights_module
from src.models.convert.layers import quantize_rows
from src.models.convert.weights import WeightFile, WeightsUnreadable


def write(folder: Path, **tensors: np.ndarray) -> WeightFile:
    save_file(tensors, folder / "model.safetensors")
    return WeightFile(folder / "model.safetensors")


def test_tensors_come_out_as_they_went_in(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    single = rng.normal(size=(7, 5)).astype(np.float32)
    half = rng.normal(size=(3, 2, 4)).astype(np.float16)
    file = write(
        tmp_path, single=single, half=half, scalar=np.array(2.5, np.float32), none=np.empty((0, 3), np.float32)
    )
    np.testing.assert_array_equal(file.read("single"), single)
    np.testing.assert_array_equal(file.read("half"), half.astype(np.float32))
    assert file.read("scalar") == 2.5
    assert file.read("none").shape == (0, 3)
    assert set(file) == {"single", "half", "scalar", "none"}
    assert "single" in file
    assert "other" not in file


def test_bfloat16_is_widened_exactly(tmp_path: Path) -> None:
    numbers = np.array([1.0, -2.5, 0.15625], np.float32)
    upper = (numbers.view(np.uint32) >> 16).astype("<u2").tobytes()
    header = json.dumps({"x": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + upper)
    np.testing.assert_array_equal(WeightFile(path).read("x"), numbers)


def test_a_large_tensor_is_read_in_blocks_of_whole_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_module, "_BLOCK", 10)
    table = np.arange(7 * 4, dtype=np.float32).reshape(7, 4)
    blocks = list(write(tmp_path, table=table).blocks("table"))
    assert [len(block) for block in blocks] == [2, 2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(blocks), table)


def test_quantizing_in_blocks_is_quantizing_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, table=np.random.default_rng(1).normal(size=(33, 8)).astype(np.float32))
    whole = quantize_rows(file, "table")
    monkeypatch.setattr(weights_module, "_BLOCK", 24)
    for one, other in zip(quantize_rows(file, "table"), whole, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_quantized_row_is_off_by_half_a_step_at_most(tmp_path: Path) -> None:
    table = (
        np.random.default_rng(2).normal(size=(20, 30)).astype(np.float32)
        * np.logspace(-6, 6, 20, dtype=np.float32)[:, None]
    )
    table[3] = 0
    quantized, scales = quantize_rows(write(tmp_path, table=table), "table")
    assert quantized.dtype == np.int8
    assert np.all(np.abs(quantized * scales - table) <= scales * 0.5001)
    assert np.all(np.delete(np.abs(quantized).max(1), 3) == 127)
    assert not quantized[3].any()


def test_integers_are_no_weights(tmp_path: Path) -> None:
    file = write(tmp_path, ids=np.arange(4))
    with pytest.raises(WeightsUnreadable, match="I64"):
        file.read("ids")


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnreadable, match="no tensor b"):
        write(tmp_path, a=np.zeros(2, np.float32)).read("b")


@settings(deadline=None)
@given(cut=st.integers(0, 200), noise=st.binary(max_size=40))
def test_a_broken_file_is_refused_or_read_as_what_it_says(
    tmp_path_factory: pytest.TempPathFactory, cut: int, noise: bytes
) -> None:
    whole = save({"a": np.arange(6, dtype=np.float32).reshape(2, 3)})
    path = tmp_path_factory.mktemp("broken") / "model.safetensors"
    path.write_bytes(whole[:cut] + noise + whole[cut + len(noise) :])
    try:
        file = WeightFile(path)
        tensors = [file.read(name) for name in file]
    except WeightsUnreadable:
        return
    assert all(tensor.dtype == np.float32 for tensor in tensors)


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}},  # four bytes for two numbers
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}},  # past the end
        {"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}},
        {"a": {"dtype": "Q4", "shape": [2], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 0]}},
        {"a": []},
        [],
    ],
)
def test_a_header_that_does_not_fit_the_file_is_refused(tmp_path: Path, header: object) -> None:
    text = json.dumps(header).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(8))
    with pytest.raises(WeightsUnreadable):
        WeightFile(path)
