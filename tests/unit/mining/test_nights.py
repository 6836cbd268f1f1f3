"""A routine's life: the same home mined night after night, as a service does, with what it shows already in mind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from src.domain.events import EventLog
from src.domain.identity import identify
from src.domain.local_time import DAY, to_utc
from src.domain.patterns import Pattern, Status
from src.domain.runs import RunResult, RunTrigger
from src.mining import MiningResult, mine
from src.mining.memory import Memory
from src.store import Store
from src.store.publication import GRACE
from tests.unit.mining.conftest import START, Row, build_log, day, ordinary_life
from tests.unit.mining.rich_home import rich_home

LAMP = "light.hall"
LAST = 90
HOUR = DAY // 24


def life_with(lamp: list[Row]) -> EventLog:
    """Ninety days of somebody moving about, and what a lamp does in them."""
    return build_log([*ordinary_life(LAST, 40, per_day=6), (START, LAMP, "off"), *lamp])


def evening_lamp(
    days: Sequence[int], *, hour: float = 19.0, per_day: float = 0.0, sd: float = 6.0, taken: Sequence[float] = (1.0,)
) -> list[Row]:
    """On about that hour, or later by ``per_day`` minutes a day, and off at any hour after.

    Args:
        taken: the share of days on which it is done, of as many equal parts of the ninety days.
    """
    rng = np.random.default_rng(41)
    rows: list[Row] = []
    for number in days:
        share = taken[number * len(taken) // LAST]
        at = day(number, hour) + timedelta(minutes=per_day * number + float(rng.normal(0, sd)))
        off = at + timedelta(hours=float(rng.uniform(0.3, 4.5)))
        if rng.uniform() < share:
            rows += [(at, LAMP, "on"), (off, LAMP, "off")]
    return rows


class Service:
    """A store, and each night's mining of what has been logged until three in the morning."""

    def __init__(self, folder: Path, log: EventLog) -> None:
        self.store = Store.open(f"sqlite:///{folder / 'home.db'}")
        self._log, self._memory = log, Memory()

    def night(self, number: int) -> list[Pattern]:
        """What people see in the morning after that many days."""
        now = night_of(number)
        stored = self.store.patterns.all()
        mined = mine(self._log.between(None, now), known=stored, memory=self._memory)
        run = self.store.runs.start(trigger=RunTrigger.NIGHTLY, request={}, now=now)
        found = identify(mined.patterns, stored)
        self.store.runs.publish(run.id, published(found, mined), now=now)
        return [pattern for pattern in self.store.patterns.all() if pattern.status is not Status.STALE]

    def nights(self, first: int, last: int = LAST) -> Iterator[tuple[int, list[Pattern]]]:
        for number in range(first, last + 1):
            yield number, self.night(number)


def night_of(number: int) -> int:
    """µs UTC of three o'clock in the morning after that many days."""
    local = np.array([(START - START.replace(year=1970, day=1)) // timedelta(days=1) + number], np.int64) * DAY
    return int(to_utc(local + 3 * HOUR, "Europe/Berlin")[0])


def published(found: list[Pattern], mined: MiningResult) -> RunResult:
    return RunResult(tuple(found), (), {}, {}, {}, {}, {}, replaced=mined.replaced, whys=mined.whys)


def switched_on(shown: list[Pattern]) -> list[Pattern]:
    return [pattern for pattern in shown if any((a.entity_id, a.to) == (LAMP, "on") for a in pattern.actions)]


def lives(log: EventLog, folder: Path, first: int = 14, last: int = LAST) -> dict[int, list[Pattern]]:
    """By night, the patterns that are shown of switching the lamp on."""
    service = Service(folder, log)
    shown = {number: switched_on(patterns) for number, patterns in service.nights(first, last)}
    service.store.close()
    return shown


@pytest.mark.parametrize(("drift", "last"), [(0.0, 45), (1.0, LAST)])
def test_a_strong_routine_is_shown_every_night_once_shown_under_one_id(tmp_path: Path, drift: float, last: int) -> None:
    """Standing still, or a minute later every day: over an hour from the first night to the last."""
    hour = 19.0 - drift * LAST / 120
    shown = lives(life_with(evening_lamp(range(LAST), hour=hour, per_day=drift)), tmp_path, last=last)
    began = min(number for number, patterns in shown.items() if patterns)
    assert began <= 28
    assert {number: len(patterns) for number, patterns in shown.items() if number >= began and len(patterns) != 1} == {}
    assert len({pattern.id for patterns in shown.values() for pattern in patterns}) == 1
    if drift:
        assert {patterns[0].evidence.drift for number, patterns in shown.items() if number >= 60} == {"later"}


def test_a_dropped_routine_is_fading_before_it_leaves_and_leaves_soon(tmp_path: Path) -> None:
    shown = lives(life_with(evening_lamp(range(60))), tmp_path, first=56)
    told = {number: [pattern.evidence.drift for pattern in patterns] for number, patterns in shown.items()}
    assert told[60] == ["stable"]
    gone = min(number for number, drifts in told.items() if not drifts)
    assert 64 <= gone <= 78, "neither after a few days away nor weeks later"
    assert not any(drifts for number, drifts in told.items() if number >= gone)
    assert all(told[number] == ["fading"] for number in range(gone - GRACE // DAY, gone))


def test_a_routine_that_is_taken_more_and_more_often_says_so(tmp_path: Path) -> None:
    shown = lives(life_with(evening_lamp(range(LAST), taken=(0.62, 0.62, 1.0))), tmp_path, first=80)
    assert [pattern.evidence.drift for pattern in shown[88]] == ["strengthening"]


def test_a_lamp_at_random_is_shown_on_no_night(tmp_path: Path) -> None:
    rng = np.random.default_rng(42)
    rows: list[Row] = []
    for number in range(LAST):
        for hour in np.sort(rng.uniform(7, 22, 2)).tolist():
            rows += [
                (day(number, hour), LAMP, "on"),
                (day(number, hour) + timedelta(minutes=float(rng.uniform(2, 40))), LAMP, "off"),
            ]
    assert not any(lives(life_with(rows), tmp_path, first=50).values())


@cache
def rich_log() -> EventLog:
    return build_log(rich_home())


@pytest.mark.parametrize("first", [40, 57])
def test_remembering_the_searches_of_the_night_before_changes_no_answer(first: int) -> None:
    """Over nights on which the searched days stay, and over nights on which they move."""
    memory = Memory()
    for number in (first, first + 1):
        log = rich_log().between(None, night_of(number))
        remembered, anew = mine(log, memory=memory), mine(log)
        assert json.dumps([p.to_json() for p in remembered.patterns]) == json.dumps(
            [p.to_json() for p in anew.patterns]
        )
        assert remembered == anew


def test_a_home_with_many_routines_keeps_their_ids_and_loses_none(tmp_path: Path) -> None:
    """Whatever is found of it in eight weeks is still there, under its id, a week later."""
    service = Service(tmp_path, rich_log())
    before = {pattern.id for pattern in service.night(56)}
    for number in (57, 59, 62):
        after = {pattern.id for pattern in service.night(number)}
        assert before <= after
    service.store.close()
    assert before
