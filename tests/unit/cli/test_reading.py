"""Bounds of a span, kinds by name, and the numbers about a log."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.commands.reading import Reading, by_size, kinds_from, span_of
from src.domain.events import EventLog
from src.domain.patterns import Kind
from src.errors import InvalidSetting, UnknownKind


def micros(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000)


def log_of(*times: str, time_zone: str = "Europe/Berlin") -> EventLog:
    n = len(times)
    return EventLog(
        time=np.array([micros(time) for time in times], np.int64),
        entity=np.arange(n, dtype=np.int32) % 2,
        state=np.zeros(n, np.int32),
        origin=np.zeros(n, np.int8),
        entities=("light.a", "light.b", "light.never"),
        states=("on",),
        time_zone=time_zone,
    )


def test_a_bound_without_offset_is_on_the_homes_clock() -> None:
    low, high = Reading(Path("x"), start="2026-07-01", end="2026-07-02T06:00").bounds("Europe/Berlin")
    assert low == micros("2026-06-30T22:00+00:00")
    assert high == micros("2026-07-02T04:00+00:00")


def test_a_bound_with_offset_is_that_instant_in_every_zone() -> None:
    reading = Reading(Path("x"), start="2026-07-01T00:00-05:00")
    assert reading.bounds("Europe/Berlin") == reading.bounds("Asia/Tokyo") == (micros("2026-07-01T05:00+00:00"), None)


@given(st.integers(micros("1900-01-02T00:00+00:00"), micros("2199-12-30T00:00+00:00")))
def test_a_bound_survives_the_trip_through_text(instant: int) -> None:
    text = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)).isoformat()
    assert Reading(Path("x"), start=text).bounds("UTC") == (instant, None)


@given(st.text(max_size=12))
def test_whatever_is_typed_is_a_bound_or_refused(text: str) -> None:
    with suppress(InvalidSetting):
        Reading(Path("x"), start=text).bounds("UTC")


def test_a_place_is_read_once_it_was_said() -> None:
    assert Reading(Path("x")).place() is None
    assert Reading(Path("x"), position="-33.87,151.21").place() == (-33.87, 151.21)
    with pytest.raises(InvalidSetting, match="--position"):
        Reading(Path("x"), position="here").check()


def test_a_part_of_the_log() -> None:
    log = log_of("2026-07-01T10:00+02:00", "2026-07-02T10:00+02:00", "2026-07-03T10:00+02:00")
    assert len(Reading(Path("x"), start="2026-07-02", end="2026-07-03").cut(log)) == 1


def test_a_part_without_events_is_refused_with_the_span_there_is() -> None:
    with pytest.raises(InvalidSetting, match="the history runs from 2026-07-01"):
        Reading(Path("x.csv"), start="2030-01-01").cut(log_of(*["2026-07-01T10:00+02:00"] * 3))


def test_the_span_counts_calendar_days_of_the_home() -> None:
    # 23:30 and 00:30 in Berlin are an hour apart and touch two days.
    assert span_of(log_of("2026-07-01T21:30+00:00", "2026-07-01T22:30+00:00")) == {
        "start": "2026-07-01T23:30:00+02:00",
        "end": "2026-07-02T00:30:00+02:00",
        "days": 2,
        "time_zone": "Europe/Berlin",
    }


def test_kinds_come_in_one_order_however_they_are_typed() -> None:
    assert kinds_from("co_occurrence, time_of_day") == (Kind.TIME_OF_DAY, Kind.CO_OCCURRENCE)


@pytest.mark.parametrize("text", ["", "time_of_day,", "TIME_OF_DAY", "tide"])
def test_an_unknown_kind_is_refused(text: str) -> None:
    with pytest.raises(UnknownKind):
        kinds_from(text)


def test_reasons_are_added_up_and_ordered() -> None:
    assert list(by_size({"b": 1, "a": 1}, {"c": 2, "b": 1}).items()) == [("b", 2), ("c", 2), ("a", 1)]
