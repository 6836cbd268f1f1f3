"""Cuts a set of token sequences into batches of few different shapes.

OpenVINO's CPU plugin keeps memory for every shape it has met: hundreds of random shapes cost gigabytes. Lengths and
sizes therefore come from small sets. Sequences are sorted by length and cut where less padding saves more than another
batch costs; the tokens of a batch are capped, so one batch of long texts stays small.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# Lengths are multiples of it. With any other, sums of 16 numbers at a time would be taken in another order, and a
# text's vector would depend, in its last digit, on the length of the batch it is in.
LENGTH_STEP = 16
SIZES = (1, 2, 4, 8, 12, 16, 24, 32)
LARGEST_BATCH = SIZES[-1]
MOST_TOKENS = 1024
_SMALL, _TINY = 1_500_000_000, 750_000_000  # bytes of memory below which a batch has half or a quarter of them
BATCH_COST = 48  # tokens that could be computed in the time that one more batch of another shape takes by itself


@dataclass(frozen=True, slots=True)
class Batch:
    """Some of the sequences, padded to one length.

    Attributes:
        indices: int64 (sequences,), places of the sequences in what was passed in.
        ids: int64 (batch, length), padded on the right.
        mask: int64 (batch, length), 1 where a token is. Rows beyond ``indices`` fill the batch up and have none.
    """

    indices: NDArray[np.int64]
    ids: NDArray[np.int64]
    mask: NDArray[np.int64]


def tokens_for(memory: int | None) -> int:
    """Tokens of a batch in a container with so many bytes of memory; None: unknown."""
    if memory is None or memory >= _SMALL:
        return MOST_TOKENS
    return MOST_TOKENS // 2 if memory >= _TINY else MOST_TOKENS // 4


def batches(
    sequences: Sequence[Sequence[int]], *, pad: int, largest: int = LARGEST_BATCH, tokens: int = MOST_TOKENS
) -> Iterator[Batch]:
    """Every sequence in exactly one batch, longest first.

    Args:
        pad: token id that fills the end of a row.
        largest: rows in a batch at most; one of ``SIZES``.
        tokens: rows times length at most, but a batch of one row is always allowed.
    """
    order = sorted(range(len(sequences)), key=lambda index: -len(sequences[index]))
    for first in range(0, len(order), largest):
        window = order[first : first + largest]
        lengths = [padded_length(len(sequences[index])) for index in window]
        for start, end in _cuts(lengths, tokens):
            yield _batch(sequences, window[start:end], lengths[start], pad)


def padded_length(length: int) -> int:
    """The next multiple of the step that is not below ``length``, and no empty one."""
    return max(LENGTH_STEP, -(-length // LENGTH_STEP) * LENGTH_STEP)


def padded_size(count: int) -> int:
    """The next of the sizes that is not below ``count``."""
    return SIZES[bisect_left(SIZES, count)]


def _cuts(lengths: list[int], tokens: int) -> Iterator[tuple[int, int]]:
    """The cheapest way to cut sorted lengths into batches, by dynamic programming; start and end of each."""
    count = len(lengths)
    cost = [0] + [0] * count  # of the cheapest cut of the first so many
    cut = [0] * (count + 1)  # where its last batch starts
    for end in range(1, count + 1):
        options = (
            (cost[start] + BATCH_COST + padded_size(end - start) * lengths[start], start)
            for start in range(end)
            if end - start == 1 or padded_size(end - start) * lengths[start] <= tokens
        )
        cost[end], cut[end] = min(options)
    ends = [count]
    while ends[-1]:
        ends.append(cut[ends[-1]])
    return pairwise(reversed(ends))


def _batch(sequences: Sequence[Sequence[int]], chosen: list[int], length: int, pad: int) -> Batch:
    size = padded_size(len(chosen))
    ids = np.full((size, length), pad, np.int64)
    mask = np.zeros((size, length), np.int64)
    for row, index in enumerate(chosen):
        ids[row, : len(sequences[index])] = sequences[index]
        mask[row, : len(sequences[index])] = 1
    return Batch(np.array(chosen, np.int64), ids, mask)
