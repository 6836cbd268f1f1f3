"""The page through Home Assistant's ingress: below a prefix that it does not know, in a real browser."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from html import unescape
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

import src.main
from src.analysis.answering import Answers
from src.domain.patterns import Status
from src.home_assistant.client import HomeAssistant
from src.main import create_app
from src.store import Store
from tests.integration.conftest import BROWSER, FLAGS, HARNESS, Listening
from tests.integration.supervisor import Ingress, Said
from tests.unit.analysis.deploying_world import DOOR, LAMP, Home, deployments, publish
from tests.unit.analysis.worlds import Clockwork
from tests.unit.api.fakes import World, world

SUPERVISOR = "127.0.0.2"  # loopback has more addresses than one; this one is the Supervisor's here
HOST = "my-home.duckdns.org"


@pytest.fixture
def home() -> Iterator[Home]:
    with Home() as home:
        yield home


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path / 'home.db'}")
    publish(store, LAMP, DOOR, now=Clockwork()())
    yield store
    store.close()


@pytest.fixture
def served(tmp_path: Path, store: Store, home: Home) -> World:
    clock = Clockwork()
    works = deployments(store, lambda: HomeAssistant(home.access(timeout=2.0)), clock)
    over = world(tmp_path, supervisor_token="a" * 64)
    services = replace(over.services, store=store, deployments=works, answers=Answers(store, clock))
    return replace(over, services=services)


Enter = Callable[[World], Ingress]


@pytest.fixture
def enter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Enter]:
    """Serve a world as an add-on, and open the ingress to it."""
    monkeypatch.setattr(src.main, "INGRESS", SUPERVISOR)
    with ExitStack() as stack:

        def start(over: World) -> Ingress:
            server = Listening(create_app(over.services))
            thread = Thread(target=server.run, daemon=True)
            thread.start()

            def stop() -> None:
                server.should_exit = True
                thread.join(20)

            stack.callback(stop)
            assert server.ready.wait(20)
            return stack.enter_context(Ingress(server.port, SUPERVISOR))

        yield start


def test_the_api_through_the_ingress(enter: Enter, served: World) -> None:
    ingress = enter(served)
    base = f"{ingress.url}{ingress.prefix}"
    with httpx.Client(headers={"Host": HOST}, trust_env=False) as client:
        page = client.get(f"{base}/")
        assert page.status_code == 200
        assert "'self'" in page.headers["content-security-policy"]
        assert client.get(f"{base}/patterns").json()["patterns"]
        pattern = f"{base}/patterns/{LAMP.id}"
        accepted = {"status": "accepted"}
        assert client.patch(pattern, json=accepted, headers={"Origin": f"https://{HOST}"}).status_code == 200
        refused = client.patch(pattern, json=accepted, headers={"Origin": "https://evil.example"})
        assert refused.json()["code"] == "cross_site"
        missing = client.get(f"{base}/nothing")
        assert missing.json()["instance"] == "/nothing"
        for found in (page, missing):
            assert "location" not in found.headers, "a redirect would lead out of the prefix"
        ingress.sender = "127.0.0.3"
        assert client.get(f"{base}/patterns").json()["code"] == "host_not_allowed"


def test_every_address_in_the_page_is_relative() -> None:
    folder = Path(src.main.__file__).parent / "web"
    absolute = re.compile(
        r"""(?:href|src|action)=["']/|(?:fetch|ask|send|EventSource|import|url)\(\s*["'`]?/|from ["']/"""
    )
    texts = {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.suffix in (".js", ".html", ".css")}
    assert len(texts) >= 9
    assert [name for name, text in texts.items() if absolute.search(text)] == []
    assert absolute.search('<link href="/web/style.css">')
    assert absolute.search("fetch(`/patterns`)")


# What a person does on the page, from the first look to an automation that is taken back.
VISIT = """
const card = (id) => $("#" + id);
const inside = (id, selector) => card(id).querySelector(selector);
const button = (id, text) => [...card(id).querySelectorAll(".automation-buttons button")]
  .find((one) => one.textContent === text);
const LAMP = "p_00000000000000a1", DOOR = "p_00000000000000b2";
told.cards = $$(".card").length;
told.styled = frame.contentWindow.getComputedStyle($("header.top")).display;
inside(DOOR, "details > summary").click();
told.evidence = inside(DOOR, ".facts").textContent.length > 0;
inside(DOOR, ".reject").click();
await until(() => inside(DOOR, ".verdict").textContent === "Rejected");
inside(DOOR, ".reasons button").click();
await until(() => inside(DOOR, ".reasons [aria-pressed=true]"));
inside(LAMP, ".accept").click();
await until(() => inside(LAMP, ".verdict").textContent === "Accepted");
inside(LAMP, ".automation summary").click();
await until(() => inside(LAMP, ".automation-buttons"));
told.yaml = inside(LAMP, ".code pre").textContent.includes("id: ai_automation_");
button(LAMP, "Add it, switched off").click();
await until(() => inside(LAMP, ".state"));
told.state = inside(LAMP, ".state").textContent;
button(LAMP, "Take it back").click();
await until(() => inside(LAMP, ".state").textContent === "Taken back.");
$("#status").value = "accepted";
$("#status").dispatchEvent(new Event("change"));
await until(() => $$(".card").length === 1);
const models = await frame.contentWindow.fetch("models");
told.models = Object.keys(await models.json());
told.notice = $("#notice").hidden;
"""


@pytest.mark.heavy
def test_the_page_through_the_ingress(enter: Enter, served: World, store: Store, home: Home, tmp_path: Path) -> None:
    if BROWSER is None:
        pytest.skip("no Chromium on this machine")
    ingress = enter(served)
    # The frame has the page's own origin, as Home Assistant's frontend shows it.
    frame = f'<iframe src="{ingress.prefix}/" width="1100" height="900"></iframe><pre></pre>'
    ingress.page = {
        "/harness": Said(200, f'{frame}<script type="module" src="/harness.js"></script>', "text/html"),
        "/harness.js": Said(200, HARNESS.replace("SCENARIO", VISIT), "text/javascript"),
        "/favicon.ico": Said(404, ""),
    }
    port = ingress.host.partition(":")[2]
    dom = subprocess.run(
        [
            BROWSER,
            *FLAGS,
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
            f"http://{HOST}:{port}/harness",
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    ).stdout
    match = re.search(r"<pre>(.*?)</pre>", dom, re.DOTALL)
    assert match, dom[:2000]
    told: dict[str, Any] = json.loads(unescape(match[1]))
    assert told == {
        "cards": 2,
        "styled": "flex",
        "evidence": True,
        "yaml": True,
        "state": "In Home Assistant, switched off.",
        "models": ["embedding", "reranker", "classifier"],
        "notice": True,
    }
    assert ingress.stray == [], "asked for outside of the prefix"
    assert {"/", "/web/app.js", "/web/style.css", "/web/icon.svg"} <= set(ingress.passed)
    assert store.patterns.get(LAMP.id).status is Status.ACCEPTED
    assert store.patterns.get(DOOR.id).status is Status.REJECTED
    assert home.automations == {}
