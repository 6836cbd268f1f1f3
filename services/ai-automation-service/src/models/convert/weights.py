"""Reads source weights (``model.safetensors``) a few rows at a time.

The file is never held whole: a block of rows is mapped, turned into float32 and let go, so that converting a
1.1 GB model needs little more memory than its INT8 form. Format:
https://huggingface.co/docs/safetensors (eight bytes of header length, a JSON header, raw little-endian tensors).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

_LONGEST_HEADER = 100_000_000  # the format's own limit, bytes
_BLOCK = 4_000_000  # numbers read at a time
_STORED: dict[str, np.dtype[np.generic]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
}
_SIZES = {"BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "F32": 4}
_SIZES |= {"F64": 8, "I64": 8, "U64": 8, "F8_E4M3": 1, "F8_E5M2": 1}


class WeightsUnreadable(ValueError):
    """Not a safetensors file, or one without the tensor that the graph needs."""


@dataclass(frozen=True, slots=True)
class _Tensor:
    dtype: str
    shape: tuple[int, ...]
    start: int  # from the beginning of the file, bytes
    end: int


class WeightFile:
    """The tensors of one safetensors file, by name.

    Raises:
        WeightsUnreadable: the header is broken, or says more than the file holds.
        OSError: the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tensors = _read_header(path)

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def shape(self, name: str) -> tuple[int, ...]:
        return self._tensor(name).shape

    def read(self, name: str) -> FloatArray:
        """A whole tensor as float32, of the shape the file states."""
        shape = self.shape(name)
        blocks = list(self.blocks(name))
        return np.concatenate(blocks).reshape(shape) if blocks else np.empty(shape, np.float32)

    def blocks(self, name: str) -> Iterator[FloatArray]:
        """A tensor as float32 blocks of whole rows: (rows, the product of the other dimensions)."""
        tensor = self._tensor(name)
        if tensor.dtype not in _STORED:
            raise WeightsUnreadable(f"{self.path.name} stores {name} as {tensor.dtype}, not as floating point")
        stored = _STORED[tensor.dtype]
        width = prod(tensor.shape[1:])
        height = tensor.shape[0] if tensor.shape else 1
        if width == 0:
            return
        step = max(1, _BLOCK // width)
        with self.path.open("rb") as file:
            file.seek(tensor.start)
            for first in range(0, height, step):
                rows = min(step, height - first)
                numbers = np.frombuffer(file.read(rows * width * stored.itemsize), stored)
                if len(numbers) != rows * width:
                    raise WeightsUnreadable(f"{self.path.name} ends in the middle of {name}")
                yield _as_float32(numbers, tensor.dtype).reshape(rows, width)

    def rows(self, name: str, places: NDArray[np.int64]) -> FloatArray:
        """Some rows of a matrix as float32 (places, columns), in their order; the rest is passed over."""
        found = np.empty((len(places), *self.shape(name)[1:]), np.float32)
        first = 0
        for block in self.blocks(name):
            inside = (places >= first) & (places < first + len(block))
            found[inside] = block[places[inside] - first]
            first += len(block)
        return found

    def _tensor(self, name: str) -> _Tensor:
        try:
            return self._tensors[name]
        except KeyError:
            raise WeightsUnreadable(f"{self.path.name} has no tensor {name}") from None


def _as_float32(numbers: NDArray[np.generic], dtype: str) -> FloatArray:
    if dtype == "BF16":  # the upper half of a float32
        return (numbers.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return numbers.astype(np.float32)


def _read_header(path: Path) -> dict[str, _Tensor]:
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or not 2 <= length <= min(size - 8, _LONGEST_HEADER):
            raise WeightsUnreadable(f"{path.name} is no safetensors file: its header would be {length} bytes long")
        text = file.read(length)
    try:
        header = json.loads(text)
        tensors = {name: _parse(entry, 8 + length) for name, entry in header.items() if name != "__metadata__"}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise WeightsUnreadable(f"{path.name} is no safetensors file: its header is broken ({error!r})") from error
    for name, tensor in tensors.items():
        stated = prod(tensor.shape) * _SIZES[tensor.dtype]
        if tensor.start < 8 + length or tensor.end > size or tensor.end - tensor.start != stated:
            raise WeightsUnreadable(f"{path.name} states a place for {name} that does not fit the file")
    return tensors


def _parse(entry: dict[str, object], base: int) -> _Tensor:
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not (isinstance(dtype, str) and isinstance(shape, list) and isinstance(offsets, list)):
        raise TypeError("dtype, shape or data_offsets of the wrong type")
    start, end = offsets
    numbers = [start, end, *shape]
    if dtype not in _SIZES or not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise ValueError(f"{dtype} {shape} at {offsets}")
    return _Tensor(dtype, tuple(shape), base + start, base + end)
