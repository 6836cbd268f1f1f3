"""Batches: everything once, few shapes, bounded size, little padding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.models.infer.batches import LARGEST_BATCH, MOST_TOKENS, SIZES, batches

PAD = 9


@given(st.lists(st.integers(0, 600), max_size=120))
def test_every_sequence_is_in_one_batch_and_shapes_are_few(lengths: list[int]) -> None:
    sequences = [[100 + index] * length for index, length in enumerate(lengths)]
    seen: list[int] = []
    for batch in batches(sequences, pad=PAD):
        size, length = batch.ids.shape
        assert size in SIZES
        assert length % 16 == 0
        assert size == 1 or size * length <= MOST_TOKENS
        for row, index in enumerate(batch.indices):
            own = lengths[index]
            assert batch.ids[row].tolist() == [100 + index] * own + [PAD] * (length - own)
            assert batch.mask[row].tolist() == [1] * own + [0] * (length - own)
        assert not batch.mask[len(batch.indices) :].any()
        seen += batch.indices.tolist()
    assert sorted(seen) == list(range(len(lengths)))


@given(st.lists(st.integers(1, 600), min_size=1, max_size=120))
def test_at_most_three_rows_in_eight_only_fill_up(lengths: list[int]) -> None:
    # Five short ones cost the same in one batch of eight as in one of four and one of one.
    for batch in batches([[1] * length for length in lengths], pad=PAD):
        assert len(batch.indices) >= len(batch.ids) * 5 / 8


@pytest.mark.parametrize(
    ("lengths", "shapes"),
    [
        ([13] * 29, [(32, 16)]),  # three rows of padding cost less than three more batches
        ([13] * 16 + [120] * 2, [(2, 128), (16, 16)]),  # the long ones would make the short ones eight times as long
        ([15, 16, 17, 18], [(4, 32)]),  # another batch would cost more than the padding
        ([30, 31], [(2, 32)]),
    ],
    ids=["filled-up", "cut", "together", "fits"],
)
def test_padding_is_weighed_against_the_cost_of_a_batch(lengths: list[int], shapes: list[tuple[int, int]]) -> None:
    found = [batch.ids.shape for batch in batches([[1] * length for length in lengths], pad=PAD)]
    assert found == shapes


def test_rows_and_tokens_are_bounded_as_asked() -> None:
    sequences = [[1] * 20] * 50
    assert all(len(batch.ids) <= 8 for batch in batches(sequences, pad=PAD, largest=8))
    assert all(batch.ids.size <= 96 for batch in batches(sequences, pad=PAD, tokens=96))
    assert max(len(batch.ids) for batch in batches(sequences, pad=PAD)) == LARGEST_BATCH


def test_arrays_are_what_graphs_take() -> None:
    (batch,) = batches([[1, 2]], pad=PAD)
    assert batch.ids.dtype == batch.mask.dtype == batch.indices.dtype == np.int64
