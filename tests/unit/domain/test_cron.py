"""Weekdays of a cron expression, and what is no expression."""

from __future__ import annotations

import pytest

from src.domain.cron import wall_trigger, weekdays


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("*", "*"),
        ("0", "sun"),
        ("7", "sun"),
        ("1-5", "mon,tue,wed,thu,fri"),
        ("5-7", "fri,sat,sun"),
        ("fri-mon", "mon,fri,sat,sun"),
        ("MON,Wed", "mon,wed"),
        ("*/2", "tue,thu,sat,sun"),
        ("1/3", "mon,thu"),
    ],
)
def test_weekdays_are_those_of_cron(field: str, names: str) -> None:
    assert weekdays(field) == names


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("", "this has 0"),
        ("0 3 * *", "this has 4"),
        ("0 25 * * *", "25"),
        ("0 3 * * 8", "'8' is no weekday"),
        ("0 3 * * x", "'x' is no weekday"),
        ("0 3 * * 1/0", "'0' is no step"),
        ("0 3 * * 1--2", "'1--2' names no weekday"),
    ],
)
def test_what_is_no_expression_is_refused_with_an_example_and_the_cause(cron: str, why: str) -> None:
    with pytest.raises(ValueError, match="such as 0 3") as caught:
        wall_trigger(cron)
    assert why in str(caught.value)
