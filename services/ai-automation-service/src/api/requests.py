"""Around every request: an id, one line of log, and an answer even when nobody foresaw the error."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from src.api.problems import internal_problem, stopping_problem
from src.logging_setup import request_id

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET = frozenset({"/health", "/health/ready"})


class RequestContext:
    """Outermost layer. Takes the caller's request id if it is a plain word, and returns it in the response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        offered = Headers(scope=scope).get(HEADER, "")
        identifier = offered if _ACCEPTED.fullmatch(offered) else uuid4().hex
        token = request_id.set(identifier)
        status = 0
        began = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[HEADER] = identifier
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except asyncio.CancelledError:
            # The server asks this of requests that outlast its grace when it stops, and of no others. Ending the task
            # here rather than passing it on lets the caller know.
            logger.info("request_cut_off", extra={"method": scope["method"], "route": _route(scope)})
            if not status:
                await stopping_problem(scope["path"])(scope, receive, send_with_id)
        except Exception:
            logger.exception("request_failed", extra={"method": scope["method"], "route": _route(scope)})
            if not status:
                await internal_problem(scope["path"])(scope, receive, send_with_id)
        finally:
            # Probes come every few seconds and say nothing while all is well.
            level = logging.DEBUG if scope["path"] in _QUIET and status < 400 else logging.INFO
            logger.log(
                level,
                "request",
                extra={
                    "method": scope["method"],
                    "route": _route(scope),
                    "status": status,
                    "milliseconds": round((time.perf_counter() - began) * 1000, 1),
                },
            )
            request_id.reset(token)


def _route(scope: Scope) -> str:
    """The route's template, so that what people look at is not in the log; the bare path when there was none."""
    route = scope.get("route")
    return str(getattr(route, "path", None) or "unmatched")
