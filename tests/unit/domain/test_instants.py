"""What people write for an instant, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from src.domain.instants import instant_now, minute_utc, read_instant
from src.errors import InvalidSetting


def micros(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-07-01", "2026-06-30T22:00+00:00"),
        ("2026-07-01T06:00", "2026-07-01T04:00+00:00"),
        ("2026-01-01T06:00", "2026-01-01T05:00+00:00"),
        ("2026-07-01T06:00Z", "2026-07-01T06:00+00:00"),
        ("2026-07-01T06:00-05:00", "2026-07-01T11:00+00:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30+00:00"),  # happens twice
    ],
)
def test_without_an_offset_it_is_on_the_homes_clock(text: str, instant: str) -> None:
    assert read_instant("start", text, "Europe/Berlin") == micros(instant)


@pytest.mark.parametrize(
    "text", ["", "today", "2026-04-31", "2026-07-01T25:00", "1753500000", "1899-12-31", "2201-01-01"]
)
def test_what_is_no_instant_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidSetting, match="start cannot be") as caught:
        read_instant("start", text, "Europe/Berlin")
    assert caught.value.about == "start"


def test_now_is_in_microseconds() -> None:
    assert datetime.fromtimestamp(instant_now() / 1_000_000, UTC).year >= 2025


def test_for_people_it_is_told_in_utc() -> None:
    assert minute_utc(micros("2026-07-01T06:30:59+02:00")) == "2026-07-01 04:30 UTC"
