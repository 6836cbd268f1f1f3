"""What counts as an instant, and which one it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.history.timestamps import INVALID, MISSING, from_numbers, from_wall_clock, parse

NOON = int(datetime(2026, 4, 30, 12, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-30T12:00:00Z",
        "2026-04-30T12:00:00+00:00",
        "2026-04-30 14:00:00+02:00",
        "2026-04-30T14:00:00",  # naive: the wall clock of Berlin, which is two hours ahead
        "2026-04-30 14:00",
        "2026-04-30t12:00:00z",
        " 2026-04-30T12:00:00Z ",
        "2026-04-30 12:00:00 UTC",
        "2026-04-30 14:00:00 +02:00",
        "2026-04-30T06:00:00.000000-0600",
        "20260430T120000Z",
        "1777550400",
        "1777550400.0",
        "1.7775504e9",
        "1777550400000",
        "1777550400000000",
        "1777550400000000000",
        1777550400,
        1777550400.0,
    ],
)
def test_noon_is_noon_in_every_spelling(text: str | float) -> None:
    alone = parse([text], "Europe/Berlin")
    beside_nonsense = parse(["nonsense", text], "Europe/Berlin")

    assert alone.tolist() == [NOON]
    assert beside_nonsense.tolist() == [INVALID, NOON]


@pytest.mark.parametrize(
    ("text", "micros"),
    [("2026-04-30T12:00:00.5Z", 500_000), ("2026-04-30T12:00:00.123456Z", 123_456), ("1777550400.25", 250_000)],
)
def test_fractions_of_a_second_are_kept(text: str, micros: int) -> None:
    assert parse([text], "UTC").tolist() == [NOON + micros]


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-31T12:00:00Z",  # April has 30 days
        "2026-02-29",
        "2026-04-30T25:00:00",
        "2026-04-30T12:00:00+99:00",
        "2026-04-30x12:00:00",
        "30.04.2026 12:00",
        "04/30/2026",
        "yesterday",
        "nan",
        "inf",
        "-1",
        "1_777_550_400",
        "１７７７５５０４００",
        "1e400",
        "1969-12-31T23:59:59Z",
        "2101-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "9" * 5000,
        float("nan"),
        float("-inf"),
        10**400,
    ],
)
def test_nonsense_is_refused(text: str | float) -> None:
    assert parse([text], "Europe/Berlin").tolist() == [INVALID]
    assert parse(["", None, text, "2026-04-30T12:00:00Z"], "UTC").tolist() == [MISSING, MISSING, INVALID, NOON]


def test_midnight_of_new_years_eve_1970_counts_on_the_clock_in_utc() -> None:
    # 1970-01-01 00:30 in Berlin is still 1969 in UTC.
    assert parse(["1970-01-01T00:30:00", "1970-01-01T01:30:00"], "Europe/Berlin").tolist() == [INVALID, 1_800_000_000]


def test_both_nights_of_the_clock_change() -> None:
    # Berlin 2026: 02:30 does not exist on 29 March and happens twice on 25 October.
    spring, autumn = parse(["2026-03-29T02:30:00", "2026-10-25T02:30:00"], "Europe/Berlin").tolist()

    assert datetime.fromtimestamp(spring / 1e6, UTC) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert datetime.fromtimestamp(autumn / 1e6, UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


MOMENTS = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001 - naive bounds are what hypothesis takes
    datetime(2100, 12, 30),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(MOMENTS, min_size=1, max_size=5), st.sampled_from("T "))
def test_what_python_writes_is_read_to_the_microsecond(moments: list[datetime], separator: str) -> None:
    expected = [(moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) for moment in moments]

    assert parse([moment.isoformat(separator) for moment in moments], "Asia/Tokyo").tolist() == expected


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.none(),
            st.text(max_size=30),
            st.text("0123456789-:.TZ+ eE", max_size=30),
            st.integers(),
            st.floats(),
            MOMENTS.map(datetime.isoformat),
        ),
        max_size=6,
    )
)
def test_a_row_is_read_the_same_alone_and_in_company(values: list[str | int | float | None]) -> None:
    together = parse(values, "America/New_York")

    assert together.tolist() == [parse([value], "America/New_York")[0] for value in values]
    assert parse([*values, "x"], "America/New_York").tolist() == [*together.tolist(), INVALID]
    assert bool(np.all((together >= 0) | (together == MISSING) | (together == INVALID)))


def test_columns_of_numbers_and_of_wall_clock_times() -> None:
    numbers = from_numbers(np.array([1777550400, 1777550400e3, 1777550400e6, 1777550400e9, np.nan, -5, np.inf]))
    wall = from_wall_clock(np.array([NOON, MISSING, INVALID, 2**62, -(2**62)], np.int64), "Etc/GMT+1")

    assert numbers.tolist() == [NOON, NOON, NOON, NOON, INVALID, INVALID, INVALID]
    assert wall.tolist() == [NOON + 3_600_000_000, MISSING, INVALID, INVALID, INVALID]
