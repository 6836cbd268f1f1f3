"""What Prometheus gets."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text
from starlette.testclient import TestClient

from src import __version__
from src.api.scrape import Scraper
from src.domain.runs import Run, RunState, RunTrigger
from src.errors import DatabaseUnreachable
from src.jobs.live import LiveState, LiveStatus
from src.main import create_app
from src.models.download.board import Download
from src.observability.metrics import REGISTRY
from tests.unit.api.fakes import KITCHEN, NOW, World, world
from tests.unit.api.test_problems import assert_problem

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples_of(families: Iterable[Metric]) -> Samples:
    return {
        (sample.name.removeprefix("ai_automation_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def scrape(client: TestClient) -> Samples:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return samples_of(read_text(answer.text))


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, tuple(sorted(labels.items()))))


def names(samples: Samples) -> set[str]:
    return {name for name, _ in samples}


def errors(part: str) -> float:
    return REGISTRY.get_sample_value("ai_automation_scrape_errors_total", {"part": part}) or 0.0


def ended(home: World, **changes: Any) -> Run:
    run = Run(
        id=f"r_{len(home.store.runs.kept)}",
        state=RunState.SUCCEEDED,
        trigger=RunTrigger.NIGHTLY,
        created_at=NOW,
        finished_at=NOW + 60_500_000,
    )
    run = replace(run, **changes)
    home.store.runs.kept[run.id] = run
    return run


def test_a_home_without_a_run_has_no_time_of_one(client: TestClient) -> None:
    told = scrape(client)
    assert value(told, "run_in_progress") == 0
    assert not names(told) & {"last_run_timestamp_seconds", "last_success_timestamp_seconds", "patterns_kept"}
    assert value(told, "info", version=__version__) == 1
    assert value(told, "next_nightly_timestamp_seconds") == 1760835600


def test_what_ran_before_the_process_began_is_told(client: TestClient, home: World) -> None:
    ended(home, counts={"found": 3, "tested_time_of_day": 40, "found_time_of_day": 3, "tested_solar": 9})
    ended(home, state=RunState.FAILED, finished_at=NOW + 99_000_000)
    told = scrape(client)
    assert value(told, "last_success_timestamp_seconds") == (NOW + 60_500_000) / 1e6
    assert value(told, "last_run_timestamp_seconds") == (NOW + 99_000_000) / 1e6
    assert value(told, "patterns_tested", kind="time_of_day") == 40
    assert value(told, "patterns_kept", kind="time_of_day") == 3
    assert value(told, "patterns_tested", kind="solar") == 9
    assert value(told, "patterns_kept", kind="solar") is None  # written by a version that did not count it


def test_a_run_is_seen_while_it_goes_and_when_it_has_ended(client: TestClient, home: World) -> None:
    run_id = client.post("/patterns/detect").json()["run"]["id"]
    assert value(scrape(client), "run_in_progress") == 1
    home.runner.finish(run_id)
    told = scrape(client)
    assert value(told, "run_in_progress") == 0
    assert value(told, "last_success_timestamp_seconds") == (NOW + 5_000_000) / 1e6


def test_models_are_told_and_not_loaded(client: TestClient, home: World) -> None:
    home.models.states["reranker"] = "loaded"
    told = scrape(client)
    assert {name: value(told, "model_loaded", model=name) for name in home.models.states} == {
        "embedding": 0,
        "reranker": 1,
        "classifier": 0,
    }
    assert value(told, "model_queue_sequences", model="embedding") == 0
    assert value(told, "model_memory_bytes", model="embedding") == 0
    assert value(told, "model_memory_bytes", model="reranker") is None  # the fake does not know
    assert home.models.loads == []


def test_a_download_is_told_as_it_stands(client: TestClient, home: World) -> None:
    home.models.downloads.post(Download("embedding", "tiny/x", "downloading", bytes_done=5, bytes_total=9))
    home.models.downloads.post(Download("reranker", "tiny/y", "waiting"))
    told = scrape(client)
    assert (
        value(told, "download_bytes", model="embedding"),
        value(told, "download_total_bytes", model="embedding"),
    ) == (
        5,
        9,
    )
    assert value(told, "download_total_bytes", model="reranker") is None
    assert value(told, "download_stage", model="embedding", stage="downloading") == 1
    assert value(told, "download_stage", model="embedding", stage="failed") == 0


def test_listening_is_told_where_something_listens(home: World) -> None:
    class Listening:
        def status(self) -> LiveStatus:
            return LiveStatus(LiveState.LISTENING, last_event=NOW, events=7)

    def told(services: Any) -> Samples:
        return samples_of(Scraper(services).collect())

    assert "live_connected" not in names(told(home.services))
    listening = told(replace(home.services, live=cast(Any, Listening())))
    assert value(listening, "live_connected") == 1
    assert value(listening, "live_events_total") == 7
    assert value(listening, "live_last_event_timestamp_seconds") == NOW / 1e6


def test_the_box_is_told(client: TestClient) -> None:
    told = scrape(client)
    assert (value(told, "memory_limit_bytes") or 0) > (value(told, "memory_held_bytes") or 0) > 0
    assert (value(told, "cpus_allowed") or 0) > 0
    assert (value(told, "disk_free_bytes", folder="data") or 0) > 0
    assert value(told, "disk_free_bytes", folder="models") is not None


def test_without_a_database_the_rest_is_told(
    client: TestClient, home: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: object) -> object:
        raise DatabaseUnreachable("sqlite:///x", "gone")

    monkeypatch.setattr(home.store.runs, "page", fail)
    before = errors("runs")
    told = [scrape(client) for _ in range(3)][-1]
    assert value(told, "scrape_errors_total", part="runs") == before + 3
    assert not names(told) & {"run_in_progress", "last_run_timestamp_seconds"}
    assert value(told, "model_loaded", model="embedding") == 0
    assert value(told, "disk_free_bytes", folder="data") is not None
    assert [record.msg for record in caplog.records].count("scrape_incomplete") == 1
    monkeypatch.undo()
    told = scrape(client)
    assert value(told, "run_in_progress") == 0
    assert value(told, "scrape_errors_total", part="runs") == before + 3


def test_a_database_that_hangs_is_not_waited_for(home: World, monkeypatch: pytest.MonkeyPatch) -> None:
    page, go, asked = home.store.runs.page, Event(), list[int]()

    def hang(**options: Any) -> object:
        asked.append(1)
        assert go.wait(30)
        return page(**options)

    monkeypatch.setattr(home.store.runs, "page", hang)
    scraper, before = Scraper(home.services, patience=0.01), errors("runs")
    told = [samples_of(scraper.collect()) for _ in range(3)][-1]
    assert len(asked) == 1  # and not one thread for each scrape
    assert "run_in_progress" not in names(told)
    assert value(told, "model_loaded", model="embedding") == 0
    assert errors("runs") == before + 3
    go.set()


def test_the_search_for_the_last_success_is_made_when_a_run_ended(home: World, monkeypatch: pytest.MonkeyPatch) -> None:
    searches, search = list[int](), home.store.runs.latest_success

    def counted() -> Run | None:
        searches.append(1)
        return search()

    monkeypatch.setattr(home.store.runs, "latest_success", counted)
    scraper = Scraper(home.services, patience=30)
    for _ in range(3):
        list(scraper.collect())
    assert len(searches) == 1
    ended(home)
    assert value(samples_of(scraper.collect()), "last_success_timestamp_seconds") is not None
    assert len(searches) == 2


def test_requests_are_counted_by_their_route(client: TestClient) -> None:
    def count(route: str, status: str) -> float:
        return value(scrape(client), "http_requests_total", method="GET", route=route, status=status) or 0

    before = count("/patterns/{pattern_id}", "200"), count("unmatched", "404")
    client.get(f"/patterns/{KITCHEN.id}")
    client.get("/no/such/light.kitchen")
    assert (count("/patterns/{pattern_id}", "200"), count("unmatched", "404")) == (before[0] + 1, before[1] + 1)
    told = scrape(client)
    assert value(told, "http_requests_in_progress") == 1  # this one
    assert (value(told, "http_request_seconds_count", method="GET", route="/patterns/{pattern_id}") or 0) >= 1
    assert "light" not in client.get("/metrics").text


def test_the_format_is_the_one_that_was_asked_for(client: TestClient) -> None:
    plain = client.get("/metrics")
    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    asked = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0, text/plain;q=0.5"})
    assert asked.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert asked.text.endswith("# EOF\n")
    told = samples_of(read_openmetrics(asked.text))  # type: ignore[no-untyped-call]
    assert names(told) == names(samples_of(read_text(plain.text)))
    odd = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=new"})
    assert odd.headers["content-type"] == plain.headers["content-type"]


def test_another_container_may_ask_by_the_services_name_and_a_strangers_page_may_not(client: TestClient) -> None:
    assert client.get("/metrics", headers={"Host": "ai-automation-service:8018"}).status_code == 200
    assert_problem(client.get("/metrics", headers={"Host": "rebound.example.org"}), 421, "host_not_allowed")


def test_a_scrape_leaves_no_line_in_the_log(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    client.get("/metrics")
    assert [record for record in caplog.records if record.name.startswith("src.")] == []


def test_switched_off_it_is_a_path_like_any_other(tmp_path: Path) -> None:
    home = world(tmp_path, metrics=False)
    with TestClient(create_app(home.services), base_url="http://localhost:8018") as client:
        assert_problem(client.get("/metrics"), 404, "no_such_path")
