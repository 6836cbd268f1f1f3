"""Nothing that comes over the API, and no answer of a server, makes the service call a host that nobody set.

A stranger listens on loopback and counts who connects. Nobody may.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from src.api.services import open_services
from src.errors import HomeAssistantError, InvalidSetting
from src.home_assistant.access import access_of
from src.home_assistant.automation_editor import AutomationEditor
from src.home_assistant.client import HomeAssistant
from src.main import create_app
from src.settings import Settings
from tests.fake_home_assistant import FakeHomeAssistant, redirect
from tests.integration.loopback import Answer, Loopback
from tests.unit.analysis.deploying_world import LAMP, publish
from tests.unit.analysis.worlds import Clockwork

with warnings.catch_warnings():
    # starlette prefers another client library and says so once, on import; ours is pinned.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "ws_proxy", "wss_proxy")
REDIRECTS = (301, 302, 303, 307, 308)


@pytest.fixture
def stranger() -> Iterator[Loopback]:
    """Whom nobody may call; that is looked at in the end of every test that asks for it."""
    with Loopback() as stranger:
        yield stranger
        assert stranger.opened == 0, stranger.calls


@pytest.fixture
def fake() -> Iterator[FakeHomeAssistant]:
    with FakeHomeAssistant() as fake:
        fake.add_entity("light.kitchen", "off", name="Kitchen")
        yield fake


@pytest.fixture
def influx() -> Iterator[Loopback]:
    with Loopback() as influx:
        yield influx


@pytest.fixture
def settings(tmp_path: Path, fake: FakeHomeAssistant, influx: Loopback) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        models_dir=tmp_path / "models",
        hf_hub_offline=True,
        ha_url=fake.url,
        ha_token=fake.token,
        ha_timeout=2.0,
        ha_live=False,
        influxdb_url=influx.url,
        analysis_schedule="0 0 1 1 *",
    )


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """The whole service over its real parts."""
    services = open_services(settings)
    publish(services.store, LAMP, now=Clockwork()())
    with TestClient(create_app(services), base_url="http://localhost:8018") as client:
        yield client


def detect(client: TestClient, **body: object) -> Any:
    """Run it to its end; a nightly run that has begun is waited for."""
    while True:
        answer = client.post("/patterns/detect", json={"wait": True, **body})
        if answer.status_code != 409 or answer.json()["code"] != "run_in_progress":
            return answer


ADDRESSES = [
    "http://{}/home.csv", "https://{}/home.csv", "//{}/home.csv", "\\\\{}\\home\\home.csv", "ftp://{}/home.csv",
    "file://{}/etc/hosts", "postgresql://u:p@{}/ha", "mysql+pymysql://u:p@{}/ha", "sqlite:////{}/x", "s3://{}/home",
    " http://{}/", "HTTP://{}", "influxdb:http://{}", "home_assistant@{}", "recorder://{}", "gs://{}/home.parquet",
]  # fmt: skip


@pytest.mark.parametrize("field", ["history", "entities"])
def test_a_request_names_files_and_no_hosts(client: TestClient, stranger: Loopback, tmp_path: Path, field: str) -> None:
    csv = tmp_path / "home.csv"
    csv.write_text("timestamp,entity_id,state\n2026-01-01T07:00:00Z,light.kitchen,on\n")
    for address in ADDRESSES:
        body = {"history": str(csv), field: address.format(stranger.host)}
        answer = detect(client, **body)
        assert answer.status_code == 422, (address, answer.text)
        assert "u:p@" not in answer.text


def test_no_body_has_a_field_for_a_host(client: TestClient, stranger: Loopback) -> None:
    pattern = f"/patterns/{LAMP.id}"
    for path in ("/patterns/detect", "/patterns/search", f"{pattern}/deploy", f"{pattern}/rollback"):
        for field in ("ha_url", "url", "host", "websocket", "influxdb_url", "recorder_url", "endpoint"):
            answer = client.post(path, json={field: stranger.url})
            assert answer.status_code == 422
            assert field in answer.text


@pytest.mark.heavy  # a question loads the model that finds answers
def test_words_of_people_are_never_addresses(client: TestClient, stranger: Loopback) -> None:
    url = f"{stranger.url}/x"
    detect(client, interest=url)
    client.post("/patterns/search", json={"question": url})
    told = {"verdict": "rejected", "reasons": ["other"], "note": f"see {url}"}
    assert client.post(f"/patterns/{LAMP.id}/feedback", json=told).status_code == 200
    corrected = {"verdict": "corrected", "correction": {"entity_id": f"light.{stranger.host}"}}
    client.post(f"/patterns/{LAMP.id}/feedback", json=corrected)
    client.post(f"/patterns/{LAMP.id}/deploy", json={"confirm": [url]})
    client.get(f"/patterns?cursor={url}")


def test_headers_do_not_choose_whom_to_call(client: TestClient, stranger: Loopback, fake: FakeHomeAssistant) -> None:
    headers = {
        "X-Forwarded-Host": stranger.host,
        "X-Forwarded-For": stranger.host,
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Prefix": f"//{stranger.host}",
        "X-Original-URL": stranger.url,
        "X-Rewrite-URL": stranger.url,
        "X-Ingress-Path": f"//{stranger.host}",
        "Forwarded": f"host={stranger.host}",
        "Referer": stranger.url,
    }
    for host in ({}, {"Host": stranger.host}):
        answer = client.post(f"/patterns/{LAMP.id}/deploy", json={}, headers={**headers, **host})
        assert answer.status_code == 200, answer.text
        started = client.post("/patterns/detect", json={"wait": True}, headers={**headers, **host})
        assert stranger.host not in str(started.headers)
    assert client.post(f"/patterns/{LAMP.id}/deploy", headers={"Origin": "http://elsewhere.example"}).status_code == 403
    assert fake.automations


@pytest.mark.parametrize("pattern", [
    "..%2F..%2Fx", "%2e%2e", "a%3Fb%3Dc", "a%23b", "%2F%2F{}%2Fx", "http:%2F%2F{}", "@{}", "a%0d%0aHost:%20{}", "a%00",
])  # fmt: skip
def test_an_id_is_no_path(client: TestClient, stranger: Loopback, fake: FakeHomeAssistant, pattern: str) -> None:
    asked = pattern.format(stranger.host)
    for call in ("automation", "deploy", "rollback"):
        assert client.post(f"/patterns/{asked}/{call}", json={}).status_code in (404, 405, 422)
    client.get(f"/patterns/{asked}/status")
    assert fake.called == []


@pytest.mark.parametrize(
    "automation", ["../../states", "1/../2", "a/b", "a?b=c", "a#b", "//{}/x", "@{}", "http://{}/", "%2e%2e/x"]
)
def test_an_automations_id_stays_one_part_of_the_path(
    stranger: Loopback, fake: FakeHomeAssistant, automation: str
) -> None:
    editor = AutomationEditor(HomeAssistant(fake.access(timeout=2.0)))
    assert editor.read(automation.format(stranger.host)) is None
    assert [line.count("/") for line, _ in fake.heads] == [6], "five of the path, one of the protocol"
    assert fake.heads[0][0].startswith("GET /api/config/automation/config/")


@pytest.mark.parametrize("status", REDIRECTS)
def test_redirects_of_the_servers_are_not_followed(
    client: TestClient, stranger: Loopback, fake: FakeHomeAssistant, influx: Loopback, status: int
) -> None:
    def elsewhere(method: str, path: str, headers: dict[str, str]) -> Answer:
        return status, {"Location": f"{stranger.url}{path}"}, b""

    influx.answering = elsewhere
    for scheme in ("http", "ws"):
        target = f"{scheme}://{stranger.host}/api/websocket"
        for what in ("*", "GET websocket"):
            fake.trouble[what] = replace(redirect(target), status=status)
            answer = client.post(f"/patterns/{LAMP.id}/deploy", json={})
            assert (answer.status_code, answer.json()["code"]) == (503, "home_assistant_unreachable")
            assert "not followed" in answer.json()["detail"]
            client.get(f"/patterns/{LAMP.id}/status")
            detect(client, history="home_assistant")
            fake.trouble.clear()
    answer = detect(client, history="influxdb")
    assert answer.json()["code"] == "history_unreadable"
    assert "another address" in answer.json()["detail"]
    assert influx.calls


def test_proxies_of_the_environment_are_not_told_anything(
    monkeypatch: pytest.MonkeyPatch, stranger: Loopback, fake: FakeHomeAssistant, influx: Loopback, settings: Settings
) -> None:
    for name in PROXIES:
        monkeypatch.setenv(name, stranger.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    services = open_services(settings)
    publish(services.store, LAMP, now=Clockwork()())
    with TestClient(create_app(services), base_url="http://localhost:8018") as client:
        assert client.post(f"/patterns/{LAMP.id}/deploy", json={}).status_code == 200
        detect(client, history="home_assistant")
        detect(client, history="influxdb")
    assert fake.automations
    assert influx.calls


@pytest.mark.parametrize("given", [
    "http://{good}@{bad}", "http://{good}:x@{bad}/", "http://{good}#@{bad}/", "http://{good}?@{bad}/",
    "http://{good}\\@{bad}", "http://{good}/@{bad}", "http://{good}//{bad}/", "http://{good}/..//{bad}/api",
    "http://{good}/%2f%2f{bad}", "http://{good};@{bad}", "http://{good} {bad}", "http://{good}\t@{bad}",
    "http://{good}\n{bad}", "http:{bad}", "//{bad}", "http:///{bad}", "javascript:{bad}", "http://[{bad}]",
    "http://{good}\u2215@{bad}", "http://{good}\uff0f{bad}",
])  # fmt: skip
def test_tricks_in_the_address_do_not_lead_elsewhere(stranger: Loopback, fake: FakeHomeAssistant, given: str) -> None:
    good = fake.url.removeprefix("http://")
    address = given.format(good=good, bad=stranger.host)
    try:
        access = access_of(Settings(ha_url=address, ha_token=fake.token, ha_timeout=2.0))
    except InvalidSetting:
        return
    assert access is not None
    ha = HomeAssistant(access)
    calls: list[Callable[[], Any]] = [lambda: ha.command("get_config"), lambda: ha.request("GET", "config")]
    for call in calls:
        with suppress(HomeAssistantError):
            call()


def test_no_answer_of_home_assistant_is_taken_for_an_address(
    client: TestClient, stranger: Loopback, fake: FakeHomeAssistant
) -> None:
    fake.config |= {"external_url": stranger.url, "internal_url": stranger.url, "config_dir": f"//{stranger.host}/x"}
    fake.automations["1"] = {"alias": "x", "use_blueprint": {"path": f"../../{stranger.url}/x.yaml", "input": {}}}
    fake.set_state("automation.x", "on", {"id": "1", "friendly_name": "x"})
    fake.set_state("camera.door", "idle", {"entity_picture": f"{stranger.url}/x.png"})
    assert client.post(f"/patterns/{LAMP.id}/deploy", json={}).status_code == 200
    assert detect(client, history="home_assistant").status_code in (200, 409, 422)
