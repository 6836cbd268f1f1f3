"""A stop is known to open requests, and one that outlasts the server's grace is told so."""

from __future__ import annotations

import asyncio
import signal
import threading
from types import FrameType
from typing import Any

import pytest

from src.api.requests import RequestContext
from src.api.stopping import Stopping


def test_a_request_that_is_cut_off_gets_a_problem() -> None:
    sent: list[dict[str, Any]] = []
    waiting = asyncio.Event()

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        waiting.set()
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def serve_and_stop() -> None:
        scope = {"type": "http", "method": "POST", "path": "/patterns/detect", "headers": []}
        request = asyncio.create_task(RequestContext(endless)(scope, receive, send))
        await waiting.wait()
        request.cancel()
        await request

    asyncio.run(serve_and_stop())
    assert sent[0]["status"] == 503
    assert b'"code": "stopping"' in sent[1]["body"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["interrupt", "terminate"])
def test_a_signal_is_known_and_still_reaches_the_server(number: signal.Signals) -> None:
    served: list[int] = []

    def server(number: int, frame: FrameType | None) -> None:
        served.append(number)

    before = signal.signal(number, server)
    try:
        stopping = Stopping()
        with stopping.on_signals():
            assert not stopping
            signal.raise_signal(number)
            assert stopping
        assert served == [number]
        assert signal.getsignal(number) is server
    finally:
        signal.signal(number, before)


def test_where_no_signal_can_be_listened_to_none_is_touched() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def elsewhere() -> None:
        with Stopping().on_signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [before]
