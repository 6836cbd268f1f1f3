"""Every kind of routine in a small world where it is all there is: found, alone, with evidence that hangs together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

import numpy as np
import pytest

from src.domain.events import MICROSECONDS, EntityInfo, EventLog
from src.domain.local_time import DAY, day_number, to_local
from src.domain.patterns import WEEKDAYS, Kind, Pattern
from src.domain.whys import Why
from src.mining import MiningResult, mine
from src.mining.kinds import KINDS
from src.simulation.daylight import sun_times
from tests.unit.mining.conftest import START, Row, build_log, day, ordinary_life

DAYS = 60
BERLIN = (52.52, 13.4)
DRIFTS = {"stable", "earlier", "later", "fading", "strengthening"}
TOLD_ONLY = {Kind.FREQUENCY, Kind.ANOMALY}
# Of a pattern's JSON: the type of its trigger. A thing left open and a routine missed are both anomalies.
TRIGGERS = {
    Kind.TIME_OF_DAY: "time",
    Kind.DAY_TYPE: "day_type",
    Kind.SOLAR: "sun",
    Kind.SEASONAL: "time",
    Kind.CO_OCCURRENCE: "state",
    Kind.PRESENCE: "presence",
    Kind.THRESHOLD: "numeric",
    Kind.SEQUENCE: "state",
    Kind.SCENE: "together",
    Kind.DURATION: "held",
    Kind.FREQUENCY: "rate",
    Kind.ANOMALY: "held",
}
# The world of each kind: the thing that its routine does (of a sequence the last one) and what it is set to.
THINGS = {
    Kind.TIME_OF_DAY: ("light.bed", "on"),
    Kind.DAY_TYPE: ("switch.kettle", "on"),
    Kind.SOLAR: ("light.porch", "on"),
    Kind.SEASONAL: ("fan.bedroom", "on"),
    Kind.CO_OCCURRENCE: ("light.hall", "on"),
    Kind.PRESENCE: ("media_player.radio", "playing"),
    Kind.THRESHOLD: ("fan.attic", "on"),
    Kind.SEQUENCE: ("light.film", "on"),
    Kind.SCENE: ("light.sofa", "on"),
    Kind.DURATION: ("switch.towel_warmer", "off"),
    Kind.FREQUENCY: ("media_player.tv", "playing"),
    Kind.ANOMALY: ("binary_sensor.bath_window", "on"),
}


def after(at: datetime, seconds: float) -> datetime:
    return at + timedelta(seconds=float(seconds))


def use(entity: str, at: datetime, seconds: float, states: tuple[str, str] = ("on", "off")) -> list[Row]:
    return [(at, entity, states[0]), (after(at, seconds), entity, states[1])]


def at_any_time(rng: np.random.Generator, per_day: float) -> list[datetime]:
    """Moments between eight and eleven, an hour apart or more."""
    found: list[datetime] = []
    for moment in np.sort(rng.uniform(0, DAYS, rng.poisson(DAYS * per_day))).tolist():
        at = day(int(moment), 8 + moment % 1 * 15)
        if not found or at - found[-1] > timedelta(hours=1):
            found.append(at)
    return found


def by_clock(rng: np.random.Generator, entity: str, hours: dict[int, float]) -> list[Row]:
    """On around an hour of each of those days, nine times in ten, and off again after any time."""
    rows: list[Row] = [(START, entity, "off")]
    for number, hour in hours.items():
        if rng.random() < 0.9:
            at = day(number, hour + float(rng.normal(0, 0.1)))
            rows += use(entity, at, rng.uniform(1200, 14000))
    return rows


def time_of_day(rng: np.random.Generator) -> list[Row]:
    return by_clock(rng, "light.bed", dict.fromkeys(range(DAYS), 7.0))


def day_type(rng: np.random.Generator) -> list[Row]:
    return by_clock(rng, "switch.kettle", {number: 9.25 if number % 7 > 4 else 6.75 for number in range(DAYS)})


def solar(rng: np.random.Generator) -> list[Row]:
    first = int(day_number(np.array([(START - datetime(1970, 1, 1)) // timedelta(microseconds=1)]))[0])  # noqa: DTZ001
    _, sunset = sun_times(first, DAYS, "Europe/Berlin", BERLIN)
    hours = to_local(np.asarray(sunset), "Europe/Berlin") % DAY / (3600 * MICROSECONDS) + 0.3
    return by_clock(rng, "light.porch", dict(enumerate(hours.tolist())))


def seasonal(rng: np.random.Generator) -> list[Row]:
    return by_clock(rng, "fan.bedroom", dict.fromkeys(range(32, DAYS), 20.5))


def co_occurrence(rng: np.random.Generator) -> list[Row]:
    rows: list[Row] = [(START, "binary_sensor.gate", "off"), (START, "light.hall", "off")]
    for at in at_any_time(rng, 2):
        rows += use("binary_sensor.gate", at, 9)
        if rng.random() < 0.9:
            rows += use("light.hall", after(at, rng.uniform(20, 60)), rng.uniform(300, 3000))
    return rows


def presence(rng: np.random.Generator) -> list[Row]:
    rows: list[Row] = [(START, "person.anna", "home"), (START, "media_player.radio", "off")]
    for number in range(DAYS):
        out, back = (day(number, float(rng.uniform(*hours))) for hours in ((7.5, 11), (14, 21)))
        rows += [(out, "person.anna", "not_home"), (back, "person.anna", "home")]
        if rng.random() < 0.9:
            at = after(back, rng.uniform(40, 200))
            rows += use("media_player.radio", at, rng.uniform(1800, 9000), ("playing", "off"))
    return rows


def threshold(rng: np.random.Generator) -> list[Row]:
    """Warm afternoons on days that differ by some degrees; somebody starts the fan above 23 degrees."""
    minute = np.arange(DAYS * 288) * 5
    weather = np.interp(minute, np.arange(DAYS + 1) * 1440, rng.normal(21, 2.5, DAYS + 1))
    swing = np.interp(minute, np.arange(DAYS + 1) * 1440, rng.uniform(2, 6, DAYS + 1))
    noise = rng.normal(0, 0.1, len(minute))
    degrees = np.round(weather + swing * np.sin(2 * np.pi * (minute - 540) / 1440) + noise, 1)
    times = [after(START, 60 * each) for each in minute.tolist()]
    rows = [(at, "sensor.attic_temperature", str(value)) for at, value in zip(times, degrees.tolist(), strict=True)]
    rows.append((START, "fan.attic", "off"))
    calm = 0
    for at, value in zip(times, degrees.tolist(), strict=True):
        if value > 23 and calm >= 12 and rng.random() < 0.9:
            rows += use("fan.attic", after(at, rng.uniform(60, 300)), rng.uniform(1500, 5000))
        calm = 0 if value > 23 else calm + 1
    return rows


def sequence(rng: np.random.Generator) -> list[Row]:
    rows: list[Row] = []
    for at in at_any_time(rng, 1):
        moment = at
        for entity in ("switch.projector", "switch.screen", "light.film"):
            rows += use(entity, moment, rng.uniform(1800, 9000))
            moment = after(moment, rng.uniform(15, 60))
    return rows


def scene(rng: np.random.Generator) -> list[Row]:
    rows: list[Row] = []
    for at in at_any_time(rng, 1):
        for entity in ("light.sofa", "light.shelf", "light.bar"):
            rows += use(entity, after(at, rng.uniform(0, 60)), rng.uniform(1800, 14000))
    return rows


def duration(rng: np.random.Generator) -> list[Row]:
    moments = at_any_time(rng, 1.5)
    return [row for at in moments for row in use("switch.towel_warmer", at, rng.normal(2400, 180))]


def frequency(rng: np.random.Generator) -> list[Row]:
    rows: list[Row] = []
    for number in range(DAYS):
        for hour in np.sort(rng.uniform(7, 23, rng.poisson(1.0 if number < 34 else 5.0))).tolist():
            rows += use("media_player.tv", day(number, hour), rng.uniform(100, 600), ("playing", "off"))
    return rows


def anomaly(rng: np.random.Generator) -> list[Row]:
    """A window that is opened for some minutes, and stays open for the night before the last."""
    rows: list[Row] = []
    for number in range(DAYS - 2):
        for hour in (8.0, 13.0, 18.0):
            rows += use("binary_sensor.bath_window", day(number, hour + rng.uniform(0, 3)), rng.uniform(120, 500))
    return [*rows, *use("binary_sensor.bath_window", day(DAYS - 2, 21), 11 * 3600)]


WORLDS: dict[Kind, Callable[[np.random.Generator], list[Row]]] = {
    Kind.TIME_OF_DAY: time_of_day,
    Kind.DAY_TYPE: day_type,
    Kind.SOLAR: solar,
    Kind.SEASONAL: seasonal,
    Kind.CO_OCCURRENCE: co_occurrence,
    Kind.PRESENCE: presence,
    Kind.THRESHOLD: threshold,
    Kind.SEQUENCE: sequence,
    Kind.SCENE: scene,
    Kind.DURATION: duration,
    Kind.FREQUENCY: frequency,
    Kind.ANOMALY: anomaly,
}


@cache
def world(kind: Kind) -> EventLog:
    """People who move about, lamps that they use at no fixed time, and one routine."""
    rng = np.random.default_rng(list(Kind).index(kind))
    rows = [*ordinary_life(DAYS, 31, per_day=40), *WORLDS[kind](rng)]
    for lamp in range(4):
        for at in at_any_time(rng, 1 + lamp / 2):
            rows += use(f"light.lamp_{lamp}", at, rng.uniform(300, 3500))
    rows = [row for row in rows if row[0] < day(DAYS)]
    window = EntityInfo("binary_sensor.bath_window", "Bath window", "Bath", "window")
    return build_log(rows, info={window.entity_id: window})


@cache
def mined(kind: Kind) -> MiningResult:
    """By all kinds together."""
    return mine(world(kind))


def about(pattern: Pattern) -> set[tuple[str, str]]:
    """What a pattern does, or tells of."""
    if pattern.actions:
        return {(action.entity_id, action.to) for action in pattern.actions}
    value = pattern.trigger.to_json()
    return {(value["entity_id"], value["to"])}


@pytest.mark.parametrize("kind", list(Kind))
def test_the_only_routine_of_a_world_is_all_that_is_shown_of_it(kind: Kind) -> None:
    (pattern,) = mined(kind).patterns
    assert pattern.kind is kind
    assert THINGS[kind] in about(pattern)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_that_is_asked_for_alone_finds_its_routine_and_tells_how_much_it_tested(kind: Kind) -> None:
    result = mine(world(kind), kinds=[kind])
    assert set(result.tested) == {str(kind)}
    assert result.tested[str(kind)] > 0
    assert {pattern.kind for pattern in result.patterns} == {kind}
    assert any(THINGS[kind] in about(pattern) for pattern in result.patterns)


@pytest.mark.parametrize("kind", list(Kind))
def test_evidence_of_every_kind_hangs_together(kind: Kind) -> None:
    for pattern in mined(kind).patterns:
        evidence = pattern.evidence
        assert 0 < evidence.hits <= evidence.opportunities
        assert evidence.rate == pytest.approx(evidence.hits / evidence.opportunities, abs=1e-3)
        assert 0 <= evidence.rate_low <= evidence.rate <= evidence.rate_high <= 1
        assert 0 < evidence.expected_rate <= evidence.rate
        # Of an anomaly the searched days are what was normal; the later ones are not like them.
        if kind is Kind.ANOMALY:
            assert evidence.holdout.hits / evidence.holdout.opportunities < evidence.rate
        else:
            assert evidence.expected_rate < evidence.rate
        assert evidence.lift == pytest.approx(evidence.rate / evidence.expected_rate, rel=0.05)
        assert 0 < evidence.p_value <= evidence.q_value <= 0.05
        assert 0 <= evidence.holdout.hits <= evidence.holdout.opportunities
        assert evidence.holdout.hits > 0 or kind in TOLD_ONLY
        assert evidence.spread_minutes >= 0
        assert evidence.drift in DRIFTS
        first, last = (datetime.fromisoformat(text) for text in (evidence.first_seen, evidence.last_seen))
        low, high = world(kind).span
        assert low <= first.timestamp() * MICROSECONDS + MICROSECONDS
        assert first <= last
        assert last.timestamp() * MICROSECONDS <= high + MICROSECONDS


@pytest.mark.parametrize("kind", list(Kind))
def test_a_pattern_of_every_kind_is_well_formed(kind: Kind) -> None:
    for pattern in mined(kind).patterns:
        value = pattern.to_json()
        assert Pattern.from_json(value) == pattern
        assert value["trigger"]["type"] == TRIGGERS[kind]
        assert bool(pattern.actions) == (kind not in TOLD_ONLY)
        steps = [action.after_seconds for action in pattern.actions]
        assert all((each is not None and each > 0) == (kind is Kind.SEQUENCE) for each in steps)
        times = value["trigger"].get("times", [value["trigger"]])
        for weekdays in (each["weekdays"] for each in times if "weekdays" in each):
            assert weekdays == [each for each in WEEKDAYS if each in weekdays] != []
        if "within_seconds" in value["trigger"] and "delay_seconds" in value["trigger"]:
            assert 0 < value["trigger"]["delay_seconds"] <= value["trigger"]["within_seconds"]
        assert [each["type"] for each in pattern.conditions] == (["season"] if kind is Kind.SEASONAL else [])


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_shown_is_not_told_to_be_missing(kind: Kind) -> None:
    found = {entity_id for pattern in mined(kind).patterns for entity_id, _ in about(pattern)}
    whys: tuple[Why, ...] = mined(kind).whys
    assert found.isdisjoint(why.entity_id for why in whys)


def test_every_kind_is_mined_by_a_plug_in_of_its_own() -> None:
    assert set(KINDS) == set(Kind)
    assert all(miner.kind is kind for kind, miner in KINDS.items())
