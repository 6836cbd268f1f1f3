"""Cursors: ours come back, anything else is refused with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.errors import InvalidSetting
from src.store.pages import cursor_of, key_of


@given(st.text(), st.integers(0, 2**31 - 1))
def test_a_key_comes_back(text: str, number: int) -> None:
    cursor = cursor_of("patterns", text, number)
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?# ")
    assert key_of(cursor, "patterns", str, int) == [text, number]


@given(st.text(max_size=40) | st.binary(max_size=40).map(lambda data: data.decode("latin-1")))
def test_anything_else_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidSetting, match="cursor"):
        key_of(cursor, "runs", int)


@pytest.mark.parametrize(
    "cursor",
    [
        cursor_of("patterns", 1),
        cursor_of("runs", "1"),
        cursor_of("runs", 1, 2),
        cursor_of("runs"),
        cursor_of("runs", True),
        cursor_of("runs", -1),
        cursor_of("runs", 2**63),
        cursor_of("runs", 1) + "\N{SNOWMAN}",
    ],
)
def test_a_key_of_another_shape_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidSetting, match="cursor"):
        key_of(cursor, "runs", int)
