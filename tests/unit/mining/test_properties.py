"""What must make no difference: codes and their order, silent entities, repeats, names, a week sooner or later."""

from __future__ import annotations

import json
from dataclasses import astuple, replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from src.domain.events import EventLog
from src.domain.local_time import DAY
from src.domain.patterns import Json
from src.history.table import EventTable
from src.mining import MiningResult, mine
from tests.unit.mining.conftest import Row, build_log, day
from tests.unit.mining.rich_home import DAYS, rich_home


@cache
def log_of(*, minutes: bool = False, zone: str = "Europe/Berlin") -> EventLog:
    return build_log(rich_home(minutes=minutes), zone=zone)


@cache
def mined(*, minutes: bool = False, zone: str = "Europe/Berlin") -> MiningResult:
    return mine(log_of(minutes=minutes, zone=zone))


def told(result: MiningResult) -> str:
    """Everything of a result, as bytes that may be compared."""
    return json.dumps(
        [
            [pattern.to_json() for pattern in result.patterns],
            [why.to_json() for why in result.whys],
            result.tested,
            result.left_out,
        ],
        sort_keys=True,
    )


def recoded(log: EventLog, seed: int) -> EventLog:
    """The same events, with other codes for entities and states and other dictionaries."""
    rng = np.random.default_rng(seed)
    entities, states = rng.permutation(len(log.entities)), rng.permutation(len(log.states))
    return replace(
        log,
        entity=np.argsort(entities).astype(np.int32)[log.entity],
        state=np.argsort(states).astype(np.int32)[log.state],
        entities=tuple(log.entities[code] for code in entities),
        states=tuple(log.states[code] for code in states),
    )


def test_the_world_has_something_to_find() -> None:
    acted = {action.entity_id for pattern in mined().patterns for action in pattern.actions}
    assert {"light.kitchen", "light.hall"} <= acted


@pytest.mark.parametrize("minutes", [False, True])
def test_the_same_log_gives_the_same_bytes(minutes: bool) -> None:
    assert told(mine(log_of(minutes=minutes))) == told(mined(minutes=minutes))


@pytest.mark.parametrize(("minutes", "seed"), [(False, 1), (False, 2), (True, 3)])
def test_codes_and_dictionaries_carry_no_meaning(minutes: bool, seed: int) -> None:
    assert told(mine(recoded(log_of(minutes=minutes), seed))) == told(mined(minutes=minutes))


@pytest.mark.parametrize("minutes", [False, True])
def test_things_of_one_instant_may_come_in_any_order(minutes: bool) -> None:
    """Different entities' rows of an instant are exchanged; one entity's keep their order, which says how it ended."""
    log = log_of(minutes=minutes)
    entity_rank = np.random.default_rng(5).permutation(len(log.entities))
    order = np.lexsort((np.arange(len(log)), entity_rank[log.entity], log.time))
    other = replace(log, entity=log.entity[order], state=log.state[order], origin=log.origin[order])
    assert not minutes or not np.array_equal(other.entity, log.entity)
    assert told(mine(other)) == told(mined(minutes=minutes))


def test_rows_may_be_read_in_any_order() -> None:
    log = log_of(minutes=True)
    table = EventTable()
    for part in np.array_split(np.random.default_rng(1).permutation(len(log)), 7):
        table.add(
            log.time[part],
            [log.entities[code] for code in log.entity[part]],
            [log.states[code] for code in log.state[part]],
            log.origin[part],
        )
    assert told(mine(table.log(log.time_zone, log.info))) == told(mined(minutes=True))


def test_an_entity_that_never_changes_changes_nothing_but_the_reasons() -> None:
    silent: list[Row] = [(day(number, 12), "light.cellar", "off") for number in range(1, DAYS)]
    result = mine(build_log(rich_home() + silent))
    assert result.patterns == mined().patterns
    assert {why.entity_id for why in result.whys} - {why.entity_id for why in mined().whys} == {"light.cellar"}


def test_reporting_an_unchanged_state_again_changes_nothing() -> None:
    """Each entity says again what it is, midway between two of its changes."""
    rows = sorted(rich_home(), key=lambda row: row[0])
    repeats: list[Row] = []
    for entity in {entity for _, entity, _ in rows if not entity.startswith("sensor.")}:
        own = [row for row in rows if row[1] == entity]
        repeats += [(at + (then - at) / 2, entity, state) for (at, _, state), (then, _, _) in pairwise(own)]
    assert mine(build_log(rows + repeats)).patterns == mined().patterns


def without_dates(result: MiningResult) -> list[Json]:
    values = [pattern.to_json() for pattern in result.patterns]
    for value in values:
        value["evidence"] = {name: of for name, of in value["evidence"].items() if not name.endswith("_seen")}
    return values


def week_later(log: EventLog) -> EventLog:
    return replace(log, time=log.time + 7 * DAY)


def test_a_week_later_where_no_sun_is_known_all_is_the_same_but_the_dates() -> None:
    assert without_dates(mine(week_later(log_of(zone="UTC")))) == without_dates(mined(zone="UTC"))


def test_a_week_later_the_same_is_done_for_the_same_kind_of_reason() -> None:
    """Offsets from the sun may differ, because the sun of the other week does."""

    def done(result: MiningResult) -> list[tuple[str, str, list[Json]]]:
        return sorted(
            (
                (str(pattern.kind), pattern.trigger.to_json()["type"], [action.to_json() for action in pattern.actions])
                for pattern in result.patterns
            ),
            key=str,
        )

    assert done(mine(week_later(log_of()))) == done(mined())


def test_names_carry_no_meaning() -> None:
    """With other names the same is found, of the same things."""
    ids = log_of().entities
    names = {entity: f"{entity.partition('.')[0]}.{chr(ord('z') - place)}" for place, entity in enumerate(sorted(ids))}
    log = log_of()
    renamed = replace(log, entities=tuple(names[entity] for entity in log.entities))
    back = {new: old for old, new in names.items()}

    def said(result: MiningResult, names: dict[str, str]) -> list[str]:
        """Kind, things and counts; of things that have no order, which one is told first goes by the name."""
        return sorted(
            json.dumps(
                [
                    str(pattern.kind),
                    sorted([names[action.entity_id], action.to] for action in pattern.actions),
                    *astuple(pattern.evidence)[:10],
                ]
            )
            for pattern in result.patterns
        )

    assert said(mine(renamed), back) == said(mined(), {entity: entity for entity in ids})
