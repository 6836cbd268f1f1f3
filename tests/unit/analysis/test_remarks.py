"""A mining that could find nothing says why, and what helps."""

from __future__ import annotations

from src.analysis.remarks import remarks
from src.mining import MiningResult


def test_too_few_days_are_told() -> None:
    (said,) = remarks(MiningResult((), {}, {"home_with_too_few_days": 1}))
    assert "fewer than 7 days" in said


def test_an_ordinary_mining_has_no_remark() -> None:
    assert remarks(MiningResult((), {}, {"could_be_chance": 3})) == []
