"""Listing, reading, judging and asking the patterns."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

import src.api.patterns
from src.domain.patterns import Pattern
from src.domain.runs import Shortlist
from src.errors import ModelUnavailable
from src.main import create_app
from tests.unit.api.fakes import GONE, HALL, KITCHEN, NOW, World, world
from tests.unit.api.test_problems import assert_problem
from tests.unit.domain import every_kind


def ids(response: object) -> list[str]:
    return [pattern["id"] for pattern in response.json()["patterns"]]  # type: ignore[attr-defined]


@pytest.mark.parametrize("pattern", [KITCHEN, HALL, GONE], ids=["classified", "bare", "stale"])
def test_a_pattern_crosses_http_as_its_one_json_form(client: TestClient, pattern: Pattern) -> None:
    assert client.get(f"/patterns/{pattern.id}").json() == pattern.to_json()


@pytest.mark.parametrize("pattern", every_kind.EVERY, ids=every_kind.NAMES)
def test_every_kind_crosses_http_as_its_one_json_form(pattern: Pattern, tmp_path: Path) -> None:
    known = pattern.with_(
        id="p_00000000000000d4",
        conditions=({"type": "sun", "is": "below_horizon"}, *pattern.conditions),
        covered_by="automation.porch",
    )
    with TestClient(create_app(world(tmp_path, known).services), base_url="http://localhost:8018") as client:
        assert client.get(f"/patterns/{known.id}").json() == known.to_json()
        assert client.get("/patterns", params={"kind": str(known.kind)}).json()["patterns"] == [known.to_json()]


def test_the_list_leaves_stale_ones_out(client: TestClient) -> None:
    response = client.get("/patterns")
    assert response.json() == {"patterns": [KITCHEN.to_json(), HALL.to_json()], "next": None}


def test_the_list_pages(client: TestClient) -> None:
    first = client.get("/patterns", params={"limit": 1})
    second = client.get("/patterns", params={"limit": 1, "cursor": first.json()["next"]})
    assert (ids(first), ids(second), second.json()["next"]) == ([KITCHEN.id], [HALL.id], None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=co_occurrence", [HALL.id]),
        ("category=comfort", [KITCHEN.id]),
        ("category=garden", []),  # the settings may list it
        ("status=stale", [GONE.id]),
        ("status=stale&status=new", [KITCHEN.id, HALL.id, GONE.id]),
        ("status=accepted", []),
    ],
)
def test_the_list_filters(client: TestClient, query: str, expected: list[str]) -> None:
    assert ids(client.get(f"/patterns?{query}")) == expected


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "invalid_request"),
        ("limit=501", "invalid_request"),
        ("limit=many", "invalid_request"),
        ("categroy=comfort", "invalid_request"),
        ("category=", "invalid_request"),
        ("status=old", "invalid_request"),
        ("kind=weekly", "unknown_kind"),
        ("cursor=x", "invalid_setting"),
    ],
)
def test_a_mistake_in_the_query_is_told(client: TestClient, query: str, code: str) -> None:
    problem = assert_problem(client.get(f"/patterns?{query}"), 422, code)
    assert query.partition("=")[0] in str(problem["about"]) or code == "unknown_kind"


def test_a_verdict_is_kept_and_can_be_taken_back(client: TestClient) -> None:
    path = f"/patterns/{KITCHEN.id}"
    assert client.patch(path, json={"status": "accepted"}).json()["status"] == "accepted"
    assert client.get(path).json()["status"] == "accepted"
    assert client.patch(path, json={"status": "new"}).json() == KITCHEN.to_json()


@pytest.mark.parametrize("body", [{"status": "stale"}, {"status": "great"}, {}, {"status": "new", "why": "x"}], ids=str)
def test_only_a_persons_verdicts_can_be_given(client: TestClient, body: dict[str, str]) -> None:
    assert_problem(client.patch(f"/patterns/{KITCHEN.id}", json=body), 422, "invalid_request")
    assert client.get(f"/patterns/{KITCHEN.id}").json()["status"] == "new"


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_pattern_that_is_not_there_is_a_problem(client: TestClient, method: str) -> None:
    body = {"status": "accepted"} if method == "PATCH" else None
    problem = assert_problem(client.request(method, "/patterns/p_0", json=body), 404, "not_found")
    assert problem["about"] == "p_0"


def test_a_question_goes_to_the_search(client: TestClient, home: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def search(store: object, models: object, question: str, *, top_k: int, now: int) -> Shortlist:
        assert (store, models, top_k, now) == (home.store, home.models, 3, NOW)
        return Shortlist(question, (KITCHEN,))

    monkeypatch.setattr(src.api.patterns, "search", search)
    response = client.post("/patterns/search", json={"question": "What wakes us?", "top_k": 3})
    assert response.status_code == 200
    assert response.json() == {"interest": "What wakes us?", "patterns": [KITCHEN.to_json()]}


def test_a_question_no_model_can_answer_is_unavailable(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def search(*args: object, **options: object) -> Shortlist:
        raise ModelUnavailable("embedding", ["cache"])

    monkeypatch.setattr(src.api.patterns, "search", search)
    assert_problem(client.post("/patterns/search", json={"question": "What?"}), 503, "model_unavailable")


@pytest.mark.parametrize(
    "body", [{}, {"question": ""}, {"question": "x" * 501}, {"question": "x", "top_k": 0}], ids=str
)
def test_a_question_has_bounds(client: TestClient, body: dict[str, object]) -> None:
    assert_problem(client.post("/patterns/search", json=body), 422, "invalid_request")
