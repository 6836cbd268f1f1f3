"""OpenTelemetry's part of tracing: spans are kept in a bounded queue and sent by a thread of their own.

A collector that is down, slow or hangs costs nothing but the spans: the queue drops what it has no room for, each
batch is tried once and for a few seconds, and the end of the process waits for none longer than ``FLUSH``.

The export is a POST of its own rather than the library's exporter, which would try again for longer than a stop may
take, warn at every try, and use a proxy of the environment.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import httpx
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span as OpenSpan
from opentelemetry.trace import SpanKind, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from src import __version__
from src.errors import InvalidSetting, ServiceError
from src.observability.tracing import Attributes

logger = logging.getLogger(__name__)

SERVICE = "ai-automation-service"
FLUSH = 1.5  # seconds that the end of the process waits for the last spans
_QUEUE = 2048  # spans
_BATCH = 256
_EVERY = 5.0  # seconds between two batches, unless one is full before
_TIMEOUT = httpx.Timeout(3.0)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # https://www.rfc-editor.org/rfc/rfc9110#name-tokens
_OURS = ("host", "content-length", "content-type", "transfer-encoding")  # of the request, not of the settings


class OtlpTracer:
    """Sends spans to one collector until it is stopped.

    Args:
        endpoint: base address, as ``http://collector:4318``; ``/v1/traces`` is added
            (https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp).
        headers: see :func:`headers_of`.

    Raises:
        InvalidSetting: one of the two cannot be used.
    """

    def __init__(self, endpoint: str, headers: str = "") -> None:
        # What it warns of, a full queue or a batch that failed, is said once by the exporter.
        logging.getLogger("opentelemetry").setLevel(logging.ERROR)
        self._exporter = Exporter(url_of(endpoint), headers_of(headers))
        # The exit of the interpreter must not wait for it: stop() does, for a while.
        self._provider = TracerProvider(
            resource=Resource({"service.name": SERVICE, "service.version": __version__}), shutdown_on_exit=False
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                self._exporter,
                max_queue_size=_QUEUE,
                schedule_delay_millis=_EVERY * 1000,
                max_export_batch_size=_BATCH,
            )
        )
        self._tracer = self._provider.get_tracer(SERVICE, __version__)
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, attributes: Attributes) -> Iterator[_OtlpSpan]:
        """A span in the current context."""
        with self._begin(name, None, SpanKind.INTERNAL, attributes) as made:
            yield made

    @contextmanager
    def request(self, name: str, traceparent: str | None) -> Iterator[_OtlpSpan]:
        """A span inside the caller's; the first of a new trace where the caller names none."""
        carrier = {} if traceparent is None else {"traceparent": traceparent}
        with self._begin(name, self._propagator.extract(carrier), SpanKind.SERVER, {}) as made:
            yield made

    def trace_id(self) -> str | None:
        """32 hex digits; None outside of a trace."""
        context = get_current_span().get_span_context()
        return f"{context.trace_id:032x}" if context.is_valid else None

    def stop(self) -> None:
        """Send what is left for ``FLUSH`` s at most; what is not sent then is lost."""
        ending = threading.Thread(target=self._provider.shutdown, name="tracing-end", daemon=True)
        ending.start()
        ending.join(FLUSH)
        self._exporter.give_up()

    @contextmanager
    def _begin(self, name: str, context: Context | None, kind: SpanKind, attributes: Attributes) -> Iterator[_OtlpSpan]:
        # An error's words may name entities and people, so the library must not record them.
        with self._tracer.start_as_current_span(
            name, context, kind, attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            made = _OtlpSpan(span)
            try:
                yield made
            except BaseException as error:
                made.fail(error.code if isinstance(error, ServiceError) else type(error).__name__)
                raise


class _OtlpSpan:
    """A span of the library's, behind ours."""

    def __init__(self, span: OpenSpan) -> None:
        self._span = span

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, attributes: Attributes) -> None:
        self._span.set_attributes(attributes)

    def fail(self, kind: str) -> None:
        self._span.set_status(StatusCode.ERROR)
        self._span.set_attribute("error.type", kind)


class Exporter(SpanExporter):
    """Posts spans to one address, and says once when that does not work and once when it does again.

    Nothing of the environment is trusted and no redirect followed, so that only the configured host is told.
    """

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._url = url
        self._shown = httpx.URL(url).copy_with(userinfo=b"")
        self._client = httpx.Client(headers=headers, timeout=_TIMEOUT, trust_env=False, follow_redirects=False)
        self._given_up = threading.Event()
        self._lost: int | None = None  # spans since it last worked; None while it does

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Called by the processor's thread only. Never raises."""
        if self._given_up.is_set():
            return SpanExportResult.FAILURE
        why = self._post(spans)
        if why is None:
            if self._lost is not None:
                logger.info("traces_delivered_again", extra={"collector": str(self._shown), "lost": self._lost})
            self._lost = None
            return SpanExportResult.SUCCESS
        if self._lost is None:
            logger.warning("traces_not_delivered", extra={"collector": str(self._shown), "why": why})
        self._lost = (self._lost or 0) + len(spans)
        return SpanExportResult.FAILURE

    def give_up(self) -> None:
        """Begin no further export."""
        self._given_up.set()

    def shutdown(self) -> None:
        """Called by the processor when its thread has ended, or was waited for long enough."""
        self.give_up()
        self._client.close()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing is kept here."""
        return True

    def _post(self, spans: Sequence[ReadableSpan]) -> str | None:
        """Why it was not taken; None if it was."""
        try:
            content = encode_spans(spans).SerializeToString()
            answer = self._client.post(self._url, content=content, headers={"Content-Type": "application/x-protobuf"})
        except (httpx.HTTPError, RuntimeError) as error:  # a client that was closed meanwhile raises the second
            return f"{type(error).__name__}: {error}"
        return None if answer.is_success else f"it answered {answer.status_code}"


def url_of(endpoint: str) -> str:
    """Where traces are posted to.

    Raises:
        InvalidSetting: no address of HTTP.
    """
    try:
        parts = urlsplit(endpoint.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
        valid = valid and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid:
        raise InvalidSetting(
            "OTEL_EXPORTER_OTLP_ENDPOINT", "what is set", "an address as http://collector:4318, without a query"
        )
    return f"{endpoint.strip().rstrip('/')}/v1/traces"


def headers_of(text: str) -> dict[str, str]:
    """``name=value`` by comma, as https://opentelemetry.io/docs/specs/otel/protocol/exporter/ has them.

    Raises:
        InvalidSetting: no such list. What is set is not shown: it may hold a key.
    """
    headers = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = pair.partition("=")
        # What the client would not send it repeats in its error, so nothing of that kind may get there.
        name, value = name.strip(), unquote(value).strip()
        allowed = _HEADER.fullmatch(name) and name.lower() not in _OURS
        if not (equals and allowed and value.isascii() and value.isprintable()):
            raise InvalidSetting(
                "OTEL_EXPORTER_OTLP_HEADERS", "what is set", "name=value pairs by comma, with percent-encoded values"
            )
        headers[name] = value
    return headers
