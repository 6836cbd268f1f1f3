"""Answering a pattern over HTTP, and reading what was said."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.unit.api.fakes import KITCHEN
from tests.unit.api.test_problems import assert_problem

WHERE = f"/patterns/{KITCHEN.id}/feedback"


def test_a_rejection_with_reasons_is_kept_and_read_back(client: TestClient) -> None:
    said = {"verdict": "rejected", "reasons": ["not_at_night", "other"], "note": "The baby sleeps."}
    assert client.post(WHERE, json=said).json()["status"] == "rejected"
    [kept] = client.get(WHERE).json()["feedback"]
    assert {name: kept[name] for name in said} == said
    assert kept["sentence"] == KITCHEN.sentence
    assert kept["given"].startswith("2025-10-18T")


def test_a_change_of_status_is_an_answer_as_well(client: TestClient) -> None:
    client.patch(f"/patterns/{KITCHEN.id}", json={"status": "snoozed"})
    client.patch(f"/patterns/{KITCHEN.id}", json={"status": "new"})
    assert [each["verdict"] for each in client.get(WHERE).json()["feedback"]] == ["snoozed", "reopened"]


def test_a_correction_names_only_what_was_wrong(client: TestClient) -> None:
    client.post(WHERE, json={"verdict": "corrected", "correction": {"at": "07:15"}})
    [kept] = client.get(WHERE).json()["feedback"]
    assert kept["correction"] == {"at": "07:15"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"verdict": "perhaps"},
        {"verdict": "rejected", "reasons": ["bad_weather"]},
        {"verdict": "corrected", "correction": {"weekdays": ["someday"]}},
        {"verdict": "rejected", "note": "x" * 501},
    ],
)
def test_what_is_no_answer_is_refused(client: TestClient, body: dict[str, object]) -> None:
    assert_problem(client.post(WHERE, json=body), 422, "invalid_request")


def test_there_must_be_such_a_pattern(client: TestClient) -> None:
    assert_problem(client.post("/patterns/p_0/feedback", json={"verdict": "accepted"}), 404, "not_found")
    assert_problem(client.get("/patterns/p_0/feedback"), 404, "not_found")
