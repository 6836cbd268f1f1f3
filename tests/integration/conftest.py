"""The page in a real browser.

A second page of the same origin, served by the test, holds the real one in a frame and drives it; the browser writes
down what that page concluded.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Response

from src.main import create_app
from tests.unit.api.fakes import World

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=30000",
    "--dump-dom",
]
# `until` looks again and again until something is there; the browser's clock is virtual, so it costs no real time.
HARNESS = """
const frame = document.querySelector("iframe");
const page = () => frame.contentDocument;
const $ = (selector) => page()?.querySelector(selector);
const $$ = (selector) => [...page().querySelectorAll(selector)];
const text = (selector) => $(selector)?.textContent;
async function until(what) {
  for (let i = 0; i < 200; i += 1) {
    let found;
    try { found = what(); } catch { found = undefined; }
    if (found) return found;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  throw new Error("never: " + what);
}
const told = {};
try {
  await until(() => $("#cards").getAttribute("aria-busy") === "false");
  SCENARIO
} catch (error) {
  told.error = String(error);
}
document.querySelector("pre").textContent = JSON.stringify(told);
"""

Drive = Callable[[World, str], dict[str, Any]]


class Listening(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False))
        self.ready = Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @property
    def port(self) -> int:
        return int(self.servers[0].sockets[0].getsockname()[1])


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    """Serve a world, run a scenario in the browser, and give what it told."""
    if BROWSER is None:
        pytest.skip("no Chromium on this machine")
    running: list[tuple[Listening, Thread]] = []

    def run(home: World, scenario: str, width: int = 1100) -> dict[str, Any]:
        app = create_app(home.services)

        @app.get("/harness")
        async def harness() -> Response:
            body = f'<iframe src="/" width="{width}" height="900"></iframe><pre></pre>'
            return Response(f'{body}<script type="module" src="/harness.js"></script>', media_type="text/html")

        @app.get("/harness.js")
        async def script() -> Response:
            return Response(HARNESS.replace("SCENARIO", scenario), media_type="text/javascript")

        server = Listening(app)
        thread = Thread(target=server.run, daemon=True)
        thread.start()
        running.append((server, thread))
        assert server.ready.wait(20)
        address = f"http://127.0.0.1:{server.port}/harness"
        profile = f"--user-data-dir={tmp_path / 'profile'}"
        dom = subprocess.run(
            [BROWSER, *FLAGS, profile, address], capture_output=True, text=True, timeout=90, check=True
        ).stdout
        match = re.search(r"<pre>(.*?)</pre>", dom, re.DOTALL)
        assert match, dom[:2000]
        told: dict[str, Any] = json.loads(unescape(match[1]))
        assert "error" not in told, told
        return told

    yield run
    for server, thread in running:
        server.should_exit = True
        thread.join(20)
