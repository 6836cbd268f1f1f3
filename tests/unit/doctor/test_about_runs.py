"""What is said of a database and of the runs in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from src.doctor.about_database import look_at_database
from src.doctor.about_runs import look_at_runs
from src.doctor.finding import Finding, Level
from src.domain.events import EventLog
from src.domain.local_time import DAY
from src.domain.runs import RunResult, RunTrigger
from src.store import Store
from tests.unit.doctor.conftest import NOW, Situated


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path / 'data' / 'ai-automation.db'}")
    yield store
    store.close()


def named(found: Iterator[Finding], check: str) -> Finding:
    return next(each for each in found if each.check == check)


def succeeded(store: Store, at: int) -> None:
    run = store.runs.start(trigger=RunTrigger.API, request={}, now=at)
    store.runs.publish(run.id, RunResult((), (), {}, {}, {}, {}, {}), now=at)


def test_no_success_for_more_than_a_night(situated: Situated, store: Store) -> None:
    succeeded(store, NOW - DAY // 2)
    assert named(look_at_runs(situated()), "last success").level is Level.OK
    missed = named(look_at_runs(situated(clock=lambda: NOW + 3 * DAY)), "last success")
    assert missed.level is Level.WARNING
    assert "3.5 days ago" in missed.fact
    weekly = situated(clock=lambda: NOW + 3 * DAY, analysis_schedule="0 3 * * 1")
    assert named(look_at_runs(weekly), "last success").level is Level.OK


def test_a_failure_after_a_success_and_one_after_another(situated: Situated, store: Store) -> None:
    succeeded(store, NOW - DAY)
    for hour, level in ((1, Level.WARNING), (2, Level.FAILED)):
        run = store.runs.start(trigger=RunTrigger.NIGHTLY, request={}, now=NOW + hour)
        store.runs.fail(run.id, {"code": "run_interrupted", "message": "x", "remedy": ""}, now=NOW + hour)
        found = named(look_at_runs(situated()), "runs")
        assert found.level is level
        assert "run_interrupted" in found.fact
        assert "memory limit" in found.remedy


def test_a_run_that_does_not_end(situated: Situated, store: Store) -> None:
    store.runs.start(trigger=RunTrigger.NIGHTLY, request={}, now=NOW - DAY)
    assert "24 hours" in named(look_at_runs(situated()), "run in progress").fact


def test_the_next_night_is_on_the_homes_clock(situated: Situated, store: Store) -> None:
    night = named(look_at_runs(situated(tz="Asia/Tokyo")), "next night")
    assert "03:00 +0900 in Asia/Tokyo" in night.fact


@pytest.mark.parametrize(("ago", "level"), [(0, Level.OK), (30 * DAY, Level.WARNING), (-30 * DAY, Level.WARNING)])
def test_the_newest_event(situated: Situated, store: Store, ago: int, level: Level) -> None:
    log = EventLog(
        np.array([NOW - ago], np.int64),
        np.zeros(1, np.int32),
        np.zeros(1, np.int32),
        np.zeros(1, np.int8),
        ("light.kitchen",),
        ("on",),
        "Europe/Berlin",
    )
    store.events.add(log, source="test")
    found = list(look_at_database(situated(tz="Europe/Paris")))
    assert named(iter(found), "events").level is level
    zone = named(iter(found), "time zone")
    assert (zone.level, "TZ counts" in zone.fact) == (Level.NOTE, True)
    assert "event 1" in named(iter(found), "rows").fact
    assert "light.kitchen" not in str(found)
    assert "position not known" in named(iter(found), "events").fact
    told = named(look_at_database(situated(latitude=52.5, longitude=13.4)), "events").fact
    assert "position set" in told
    assert "52.5" not in told
