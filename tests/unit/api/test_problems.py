"""Every error is an RFC 9457 problem with a stable code."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

import src.errors
from src.api.problems import PROBLEMS, code_of
from src.errors import DatabaseUnreachable, NoHistory, ServiceError
from src.main import create_app
from tests.unit.api.fakes import World

SHAPE = {"type", "title", "status", "detail", "instance", "code", "remedy", "about"}


def assert_problem(response: object, status: int, code: str) -> dict[str, object]:
    assert response.status_code == status, response.text  # type: ignore[attr-defined]
    assert response.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    body: dict[str, object] = response.json()  # type: ignore[attr-defined]
    assert set(body) >= SHAPE
    assert body["code"] == code
    assert body["type"] == f"/problems/{code}"
    assert body["status"] == status
    return body


def error_classes(root: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    yield root
    for child in root.__subclasses__():
        yield from error_classes(child)


@pytest.mark.parametrize(
    "error", [one for one in error_classes() if one.__module__ == src.errors.__name__], ids=lambda one: one.__name__
)
def test_every_error_of_the_tree_has_an_answer(error: type[ServiceError]) -> None:
    code = code_of(error.__new__(error))
    assert code in PROBLEMS
    if code != error.code:
        assert code != "internal", "an error that callers can meet needs an ancestor in the table"


def test_an_unknown_path_is_a_problem(client: TestClient) -> None:
    body = assert_problem(client.get("/nothing/here"), 404, "no_such_path")
    assert body["instance"] == "/nothing/here"


def test_a_wrong_method_says_which_are_right(client: TestClient) -> None:
    response = client.delete("/health")
    assert "GET" in str(assert_problem(response, 405, "method_not_allowed")["remedy"])
    assert response.headers["allow"] == "GET"


@pytest.mark.parametrize("text", ['{"top_k": ', "{'top_k': 1}", "[" * 20_000], ids=["cut off", "quotes", "deep"])
def test_malformed_json_is_a_problem(client: TestClient, text: str) -> None:
    response = client.post("/patterns/detect", content=text, headers={"Content-Type": "application/json"})
    assert_problem(response, 400, "malformed_json")


def test_an_error_of_ours_keeps_its_words(client: TestClient, home: World) -> None:
    home.runner.raises = NoHistory()
    body = assert_problem(client.post("/patterns/detect", json={}), 409, "no_history")
    assert body["detail"] == NoHistory().message
    assert body["remedy"] == NoHistory().remedy


def test_a_database_that_is_away_is_unavailable_not_a_mistake(client: TestClient, home: World) -> None:
    home.runner.raises = DatabaseUnreachable("sqlite:///x", "disk I/O error")
    assert_problem(client.post("/patterns/detect", json={}), 503, "database_unreachable")


def test_an_error_nobody_foresaw_tells_the_caller_only_where_to_look(
    home: World, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(run_id: str) -> None:
        raise RuntimeError("the secret path /etc/x")

    home.store.runs.get = explode  # type: ignore[method-assign,assignment]
    with TestClient(create_app(home.services), base_url="http://localhost") as client:
        response = client.get("/runs/r_1", headers={"X-Request-ID": "look-here"})
    body = assert_problem(response, 500, "internal")
    assert "secret" not in response.text
    assert "look-here" in str(body["remedy"])
    logged = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.exc_info is not None for record in logged] == [True]
