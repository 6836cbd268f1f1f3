"""Texts and pairs to ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.errors import InvalidSetting, ModelCorrupt
from src.models.infer.tokenizer import TextTokenizer
from tests.unit.models import tiny


@pytest.fixture
def path(tmp_path: Path) -> Path:
    tiny.tokenizer("xlm-roberta").save(str(tmp_path / "tokenizer.json"))
    return tmp_path / "tokenizer.json"


def ids(text: str) -> list[int]:
    return [int(token) for token in tiny.tokenizer("xlm-roberta").encode(text, add_special_tokens=False).ids]


START, PAD, END = 0, 1, 2


def test_a_pair_is_two_segments_and_not_one_string(path: Path) -> None:
    tokenizer = TextTokenizer(path, 20, "reranker")
    assert tokenizer.pairs("save energy", ["the light", ""]) == [
        [START, *ids("save energy"), END, END, *ids("the light"), END],
        [START, *ids("save energy"), END, END, END],
    ]
    assert tokenizer.pad == PAD


def test_a_long_passage_is_cut_and_the_query_never(path: Path) -> None:
    query, passage = "save energy at night", "the kitchen light turns on around seven every weekday"
    (pair,) = TextTokenizer(path, 12, "reranker").pairs(query, [passage])
    assert pair == [START, *ids(query), END, END, *ids(passage)[:4], END]


def test_a_query_that_leaves_no_room_is_refused(path: Path) -> None:
    with pytest.raises(InvalidSetting, match="fewer than 12 tokens"):
        TextTokenizer(path, 12, "reranker").pairs("light " * 12, ["the door"])


def test_a_long_text_keeps_its_beginning_and_its_end_token(path: Path) -> None:
    (tokens,) = TextTokenizer(path, 6, "embedding").texts(["the kitchen light turns on around seven"])
    assert tokens == [START, *ids("the kitchen light turns"), END]


def test_half_a_surrogate_pair_is_some_text(path: Path) -> None:
    tokenizer = TextTokenizer(path, 20, "embedding")
    assert tokenizer.texts(["light \ud83d"]) == tokenizer.texts(["light ?"])
    assert len(tokenizer.pairs("\ud83d", ["\ude00"])) == 1


@pytest.mark.parametrize("content", ["", "{}", "not json"])
def test_a_file_that_is_no_tokenizer_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(ModelCorrupt, match=r"tokenizer\.json"):
        TextTokenizer(tmp_path / "tokenizer.json", 20, "embedding")
