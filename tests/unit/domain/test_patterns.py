"""A pattern's JSON is one thing everywhere, so it must survive the way there and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from src.domain.patterns import (
    Action,
    Evidence,
    Holdout,
    Kind,
    MadeBy,
    Pattern,
    Scores,
    StateTrigger,
    Status,
    TimeTrigger,
    Trigger,
)

EVIDENCE = Evidence(19, 22, 0.864, 0.667, 0.953, 0.06, 14.4, 1.2e-14, 3.1e-12, Holdout(6, 7), 8.5, "a", "b")


@pytest.mark.parametrize(
    "trigger", [TimeTrigger("07:10:00", ("mon", "fri")), StateTrigger("binary_sensor.door", "on", 42.0, 120.0)]
)
@pytest.mark.parametrize("ranked", [True, False])
def test_json_survives_the_way_there_and_back(trigger: Trigger, ranked: bool) -> None:
    more: dict[str, Any] = (
        {"scores": Scores(0.6, 3.2, 1), "category": "comfort", "priority": "low", "made_by": MadeBy("e", "r", "c")}
        if ranked
        else {}
    )
    pattern = Pattern(
        "p_1",
        Kind.TIME_OF_DAY,
        trigger,
        (Action("light.a", "on"),),
        EVIDENCE,
        "It is so.",
        status=Status.ACCEPTED,
        **more,
    )
    assert Pattern.from_json(json.loads(json.dumps(pattern.to_json()))) == pattern


def test_keys_of_the_design_are_all_there() -> None:
    pattern = Pattern("p_1", Kind.TIME_OF_DAY, TimeTrigger("07:10:00", ("mon",)), (Action("light.a", "on"),), EVIDENCE)
    value = pattern.to_json()
    assert list(value) == ["id", "kind", "sentence", "trigger", "conditions", "actions", "evidence", "status"]
    assert list(value["evidence"]) == [
        "hits", "opportunities", "rate", "rate_low", "rate_high", "expected_rate", "lift", "p_value", "q_value",
        "holdout", "spread_minutes", "first_seen", "last_seen", "drift",
    ]  # fmt: skip


def test_an_unknown_trigger_is_told() -> None:
    value = Pattern("p_1", Kind.TIME_OF_DAY, TimeTrigger("07:10:00", ("mon",)), (), EVIDENCE).to_json()
    value["trigger"] = {"type": "moon"}
    with pytest.raises(ValueError, match="moon"):
        Pattern.from_json(value)
