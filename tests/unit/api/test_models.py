"""Models over HTTP: told of, loaded, unloaded."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from src.api.model_schemas import ModelOut
from src.errors import ModelBusy
from src.models.model_manager import ModelManager
from tests.unit.api.fakes import World
from tests.unit.api.test_problems import assert_problem

NAMES = ("embedding", "reranker", "classifier")


def test_models_are_told_of_and_none_is_loaded(client: TestClient, home: World) -> None:
    assert client.get("/models").json() == home.models.get_model_info()
    assert home.models.loads == []


def test_every_word_of_the_manager_is_passed_on(home: World) -> None:
    told = ModelManager(home.services.settings).get_model_info()
    assert set(NAMES) <= set(told)
    for model in told.values():
        assert set(ModelOut.model_validate(model).model_dump()) == set(model)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_loaded_and_unloaded(client: TestClient, home: World, name: str) -> None:
    loaded = client.post(f"/models/{name}/load")
    assert (loaded.status_code, loaded.json()["state"]) == (200, "loaded")
    assert home.models.loads == [name]
    unloaded = client.post(f"/models/{name}/unload")
    assert (unloaded.status_code, unloaded.json()["state"]) == (200, "unloaded")


def test_a_model_in_use_is_not_unloaded(client: TestClient, home: World) -> None:
    home.models.in_use.add("embedding")
    assert_problem(client.post("/models/embedding/unload"), 409, "model_in_use")


def test_a_role_stands_for_the_first_model_that_serves_it(client: TestClient, home: World) -> None:
    info = home.models.get_model_info()
    own = {"mine": {**info["reranker"], "name": "mine"}, "other": {**info["reranker"], "name": "other"}}
    home.models.get_model_info = lambda: own  # type: ignore[method-assign]
    assert client.post("/models/reranker/load").json()["name"] == "mine"
    assert home.models.loads == ["mine"]


@pytest.mark.parametrize("action", ["load", "unload"])
def test_an_unknown_model_is_not_found_and_the_known_are_named(client: TestClient, home: World, action: str) -> None:
    problem = assert_problem(client.post(f"/models/captions/{action}"), 404, "unknown_model")
    assert problem["about"] == "captions"
    assert all(name in str(problem["remedy"]) for name in NAMES)
    assert home.models.loads == []


def test_a_model_that_cannot_be_had_says_all_that_was_tried(client: TestClient, home: World) -> None:
    home.models.missing["reranker"] = ["cache: empty", "hub BAAI/bge-reranker-base@main: HF_HUB_OFFLINE is set"]
    problem = assert_problem(client.post("/models/reranker/load"), 503, "model_unavailable")
    assert all(tried in str(problem["detail"]) for tried in home.models.missing["reranker"])


def test_without_waiting_the_answer_is_at_once(client: TestClient, home: World) -> None:
    home.models.may_load.clear()
    try:
        started = client.post("/models/reranker/load", params={"wait": False})
        assert (started.status_code, started.headers["location"]) == (202, "/models/downloads")
        assert started.json() == {"name": "reranker", "state": "loading", "events": "/models/downloads"}
        assert client.get("/health").status_code == 200
        # Asked for again, it is the same load.
        assert client.post("/models/reranker/load", params={"wait": False}).status_code == 202
    finally:
        home.models.may_load.set()
    assert client.post("/models/reranker/load").json()["state"] == "loaded"
    assert home.models.loads.count("reranker") <= 2


def test_who_waits_for_a_load_is_told_that_the_service_stops(
    client: TestClient, home: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.api.models._LOOK_SECONDS", 0.01)
    home.models.may_load.clear()
    try:
        client.app.state.stopping.ask()  # type: ignore[attr-defined]
        assert_problem(client.post("/models/reranker/load"), 503, "stopping")
    finally:
        home.models.may_load.set()


def test_a_load_nobody_waits_for_may_fail(client: TestClient, home: World) -> None:
    home.models.missing["reranker"] = ["cache: empty"]
    assert client.post("/models/reranker/load", params={"wait": False}).status_code == 202
    assert client.post("/models/reranker/load").status_code == 503


@pytest.mark.parametrize("path", ["/models/embedding/load", "/models/embedding/unload"])
def test_pages_of_other_sites_may_not_load_or_unload(client: TestClient, home: World, path: str) -> None:
    response = client.post(path, headers={"Origin": "http://evil.example"})
    assert_problem(response, 403, "cross_site")
    assert home.models.loads == []


def test_a_wait_that_is_no_truth_is_refused(client: TestClient) -> None:
    assert_problem(client.post("/models/embedding/load", params={"wait": "later"}), 422, "invalid_request")


@pytest.mark.parametrize(("seconds", "header"), [(0.2, "1"), (2.0, "2"), (2.1, "3")])
def test_a_busy_model_says_when_to_ask_again(
    client: TestClient, home: World, monkeypatch: pytest.MonkeyPatch, seconds: float, header: str
) -> None:
    def busy(*arguments: object, **options: object) -> None:
        raise ModelBusy("embedding", 512, seconds)

    monkeypatch.setattr("src.api.patterns.search", busy)
    response = client.post("/patterns/search", json={"question": "What happens at night?"})
    problem = assert_problem(response, 429, "model_busy")
    assert response.headers["retry-after"] == header
    assert "512" in str(problem["detail"])
