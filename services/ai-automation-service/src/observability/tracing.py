"""Traces, if a collector is set: spans of requests, runs, stages, model loads and batches.

OpenTelemetry's SDK is imported when tracing starts and not before. Without it a span is nothing, at next to no cost.

No entity, person, sentence or question goes into a span: its attributes are ids of runs, names of models and stages,
numbers, and the class of an error, never its words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Attributes = Mapping[str, str | int | float]


class Span(Protocol):
    """One piece of work in a trace."""

    def rename(self, name: str) -> None:
        """Give it the name that was not known when it began."""

    def note(self, attributes: Attributes) -> None:
        """Add what was found out meanwhile."""

    def fail(self, kind: str) -> None:
        """It did not succeed; of the error only its kind is told."""


class Tracer(Protocol):
    """Makes spans and has them sent."""

    def span(self, name: str, attributes: Attributes) -> AbstractContextManager[Span]: ...

    def request(self, name: str, traceparent: str | None) -> AbstractContextManager[Span]: ...

    def trace_id(self) -> str | None: ...

    def stop(self) -> None: ...


class _Nothing:
    """The span of what is not traced."""

    def rename(self, name: str) -> None: ...

    def note(self, attributes: Attributes) -> None: ...

    def fail(self, kind: str) -> None: ...


_NOTHING = _Nothing()
_tracer: Tracer | None = None


def check(endpoint: str, headers: str) -> None:
    """Raises InvalidSetting: :func:`start` would."""
    if endpoint:
        from src.observability.otlp import headers_of, url_of

        url_of(endpoint)
        headers_of(headers)


def start(endpoint: str, headers: str = "") -> None:
    """Send spans to a collector from now on; without an endpoint nothing happens.

    Args:
        endpoint: base address of its OTLP over HTTP.
        headers: to send along, ``name=value`` by comma, values percent-encoded.

    Raises:
        InvalidSetting: one of the two cannot be used.
    """
    global _tracer
    if not endpoint:
        return
    from src.observability.otlp import OtlpTracer

    stop()
    _tracer = OtlpTracer(endpoint, headers)


def stop() -> None:
    """Send what is left, if the collector takes it at once, and make no more spans."""
    global _tracer
    tracer, _tracer = _tracer, None
    if tracer is not None:
        tracer.stop()


@contextmanager
def span(name: str, attributes: Attributes) -> Iterator[Span]:
    """A span around a piece of work, inside the one around it; an error that ends the work ends it as failed."""
    tracer = _tracer
    if tracer is None:
        yield _NOTHING
        return
    with tracer.span(name, attributes) as made:
        yield made


@contextmanager
def request(name: str, traceparent: str | None) -> Iterator[Span]:
    """A span around a request; inside the caller's, where the caller named it.

    Args:
        traceparent: as https://www.w3.org/TR/trace-context/#traceparent-header; one that is not is ignored.
    """
    tracer = _tracer
    if tracer is None:
        yield _NOTHING
        return
    with tracer.request(name, traceparent) as made:
        yield made


def trace_id() -> str | None:
    """Of the trace that the code at hand is in, 32 hex digits; None: in none."""
    tracer = _tracer
    return None if tracer is None else tracer.trace_id()
