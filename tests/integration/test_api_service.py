"""The API over the real store, runner and pipeline; only the models are missing, as on a machine without network."""

from __future__ import annotations

import csv
import random
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest

from src.analysis.answering import Answers
from src.analysis.deploying import Deployments
from src.analysis.pipeline import Pipeline
from src.api.services import Services
from src.domain.instants import instant_now
from src.errors import ModelUnavailable
from src.jobs.runner import Runner
from src.main import create_app
from src.settings import Settings
from src.store import Store
from tests.unit.api.fakes import FakeAnnouncements, FakeModels, FakeNightly, FakeResuming, FakeTending

with warnings.catch_warnings():
    # starlette prefers another client library and says so once, on import; ours is pinned.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

DAYS = 70
FIRST = datetime(2025, 6, 2, tzinfo=UTC)


class NoModels(FakeModels):
    """Every source of every model fails."""

    embedding_id = "embedder"
    reranker_id = "reranker"

    def _fail(self, *args: object, **options: object) -> NoReturn:
        raise ModelUnavailable("embedding", ["cache: empty", "hub: no network"])

    generate_embeddings = rerank = classify = classify_pattern = _fail


def write_history(path: Path) -> Path:
    """A kitchen light at 07:10 every day, and a hall light without any habit."""
    chance = random.Random(7)
    rows: list[tuple[datetime, str, str]] = []
    for day in range(DAYS):
        midnight = FIRST + timedelta(days=day)
        on = midnight + timedelta(hours=7, minutes=10, seconds=chance.gauss(0, 240))
        rows += [(on, "light.kitchen", "on"), (on + timedelta(minutes=chance.uniform(20, 300)), "light.kitchen", "off")]
        for _ in range(3):
            at = midnight + timedelta(minutes=chance.uniform(0, 1430))
            rows += [(at, "light.hall", "on"), (at + timedelta(minutes=5), "light.hall", "off")]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["timestamp", "entity_id", "state"])
        writer.writerows((at.isoformat(), entity, state) for at, entity, state in sorted(rows))
    return path


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path, models_dir=tmp_path / "models", tz="UTC")
    store, models = Store.open(settings.store_url), cast(Any, NoModels())
    pipeline = Pipeline(store, models, settings, clock=instant_now)
    runner = Runner(store, pipeline, clock=instant_now)
    answers = Answers(store, instant_now)
    services = Services(
        settings=settings,
        store=store,
        models=models,
        answers=answers,
        runner=runner,
        nightly=cast(Any, FakeNightly()),
        resuming=cast(Any, FakeResuming()),
        announcements=cast(Any, FakeAnnouncements()),
        live=None,
        clock=instant_now,
        deployments=Deployments(store, lambda: None, instant_now),
        tending=cast(Any, FakeTending()),
    )
    with TestClient(create_app(services), base_url="http://localhost:8018") as client:
        yield client


def test_a_home_from_its_history_to_a_verdict(client: TestClient, tmp_path: Path) -> None:
    history = write_history(tmp_path / "home.csv")
    assert client.get("/health/ready").json()["database"]["ok"] is True
    assert client.post("/patterns/detect", json={}).json()["code"] == "no_history"

    detected = client.post("/patterns/detect", json={"history": str(history), "wait": True})
    assert detected.status_code == 200, detected.text
    found = detected.json()
    assert found["patterns"] == len(client.get("/patterns").json()["patterns"]) > 0
    assert [one["interest"] for one in found["shortlists"]] == [
        "save energy",
        "safer nights",
        "more comfort",
        "less effort",
    ]

    kitchen = next(
        one
        for one in client.get("/patterns", params={"kind": "time_of_day"}).json()["patterns"]
        if one["actions"] == [{"entity_id": "light.kitchen", "to": "on"}]
    )
    assert "07:05" <= kitchen["trigger"]["at"] <= "07:15"
    assert client.patch(f"/patterns/{kitchen['id']}", json={"status": "accepted"}).json()["status"] == "accepted"

    again = client.post("/patterns/detect", json={"wait": True}).json()
    assert client.get(f"/patterns/{kitchen['id']}").json()["status"] == "accepted"
    runs = client.get("/runs").json()
    assert [run["id"] for run in runs["runs"]] == [again["run"]["id"], found["run"]["id"]]
    detail = client.get(f"/runs/{again['run']['id']}").json()
    assert detail["shortlists"] == again["shortlists"]

    answer = client.post("/patterns/search", json={"question": "What happens in the kitchen?", "top_k": 1}).json()
    assert len(answer["patterns"]) == 1
    assert answer["patterns"][0]["made_by"]["reranker"]


def test_a_run_that_fails_leaves_a_record_and_a_problem(client: TestClient, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("timestamp,entity_id,state\n")
    failed = client.post("/patterns/detect", json={"history": str(empty), "wait": True})
    problem = failed.json()
    assert (failed.status_code, problem["code"]) == (422, "history_empty")
    run = client.get(problem["instance"]).json()
    assert run["state"] == "failed"
    assert run["error"]["code"] == "history_empty"


def test_a_history_that_is_not_there_is_a_problem(client: TestClient, tmp_path: Path) -> None:
    answered = client.post("/patterns/detect", json={"history": str(tmp_path / "none.csv"), "wait": True})
    assert (answered.status_code, answered.json()["code"]) == (422, "history_not_found")


@pytest.mark.parametrize("path", ["/patterns?cursor=x", "/runs?cursor=x"])
def test_a_cursor_that_is_not_ours_is_a_problem(client: TestClient, path: str) -> None:
    answered = client.get(path)
    assert (answered.status_code, answered.json()["code"]) == (422, "invalid_setting")
