"""A request that outlasts the server's grace is told so."""

from __future__ import annotations

import asyncio
from typing import Any

from src.api.requests import RequestContext


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
