"""The board of downloads as a list and as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from src.api.download_events import WATCHERS, DownloadEvents
from src.api.media_types import preferred
from src.api.stopping import Stopping
from src.models.download.board import Download, DownloadBoard
from tests.unit.api.fakes import World
from tests.unit.api.test_problems import assert_problem

FETCHING = Download(
    "embedding", "tiny/embedding", "downloading", "hub tiny/embedding@main", "model.safetensors", 10, 40, 5.0, 6.0
)
DONE = Download("embedding", "tiny/embedding", "done", "hub tiny/embedding@main")
FAILED = Download("reranker", "tiny/reranker", "failed", message="HF_HUB_OFFLINE is set")

Send = Callable[[Any], Awaitable[None]]


def board(*downloads: Download) -> DownloadBoard:
    made = DownloadBoard()
    for download in downloads:
        made.post(download)
    return made


class Watcher:
    """Reads a stream as the server's side of a connection; ``on`` is called with each piece that arrives."""

    def __init__(self, events: DownloadEvents, board: DownloadBoard, last_id: str | None = None) -> None:
        self.events, self.board, self.last_id = events, board, last_id
        self.started: dict[str, Any] = {}
        self.pieces: list[str] = []

    def watch(self, on: Callable[[str], None], left: asyncio.Event | None = None) -> None:
        async def receive() -> Any:
            await (left or asyncio.Event()).wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.started = message
            elif message["body"]:
                self.pieces.append(message["body"].decode())
                on(self.pieces[-1])

        async def run() -> None:
            response = self.events.open(self.board, self.last_id)
            assert response is not None
            await response({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)

        asyncio.run(run())

    def told(self) -> list[dict[str, Any]]:
        lines = "".join(self.pieces).splitlines()
        return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]

    def ids(self) -> list[str]:
        lines = "".join(self.pieces).splitlines()
        return [line.removeprefix("id: ") for line in lines if line.startswith("id: ")]


def stop_at(stopping: Stopping, text: str) -> Callable[[str], None]:
    return lambda piece: stopping.ask() if text in piece else None


def test_a_watcher_gets_the_latest_state_of_each_model_then_what_is_new() -> None:
    stopping = Stopping()
    posted = board(FETCHING, FAILED)
    watcher = Watcher(DownloadEvents(stopping, look=0.01), posted)

    def post_then_stop(piece: str) -> None:
        if "failed" in piece:
            posted.post(DONE)
        if '"done"' in piece:
            stopping.ask()

    watcher.watch(post_then_stop)
    assert watcher.told() == [FETCHING.to_json(), FAILED.to_json(), DONE.to_json()]
    headers = dict(watcher.started["headers"])
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert watcher.pieces[0] == "retry: 3000\n\n"
    assert all(piece.startswith("event: download\n") for piece in watcher.pieces[1:])
    assert all(piece.endswith("\n\n") for piece in watcher.pieces)


def test_who_comes_back_gets_only_what_is_new() -> None:
    stopping, posted = Stopping(), board(FETCHING, FAILED)
    first = Watcher(DownloadEvents(stopping, look=0.01), posted)
    first.watch(stop_at(stopping, "failed"))
    (last,) = first.ids()

    again = Stopping()
    first.events._stopping = again
    posted.post(DONE)
    second = Watcher(first.events, posted, last)
    second.watch(stop_at(again, '"done"'))
    assert second.told() == [DONE.to_json()]


@pytest.mark.parametrize("last_id", ["elsewhere-2", "2", "", "elsewhere-", "-", "x-1-2", "elsewhere-" + "9" * 4000])
def test_an_id_of_another_process_says_nothing_about_this_one(last_id: str) -> None:
    stopping = Stopping()
    watcher = Watcher(DownloadEvents(stopping, look=0.01), board(FETCHING, FAILED), last_id)
    watcher.watch(stop_at(stopping, "failed"))
    assert watcher.told() == [FETCHING.to_json(), FAILED.to_json()]


