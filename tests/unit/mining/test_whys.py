"""For each entity without a routine, the reason that says best why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest

from src.domain.events import EventLog, Origin
from src.domain.patterns import Kind
from src.domain.whys import Why
from src.mining import mine
from tests.unit.mining.conftest import START, Row, build_log, day, ordinary_life
from tests.unit.mining.rich_home import rich_home

DAYS = 60


def on_and_off(entity: str, at: datetime, minutes: float) -> list[Row]:
    return [(at, entity, "on"), (at + timedelta(minutes=minutes), entity, "off")]


def at_random(entity: str, per_day: int, days: range = range(DAYS), seed: int = 1) -> list[Row]:
    rng = np.random.default_rng(seed)
    rows: list[Row] = [(START, entity, "off")]
    for number in days:
        for hour in np.sort(rng.uniform(7, 22.5, per_day)).tolist():
            rows += on_and_off(entity, day(number, hour), float(rng.uniform(2, 20)))
    return rows


def at_seven(entity: str, days: Sequence[int] = range(DAYS)) -> list[Row]:
    rng = np.random.default_rng(2)
    rows: list[Row] = [(START, entity, "off")]
    for number in days:
        at = day(number, 19) + timedelta(minutes=float(rng.normal(0, 5)))
        rows += on_and_off(entity, at, float(rng.uniform(10, 280)))
    return rows


def why_of(entity: str, rows: list[Row], origins: list[Origin] | None = None) -> Why:
    log = build_log(rows + ordinary_life(DAYS, 3, per_day=6)) if origins is None else build_log(rows, origins=origins)
    return {why.entity_id: why for why in mine(log).whys}[entity]


@pytest.mark.parametrize(
    ("entity", "states", "reason"),
    [
        ("light.cellar", ["off"], "never_changes"),
        ("sensor.yard_temperature", [f"{n % 17}.5" for n in range(40)], "numeric_entity"),
        ("update.router", ["on", "off"], "entity_not_behaviour"),
        ("sensor.song", [f"Song {n}" for n in range(400)], "free_text_entity"),
    ],
)
def test_what_says_nothing_of_behaviour(entity: str, states: list[str], reason: str) -> None:
    rows: list[Row] = [(day(n // 8, 8 + n % 8), entity, states[n % len(states)]) for n in range(DAYS * 8)]
    assert why_of(entity, rows).reason == reason


def test_a_heartbeat() -> None:
    rows: list[Row] = [(START + timedelta(hours=n), "switch.watchdog", ("off", "on")[n % 2]) for n in range(24 * DAYS)]
    assert why_of("switch.watchdog", rows).reason == "heartbeat"


def test_what_only_automations_do_and_what_hardly_ever_happens() -> None:
    rows = at_seven("light.porch")
    origins = [Origin.AUTOMATION] * len(rows)
    life = ordinary_life(DAYS, 3, per_day=6)
    why = why_of("light.porch", rows + life, [*origins, *[Origin.UNKNOWN] * len(life)])
    assert why.reason == "made_by_automation"
    assert why.detail["by_people"] == 0
    seldom = why_of("light.attic", at_random("light.attic", 1, range(0, DAYS, 20)))
    assert (seldom.reason, seldom.detail["days"], seldom.detail["needed"]) == ("changes_too_seldom", 3, 5)


def test_a_sensor_cannot_be_set_unless_it_sets_something_off() -> None:
    assert why_of("binary_sensor.hall_motion", at_seven("light.a")).reason == "cannot_be_set"
    rows: list[Row] = [(START, "light.a", "off"), (START, "binary_sensor.door", "off")]
    rng = np.random.default_rng(4)
    for number in range(DAYS):
        door = day(number, float(rng.uniform(8, 21)))
        rows += [(door, "binary_sensor.door", "on"), (door + timedelta(hours=1), "binary_sensor.door", "off")]
        rows += on_and_off("light.a", door + timedelta(seconds=float(rng.uniform(15, 40))), float(rng.uniform(2, 20)))
    assert why_of("binary_sensor.door", rows).reason == "sets_off_a_routine"


def test_the_candidate_that_came_closest_says_by_how_much_it_fell_short() -> None:
    """Taken on every evening for six weeks, and on two of three since."""
    why = why_of("light.a", at_seven("light.a", [n for n in range(DAYS) if n < 42 or n % 3]))
    assert (why.reason, why.kind) == ("fading_on_later_days", Kind.TIME_OF_DAY)
    assert why.detail["hits"] > 0.9 * why.detail["opportunities"]
    assert why.detail["holdout"]["hits"] < 0.7 * why.detail["holdout"]["opportunities"]
    assert why.detail["reached"] < why.detail["needed"]
    assert why.detail["trigger"]["type"] == "time"


def test_a_lamp_at_any_hour_is_too_irregular() -> None:
    why = why_of("light.a", at_random("light.a", 3))
    assert why.reason in ("too_irregular", "never_the_same_way_twice", "could_be_chance", "happens_too_seldom")


def test_too_few_days_is_a_reason_of_the_home() -> None:
    result = mine(build_log(at_seven("light.a", range(5))))
    assert result.whys == (Why(None, "home_with_too_few_days", None, {"reached": 5, "needed": 7}),)


def test_an_empty_log_has_too_few_days() -> None:
    (why,) = mine(build_log([])).whys
    assert (why.entity_id, why.detail["reached"]) == (None, 0)


def test_every_entity_has_a_routine_or_one_reason_and_none_has_both() -> None:
    log: EventLog = build_log(rich_home())
    result = mine(log)
    told = [why.entity_id for why in result.whys]
    done = {action.entity_id for pattern in result.patterns for action in pattern.actions}
    assert told == sorted(set(told), key=str)
    assert {entity for entity in told if entity is not None} | done == set(log.entities)
    assert not done & set(told)
    assert {why.kind for why in result.whys} <= {None, *Kind}
    for why in result.whys:
        assert Why.from_json(json.loads(json.dumps(why.to_json()))) == why
