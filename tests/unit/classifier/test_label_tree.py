"""The tree of answers: nothing is decoded twice, and nothing sees what it may not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.models.label_tree import LabelTree

START, END = 0, 1


def test_answers_that_begin_alike_share_their_nodes() -> None:
    tree = LabelTree.of([[5], [7, 8], [7, 9], [7]], start=START, end=END)

    assert tree.tokens.tolist() == [START, 5, 7, 8, 9]
    assert tree.depths.tolist() == [0, 1, 1, 2, 2]
    edges = list(zip(tree.tokens[tree.edge_nodes].tolist(), tree.edge_tokens.tolist(), strict=True))
    assert sorted(edges) == sorted([(0, 5), (5, END), (0, 7), (7, 8), (8, END), (7, 9), (9, END), (7, END)])


def test_a_node_sees_its_ancestors_and_nobody_else() -> None:
    tree = LabelTree.of([[5], [7, 8], [7, 9]], start=START, end=END)

    seen = {int(tree.tokens[node]): tree.tokens[tree.mask[node] == 1].tolist() for node in range(len(tree.tokens))}

    assert seen == {START: [START], 5: [START, 5], 7: [START, 7], 8: [START, 7, 8], 9: [START, 7, 9]}


@given(st.sets(st.lists(st.integers(2, 5), min_size=1, max_size=5).map(tuple), min_size=1, max_size=12))
def test_a_path_spells_its_answer_and_the_end(answers: set[tuple[int, ...]]) -> None:
    listed = sorted(answers)
    tree = LabelTree.of(listed, start=START, end=END)

    for answer, path in zip(listed, tree.paths, strict=True):
        assert tree.edge_tokens[list(path)].tolist() == [*answer, END]
        for depth, edge in enumerate(path):  # each edge leaves the node that has said all before it
            node = tree.edge_nodes[edge]
            assert tree.tokens[tree.mask[node] == 1].tolist() == [START, *answer[:depth]]
            assert tree.depths[node] == depth


def test_the_total_of_an_answer_is_the_sum_along_its_path() -> None:
    tree = LabelTree.of([[5], [7, 8]], start=START, end=END)
    edges = np.arange(1, 11, dtype=np.float32).reshape(2, 5)

    totals = tree.totals(edges)

    assert totals.tolist() == [[1 + 2, 3 + 4 + 5], [6 + 7, 8 + 9 + 10]]


@pytest.mark.parametrize("answers", [[], [[]], [[5], [5]]])
def test_answers_that_cannot_be_told_apart_are_refused(answers: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="the same"):
        LabelTree.of(answers, start=START, end=END)
