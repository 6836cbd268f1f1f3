"""The board of downloads as server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

from anyio import CancelScope, CapacityLimiter, WouldBlock, move_on_after, to_thread
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.types import Message, Receive, Scope, Send

from src.api.model_schemas import DownloadOut
from src.api.stopping import Stopping
from src.models.download.board import DownloadBoard

WATCHERS = 8
RETRY_SECONDS = 3.0  # after which a watcher whose stream has ended asks again
_LOOK_SECONDS = 1.0  # how long a stream may take to notice that the service stops
_HEARTBEAT_SECONDS = 15.0
_SEND_SECONDS = 20.0  # a watcher that takes nothing for so long is let go


class DownloadEvents:
    """Streams for a bounded number of watchers. Each holds one thread while it waits for news.

    Args:
        stopping: ends every stream.
        look: seconds of one wait for news.
        heartbeat: seconds without an event after which a comment shows proxies that the stream lives.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        stopping: Stopping,
        *,
        look: float = _LOOK_SECONDS,
        heartbeat: float = _HEARTBEAT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stopping = stopping
        self._look = look
        self._heartbeat = heartbeat
        self._clock = clock
        self._watchers = CapacityLimiter(WATCHERS)
        # Counts begin anew with each process, so an id from before a restart must be told apart.
        self._process = uuid4().hex[:8]

    def open(self, board: DownloadBoard, last_id: str | None) -> EventSourceResponse | None:
        """A stream that begins with what a watcher has not seen; None when there are too many watchers.

        Args:
            last_id: of the last event that the watcher got (its ``Last-Event-ID``).
        """
        response = _Stream(self._events(board, self._seen(last_id)), self._watchers)
        try:
            self._watchers.acquire_on_behalf_of_nowait(response)
        except WouldBlock:
            return None
        return response

    def _seen(self, last_id: str | None) -> int:
        process, _, count = (last_id or "").partition("-")
        return int(count) if process == self._process and count.isdecimal() and len(count) < 20 else 0

    async def _events(self, board: DownloadBoard, seen: int) -> AsyncIterator[bytes]:
        thread = CapacityLimiter(1)
        yield format_sse_event(retry=round(RETRY_SECONDS * 1000))
        sent = self._clock()
        while not self._stopping:
            seen, news = await to_thread.run_sync(board.since, seen, self._look, limiter=thread)
            for download in news:
                last = download is news[-1]  # only then has the watcher seen all up to this count
                yield format_sse_event(
                    event="download",
                    data_str=DownloadOut.of(download).model_dump_json(),
                    id=f"{self._process}-{seen}" if last else None,
                )
            if not news and self._clock() - sent >= self._heartbeat:
                yield format_sse_event(comment="nothing new")
            elif not news:
                continue
            sent = self._clock()


class _Stream(EventSourceResponse):
    """Gives its place back when it ends, however it ends."""

    def __init__(self, events: AsyncIterator[bytes], places: CapacityLimiter) -> None:
        # X-Accel-Buffering: a proxy would otherwise keep events back until there are many.
        super().__init__(events, headers={"X-Accel-Buffering": "no"})
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with CancelScope() as stream:

                async def send_in_time(message: Message) -> None:
                    with move_on_after(_SEND_SECONDS) as sending:
                        await send(message)
                    if sending.cancelled_caught:
                        stream.cancel()

                await super().__call__(scope, receive, send_in_time)
        finally:
            self._places.release_on_behalf_of(self)
