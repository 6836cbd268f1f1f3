"""Batches: everything once, few shapes, bounded size."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from src.models.batches import LARGEST_BATCH, MOST_TOKENS, batches

PAD = 9


@given(st.lists(st.integers(0, 600), max_size=120))
def test_every_sequence_is_in_one_batch_and_shapes_are_few(lengths: list[int]) -> None:
    sequences = [[100 + index] * length for index, length in enumerate(lengths)]
    seen: list[int] = []
    for batch in batches(sequences, pad=PAD):
        size, length = batch.ids.shape
        assert size in (1, 2, 4, 8, 16, 32)
        assert length % 16 == 0
        assert size == 1 or size * length <= MOST_TOKENS
        for row, index in enumerate(batch.indices):
            own = lengths[index]
            assert batch.ids[row].tolist() == [100 + index] * own + [PAD] * (length - own)
            assert batch.mask[row].tolist() == [1] * own + [0] * (length - own)
        seen += batch.indices.tolist()
    assert sorted(seen) == list(range(len(lengths)))


def test_similar_lengths_go_together_and_no_row_is_wasted() -> None:
    sequences = [[1] * length for length in (10, 60) * (LARGEST_BATCH // 2 + 3)]
    shapes = [batch.ids.shape for batch in batches(sequences, pad=PAD)]
    assert sum(size for size, _ in shapes) == len(sequences)
    assert sum(size * length for size, length in shapes) < 64 * len(sequences)


def test_arrays_are_what_graphs_take() -> None:
    (batch,) = batches([[1, 2]], pad=PAD)
    assert batch.ids.dtype == batch.mask.dtype == batch.indices.dtype == np.int64
