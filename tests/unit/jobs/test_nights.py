"""One due instant for every local date, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InvalidSetting, UnknownTimeZone
from src.jobs.nights import Night, Schedule, as_datetime

THREE = "0 3 * * *"


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000)


def local(night: Night, time_zone: str) -> str:
    return as_datetime(night.due).astimezone(ZoneInfo(time_zone)).isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("time_zone", "cron", "evening", "due"),
    [
        # Helsinki leaves out the hour from three to four: the run comes after it.
        ("Europe/Helsinki", THREE, "2026-03-28T22:00+02:00", "2026-03-29T04:00+03:00"),
        ("Europe/Helsinki", "30 3 * * *", "2026-03-28T22:00+02:00", "2026-03-29T04:30+03:00"),
        # ... and has three o'clock twice in October: the first counts.
        ("Europe/Helsinki", THREE, "2026-10-24T22:00+03:00", "2026-10-25T03:00+03:00"),
        ("Europe/Helsinki", THREE, "2026-10-25T03:00+03:00", "2026-10-26T03:00+02:00"),
        ("Europe/Berlin", THREE, "2026-03-28T22:00+01:00", "2026-03-29T03:00+02:00"),
        ("Europe/Berlin", "30 2 * * *", "2026-03-28T22:00+01:00", "2026-03-29T03:30+02:00"),
        ("Europe/Berlin", "30 2 * * *", "2026-10-24T22:00+02:00", "2026-10-25T02:30+02:00"),
        ("Europe/Berlin", "30 2 * * *", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"),
        # Lord Howe moves its clocks by half an hour at two.
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T22:00+10:30", "2026-10-04T02:45+11:00"),
        ("Australia/Lord_Howe", "45 1 * * *", "2026-04-04T22:00+11:00", "2026-04-05T01:45+11:00"),
        ("Australia/Lord_Howe", THREE, "2026-04-04T22:00+11:00", "2026-04-05T03:00+10:30"),
        # Brazil had days without a midnight, which the cron library leaves out altogether.
        ("America/Sao_Paulo", "0 0 * * *", "2018-11-03T12:00-03:00", "2018-11-04T01:00-02:00"),
        # Half past eleven in the evening does not exist there; the run is in the first hour of the next day.
        ("America/Scoresbysund", "30 23 * * *", "2026-03-28T12:00-02:00", "2026-03-29T00:30-01:00"),
    ],
)
def test_the_next_night_when_clocks_move(time_zone: str, cron: str, evening: str, due: str) -> None:
    night = Schedule(cron, time_zone).next(us(evening))
    assert night is not None
    assert local(night, time_zone) == due


def test_a_night_that_is_due_after_midnight_keeps_its_date() -> None:
    night = Schedule("30 23 * * *", "America/Scoresbysund").next(us("2026-03-28T12:00-02:00"))
    assert night is not None
    assert night.date == "2026-03-28"


def test_the_cron_librarys_own_instants_would_double_or_lose_nights() -> None:
    # Why this module exists; when this fails, the library has changed and the module may be simpler.
    twice = CronTrigger.from_crontab(THREE, timezone=ZoneInfo("Europe/Helsinki"))
    first = twice.get_next_fire_time(None, datetime(2026, 10, 24, 20, tzinfo=UTC))
    second = twice.get_next_fire_time(first, first)
    assert (first.date(), second.date()) == (date(2026, 10, 25), date(2026, 10, 25))
    lost = CronTrigger.from_crontab("0 0 * * *", timezone=ZoneInfo("America/Sao_Paulo"))
    assert lost.get_next_fire_time(None, datetime(2018, 11, 3, 15, tzinfo=UTC)).date() == date(2018, 11, 5)


@pytest.mark.parametrize(
    "time_zone",
    [
        "Europe/Helsinki",
        "Europe/Berlin",
        "America/New_York",
        "America/Scoresbysund",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Africa/Casablanca",
        "Pacific/Chatham",
        "UTC",
    ],
)
@pytest.mark.parametrize("cron", [THREE, "30 2 * * *", "0 0 * * *", "45 23 * * *", "*/20 * * * *"])
def test_every_date_of_a_year_has_one_night(time_zone: str, cron: str) -> None:
    schedule = Schedule(cron, time_zone)
    now = us("2026-01-01T12:00+00:00")
    nights: list[Night] = []
    while (night := schedule.next(now)) is not None and night.date <= "2027-01-05":
        nights.append(night)
        now = night.due
    dates = [date.fromisoformat(night.date) for night in nights]
    assert dates == [dates[0] + timedelta(days=n) for n in range(len(dates))]
    assert len(dates) >= 365
    apart = {later.due - earlier.due for earlier, later in pairwise(nights)}
    assert min(apart) >= 22.5 * 3600 * 1_000_000
    assert max(apart) <= 25.5 * 3600 * 1_000_000


@settings(max_examples=60, deadline=None)
@given(
    now=st.integers(us("2024-01-01T00:00+00:00"), us("2030-01-01T00:00+00:00")),
    time_zone=st.sampled_from(["Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "America/Scoresbysund"]),
    cron=st.sampled_from([THREE, "59 23 * * *", "0 0 * * *", "30 2 * * 1-5", "0 4 1 * *", "0 3 * * 0"]),
)
def test_the_last_night_is_the_one_before_the_next(now: int, time_zone: str, cron: str) -> None:
    schedule = Schedule(cron, time_zone)
    last, following = schedule.last(now), schedule.next(now)
    assert last is not None
    assert following is not None
    assert last.due <= now < following.due
    assert schedule.next(last.due) == following
    assert schedule.last(last.due) == last


def test_a_schedule_that_never_comes_has_no_nights() -> None:
    never = Schedule("0 3 30 2 *", "Europe/Berlin")
    assert never.next(us("2026-01-01T00:00+00:00")) is None
    assert never.last(us("2026-01-01T00:00+00:00")) is None


def test_sunday_night_is_on_sunday() -> None:
    night = Schedule("0 3 * * 0", "Europe/Berlin").next(us("2026-05-01T00:00+00:00"))
    assert night is not None
    assert date.fromisoformat(night.date).strftime("%A") == "Sunday"


@pytest.mark.parametrize("cron", ["", "0 3 * *", "0 25 * * *", "0 3 * * 8", "0 3 * * x", "0 3 * * 1/0", "0 3 * * 1--2"])
def test_what_is_no_schedule_is_refused_by_name(cron: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        Schedule(cron, "Europe/Berlin")
    assert caught.value.about == "ANALYSIS_SCHEDULE"


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(UnknownTimeZone):
        Schedule(THREE, "Europe/Atlantis")
