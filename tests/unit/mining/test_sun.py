"""The sun over a home: against astral asked directly, in the home's own zone, one day and one minute at a time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from astral import Observer
from astral.sun import elevation, sunrise, sunset
from hypothesis import given, settings
from hypothesis import strategies as st

from src.domain.events import EventLog
from src.mining.sun import Sun, find_sun

EPOCH = date(1970, 1, 1)
CITIES = {
    "Europe/Berlin": (52.5, 13.4),
    "Europe/Madrid": (40.4, -3.7),
    "America/New_York": (40.7, -74.0),
    "America/Los_Angeles": (34.0, -118.2),
    "Pacific/Auckland": (-36.9, 174.8),
    "Pacific/Honolulu": (21.3, -157.9),
    "Asia/Kathmandu": (27.7, 85.3),
    "Australia/Lord_Howe": (-31.6, 159.1),
}
MINUTE = 60_000_000


def log_at(
    zone: str, position: tuple[float, float] | None, rows: list[tuple[int, str]] | None = None, entity: str = "sun.sun"
) -> EventLog:
    """A log of one entity's states at UTC instants (µs)."""
    rows = rows or []
    states = sorted({state for _, state in rows})
    return EventLog(
        np.array([at for at, _ in rows], np.int64),
        np.zeros(len(rows), np.int32),
        np.array([states.index(state) for _, state in rows], np.int32),
        np.zeros(len(rows), np.int8),
        (entity,),
        tuple(states),
        zone,
        {},
        position,
    )


def sun_of(zone: str, position: tuple[float, float] | None, first: date, days: int) -> Sun:
    found = find_sun(log_at(zone, position), (first - EPOCH).days, days)
    assert found is not None
    return found


def apart(a: float, b: float) -> float:
    """Minutes between two minutes of the day, the short way round."""
    return abs((a - b + 720) % 1440 - 720)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(CITIES)), st.dates(date(2000, 1, 1), date(2060, 12, 1)))
def test_it_rises_and_sets_when_astral_says_on_the_homes_own_date(zone: str, first: date) -> None:
    sun = sun_of(zone, CITIES[zone], first, 5)
    assert sun.source == "position"
    for number in range(5):
        day = first + timedelta(days=number)
        for event, column in ((sunrise, sun.rise), (sunset, sun.set)):
            told = datetime.combine(day, datetime.min.time(), ZoneInfo(zone)) + timedelta(minutes=column[number])
            assert abs(elevation(Observer(*CITIES[zone]), told) + 0.833) < 1.5
            try:
                moment = event(Observer(*CITIES[zone]), day, tzinfo=ZoneInfo(zone))
            except ValueError:
                continue  # astral has none on a date where one comes within seconds of midnight in UTC
            if moment.date() == day:
                # A neighbouring day's event is some three minutes off; that may be, a wrong hour may not.
                assert apart(column[number], moment.hour * 60 + moment.minute + moment.second / 60) < 4


def test_a_sunrise_at_midnight_in_utc_is_no_polar_day() -> None:
    """Kathmandu in April 2000: up at a quarter to six, which is midnight in UTC; astral finds none on that date."""
    with pytest.raises(ValueError, match="sunrise"):
        sunrise(Observer(*CITIES["Asia/Kathmandu"]), date(2000, 4, 10), tzinfo=ZoneInfo("Asia/Kathmandu"))
    sun = sun_of("Asia/Kathmandu", CITIES["Asia/Kathmandu"], date(2000, 4, 1), 30)
    assert np.abs(np.diff(sun.rise)).max() < 2
    assert np.abs(np.diff(sun.set)).max() < 2


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(sorted(CITIES)), st.dates(date(2020, 1, 1), date(2030, 12, 1)), st.integers(0, 1439))
def test_it_is_dark_when_the_sun_is_below_the_horizon(zone: str, first: date, minute: int) -> None:
    sun = sun_of(zone, CITIES[zone], first, 3)
    dark = sun.dark(np.array([1440.0 + minute]))[0]
    moment = datetime.combine(first, datetime.min.time(), ZoneInfo(zone)) + timedelta(days=1, minutes=minute)
    height = elevation(Observer(*CITIES[zone]), moment)
    if abs(height + 0.833) > 1.5:  # between, a minute of refraction decides
        assert dark == (height < 0)


