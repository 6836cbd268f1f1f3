"""What is planted happens as its truth says, kind by kind, in the log that comes out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pytest

from src.domain.events import Float64Array, Int64Array
from src.domain.local_time import DAY, day_number, to_local, weekday
from src.domain.patterns import WEEKDAYS, Kind
from src.simulation.daylight import is_dark, sun_times
from src.simulation.holding import happened
from src.simulation.home import Planted, SimulatedHome
from src.simulation.households import household
from src.simulation.log_reading import departures, instants, numbers
from src.simulation.occasions import crossings
from src.simulation.random_levels import fresh, varies
from src.simulation.span import DAY_MINUTES, MINUTE
from tests.unit.simulation.ideal import ideal

SEEDS = range(4)


@lru_cache
def homes(kind: Kind) -> tuple[SimulatedHome, ...]:
    return tuple(household(seed, kinds=frozenset({kind}), routines=5) for seed in SEEDS)


def planted(kind: Kind) -> Iterator[tuple[SimulatedHome, Planted]]:
    found = [(home, routine) for home in homes(kind) for routine in home.planted if routine.kind is kind]
    assert len(found) >= 4
    yield from found


def minutes(home: SimulatedHome, times: Int64Array) -> Float64Array:
    """Moments of the span, on the wall clock."""
    assert home.span is not None
    return (to_local(times, home.log.time_zone) - home.span.first_day * DAY) / MINUTE


def actions(home: SimulatedHome, routine: Planted) -> Int64Array:
    return instants(home.log, (routine.entity_id, routine.to), by_people=True)


@pytest.mark.parametrize(
    "kind",
    [
        Kind.TIME_OF_DAY,
        Kind.DAY_TYPE,
        Kind.SOLAR,
        Kind.CO_OCCURRENCE,
        Kind.PRESENCE,
        Kind.THRESHOLD,
        Kind.SEQUENCE,
        Kind.SCENE,
        Kind.DURATION,
    ],
)
def test_enough_chances_are_taken(kind: Kind) -> None:
    shares = []
    for home, routine in planted(kind):
        hits, opportunities = happened(home.log, ideal(home, routine))
        assert opportunities >= (8 if len(routine.weekdays) < 5 else 19), routine
        shares.append(hits / opportunities)
    assert min(shares) >= 0.4  # a holiday, or days on which a sensor was silent
    assert np.median(shares) >= 0.75


def test_a_solar_routine_keeps_to_the_sun_and_not_to_the_clock() -> None:
    for home, routine in planted(Kind.SOLAR):
        assert home.span is not None
        assert home.log.position is not None
        assert routine.offset_minutes is not None
        rise, fall = sun_times(home.span.first_day, home.span.days, home.log.time_zone, home.log.position)
        due = np.asarray(rise if routine.sun_event == "sunrise" else fall) / MINUTE + routine.offset_minutes
        away = np.abs(actions(home, routine)[:, None] / MINUTE - due[None, :]).min(axis=1)
        hits = away <= 3 * routine.spread_minutes
        assert hits.sum() >= 25
        assert np.std(away[hits]) < 15
        at = minutes(home, actions(home, routine)[hits])
        assert np.ptp(at % DAY_MINUTES) > 35  # sixty days over a change of clocks


def test_a_day_type_has_a_time_for_workdays_and_another_for_weekends() -> None:
    for home, routine in planted(Kind.DAY_TYPE):
        assert routine.at_minutes is not None
        assert routine.other_minutes is not None
        assert 40 <= abs(routine.at_minutes - routine.other_minutes) <= 150
        at = minutes(home, actions(home, routine)) % DAY_MINUTES
        free = weekday(day_number(to_local(actions(home, routine), home.log.time_zone))) >= 5
        for days, due, other in (
            (~free, routine.at_minutes, routine.other_minutes),
            (free, routine.other_minutes, routine.at_minutes),
        ):
            near = np.abs(at[days] - due) <= 2 * routine.spread_minutes
            assert near.sum() > 3 * np.sum(np.abs(at[days] - other) <= 2 * routine.spread_minutes)


def test_a_seasonal_routine_begins_when_about_half_of_the_log_is_over() -> None:
    for home, routine in planted(Kind.SEASONAL):
        assert home.span is not None
        assert routine.since_minutes is not None
        assert routine.at_minutes is not None
        assert 20 <= home.span.days - routine.since_minutes / DAY_MINUTES <= 34
        at = minutes(home, actions(home, routine))
        off = np.abs((at - routine.at_minutes + 720) % DAY_MINUTES - 720)
        near = at[off <= 2.5 * routine.spread_minutes]
        before, after = np.sum(near < routine.since_minutes - 60), np.sum(near >= routine.since_minutes - 60)
        assert after >= 10
        assert before <= 0.25 * after


def test_a_level_is_crossed_often_and_at_no_fixed_time() -> None:
    for home, routine in planted(Kind.THRESHOLD):
        assert routine.trigger_entity is not None
        assert routine.level is not None
        time, values = numbers(home.log, routine.trigger_entity)
        found = fresh(crossings(time, values, routine.level, rising=bool(routine.rising)))
        assert len(found) >= 20
        assert varies(found, home.log.time_zone) >= 45


def test_a_condition_decides() -> None:
    seen = set()
    for home, routine in [*planted(Kind.CO_OCCURRENCE), *planted(Kind.PRESENCE)]:
        for condition in routine.conditions:
            seen.add(condition.holds)
            pattern = ideal(home, routine)
            hits, opportunities = happened(home.log, pattern)
            all_hits, all_opportunities = happened(home.log, pattern.with_(conditions=()))
            assert hits >= 0.6 * opportunities
            assert all_opportunities - opportunities >= 0.15 * all_opportunities
            assert all_hits - hits <= 0.25 * (all_opportunities - opportunities)
    assert len(seen) >= 2


def test_dark_means_that_the_sun_is_down() -> None:
    checked = 0
    for home, routine in planted(Kind.CO_OCCURRENCE):
        if any(condition.holds == "dark" for condition in routine.conditions):
            assert home.log.position is not None
            assert routine.delay_seconds is not None
            assert is_dark(actions(home, routine), home.log.time_zone, home.log.position).mean() > 0.6
            checked += 1
    assert checked


def test_presence_is_about_one_or_about_all() -> None:
    events = [routine.presence_event for _, routine in planted(Kind.PRESENCE)]
    assert {"arrives", "leaves"} & set(events)
    assert {"first_arrives", "last_leaves"} & set(events)
    for _, routine in planted(Kind.PRESENCE):
        of_all = routine.presence_event in ("first_arrives", "last_leaves")
        assert (len(routine.people) > 1) == of_all == (routine.trigger_entity is None)


def test_a_sequence_has_three_to_five_different_devices_in_one_order() -> None:
    for home, routine in planted(Kind.SEQUENCE):
        names = [step.entity_id for step in routine.steps]
        assert 3 <= len(set(names)) == len(names) <= 5
        first, second = (instants(home.log, (step.entity_id, step.to)) for step in routine.steps[:2])
        after = np.append(second, np.iinfo(np.int64).max)[np.searchsorted(second, first)] - first
        before = first - np.append(-1, second)[np.searchsorted(second, first)]
        assert np.mean(after < 5 * MINUTE) > 3 * np.mean(before < 5 * MINUTE)


def test_a_scene_has_no_order_and_no_hour() -> None:
    for home, routine in planted(Kind.SCENE):
        rooms = {home.log.about(step.entity_id).area for step in routine.steps}
        assert len(rooms) == 1
        first, second = (instants(home.log, (step.entity_id, step.to)) for step in routine.steps[:2])
        gap = second[:, None] - first[None, :]
        gap = gap[np.abs(gap) < 90_000_000]
        assert len(gap) >= 25
        assert 0.25 < np.mean(gap > 0) < 0.75
        assert np.std(minutes(home, first) % DAY_MINUTES) > 90


def test_a_length_of_use_is_narrow() -> None:
    for home, routine in planted(Kind.DURATION):
        assert routine.trigger_to is not None
        assert routine.for_seconds is not None
        on = instants(home.log, (routine.entity_id, routine.trigger_to))
        off = departures(home.log, (routine.entity_id, routine.trigger_to))
        following = np.searchsorted(off, on)
        lasted = (off[following[following < len(off)]] - on[following < len(off)]) / 1e6
        assert np.mean(np.abs(lasted / routine.for_seconds - 1) <= 0.25) >= 0.7
        assert len(on) >= 30


def test_a_change_of_use_shows_in_the_counts() -> None:
    ratios = []
    for home, routine in planted(Kind.FREQUENCY):
        assert home.span is not None
        assert routine.since_minutes is not None
        assert routine.factor is not None
        assert routine.factor >= 2.5 or routine.factor <= 0.4
        at = minutes(home, actions(home, routine))
        before = np.sum(at < routine.since_minutes) / routine.since_minutes
        after = np.sum(at >= routine.since_minutes) / (home.span.minutes - routine.since_minutes)
        ratios.append(max(after / before, before / after))
        assert (after > before) == (routine.factor > 1)
    assert np.median(ratios) >= 2.5


def test_what_is_left_open_is_open_for_hours_on_one_of_the_last_days() -> None:
    opened = [(home, routine) for home, routine in planted(Kind.ANOMALY) if routine.at_minutes is None]
    assert opened
    for home, routine in opened:
        assert home.span is not None
        assert routine.for_seconds is not None
        came = instants(home.log, (routine.entity_id, routine.to))
        went = departures(home.log, (routine.entity_id, routine.to))
        lasted = np.append(went, home.span.end)[np.searchsorted(went, came)] - came
        forgotten = lasted > 7 * 3600 * 1_000_000
        assert forgotten.sum() == 1
        assert home.span.end - came[forgotten][0] <= 4 * DAY
        assert np.mean(lasted[~forgotten] <= routine.for_seconds * 1_000_000) > 0.95


def test_a_missed_routine_was_regular_until_its_last_days() -> None:
    missed = [(home, routine) for home, routine in planted(Kind.ANOMALY) if routine.at_minutes is not None]
    assert missed
    for home, routine in missed:
        assert home.span is not None
        assert routine.since_minutes is not None
        assert routine.at_minutes is not None
        days = np.isin(home.span.weekdays, [WEEKDAYS.index(day) for day in routine.weekdays])
        at = minutes(home, actions(home, routine))
        near = np.abs((at - routine.at_minutes + 720) % DAY_MINUTES - 720) <= 30
        hit = np.zeros(home.span.days, np.bool_)
        hit[(at[near] // DAY_MINUTES).astype(np.int64)] = True
        lost = np.arange(home.span.days) * DAY_MINUTES >= routine.since_minutes
        assert 3 <= np.sum(days & lost) <= 5
        assert hit[days & ~lost].mean() > 0.85
        assert not hit[days & lost].any()
