"""What is cleared from a text, and what is left in it."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.doctor.finding import failed
from src.doctor.redaction import Redaction, looks_secret

SECRET = "Kelleräß/Wäsche@1979%&korb"


@pytest.mark.parametrize(
    "said",
    [
        SECRET,
        SECRET[:13],
        SECRET[13:],
        quote(SECRET, safe=""),
        json.dumps(SECRET)[1:-1],
        repr(SECRET.encode())[2:-1],
        SECRET.encode().hex(),
        base64.b64encode(f"anna:{SECRET}".encode()).decode(),
        base64.b64encode(f"a:{SECRET}".encode()).decode(),
    ],
)
def test_a_secret_is_cleared_in_every_spelling_and_in_part(said: str) -> None:
    cleared = Redaction([SECRET], []).clear(f"before {said} after")
    assert cleared.startswith("before ")
    assert cleared.endswith(" after")
    assert "(secret)" in cleared
    inner = said[12:-8] if said.endswith("==") else said  # the ends of base64 are those of what stands beside it
    assert not any(inner[at : at + 8] in cleared for at in range(len(inner) - 7))


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=8, max_size=60),
    st.text(max_size=40),
    st.text(max_size=40),
)
def test_no_eight_letters_of_a_secret_are_left(secret: str, before: str, after: str) -> None:
    cleared = Redaction([secret], []).clear(before + secret + after)
    plain = cleared.replace("(secret)", "\n")
    assert not any(secret[at : at + 8] in plain for at in range(len(secret) - 7))


@pytest.mark.parametrize("secret", ["Keller\nWand", "two  words", "tab\there", "\u202eKeller"])
def test_a_secret_with_gaps_in_it_is_cleared_where_lines_are_joined(secret: str) -> None:
    assert Redaction([secret], []).clear(f"before {secret} after") == "before (secret) after"


def test_a_secret_is_cleared_however_its_letters_were_quoted() -> None:
    said = quote(SECRET, safe="").replace("%C3%A4", "%c3%a4").replace("%C3%9F", "%c3%9f").replace("%2F", "%2f")
    assert Redaction([SECRET], []).clear(f"before {said} after").replace("(secret)", "") == "before  after"


def test_words_that_are_no_secret_stay() -> None:
    finding = failed("home assistant", "nothing listens there", "Check HA_TOKEN.")
    assert Redaction(["a-long-enough-secret"], []).finding(finding) == finding


def test_public_names_are_hidden_and_lines_joined() -> None:
    cleared = Redaction([], ["anna.example.org", "example.org"]).clear("at Anna.Example.org:8123,\n  of example.org")
    assert cleared == "at (public name):8123, of (public name)"


@pytest.mark.parametrize(
    "value",
    [
        "eyJ0eXAiOiJKV1QifQ.QmFzZW1lbnQtS2V5LTc3MTk.Xq9-Lm2_Vt4Rw8Zk1",
        "http://anna:word@192.168.1.4:8123",
        "5b1d77f09c3e4a625b1d77f09c3e4a62",
        "hf_QpLzVbNmRtYwSdFgHjKl",
    ],
)
def test_what_looks_like_a_secret(value: str) -> None:
    assert looks_secret(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Europe/Berlin",
        "0 3 * * *",
        "http://homeassistant.local:8123",
        "/srv/homes/home-assistant_v2.db",
        "light.*,domain:light,area:Kitchen",
        "energy,comfort,security,convenience",
        "/data/homeassistant-backup-2024.03.01",
    ],
)
def test_what_does_not(value: str) -> None:
    assert not looks_secret(value)
