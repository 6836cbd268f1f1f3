"""The demo home: what a person who starts the service without a history of their own gets to see."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import pytest

from src.domain.events import MICROSECONDS, BoolArray, EventLog, Int64Array, Origin
from src.domain.local_time import DAY, day_number, isoformat, to_local
from src.domain.patterns import WEEKDAYS, Kind
from src.simulation.demo import demo_home
from src.simulation.holding import happened
from src.simulation.home import Planted, SimulatedHome
from src.simulation.log_reading import departures, instants
from src.simulation.span import MINUTE
from tests.unit.simulation.ideal import ideal


def columns(log: EventLog) -> tuple[bytes, ...]:
    return tuple(column.tobytes() for column in (log.time, log.entity, log.state, log.origin))


def own(log: EventLog, entity_id: str) -> BoolArray:
    return np.asarray(log.entity == log.entities.index(entity_id))


def states(log: EventLog, entity_id: str) -> list[str]:
    return [log.states[code] for code in log.state[own(log, entity_id)]]


def around_the_clock(log: EventLog, times: Int64Array) -> Int64Array:
    return to_local(times, log.time_zone) % DAY // MINUTE


def test_the_same_seed_gives_the_same_home_to_the_byte(demo: SimulatedHome) -> None:
    again = demo_home()
    assert columns(again.log) == columns(demo.log)
    assert (again.log.entities, again.log.states, again.planted) == (demo.log.entities, demo.log.states, demo.planted)


def test_another_seed_gives_another_life_with_the_same_routines(demo: SimulatedHome) -> None:
    other = demo_home(seed=1)
    assert columns(other.log) != columns(demo.log)
    assert other.planted == demo.planted


def test_it_is_sixty_days_over_a_change_of_clocks(demo: SimulatedHome) -> None:
    log = demo.log
    first, last = (isoformat(at, log.time_zone) for at in log.span)
    assert (first[:10], first[-6:]) == ("2026-09-17", "+02:00")
    assert (last[:10], last[-6:]) == ("2026-11-15", "+01:00")
    assert 20_000 < len(log) < 60_000
    assert len(set(day_number(to_local(log.time, log.time_zone)).tolist())) == 60


def test_every_entity_has_a_name_a_person_would_give(demo: SimulatedHome) -> None:
    names = [demo.log.about(entity_id).name for entity_id in demo.log.entities]
    assert 35 <= len(names) <= 60
    assert len(set(names)) == len(names)
    assert all(name and name[0].isupper() and "_" not in name for name in names)


def test_a_routine_of_every_kind_is_planted(demo: SimulatedHome) -> None:
    kinds = [routine.kind for routine in demo.planted]
    assert set(kinds) == set(Kind)
    assert kinds.count(Kind.TIME_OF_DAY) >= 6
    assert kinds.count(Kind.CO_OCCURRENCE) >= 5
    assert {routine.presence_event for routine in of_kind(demo, Kind.PRESENCE)} == {"arrives", "leaves", "last_leaves"}
    assert any(routine.conditions for routine in demo.planted)
    assert any(routine.at_minutes is not None and routine.at_minutes > 1430 for routine in demo.planted)
    assert {routine.weekdays for routine in demo.planted} >= {WEEKDAYS, WEEKDAYS[:5], ("sat",), ("tue", "thu")}


def of_kind(home: SimulatedHome, kind: Kind) -> list[Planted]:
    return [routine for routine in home.planted if routine.kind is kind]


def taken(home: SimulatedHome, routine: Planted) -> float:
    """The share of opportunities that were taken since the routine began."""
    assert home.span is not None
    began = int(home.span.utc(np.array([routine.since_minutes or 0.0]))[0])
    hits, opportunities = happened(home.log.between(began), ideal(home, routine))
    assert opportunities >= (8 if routine.weekdays == ("sat",) else 15), routine
    return hits / opportunities


def test_what_is_planted_happens_about_as_often_as_it_says(demo: SimulatedHome) -> None:
    for routine in demo.planted:
        if routine.kind in (Kind.FREQUENCY, Kind.ANOMALY):
            continue
        chance = routine.probability ** (len(routine.steps) - 1 if routine.kind is Kind.SEQUENCE else 1)
        # Days away and a device that is in the state already take some opportunities; some things are used for
        # other reasons as well.
        assert chance - 0.27 < taken(demo, routine) <= min(1.0, chance + 0.12), routine


def test_the_kettle_is_used_more_since_its_day(demo: SimulatedHome) -> None:
    assert demo.span is not None
    (change,) = of_kind(demo, Kind.FREQUENCY)
    assert change.since_minutes is not None
    assert change.factor is not None
    began = demo.span.utc(np.array([change.since_minutes]))[0]
    used = instants(demo.log, (change.entity_id, change.to))
    before, after = np.sum(used < began) / 32, np.sum(used >= began) / 28
    assert 0.6 * change.factor < after / before < 1.6 * change.factor


def test_the_bedroom_window_was_open_for_hours_once_and_never_before(demo: SimulatedHome) -> None:
    assert demo.span is not None
    (forgotten,) = of_kind(demo, Kind.ANOMALY)
    assert forgotten.since_minutes is not None
    assert forgotten.for_seconds is not None
    node = (forgotten.entity_id, forgotten.to)
    opened, closed = instants(demo.log, node), departures(demo.log, node)
    lasted = (closed[np.searchsorted(closed, opened[opened < closed[-1]])] - opened[opened < closed[-1]]) / MICROSECONDS
    long = opened[: len(lasted)][lasted > 6 * 3600]
    assert len(long) == 1
    assert long[0] >= demo.span.utc(np.array([forgotten.since_minutes]))[0]
    assert lasted[lasted < 6 * 3600].max() <= forgotten.for_seconds


def follows_from(routines: Iterable[Planted]) -> set[tuple[str, str]]:
    return {thing for routine in routines for thing in routine.things}


def test_what_is_not_planted_keeps_no_clock(demo: SimulatedHome) -> None:
    log = demo.log
    planted = follows_from(demo.planted)
    followers = {follower for _, follower in demo.echoes}
    checked = 0
    for entity_id in log.entities:
        domain = entity_id.partition(".")[0]
        if domain in ("sensor", "binary_sensor", "person", "device_tracker", "sun", "automation") or (
            entity_id in followers
        ):
            continue
        for state in set(states(log, entity_id)) - {"unavailable", "opening", "closing"}:
            times = instants(log, (entity_id, state), by_people=True)
            if (entity_id, state) in planted or len(times) < 20:
                continue
            checked += 1
            local = to_local(times, log.time_zone)
            minute, day = local % DAY // MINUTE, day_number(local)
            busiest = max(len(set(day[np.abs(minute - at) <= 15].tolist())) for at in range(0, 1440, 5))
            assert busiest <= 0.5 * 60, (entity_id, state, busiest)
    assert checked >= 10


def test_automations_act_at_their_time_and_are_marked(demo: SimulatedHome) -> None:
    log = demo.log
    porch, hallway = own(log, "light.porch"), own(log, "light.hallway")
    lost = [log.states.index("unavailable")]
    by_automation = log.origin == Origin.AUTOMATION
    for light in (porch, hallway):
        acted = light & ~np.isin(log.state, lost) & (log.origin != Origin.UNKNOWN)
        assert by_automation[acted].all()
        assert acted.sum() > 100
    on = instants(log, ("light.porch", "on"))
    usual = on[np.diff(on, prepend=0) > 3600 * MICROSECONDS]
    minutes, counts = np.unique(around_the_clock(log, usual), return_counts=True)
    assert minutes[np.argmax(counts)] == 18 * 60
    assert counts.max() >= 58


def test_the_light_by_motion_follows_its_sensor(demo: SimulatedHome) -> None:
    log = demo.log
    light = log.time[
        own(log, "light.hallway") & (log.state == log.states.index("on")) & (log.origin == Origin.AUTOMATION)
    ]
    motion = log.time[own(log, "binary_sensor.hallway_motion") & (log.state == log.states.index("on"))]
    since = light - motion[np.searchsorted(motion, light, "right") - 1]
    assert np.all((since > 0) & (since < MICROSECONDS))


def test_a_group_is_on_while_a_member_is(demo: SimulatedHome) -> None:
    log = demo.log
    members = ("light.living_room_lamp", "light.reading_lamp")
    lit = dict.fromkeys(members, "off")
    group, wrong, seen = "off", 0, 0
    for time, entity, state in zip(log.time.tolist(), log.entity.tolist(), log.state.tolist(), strict=True):
        name, value = log.entities[entity], log.states[state]
        if name in members and value != "unavailable":
            lit[name] = value
        elif name == "light.living_room_lights" and value != "unavailable":
            group = value
            seen += 1
            wrong += group != ("on" if "on" in lit.values() else "off")
        assert time
    assert seen > 100
    assert wrong <= 0.03 * seen  # members that change within the same moment


def test_restarts_make_everything_unavailable_and_bring_it_back_within_a_second(demo: SimulatedHome) -> None:
    log = demo.log
    lost = log.state == log.states.index("unavailable")
    bursts = np.split(log.time[lost], np.flatnonzero(np.diff(log.time[lost]) > 60 * MICROSECONDS) + 1)
    assert len(bursts) == 3
    for burst in bursts:
        assert len(burst) >= 35
        assert burst[-1] - burst[0] < MICROSECONDS
    for name in ("light.kitchen_ceiling", "person.anna", "binary_sensor.front_door"):
        series, times = states(log, name), log.time[own(log, name)]
        for index in [number for number, state in enumerate(series) if state == "unavailable"]:
            assert times[index + 1] - times[index] < MICROSECONDS
            if index > 0:
                assert series[index + 1] == series[index - 1]


@pytest.mark.parametrize("entity_id", ["binary_sensor.router_connected", "sensor.living_room_temperature"])
def test_there_are_heartbeats_that_repeat_the_state(demo: SimulatedHome, entity_id: str) -> None:
    series = states(demo.log, entity_id)
    assert sum(a == b for a, b in itertools.pairwise(series)) > 50


def test_a_loose_contact_flaps_within_seconds(demo: SimulatedHome) -> None:
    times = demo.log.time[own(demo.log, "binary_sensor.cellar_leak")]
    assert np.mean(np.diff(times) < 10 * MICROSECONDS) > 0.6


def test_nobody_uses_anything_by_hand_while_the_family_is_away(demo: SimulatedHome) -> None:
    log = demo.log
    local = to_local(log.time, log.time_zone)
    first = day_number(local[:1])[0]
    away = (local >= (first + 31) * DAY) & (local < (first + 33) * DAY)
    motion = own(log, "binary_sensor.kitchen_motion") & (log.state == log.states.index("on"))
    assert not (motion & away).any()
    at_home = [
        states(log.between(None, int(log.time[away][0])), person)[-1] for person in ("person.anna", "person.mia")
    ]
    assert at_home == ["not_home", "not_home"]
