"""The tree of answers: nothing is decoded twice, and nothing sees what it may not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.models.infer.label_tree import LabelTree

START, END = 0, 1


def test_answers_that_begin_alike_share_their_nodes() -> None:
    tree = LabelTree.of([[5], [7, 8], [7, 9], [7]], start=START, end=END)

    assert tree.tokens.tolist() == [START, 7]  # after 5, 8 and 9 only the end may come: nothing to ask
    assert tree.depths.tolist() == [0, 1]
    edges = zip(tree.tokens[tree.edge_nodes].tolist(), tree.edge_tokens.tolist(), strict=True)
    assert sorted(edges) == [(START, 5), (START, 7), (7, END), (7, 8), (7, 9)]


def test_a_token_without_alternative_is_decoded_but_not_asked_for() -> None:
    tree = LabelTree.of([[5, 6, 7], [5, 6, 8]], start=START, end=END)

    assert tree.tokens.tolist() == [START, 5, 6]
    assert tree.tokens[tree.edge_nodes].tolist() == [6, 6]
    assert tree.edge_tokens.tolist() == [7, 8]


def test_a_node_sees_its_ancestors_and_nobody_else() -> None:
    tree = LabelTree.of([[5, 2, 3], [5, 2, 4], [7, 8, 2], [7, 8, 3], [7, 9, 2], [7, 9, 3]], start=START, end=END)

    seen = {int(tree.tokens[node]): tree.tokens[tree.mask[node] == 1].tolist() for node in range(len(tree.tokens))}

    assert seen == {
        START: [START],
        5: [START, 5],
        2: [START, 5, 2],
        7: [START, 7],
        8: [START, 7, 8],
        9: [START, 7, 9],
    }


SOME_ANSWERS = st.sets(st.lists(st.integers(2, 5), min_size=1, max_size=5).map(tuple), min_size=2, max_size=12)


@given(SOME_ANSWERS)
def test_a_path_spells_its_answer_but_for_what_has_no_alternative(answers: set[tuple[int, ...]]) -> None:
    listed = sorted(answers)
    tree = LabelTree.of(listed, start=START, end=END)

    for answer, path in zip(listed, tree.paths, strict=True):
        spelled = [*answer, END]
        asked = [int(tree.depths[tree.edge_nodes[edge]]) for edge in path]
        assert [spelled[depth] for depth in asked] == tree.edge_tokens[list(path)].tolist()
        for edge, depth in zip(path, asked, strict=True):  # each edge leaves the node that has said all before it
            assert tree.tokens[tree.mask[tree.edge_nodes[edge]] == 1].tolist() == [START, *answer[:depth]]
        for depth in set(range(len(spelled))) - set(asked):
            others = {(*other, END)[depth] for other in listed if (*other, END)[:depth] == tuple(spelled[:depth])}
            assert others == {spelled[depth]}


@given(SOME_ANSWERS, st.integers(0, 2**32 - 1))
def test_the_probability_of_an_answer_is_the_product_of_its_choices(answers: set[tuple[int, ...]], seed: int) -> None:
    listed = sorted(answers)
    tree = LabelTree.of(listed, start=START, end=END)
    scores = np.random.default_rng(seed).normal(0, 30, (3, len(tree.edge_tokens))).astype(np.float32)

    found = tree.log_probabilities(scores)

    for row, logs in zip(scores.astype(np.float64), found, strict=True):
        for answer, log in zip(listed, logs, strict=True):
            expected = 0.0
            for depth, token in enumerate([*answer, END]):
                rivals = {
                    int(tree.edge_tokens[edge]): row[edge]
                    for edge in range(len(row))
                    if tree.depths[tree.edge_nodes[edge]] == depth
                    and tree.tokens[tree.mask[tree.edge_nodes[edge]] == 1].tolist() == [START, *answer[:depth]]
                }
                if rivals:
                    expected += rivals[token] - np.logaddexp.reduce(list(rivals.values()))
            assert log == pytest.approx(expected, abs=1e-9)
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1)


@pytest.mark.parametrize("answers", [[], [[5]], [[], [5]], [[5], [5]]])
def test_answers_that_cannot_be_told_apart_are_refused(answers: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="the same"):
        LabelTree.of(answers, start=START, end=END)
