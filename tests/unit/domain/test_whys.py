"""Why nothing is suggested: one JSON form, with no more in it than there is to say."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.domain.patterns import Kind
from src.domain.whys import Why

numbers = st.one_of(st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6))
details = st.dictionaries(st.sampled_from(["hits", "opportunities", "reached", "needed"]), numbers)
whys = st.builds(
    Why,
    st.one_of(st.none(), st.just("light.a"), st.text(max_size=10)),
    st.sampled_from(["never_changes", "could_be_chance"]),
    st.one_of(st.none(), st.sampled_from(Kind)),
    details,
    st.text(max_size=20),
)


@given(whys)
def test_json_and_back(why: Why) -> None:
    assert Why.from_json(json.loads(json.dumps(why.to_json()))) == why


def test_what_is_not_known_is_not_said() -> None:
    assert Why(None, "home_with_too_few_days").to_json() == {"entity_id": None, "reason": "home_with_too_few_days"}


def test_what_is_known_is_said() -> None:
    why = Why("light.a", "happens_too_seldom", Kind.SOLAR, {"reached": 0.4, "needed": 0.5}, "Only two days in five.")
    assert why.to_json() == {
        "entity_id": "light.a",
        "reason": "happens_too_seldom",
        "kind": "solar",
        "detail": {"reached": 0.4, "needed": 0.5},
        "sentence": "Only two days in five.",
    }


@pytest.mark.parametrize("value", [{}, {"entity_id": "light.a"}, {"reason": "never_changes"}])
def test_what_is_no_reason_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(KeyError):
        Why.from_json(value)


def test_a_kind_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="lunar"):
        Why.from_json({"entity_id": "light.a", "reason": "could_be_chance", "kind": "lunar"})
