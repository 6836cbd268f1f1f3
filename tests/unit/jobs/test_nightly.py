"""One run a night, whatever happens to processes, clocks and zones."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, cast

import pytest

from src.analysis.pipeline import DetectRequest, Pipeline
from src.domain.runs import RunState, RunTrigger
from src.errors import HistoryEmpty
from src.jobs.nightly import Nightly, NightTrigger
from src.jobs.nights import Schedule, as_datetime
from src.jobs.runner import Runner
from src.settings import load_settings
from src.store import Store
from tests.unit.analysis.worlds import Clockwork, Source, us
from tests.unit.jobs.conftest import HeldPipeline, RunnerFactory

NightlyFactory = Callable[..., Nightly]


@pytest.fixture
def new_nightly(new_runner: RunnerFactory, store: Store, clock: Clockwork) -> Iterator[NightlyFactory]:
    """Nightlies over one store, each in a process of its own as it were. The clock stands at 3 AM of 1 April."""
    made: list[Nightly] = []

    def make(runner: Runner | None = None, **settings: Any) -> Nightly:
        chosen = load_settings(**{"tz": "Europe/Berlin", "history": "", **settings})
        made.append(Nightly(runner or new_runner(), store, chosen, clock=clock))
        return made[-1]

    yield make
    for nightly in made:
        nightly.close()


@pytest.fixture
def nightly(new_nightly: NightlyFactory) -> Nightly:
    return new_nightly()


def nights(store: Store) -> list[str | None]:
    """Of the successful nightly runs, oldest first."""
    runs = store.runs.page(limit=500).items
    return [run.night for run in reversed(runs) if run.state is RunState.SUCCEEDED and run.night is not None]


def test_a_night_is_run_once(nightly: Nightly, store: Store, clock: Clockwork) -> None:
    run = nightly.look()
    assert run is not None
    assert run.state is RunState.SUCCEEDED
    assert run.trigger is RunTrigger.NIGHTLY
    assert run.night == "2026-04-01"
    for _ in range(30):
        clock.forward(minutes=5)
        assert nightly.look() is None
    assert nights(store) == ["2026-04-01"]


def test_before_three_it_is_the_night_before(nightly: Nightly, clock: Clockwork) -> None:
    clock.forward(seconds=-1)
    night = nightly.wanted()
    assert night is not None
    assert night.date == "2026-03-31"


def test_a_missed_night_is_caught_up_when_the_process_is_back(
    new_nightly: NightlyFactory, store: Store, clock: Clockwork
) -> None:
    new_nightly().look()
    clock.forward(days=3, hours=7)
    restarted = new_nightly()
    restarted.look()
    restarted.look()
    assert nights(store) == ["2026-04-01", "2026-04-04"]


def test_a_whole_run_since_then_makes_up_for_the_night(nightly: Nightly, runner: Runner, clock: Clockwork) -> None:
    clock.forward(hours=2)
    runner.wait(runner.submit(DetectRequest(interest="lamps"), trigger=RunTrigger.API).run.id)
    assert nightly.wanted() is not None
    runner.wait(runner.submit(DetectRequest(), trigger=RunTrigger.API).run.id)
    assert nightly.wanted() is None


def test_a_failed_night_is_tried_again_after_ten_minutes_and_three_times_at_most(
    nightly: Nightly, store: Store, pipeline: HeldPipeline, clock: Clockwork
) -> None:
    pipeline.error = HistoryEmpty("history.csv", {})
    tried: list[int] = []
    for minute in range(0, 24 * 60, 5):
        if nightly.look() is not None:
            tried.append(minute)
        clock.forward(minutes=5)
    assert tried == [0, 10, 20, 30]
    pipeline.error = None
    assert nightly.look() is not None
    assert nights(store) == ["2026-04-02"]


def test_a_retry_that_succeeds_is_the_last(
    nightly: Nightly, store: Store, pipeline: HeldPipeline, clock: Clockwork
) -> None:
    pipeline.error = HistoryEmpty("history.csv", {})
    nightly.look()
    pipeline.error = None
    clock.forward(minutes=10)
    assert nightly.look() is not None
    clock.forward(minutes=10)
    assert nightly.look() is None
    assert nights(store) == ["2026-04-01"]


def test_a_night_whose_process_died_is_done_again_at_once(
    new_nightly: NightlyFactory, store: Store, clock: Clockwork
) -> None:
    left = store.runs.start(trigger=RunTrigger.NIGHTLY, request={}, now=clock(), night="2026-04-01")
    assert new_nightly().look() is not None
    assert store.runs.get(left.id).state is RunState.FAILED
    assert nights(store) == ["2026-04-01"]


def test_a_history_that_is_gone_is_a_failed_night_people_can_see(
    new_nightly: NightlyFactory, store: Store, tmp_path: Path
) -> None:
    run = new_nightly(history=str(tmp_path / "gone.db")).look()
    assert run is not None
    assert run.state is RunState.FAILED
    assert (store.runs.get(run.id).error or {})["code"] == "history_not_found"


def test_a_home_without_history_is_left_alone(empty_store: Store, clock: Clockwork) -> None:
    runner = Runner(empty_store, cast("Pipeline", None), clock=clock)
    nightly = Nightly(runner, empty_store, load_settings(tz="", history=""), clock=clock)
    assert nightly.look() is None
    assert empty_store.runs.page().items == ()


def test_the_nightly_run_imports_history_and_asks_every_interest(
    new_nightly: NightlyFactory, pipeline: HeldPipeline, tmp_path: Path
) -> None:
    recorder = tmp_path / "home-assistant_v2.db"
    recorder.write_bytes(b"SQLite format 3\x00")
    new_nightly(history=str(recorder)).look()
    assert pipeline.requests == [DetectRequest(history=str(recorder))]


def test_two_processes_make_one_run(
    new_nightly: NightlyFactory, store: Store, pipeline: HeldPipeline, clock: Clockwork
) -> None:
    here, there = new_nightly(), new_nightly()
    pipeline.go.clear()
    worker = Thread(target=here.look)
    worker.start()
    assert pipeline.began.wait(10)
    assert there.look() is None
    pipeline.go.set()
    worker.join(10)
    clock.forward(minutes=5)
    assert there.look() is None
    assert nights(store) == ["2026-04-01"]
    assert len(pipeline.requests) == 1


@pytest.mark.parametrize(
    ("asked", "runs"),
    [(DetectRequest(interest="lamps"), [None, "2026-04-01"]), (DetectRequest(), [None])],
    ids=["another run does not count", "a whole run does"],
)
def test_a_night_waits_for_the_run_under_way(
    new_nightly: NightlyFactory,
    runner: Runner,
    store: Store,
    pipeline: HeldPipeline,
    asked: DetectRequest,
    runs: list[str | None],
) -> None:
    pipeline.go.clear()
    nightly = new_nightly(runner)
    runner.submit(asked, trigger=RunTrigger.API)
    worker = Thread(target=nightly.look)
    worker.start()
    pipeline.go.set()
    worker.join(20)
    assert not worker.is_alive()
    assert [run.night for run in reversed(store.runs.page().items)] == runs


def test_closing_ends_the_waiting(new_nightly: NightlyFactory, runner: Runner, pipeline: HeldPipeline) -> None:
    pipeline.go.clear()
    nightly = new_nightly(runner)
    worker = Thread(target=nightly.look)
    worker.start()
    assert pipeline.began.wait(10)
    nightly.close()
    worker.join(10)
    assert not worker.is_alive()


def test_a_year_of_nights_with_restarts_and_power_cuts(
    new_nightly: NightlyFactory, store: Store, clock: Clockwork
) -> None:
    """Every local date is run exactly once, but those whose whole day the machine was off."""
    time_zone, cron = "Europe/Helsinki", "0 3 * * *"
    rng = random.Random(29)
    clock.now = us("2026-01-01T12:00:00+00:00")
    end = us("2026-12-31T12:00:00+00:00")
    schedule = Schedule(cron, time_zone)
    nightly = new_nightly(tz=time_zone, analysis_schedule=cron)
    looks: list[int] = []
    while clock.now < end:
        looks.append(clock.now)
        nightly.look()
        clock.forward(hours=rng.choice([5, 8, 11]))
        if rng.random() < 0.02:
            clock.forward(hours=rng.choice([2, 9, 30, 60]))
            nightly = new_nightly(tz=time_zone, analysis_schedule=cron)
    expected: list[str] = []
    night = schedule.last(looks[0])
    while night is not None and night.due <= looks[-1]:
        following = schedule.next(night.due)
        assert following is not None
        if any(night.due <= look < following.due for look in looks):
            expected.append(night.date)
        night = following
    assert len(expected) > 330
    assert nights(store) == expected


def test_a_restored_home_has_a_schedule_of_its_own(
    new_nightly: NightlyFactory, store: Store, clock: Clockwork, tmp_path: Path
) -> None:
    nightly = new_nightly(tz="")
    before = nightly.schedule.time_zone
    other = Store.open(f"sqlite:///{tmp_path / 'other.db'}")
    restore = partial(store.replace, now=clock(), interrupted=lambda _: {}, before=lambda: None)
    restore(other.snapshot(tmp_path / "empty.db").path)
    assert nightly.schedule.time_zone == "UTC"
    assert nightly.schedule.time_zone == "UTC"
    log = Source(tmp_path / "other.csv").log()
    other.events.add(replace(log, time_zone="Asia/Tokyo"), source="other")
    restore(other.snapshot(tmp_path / "tokyo.db").path)
    assert before != nightly.schedule.time_zone == "Asia/Tokyo"
    other.close()


def test_the_schedule_is_on_the_homes_own_clock(new_nightly: NightlyFactory, store: Store, clock: Clockwork) -> None:
    # The history says Berlin; TZ goes before it.
    assert str(new_nightly(tz="").next_run) == "2026-04-02 03:00:00+02:00"
    assert str(new_nightly(tz="America/New_York").next_run) == "2026-04-01 03:00:00-04:00"


def test_a_zone_that_is_learned_later_counts_from_then_on(
    new_nightly: NightlyFactory, store: Store, clock: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[str | None] = [None]
    monkeypatch.setattr(type(store.events), "time_zone", lambda _: learned[0])
    nightly = new_nightly(tz="")
    assert str(nightly.next_run).endswith("03:00:00+00:00")
    learned[0] = "America/New_York"
    assert str(nightly.next_run).endswith("03:00:00-04:00")


def test_the_scheduler_is_told_each_night_once() -> None:
    trigger = NightTrigger(lambda: Schedule("0 3 * * *", "Europe/Helsinki"))
    now = as_datetime(us("2026-10-24T12:00:00+03:00"))
    first = trigger.get_next_fire_time(None, now)
    assert first is not None
    second = trigger.get_next_fire_time(first, first)
    assert second is not None
    assert first.isoformat() == "2026-10-25T00:00:00+00:00"
    assert second.isoformat() == "2026-10-26T01:00:00+00:00"


def test_starting_catches_up_in_the_background_and_closing_stops(
    new_nightly: NightlyFactory, store: Store, pipeline: HeldPipeline
) -> None:
    nightly = new_nightly()
    nightly.start()
    assert pipeline.began.wait(20)
    nightly.close()
    nightly.close()
    assert nightly.look() is None
