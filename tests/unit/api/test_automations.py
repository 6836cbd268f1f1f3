"""Patterns become automations over HTTP, and only in the home of the settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from src.analysis.deploying import Deployments
from src.home_assistant.client import HomeAssistant
from src.main import create_app
from src.store import Store
from tests.unit.analysis.deploying_world import DOOR, LAMP, LAMP_ID, Home, deployments, edit, publish
from tests.unit.analysis.worlds import Clockwork, at
from tests.unit.api.fakes import world
from tests.unit.api.test_problems import assert_problem

TOLD = at("07:00:00", id="p_00000000000000c3", sentence="Nothing is to be done.")


@pytest.fixture
def home() -> Iterator[Home]:
    with Home("2026.11.0") as home:
        yield home


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path / 'home.db'}")
    publish(store, LAMP, DOOR, now=Clockwork()())
    yield store
    store.close()


def serving(tmp_path: Path, store: Store, works: Deployments) -> TestClient:
    services = replace(world(tmp_path).services, store=store, deployments=works)
    return TestClient(create_app(services), base_url="http://localhost:8018")


@pytest.fixture
def client(tmp_path: Path, store: Store, home: Home) -> Iterator[TestClient]:
    works = deployments(store, lambda: HomeAssistant(home.access()), Clockwork())
    with serving(tmp_path, store, works) as client:
        yield client


def test_an_automation_is_looked_at_deployed_seen_and_taken_back(client: TestClient, home: Home) -> None:
    preview = client.post(f"/patterns/{LAMP.id}/automation").json()
    assert preview["deployable"]
    assert preview["config"]["triggers"] == [{"trigger": "time", "at": "07:10:00"}]
    assert "07:10:00" in preview["yaml"]
    assert home.automations == {}

    deployed = client.post(f"/patterns/{LAMP.id}/deploy")
    assert deployed.status_code == 200
    assert (deployed.json()["state"], deployed.json()["enabled"]) == ("deployed", False)
    assert client.get(f"/patterns/{LAMP.id}").json()["status"] == "accepted"

    status = client.get(f"/patterns/{LAMP.id}/status").json()
    assert status["editor"] == f"/config/automation/edit/{LAMP_ID}"
    assert [each["number"] for each in status["versions"]] == [1]
    assert [each["pattern_id"] for each in client.get("/automations").json()["automations"]] == [LAMP.id]

    back = client.post(f"/patterns/{LAMP.id}/rollback").json()
    assert (back["state"], back["version"]) == ("removed", None)
    assert home.automations == {}
    assert_problem(client.post(f"/patterns/{LAMP.id}/rollback"), 409, "not_deployed")


def test_on_if_that_is_asked_for(client: TestClient) -> None:
    assert client.post(f"/patterns/{LAMP.id}/deploy", json={"enabled": True}).json()["enabled"]
    assert client.post(f"/patterns/{LAMP.id}/rollback", json={"outright": True}).json()["state"] == "removed"


def test_a_refusal_lists_its_reasons(client: TestClient, home: Home) -> None:
    body = assert_problem(client.post(f"/patterns/{DOOR.id}/deploy"), 422, "automation_refused")
    reasons = body["reasons"]
    assert isinstance(reasons, list)
    assert [each["confirm"] for each in reasons] == ["lock.front_door:unlock"]
    assert reasons[0]["message"] in str(body["detail"])
    assert home.automations == {}
    assert client.post(f"/patterns/{DOOR.id}/automation").json()["confirmations"] == ["lock.front_door:unlock"]
    confirmed = client.post(f"/patterns/{DOOR.id}/deploy", json={"confirm": ["lock.front_door:unlock"]})
    assert confirmed.json()["state"] == "deployed"


def test_what_was_changed_by_hand_is_a_conflict(client: TestClient, home: Home) -> None:
    client.post(f"/patterns/{LAMP.id}/deploy")
    edit(home, LAMP_ID, alias="Mine")
    for call in ("deploy", "rollback"):
        assert_problem(client.post(f"/patterns/{LAMP.id}/{call}"), 409, "automation_changed")
    status = client.get(f"/patterns/{LAMP.id}/status").json()
    assert status["state"] == "changed"
    assert "+alias: Mine" in status["differences"]


def test_no_such_pattern(client: TestClient) -> None:
    for call in ("automation", "deploy", "rollback"):
        assert_problem(client.post(f"/patterns/p_nothing/{call}"), 404, "not_found")
    assert_problem(client.get("/patterns/p_nothing/status"), 404, "not_found")


def test_what_asks_for_nothing_is_no_automation(client: TestClient, store: Store) -> None:
    publish(store, TOLD, now=Clockwork()())
    for call in ("automation", "deploy"):
        assert_problem(client.post(f"/patterns/{TOLD.id}/{call}"), 422, "not_automatable")


def test_without_a_home_assistant(tmp_path: Path, store: Store) -> None:
    with serving(tmp_path, store, deployments(store, lambda: None, Clockwork())) as client:
        for call in ("deploy", "rollback"):
            assert_problem(client.post(f"/patterns/{LAMP.id}/{call}"), 409, "home_assistant_not_set")
        preview = client.post(f"/patterns/{LAMP.id}/automation").json()
        assert preview["unchecked"]
        assert not preview["deployable"]
        assert client.get("/automations").json() == {"automations": []}


def test_a_home_assistant_that_is_away_or_refuses(tmp_path: Path, store: Store, home: Home) -> None:
    ha = HomeAssistant(home.access())
    with serving(tmp_path, store, deployments(store, lambda: ha, Clockwork())) as client:
        home.revoke()
        assert_problem(client.post(f"/patterns/{LAMP.id}/deploy"), 502, "home_assistant_refused")
        home.stop()
        assert_problem(client.post(f"/patterns/{LAMP.id}/deploy"), 503, "home_assistant_unreachable")
        assert client.get(f"/patterns/{LAMP.id}/status").json()["notes"]


@pytest.mark.parametrize("field", ["url", "ha_url", "host", "token", "address", "base_url", "home_assistant"])
@pytest.mark.parametrize("call", ["deploy", "rollback"])
def test_no_body_can_name_another_host(client: TestClient, home: Home, call: str, field: str) -> None:
    answer = client.post(f"/patterns/{LAMP.id}/{call}", json={field: "http://example.com:8123"})
    assert_problem(answer, 422, "invalid_request")
    assert home.called == []


def test_every_field_of_a_body_is_harmless(client: TestClient) -> None:
    """A new field has to be thought about here: none may lead a call to another host."""
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert set(schemas["DeployIn"]["properties"]) == {"enabled", "confirm"}
    assert set(schemas["RollbackIn"]["properties"]) == {"outright"}


def test_no_answer_tells_the_token(client: TestClient, home: Home) -> None:
    answers = [
        client.post(f"/patterns/{LAMP.id}/automation"),
        client.post(f"/patterns/{LAMP.id}/deploy"),
        client.get(f"/patterns/{LAMP.id}/status"),
        client.get("/automations"),
    ]
    home.stop()
    answers.append(client.post(f"/patterns/{LAMP.id}/deploy"))
    assert not any(home.token in each.text for each in answers)


def test_a_body_of_the_wrong_shape(client: TestClient) -> None:
    bodies: list[object] = [{"enabled": "yes"}, {"confirm": "lock.front_door:unlock"}, {"confirm": ["x"] * 51}, []]
    for body in bodies:
        assert_problem(client.post(f"/patterns/{LAMP.id}/deploy", json=body), 422, "invalid_request")
