"""Alive, and able."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from src import __version__
from src.box.disk import LEAST_FREE
from src.errors import CatalogInvalid, DatabaseUnreachable
from src.main import create_app
from src.settings import Settings
from tests.unit.api.fakes import World
from tests.unit.api.test_problems import assert_problem

Usage = namedtuple("Usage", "total used free")


def disk(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(2**40, 0, free))


def test_alive_touches_nothing(client: TestClient, home: World) -> None:
    home.store.broken = DatabaseUnreachable("sqlite:///x", "gone")
    assert client.get("/health").json() == {"status": "ok", "version": __version__}


def test_ready_says_that_no_model_was_used_yet(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    disk(monkeypatch, 2**34)
    body = client.get("/health/ready").json()
    assert body["status"] == "ready"
    assert body["database"] == {"ok": True, "detail": None}
    assert {role["state"] for role in body["models"].values()} == {"not_loaded"}
    assert body["next_nightly"] == "2025-10-19T03:00:00+02:00"


def test_ready_tells_what_made_the_last_result(client: TestClient, home: World) -> None:
    assert client.get("/health/ready").json()["last_inference"] is None
    run_id = client.post("/patterns/detect").json()["run"]["id"]
    home.runner.finish(run_id, versions={"python": "3.11", "embedding": "embedder int8", "reranker": None})
    assert client.get("/health/ready").json()["last_inference"] == {
        "run": run_id,
        "at": "2025-10-18T02:00:05Z",
        "made_by": {"embedding": "embedder int8", "reranker": None, "classifier": None},
    }


def test_without_a_database_it_is_not_ready(client: TestClient, home: World, monkeypatch: pytest.MonkeyPatch) -> None:
    disk(monkeypatch, 2**34)
    home.store.broken = DatabaseUnreachable("sqlite:///x", "disk I/O error")
    problem = assert_problem(client.get("/health/ready"), 503, "not_ready")
    assert "disk I/O error" in str(problem["detail"])
    checks = problem["checks"]
    assert isinstance(checks, dict)
    assert (checks["database"]["ok"], checks["disk"]["data"]["ok"]) == (False, True)


@pytest.mark.parametrize(("free", "status"), [(LEAST_FREE, 200), (LEAST_FREE - 1, 503)])
def test_a_full_disk_is_not_ready(client: TestClient, monkeypatch: pytest.MonkeyPatch, free: int, status: int) -> None:
    disk(monkeypatch, free)
    assert client.get("/health/ready").status_code == status


def test_the_life_of_the_app_opens_and_closes_its_parts(home: World) -> None:
    with TestClient(create_app(home.services), base_url="http://localhost"):
        assert (home.runner.recovered, home.nightly.started) == (True, True)
        assert not home.store.closed
    assert (home.nightly.closed, home.runner.closed, home.models.closed, home.store.closed) == (True,) * 4


def test_a_catalog_with_a_mistake_stops_the_start_and_opens_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = tmp_path / "models.toml"
    catalog.write_text('[[model]]\nname = "reranker"\nmax_tokens = "many"\n')
    settings = Settings(data_dir=tmp_path / "data", models_dir=tmp_path / "models", model_catalog=str(catalog))
    with pytest.raises(CatalogInvalid), TestClient(create_app(settings)):
        pass
    (told,) = [record for record in caplog.records if record.msg == "not_started"]
    assert (vars(told)["code"], str(catalog) in vars(told)["why"]) == ("catalog_invalid", True)
    assert not (tmp_path / "data").exists()


def test_parts_are_closed_when_the_start_fails(home: World) -> None:
    def fail() -> None:
        raise DatabaseUnreachable("sqlite:///x", "gone")

    home.nightly.start = fail  # type: ignore[method-assign]
    with pytest.raises(DatabaseUnreachable), TestClient(create_app(home.services)):
        pass
    assert home.store.closed
