"""Around every request: an id, one line of log, and an answer even when nobody foresaw the error."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from contextlib import AbstractContextManager, nullcontext
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from src.api.problems import internal_problem, stopping_problem
from src.observability import metrics, tracing
from src.observability.context import request_id

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET = frozenset({"/health", "/health/ready", "/metrics"})


class RequestContext:
    """Outermost layer. Takes the caller's request id if it is a plain word, and returns it in the response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        offered = headers.get(HEADER, "")
        identifier = offered if _ACCEPTED.fullmatch(offered) else uuid4().hex
        token = request_id.set(identifier)
        metrics.HTTP_IN_PROGRESS.inc()
        try:
            with _traced(scope, headers) as span:
                await self._answer(scope, receive, send, identifier, span)
        finally:
            metrics.HTTP_IN_PROGRESS.dec()
            request_id.reset(token)

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, identifier: str, span: tracing.Span | None
    ) -> None:
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
            seconds = time.perf_counter() - began
            metrics.request_ended(scope["method"], _route(scope), status, seconds)
            if span is not None:
                _tell(span, scope, status)
            # Probes come every few seconds and say nothing while all is well.
            level = logging.DEBUG if scope["path"] in _QUIET and status < 400 else logging.INFO
            logger.log(
                level,
                "request",
                extra={
                    "method": scope["method"],
                    "route": _route(scope),
                    "status": status,
                    "milliseconds": round(seconds * 1000, 1),
                },
            )


def _traced(scope: Scope, headers: Headers) -> AbstractContextManager[tracing.Span | None]:
    """A span around a request, inside the caller's; none around a probe."""
    if scope["path"] in _QUIET:
        return nullcontext()
    return tracing.request(metrics.known_method(scope["method"]), headers.get("traceparent"))


def _tell(span: tracing.Span, scope: Scope, status: int) -> None:
    """What a request turned out to be; the names are those of
    https://opentelemetry.io/docs/specs/semconv/http/http-spans/."""
    method, route = metrics.known_method(scope["method"]), _route(scope)
    span.rename(f"{method} {route}")
    span.note({"http.request.method": method, "http.route": route, "http.response.status_code": status})
    if status >= 500:
        span.fail(str(status))


def _route(scope: Scope) -> str:
    """The route's template, so that what people look at is not in the log; the bare path when there was none."""
    route = scope.get("route")
    return str(getattr(route, "path", None) or "unmatched")
