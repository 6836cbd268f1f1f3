"""Inside an add-on only Home Assistant's ingress is answered, by whatever name the browser knows Home Assistant."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from src.api.guards import INGRESS
from src.main import create_app
from tests.unit.api.fakes import KITCHEN, world

with warnings.catch_warnings():
    # starlette prefers another client library and says so once, on import; ours is pinned.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

OUTSIDE = {"Host": "abc123.ui.nabu.casa"}
Visit = Callable[..., Any]


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Visit]:
    """A client that calls from an address."""
    home = world(tmp_path, KITCHEN, supervisor_token="a" * 64)
    app = create_app(home.services)
    with ExitStack() as stack:
        stack.enter_context(TestClient(app))

        def visit(sender: str, method: str, path: str, **headers: str) -> Any:
            client = TestClient(app, base_url="http://172.30.33.5:8018", client=(sender, 40000))
            body = {"json": {"status": "accepted"}} if method == "PATCH" else {}
            return client.request(method, path, headers=headers, **body)

        yield visit


@pytest.mark.parametrize("host", ["homeassistant.local:8123", "abc123.ui.nabu.casa", "my.duckdns.org", "10.0.0.5:8123"])
def test_the_ingress_may_use_any_name(visit: Visit, host: str) -> None:
    assert visit(INGRESS, "GET", "/patterns", Host=host).status_code == 200


@pytest.mark.parametrize(
    "sender", ["172.30.32.1", "172.30.33.7", "192.168.1.20", "8.8.8.8", "::ffff:172.30.32.1", "x", ""]
)
def test_nobody_else_is_answered(visit: Visit, sender: str) -> None:
    for path in ("/", "/patterns", "/health", "/openapi.json", "/nothing"):
        answer = visit(sender, "GET", path)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_by_ingress")
    assert "sidebar" in answer.json()["remedy"]


def test_headers_make_nobody_the_ingress(visit: Visit) -> None:
    headers = {"X-Forwarded-For": INGRESS, "X-Ingress-Path": "/api/hassio_ingress/x", "X-Remote-User-Id": "1"}
    assert visit("172.30.33.7", "GET", "/patterns", **headers).status_code == 403


def test_the_container_itself_is_answered_by_local_names_alone(visit: Visit) -> None:
    assert visit("127.0.0.1", "GET", "/health").status_code == 200
    assert visit("127.0.0.1", "GET", "/health", **OUTSIDE).status_code == 421


def test_a_change_through_the_ingress_comes_from_the_page_that_it_served(visit: Visit) -> None:
    path = f"/patterns/{KITCHEN.id}"
    same = {**OUTSIDE, "Origin": "https://abc123.ui.nabu.casa"}
    assert visit(INGRESS, "PATCH", path, **same).status_code == 200
    for origin in ("https://evil.example", "null", "https://ui.nabu.casa"):
        assert visit(INGRESS, "PATCH", path, **OUTSIDE, Origin=origin).status_code == 403


def test_what_is_no_name_is_refused_to_the_ingress_too(visit: Visit) -> None:
    assert visit(INGRESS, "GET", "/patterns", Host="a@b").status_code == 421


def test_without_a_supervisor_nothing_changes(tmp_path: Path) -> None:
    app = create_app(world(tmp_path, KITCHEN).services)
    with TestClient(app, base_url="http://localhost:8018", client=("192.168.1.20", 1)) as client:
        assert client.get("/patterns").status_code == 200
    with TestClient(app, base_url="http://localhost:8018", client=(INGRESS, 1)) as client:
        assert client.get("/patterns", headers=OUTSIDE).status_code == 421