def test_a_quiet_stream_shows_that_it_lives() -> None:
    stopping, ticks = Stopping(), iter(range(0, 10_000, 4))
    events = DownloadEvents(stopping, look=0.0, heartbeat=15.0, clock=lambda: float(next(ticks)))
    watcher = Watcher(events, board())
    beats: list[str] = []

    def count(piece: str) -> None:
        beats.extend([piece] if piece.startswith(":") else [])
        if len(beats) == 3:
            stopping.ask()

    watcher.watch(count)
    assert watcher.pieces[1:] == [": nothing new\n\n"] * 3
    # Each look read the clock once, and each beat once more: 15 s are four looks.
    assert next(ticks) == 4 * (1 + 3 * (4 + 1))


def test_a_stop_ends_a_stream_in_order() -> None:
    stopping = Stopping()
    stopping.ask()
    watcher = Watcher(DownloadEvents(stopping, look=60.0), board(FETCHING))
    watcher.watch(lambda piece: None)
    assert watcher.pieces == ["retry: 3000\n\n"]


def test_a_watcher_that_leaves_makes_room() -> None:
    events, posted = DownloadEvents(Stopping(), look=0.01), board(FETCHING)
    for _ in range(WATCHERS + 1):
        left = asyncio.Event()
        watcher = Watcher(events, posted)
        watcher.watch(lambda piece, left=left: left.set(), left)  # type: ignore[misc]
        assert watcher.pieces


def test_watchers_are_bounded(client: TestClient, home: World) -> None:
    events: DownloadEvents = client.app.state.download_events  # type: ignore[attr-defined]
    for _ in range(WATCHERS):
        assert events.open(home.models.downloads, None) is not None
    refused = client.get("/models/downloads")
    assert_problem(refused, 429, "too_many_watchers")
    assert refused.headers["retry-after"] == "3"
    assert client.get("/models/downloads", headers={"Accept": "application/json"}).json() == []


def test_a_watcher_that_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.api.download_events._SEND_SECONDS", 0.0)
    events = DownloadEvents(Stopping(), look=0.01)

    async def stuck(message: Any) -> None:
        await asyncio.Event().wait()

    async def run() -> None:
        for _ in range(WATCHERS + 1):
            response = events.open(board(FETCHING), None)
            assert response is not None
            await response({"type": "http", "asgi": {"spec_version": "2.3"}}, asyncio.Event().wait, stuck)  # type: ignore[arg-type]

    asyncio.run(run())


def test_the_latest_states_as_a_list(client: TestClient, home: World) -> None:
    for download in (FETCHING, FAILED, DONE):
        home.models.downloads.post(download)
    listed = client.get("/models/downloads", headers={"Accept": "application/json"})
    assert listed.json() == [FAILED.to_json(), DONE.to_json()]


def test_a_stream_over_http(client: TestClient, home: World) -> None:
    home.models.downloads.post(DONE)
    client.app.state.stopping.ask()  # type: ignore[attr-defined]
    answered = client.get("/models/downloads", headers={"Accept": "text/event-stream"})
    assert answered.headers["content-type"].startswith("text/event-stream")
    assert answered.headers["cache-control"] == "no-store"
    assert answered.text == "retry: 3000\n\n"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("text/event-stream", "text/event-stream"),
        ("application/json", "application/json"),
        ("*/*", "text/event-stream"),
        ("application/json, text/event-stream", "text/event-stream"),
        ("application/json, text/event-stream;q=0.5", "application/json"),
        ("text/event-stream;q=0, */*", "application/json"),
        ("text/html,application/xhtml+xml", "application/json"),
        ("application/*;q=0.9, */*;q=0.1", "application/json"),
        ("TEXT/Event-Stream ; Q=1.0", "text/event-stream"),
        ("", "application/json"),
        ("application/json;q=much", "application/json"),
    ],
)
def test_what_a_caller_would_rather_have(accept: str, chosen: str) -> None:
    assert preferred(accept, "text/event-stream", "application/json") == chosen
