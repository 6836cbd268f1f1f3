"""Cuts a set of token sequences into batches of few different shapes.

OpenVINO's CPU plugin keeps memory for every shape it has met: hundreds of random shapes cost gigabytes. Lengths
are therefore rounded up to a multiple of 16 and batch sizes are powers of two. Sequences are sorted by length, so
little of a batch is padding, and the tokens of a batch are capped, so one batch of long texts stays small.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LENGTH_STEP = 16
LARGEST_BATCH = 32
MOST_TOKENS = 2048


@dataclass(frozen=True, slots=True)
class Batch:
    """Some of the sequences, padded to one length.

    Attributes:
        indices: int64 (batch,), places of the sequences in what was passed in.
        ids: int64 (batch, length), padded on the right.
        mask: int64 (batch, length), 1 where a token is.
    """

    indices: NDArray[np.int64]
    ids: NDArray[np.int64]
    mask: NDArray[np.int64]


def batches(
    sequences: Sequence[Sequence[int]], *, pad: int, largest: int = LARGEST_BATCH, tokens: int = MOST_TOKENS
) -> Iterator[Batch]:
    """Every sequence in exactly one batch, longest first; no row is only padding.

    Args:
        pad: token id that fills the end of a row.
        largest: rows in a batch at most; a power of two.
        tokens: rows times length at most, but a batch of one row is always allowed.
    """
    order = sorted(range(len(sequences)), key=lambda index: -len(sequences[index]))
    at = 0
    while at < len(order):
        length = padded_length(len(sequences[order[at]]))
        most = max(1, min(largest, len(order) - at, tokens // length))
        size = 1 << (most.bit_length() - 1)
        chosen = order[at : at + size]
        at += size
        ids = np.full((size, length), pad, np.int64)
        mask = np.zeros((size, length), np.int64)
        for row, index in enumerate(chosen):
            ids[row, : len(sequences[index])] = sequences[index]
            mask[row, : len(sequences[index])] = 1
        yield Batch(np.array(chosen, np.int64), ids, mask)


def padded_length(length: int) -> int:
    """The next multiple of 16 that is not below ``length``; at least 16."""
    return max(LENGTH_STEP, -(-length // LENGTH_STEP) * LENGTH_STEP)