def test_a_day_when_the_clock_changes_has_its_sun_an_hour_later() -> None:
    sun = sun_of("Europe/Berlin", CITIES["Europe/Berlin"], date(2026, 3, 28), 2)
    assert 55 < sun.set[1] - sun.set[0] < 65


@pytest.mark.parametrize(("first", "dark"), [(date(2026, 12, 10), True), (date(2026, 6, 10), False)])
def test_polar_days_have_neither_and_are_dark_or_light_throughout(first: date, dark: bool) -> None:
    sun = sun_of("Europe/Oslo", (69.65, 18.96), first, 7)  # Tromsø
    assert np.isnan(sun.rise).all()
    assert np.isnan(sun.set).all()
    assert (sun.dark(np.arange(0.0, 7 * 1440, 60)) == dark).all()


def test_where_the_sun_sets_after_midnight_the_noon_is_light() -> None:
    """Reykjavík in June: down at about five past midnight, up at about three."""
    sun = sun_of("Atlantic/Reykjavik", (64.15, -21.94), date(2026, 6, 15), 10)
    noons = np.arange(10, dtype=np.float64) * 1440 + 720
    assert not sun.dark(noons).any()
    assert sun.dark(noons[1:] - 630).all()


@pytest.mark.parametrize(
    ("zone", "latitude", "longitude"),
    [
        ("Europe/Berlin", 52.5, 13.37),
        ("America/New_York", 40.71, -74.01),
        ("Australia/Sydney", -33.87, 151.22),
        ("America/Argentina/Ushuaia", -54.8, -68.3),
        ("Asia/Kathmandu", 27.72, 85.32),
    ],
)
def test_without_a_position_the_zones_city_stands_for_it(zone: str, latitude: float, longitude: float) -> None:
    first = date(2026, 4, 1)
    sun, reference = sun_of(zone, None, first, 3), sun_of(zone, (latitude, longitude), first, 3)
    assert sun.source == "time zone"
    assert np.abs(sun.rise - reference.rise).max() < 2
    assert np.abs(sun.set - reference.set).max() < 2


@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT+5"])
def test_a_zone_without_a_place_has_no_sun(zone: str) -> None:
    assert find_sun(log_at(zone, None), 20_000, 5) is None


def reported(days: int, first: date, *, unavailable: bool = False) -> list[tuple[int, str]]:
    """What ``sun.sun`` says in a home in UTC: up at 06:00 and a minute later each day, down at 18:00 and likewise."""
    rows: list[tuple[int, str]] = []
    for number in range(days):
        midnight = ((first - EPOCH).days + number) * 1440
        rows += [
            ((midnight + 360 + number) * MINUTE, "above_horizon"),
            ((midnight + 700) * MINUTE, "unavailable" if unavailable else "above_horizon"),
            ((midnight + 701) * MINUTE, "above_horizon"),
            ((midnight + 1080 + number) * MINUTE, "below_horizon"),
        ]
    return rows


def test_what_home_assistant_saw_itself_is_believed_before_the_zones_city() -> None:
    first = date(2026, 3, 1)
    sun = find_sun(log_at("UTC", None, reported(10, first)), (first - EPOCH).days, 10)
    assert sun is not None
    assert sun.source == "sun.sun"
    assert sun.set.tolist() == [1080.0 + number for number in range(10)]
    assert sun.rise.tolist()[1:] == [360.0 + number for number in range(1, 10)]


def test_a_sun_that_was_unavailable_by_day_did_not_rise_at_noon() -> None:
    first = date(2026, 3, 1)
    sun = find_sun(log_at("UTC", None, reported(10, first, unavailable=True)), (first - EPOCH).days, 10)
    assert sun is not None
    assert sun.rise.tolist()[1:] == [360.0 + number for number in range(1, 10)]


def test_a_sun_seen_on_few_days_says_too_little() -> None:
    first = date(2026, 3, 1)
    assert find_sun(log_at("UTC", None, reported(4, first)), (first - EPOCH).days, 10) is None


def test_a_position_is_believed_before_anything_else() -> None:
    first = date(2026, 3, 1)
    sun = find_sun(log_at("UTC", (51.5, 0.0), reported(10, first)), (first - EPOCH).days, 10)
    assert sun is not None
    assert sun.source == "position"
