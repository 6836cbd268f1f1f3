"""Other people's pages stay out; the home's own names come in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from src.api.guards import MAX_BODY, host_name, is_local_name
from src.main import create_app
from tests.unit.api.fakes import KITCHEN, World, world
from tests.unit.api.test_problems import assert_problem


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8018",
        "127.0.0.1:8018",
        "[::1]:8018",
        "[fe80::1]",
        "192.168.1.20:8018",
        "ai-automation-service:8018",
        "HOMEASSISTANT.local",
        "homeassistant.local.",
        "nas.home.arpa",
    ],
)
def test_the_homes_own_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8018",
        "127.0.0.1.evil.example",
        "local.evil.example",
        "a@b.local",
        "",
        "[::1",
        ":1",
    ],
)
def test_a_strangers_name_is_not_answered(client: TestClient, host: str) -> None:
    problem = assert_problem(client.get("/health", headers={"Host": host}), 421, "host_not_allowed")
    assert "ALLOWED_HOSTS" in str(problem["remedy"])


def test_a_listed_name_is_answered(tmp_path: Path) -> None:
    home = world(tmp_path, allowed_hosts="Home.Example.org, other.example.org")
    with TestClient(create_app(home.services), base_url="http://home.example.org") as client:
        assert client.get("/health").status_code == 200
        assert client.get("/health", headers={"Host": "example.org"}).status_code == 421


@given(st.ip_addresses())
def test_every_address_is_local(address: object) -> None:
    shown = f"[{address}]" if ":" in str(address) else str(address)
    name = host_name(f"{shown}:8018")
    assert name is not None
    assert is_local_name(name)


@given(st.text(max_size=30))
def test_any_host_header_is_read_or_refused(text: str) -> None:
    name = host_name(text)
    assert name is None or name == name.lower()


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://localhost:9999", "http://127.0.0.1:9999", "http://192.168.1.9"],
)
def test_another_sites_page_changes_nothing(client: TestClient, home: World, origin: str) -> None:
    response = client.post("/patterns/detect", headers={"Origin": origin})
    assert_problem(response, 403, "cross_site")
    assert home.runner.requests == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost:8018"},
        {"Origin": "https://ha.example.org", "Sec-Fetch-Site": "same-origin"},  # behind Home Assistant's proxy
    ],
    ids=["direct", "proxied"],
)
def test_our_own_page_may_change_things(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/patterns/detect", headers=headers).status_code == 202


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_must_be_declared_as_json(client: TestClient, home: World, media_type: str) -> None:
    response = client.post("/patterns/detect", content="{}", headers={"Content-Type": media_type})
    problem = assert_problem(response, 415, "not_json")
    assert "Content-Type: application/json" in str(problem["remedy"])
    assert home.runner.requests == []


def test_json_with_a_charset_is_json(client: TestClient) -> None:
    response = client.post(
        "/patterns/detect", content="{}", headers={"Content-Type": "Application/JSON; charset=utf-8"}
    )
    assert response.status_code == 202


def chunks(size: int) -> Iterator[bytes]:
    """A body that does not tell its length beforehand."""
    yield b'{"interest": "'
    yield b"x" * size
    yield b'"}'


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_larger_than_any_request_is_refused(client: TestClient, home: World, declared: bool) -> None:
    body = b"".join(chunks(MAX_BODY)) if declared else chunks(MAX_BODY)
    response = client.post("/patterns/detect", content=body, headers={"Content-Type": "application/json"})
    assert_problem(response, 413, "body_too_large")
    assert home.runner.requests == []


def test_a_body_in_chunks_is_read_whole(client: TestClient, home: World) -> None:
    response = client.post("/patterns/detect", content=chunks(20), headers={"Content-Type": "application/json"})
    assert response.status_code == 202
    assert home.runner.requests[0].interest == "x" * 20


@pytest.mark.parametrize(("sent", "kept"), [("abc-1.2_3", True), ("no spaces please", False), ("x" * 65, False)])
def test_a_request_id_comes_back(client: TestClient, sent: str, kept: bool) -> None:
    returned = client.get(f"/patterns/{KITCHEN.id}", headers={"X-Request-ID": sent}).headers["x-request-id"]
    assert (returned == sent) is kept
    assert returned


def test_a_refusal_has_a_request_id_too(client: TestClient) -> None:
    response = client.get("/health", headers={"Host": "evil.example", "X-Request-ID": "r1"})
    assert response.headers["x-request-id"] == "r1"
    assert response.headers["x-content-type-options"] == "nosniff"
