"""A small made-up pattern."""

from __future__ import annotations

import pytest

from src.domain.patterns import Action, Evidence, Holdout, Kind, MadeBy, Pattern, TimeTrigger


@pytest.fixture
def pattern() -> Pattern:
    evidence = Evidence(
        hits=19,
        opportunities=22,
        rate=0.864,
        rate_low=0.667,
        rate_high=0.953,
        expected_rate=0.06,
        lift=14.4,
        p_value=1.2e-14,
        q_value=3.1e-12,
        holdout=Holdout(6, 7),
        spread_minutes=8.5,
        first_seen="2026-01-05T07:04:00+01:00",
        last_seen="2026-02-05T07:11:00+01:00",
    )
    return Pattern(
        id="p_0123456789abcdef",
        kind=Kind.TIME_OF_DAY,
        trigger=TimeTrigger("07:10:00", ("mon", "tue", "wed", "thu", "fri")),
        actions=(Action("light.kitchen", "on"),),
        evidence=evidence,
        sentence="The kitchen light turns on around 07:10 on weekdays.",
        category="comfort",
        priority="medium",
        made_by=MadeBy("minilm", "bge", "flan"),
    )
