"""Wall clock and UTC, against zoneinfo one instant at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.domain.local_time import day_number, isoformat, to_local, to_utc, weekday, zone
from src.errors import UnknownTimeZone

ZONES = ["Europe/Helsinki", "Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Asia/Kathmandu", "UTC"]
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the wall clock's own zero

instants = st.integers(0, 4_000_000_000)  # seconds: 1970 to 2096


@settings(max_examples=60, deadline=None)
@given(st.lists(instants, min_size=1, max_size=20), st.sampled_from(ZONES))
def test_to_local_reads_the_clock_as_zoneinfo_does(seconds: list[int], name: str) -> None:
    local = to_local(np.array(seconds, np.int64) * 1_000_000, name)
    for second, found in zip(seconds, local.tolist(), strict=True):
        clock = datetime.fromtimestamp(second, tz=ZoneInfo(name)).replace(tzinfo=None)
        assert EPOCH + timedelta(microseconds=found) == clock


@settings(max_examples=60, deadline=None)
@given(st.lists(instants, min_size=1, max_size=20), st.sampled_from(ZONES))
def test_to_utc_reads_naive_times_as_zoneinfo_does_with_fold_0(seconds: list[int], name: str) -> None:
    """Every wall-clock time: the ordinary, the repeated (first of the two) and the skipped."""
    found = to_utc(np.array(seconds, np.int64) * 1_000_000, name)
    for second, utc in zip(seconds, found.tolist(), strict=True):
        clock = (EPOCH + timedelta(seconds=second)).replace(tzinfo=ZoneInfo(name))
        assert utc == round(clock.timestamp() * 1e6)


@pytest.mark.parametrize(
    ("name", "turn"),
    [
        ("Europe/Helsinki", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("Europe/Helsinki", datetime(2026, 10, 25, 1, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ],
)
def test_every_minute_around_a_change_of_clocks(name: str, turn: datetime) -> None:
    minutes = int(turn.timestamp()) + 60 * np.arange(-180, 180, dtype=np.int64)
    local = to_local(minutes * 1_000_000, name)
    for second, found in zip(minutes.tolist(), local.tolist(), strict=True):
        clock = datetime.fromtimestamp(second, tz=ZoneInfo(name)).replace(tzinfo=None)
        assert EPOCH + timedelta(microseconds=found) == clock
    clocks = np.unique(local)
    for clock_us, utc in zip(clocks.tolist(), to_utc(clocks, name).tolist(), strict=True):
        clock = (EPOCH + timedelta(microseconds=clock_us)).replace(tzinfo=ZoneInfo(name))
        assert utc == round(clock.timestamp() * 1e6)


@given(st.dates())
def test_weekday_and_day_number(date: object) -> None:
    moment = datetime.fromisoformat(f"{date}T12:00:00")
    local = np.array([(moment - EPOCH) // timedelta(microseconds=1)], np.int64)
    assert weekday(day_number(local))[0] == moment.weekday()


def test_no_times_are_fine_and_no_zone_is_not() -> None:
    empty = np.zeros(0, np.int64)
    assert len(to_local(empty, "UTC")) == len(to_utc(empty, "UTC")) == 0
    for name in ("Mars/Olympus", "", "../etc/passwd", "Europe"):
        with pytest.raises(UnknownTimeZone, match="IANA"):
            zone(name)


def test_isoformat_carries_the_offset() -> None:
    assert isoformat(1_771_650_000_000_000, "Europe/Helsinki") == "2026-02-21T07:00:00+02:00"
