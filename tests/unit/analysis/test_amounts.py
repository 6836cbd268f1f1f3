"""Amounts are said as people say them, and the same from night to night."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.analysis.amounts import clock, date, days, delay, duration, from_sun, level, rates
from src.domain.patterns import WEEKDAYS


def test_times_round_over_midnight() -> None:
    assert clock("23:58:00") == "00:00"
    assert clock("00:02:29") == "00:00"
    assert clock("quarter past") == "quarter past"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "5 seconds"),
        (28, "30 seconds"),
        (59, "a minute"),
        (60, "a minute"),
        (61, "2 minutes"),
        (900, "15 minutes"),
        (3600, "an hour"),
        (7200, "2 hours"),
    ],
)
def test_delays_are_bounds_people_use(seconds: float, said: str) -> None:
    assert delay(seconds) == said


def test_days_without_any_are_every_day() -> None:
    assert days(()) == "every day"
    assert days(WEEKDAYS) == "every day"
    assert days(("mon", "wed", "fri")) == "on Mondays, Wednesdays and Fridays"
    assert days(("mon", "tue", "wed", "thu", "sun")) == "every day but Fridays and Saturdays"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "5 seconds"),
        (42, "40 seconds"),
        (58, "a minute"),
        (440, "7 minutes"),
        (598, "10 minutes"),
        (1250, "20 minutes"),
        (3500, "an hour"),
        (4600, "75 minutes"),
        (7190, "2 hours"),
        (9100, "2.5 hours"),
        (30_000, "8 hours"),
        (200_000, "2 days"),
    ],
)
def test_durations_are_what_people_think_in(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("event", "offset", "said"),
    [
        ("sunset", 12, "about 10 minutes after sunset"),
        ("sunset", -1, "around sunset"),
        ("sunrise", -62, "about an hour before sunrise"),
        ("sunrise", 95, "about 95 minutes after sunrise"),
        ("sunset", 121, "about 2 hours after sunset"),
    ],
)
def test_offsets_from_the_sun(event: str, offset: int, said: str) -> None:
    assert from_sun(event, offset) == said


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (45.3, "lx", "45 lx"),
        (21.4, "°C", "21.5 °C"),
        (1234, "W", "1250 W"),
        (999.9, "W", "1000 W"),
        (0.0, "°C", "0 °C"),
        (-4.9, "°C", "-4.9 °C"),
        (0.0123, "kW", "0.0125 kW"),
        (123_456, None, "125000"),
        (float("inf"), "W", "inf W"),
    ],
)
def test_levels_have_two_digits_or_a_half_more(value: float, unit: str | None, said: str) -> None:
    assert level(value, unit) == said


@given(st.floats(1e-6, 1e9), st.sampled_from([-1, 1]))
def test_a_level_is_said_to_within_a_few_per_cent_and_without_an_exponent(size: float, sign: int) -> None:
    said = level(sign * size, None)
    assert float(said) == pytest.approx(sign * size, rel=0.03)
    assert "e" not in said
    assert level(float(said), None) == said


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (6.1, 2.0, ("6 times a week", "2")),
        (39.4, 8.4, ("39 times a week", "8")),
        (8.0, 56.0, ("8 times a week", "56")),
        (56.0, 20.0, ("8 times a day", "3")),
        (42.0, 17.5, ("6 times a day", "2.5")),
        (6.0, 1.1, ("6 times a week", "once a week")),
        (6.0, 0.4, ("6 times a week", "less than once a week")),
        (0.4, 6.0, ("less than once a week", "6")),
        (6.0, 0.0, ("6 times a week", "never")),
    ],
)
def test_two_rates_are_said_in_the_unit_that_fits_the_smaller(now: float, before: float, said: tuple[str, str]) -> None:
    assert rates(now, before) == said


@given(st.floats(0.75, 500), st.floats(1.75, 20), st.booleans())
def test_rates_that_differ_are_said_differently_and_in_one_unit(rate: float, factor: float, more: bool) -> None:
    now, before = (rate * factor, rate) if more else (rate, rate * factor)
    said, former = rates(now, before)
    assert said.removesuffix(" a week").removesuffix(" a day").removesuffix(" times") != former
    assert not ("a day" in said and "a week" in former)


def test_dates_are_said_without_the_year() -> None:
    assert date("2025-10-12") == date("10-12") == "12 October"
    assert date("some day") == "some day"
    assert date("13-45") == "13-45"
