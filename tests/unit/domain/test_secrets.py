"""Passwords and tokens do not survive in what others say, however they wrote them."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.domain.secrets import masked

PASSWORD = "Kelleräß/W&sche @1979%\"'\\"


@pytest.mark.parametrize(
    "said",
    [
        PASSWORD,
        quote(PASSWORD),
        quote(PASSWORD, safe=""),
        quote_plus(PASSWORD),
        json.dumps({"password": PASSWORD}),
        repr(PASSWORD),
        repr(PASSWORD.encode()),
        base64.b64encode(PASSWORD.encode()).decode(),
    ],
)
def test_however_it_is_written_it_is_hidden(said: str) -> None:
    shown = masked(f"before {said} after", ["another one", PASSWORD])
    assert "Keller" not in shown
    assert "1979" not in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert "(secret)" in shown


def test_of_two_the_longer_is_hidden_whole() -> None:
    assert masked("Bearer token-1234-5678", ["token-1234", "token-1234-5678"]) == "Bearer (secret)"


def test_what_is_as_short_as_a_word_is_left() -> None:
    """Else a password of three letters would be told by the holes in every sentence."""
    assert masked("the hall light", ["hall", ""]) == "the hall light"


@given(st.text(min_size=6, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_secret_is_left(secret: str, before: str, after: str) -> None:
    shown = masked(f"{before}{secret}{after}", [secret])
    assert secret not in shown or secret in "(secret)"


@given(st.text(max_size=60))
def test_without_secrets_nothing_changes(text: str) -> None:
    assert masked(text, []) == text
