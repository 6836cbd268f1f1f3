"""Reading what was done."""

from __future__ import annotations

from starlette.testclient import TestClient

from src.domain.runs import Shortlist
from src.domain.whys import Why
from tests.unit.api.fakes import HALL, KITCHEN, World
from tests.unit.api.test_problems import assert_problem


def begin(client: TestClient, **body: object) -> str:
    return str(client.post("/patterns/detect", json=body).json()["run"]["id"])


def test_a_home_without_runs_tells_when_the_first_is_due(client: TestClient) -> None:
    assert client.get("/runs").json() == {
        "runs": [],
        "next": None,
        "latest_success": None,
        "next_nightly": "2025-10-19T03:00:00+02:00",
    }


def test_a_run_under_way_shows_how_far_it_is(client: TestClient) -> None:
    run = client.get(f"/runs/{begin(client)}").json()
    assert run["state"] == "running"
    assert run["finished_at"] is None
    assert run["progress"] == {"stage": "mine", "done": 3.0, "total": 10.0, "unit": "entities"}
    assert run["shortlists"] == []


def test_a_finished_run_shows_what_it_found(client: TestClient, home: World) -> None:
    run_id = begin(client)
    shortlist = Shortlist("save energy", (KITCHEN, HALL))
    home.runner.finish(run_id, shortlist)
    run = client.get(f"/runs/{run_id}").json()
    assert run["state"] == "succeeded"
    assert run["finished_at"] == "2025-10-18T02:00:05Z"
    assert run["progress"] is None
    assert run["shortlists"] == [shortlist.to_json()]


def test_a_failed_run_says_why_and_hides_nothing_of_the_one_before(client: TestClient, home: World) -> None:
    good, bad = begin(client), ""
    home.runner.finish(good)
    bad = begin(client)
    error = {"code": "history_empty", "message": "It holds nothing.", "remedy": "Give another."}
    home.runner.finish(bad, error=error)
    listed = client.get("/runs").json()
    assert [run["id"] for run in listed["runs"]] == [bad, good]
    assert listed["latest_success"]["id"] == good
    assert client.get(f"/runs/{bad}").json()["error"] == error


def test_a_run_that_is_not_there_is_a_problem(client: TestClient) -> None:
    assert_problem(client.get("/runs/r_0"), 404, "not_found")


def test_why_nothing_is_suggested_for_an_entity(client: TestClient, home: World) -> None:
    run_id = begin(client)
    home.runner.finish(run_id)
    home.store.runs.reasons[run_id] = [
        Why("light.attic", "changes_too_seldom", None, {"days": 2, "needed": 5}, "The attic light: too seldom."),
        Why("sensor.power", "numeric_entity", None, {}, "The power: a measurement."),
    ]
    told = client.get(f"/runs/{run_id}/whys").json()
    assert told["run"] == run_id
    assert [why["entity_id"] for why in told["whys"]] == ["light.attic", "sensor.power"]
    assert client.get("/runs/latest/whys", params={"entity_id": "light.attic"}).json()["whys"] == [
        {
            "entity_id": "light.attic",
            "reason": "changes_too_seldom",
            "kind": None,
            "sentence": "The attic light: too seldom.",
            "detail": {"days": 2, "needed": 5},
        }
    ]


def test_no_reasons_without_a_run(client: TestClient) -> None:
    assert_problem(client.get("/runs/latest/whys"), 404, "not_found")
    assert_problem(client.get("/runs/r_0/whys"), 404, "not_found")
