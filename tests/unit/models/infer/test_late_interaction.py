"""Word for word: what meets, what is left out, and that other sentences change nothing."""

from __future__ import annotations

import numpy as np
import pytest

from src.models.infer.late_interaction import late_interaction, telling
from src.models.infer.token_vectors import TokenVectors


def text(tokens: str, *rows: tuple[float, ...]) -> TokenVectors:
    return TokenVectors(tuple(tokens.split()), np.array(rows, np.float32))


EAST, NORTH, BOTH = (2.0, 0.0), (0.0, 0.5), (3.0, 3.0)


def test_each_word_of_the_question_counts_its_nearest_word() -> None:
    question = text("lamp kitchen", EAST, NORTH)
    sentences = [text("light oven", EAST, NORTH), text("light", EAST), text("door", (-1.0, 0.0)), text("all", BOTH)]
    assert late_interaction(question, sentences) == pytest.approx([1.0, 0.5, -0.5, 0.5**0.5], abs=1e-6)


def test_special_tokens_stop_words_and_punctuation_take_no_part() -> None:
    bare = late_interaction(text("lamp", EAST), [text("light", BOTH)])
    full = late_interaction(
        text("[CLS] the lamp ? [SEP]", NORTH, NORTH, EAST, NORTH, NORTH),
        [text("[CLS] the light . [SEP]", EAST, EAST, BOTH, EAST, EAST)],
    )
    assert full == pytest.approx(bare)


def test_a_text_of_nothing_else_keeps_all_its_tokens() -> None:
    assert late_interaction(text("what is on ?", EAST, EAST, EAST, NORTH), [text("light", EAST)]) == pytest.approx(
        [0.75]
    )


def test_a_score_does_not_depend_on_the_other_sentences() -> None:
    rng = np.random.default_rng(3)
    question = TokenVectors(("a", "lamp", "on", "stairs"), rng.normal(size=(4, 8)).astype(np.float32))
    sentences = [TokenVectors(("w",) * n, rng.normal(size=(n, 8)).astype(np.float32)) for n in (3, 1, 7, 2)]
    together = late_interaction(question, sentences)
    assert together == pytest.approx([late_interaction(question, [each])[0] for each in sentences])


def test_no_sentences_have_no_scores() -> None:
    assert late_interaction(text("lamp", EAST), []).shape == (0,)


@pytest.mark.parametrize("token", ["lamp", "##s", "07", "▁Licht", "é"])
def test_what_says_something(token: str) -> None:
    assert telling(token)


@pytest.mark.parametrize("token", ["[CLS]", "[SEP]", "<s>", "the", "The", "▁the", "▁", ":", "?"])
def test_what_says_nothing(token: str) -> None:
    assert not telling(token)
