"""The wall clock of a simulated life and UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from src.simulation.span import DAY_MINUTES, Span

ZONES = ("Europe/Berlin", "Europe/Helsinki", "America/New_York", "Australia/Sydney", "Asia/Kathmandu")


@given(
    zone=st.sampled_from(ZONES),
    last=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    days=st.integers(1, 400),
    clock=st.integers(4 * 60, DAY_MINUTES - 1),  # no zone here changes its clock after four
    data=st.data(),
)
def test_a_habit_keeps_to_the_wall_clock(zone: str, last: date, days: int, clock: int, data: st.DataObject) -> None:
    span = Span.ending(last, days, zone)
    day = data.draw(st.integers(0, days - 1))
    at = int(span.utc(np.array([float(day * DAY_MINUTES + clock)]))[0])
    shown = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(ZoneInfo(zone))
    assert shown.date() == last - timedelta(days=days - 1 - day)
    assert shown.hour * 60 + shown.minute == clock
    assert shown.weekday() == span.weekdays[day]


def test_the_day_the_clock_goes_back_has_25_hours() -> None:
    span = Span.ending(date(2026, 10, 25), 1, "Europe/Berlin")
    assert span.end - span.start == 25 * 3600 * 1_000_000
