"""What happens, as Prometheus counts it. What is so at the moment of a scrape is in :mod:`src.observability.state`.

Labels come from closed sets: a model of the catalog, a route's template, a stage. No entity, person, home or free text
is ever one. ``docs/observability.md`` has the table, and a test fails when the two differ.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from src.domain.runs import RunTrigger
from src.observability import tracing

PREFIX = "ai_automation_"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OUTCOMES = ("succeeded", "failed", "interrupted")
UNLOADED_BECAUSE = ("idle", "asked", "memory")
PARTS = ("runs", "schedule", "models", "downloads", "live", "limits", "disk")

# A series that says when another began is one more for each, and nothing here asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]

# One of our own: the library's is shared by whatever else is imported.
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

HTTP_REQUESTS = Counter(
    f"{PREFIX}http_requests_total",
    "Requests that were answered.",
    ("method", "route", "status"),
    registry=REGISTRY,
)
HTTP_SECONDS = Histogram(
    f"{PREFIX}http_request_seconds",
    "Seconds from a request to the end of its answer.",
    ("method", "route"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
    registry=REGISTRY,
)
HTTP_IN_PROGRESS = Gauge(
    f"{PREFIX}http_requests_in_progress", "Requests that are being answered now.", registry=REGISTRY
)

REFUSED = Counter(
    f"{PREFIX}model_refused_total",
    "Questions that a model did not take because too much waited for it.",
    ("model",),
    registry=REGISTRY,
)
TOKENIZE_SECONDS = Histogram(
    f"{PREFIX}model_tokenize_seconds",
    "Seconds in which the texts of one question were made tokens.",
    ("model",),
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2),
    registry=REGISTRY,
)
INFER_SECONDS = Histogram(
    f"{PREFIX}model_infer_seconds",
    "Seconds that one batch took in the network.",
    ("model",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
BATCH_SEQUENCES = Histogram(
    f"{PREFIX}model_batch_sequences",
    "Sequences in one batch, without those that only fill it up.",
    ("model",),
    buckets=(1, 2, 4, 8, 12, 16, 24, 32),
    registry=REGISTRY,
)
BATCH_TOKENS = Histogram(
    f"{PREFIX}model_batch_tokens",
    "Tokens in one batch, padding included.",
    ("model",),
    buckets=(16, 32, 64, 128, 256, 512, 1024, 2048),
    registry=REGISTRY,
)
LOADS = Counter(f"{PREFIX}model_loads_total", "Loads of a model.", ("model", "outcome"), registry=REGISTRY)
LOAD_SECONDS = Histogram(
    f"{PREFIX}model_load_seconds",
    "Seconds of a load that succeeded, fetching and converting included.",
    ("model",),
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600),
    registry=REGISTRY,
)
UNLOADS = Counter(f"{PREFIX}model_unloads_total", "Times a model was unloaded.", ("model", "why"), registry=REGISTRY)
DOWNLOAD_FAILURES = Counter(
    f"{PREFIX}download_failures_total", "Times a model could be had from no source.", ("model",), registry=REGISTRY
)

RUNS = Counter(f"{PREFIX}runs_total", "Runs that ended.", ("trigger", "outcome"), registry=REGISTRY)
RUN_SECONDS = Histogram(
    f"{PREFIX}run_seconds",
    "Seconds of a run, however it ended.",
    ("trigger",),
    buckets=(1, 5, 15, 60, 180, 600, 1800, 3600, 7200, 14400),
    registry=REGISTRY,
)
STAGE_SECONDS = Histogram(
    f"{PREFIX}run_stage_seconds",
    "Seconds of a stage that was done.",
    ("stage",),
    buckets=(0.01, 0.1, 0.5, 1, 5, 15, 60, 180, 600, 1800, 3600),
    registry=REGISTRY,
)
SCRAPE_ERRORS = Counter(
    f"{PREFIX}scrape_errors_total",
    "Parts of a scrape that could not be read, and were left out of it.",
    ("part",),
    registry=REGISTRY,
)

INSTRUMENTS = (
    HTTP_REQUESTS,
    HTTP_SECONDS,
    HTTP_IN_PROGRESS,
    REFUSED,
    TOKENIZE_SECONDS,
    INFER_SECONDS,
    BATCH_SEQUENCES,
    BATCH_TOKENS,
    LOADS,
    LOAD_SECONDS,
    UNLOADS,
    DOWNLOAD_FAILURES,
    RUNS,
    RUN_SECONDS,
    STAGE_SECONDS,
    SCRAPE_ERRORS,
)
"""Every one of ours in the registry."""

# A rate needs the zero before the first one, so series exist from the start where their labels are known.
for _part in PARTS:
    SCRAPE_ERRORS.labels(_part)
for _trigger in RunTrigger:
    RUN_SECONDS.labels(_trigger)
    for _outcome in OUTCOMES:
        RUNS.labels(_trigger, _outcome)


class ModelMetrics:
    """What one model's use is counted by, looked up once: labels cost more than counting.

    Args:
        model: its name in the catalog.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._tokenize = TOKENIZE_SECONDS.labels(model)
        self._infer = INFER_SECONDS.labels(model)
        self._sequences = BATCH_SEQUENCES.labels(model)
        self._tokens = BATCH_TOKENS.labels(model)
        self._refused = REFUSED.labels(model)

    @contextmanager
    def tokenizing(self) -> Iterator[None]:
        """Times one question's tokenizing."""
        began = time.perf_counter()
        yield
        self._tokenize.observe(time.perf_counter() - began)

    @contextmanager
    def inferring(self, sequences: int, tokens: int) -> Iterator[None]:
        """Times one batch, and has it in the trace.

        Args:
            sequences: without those that only fill it up.
            tokens: with padding.
        """
        with tracing.span("infer", {"model": self._model, "batch.sequences": sequences, "batch.tokens": tokens}):
            began = time.perf_counter()
            yield
            self._infer.observe(time.perf_counter() - began)
        self._sequences.observe(sequences)
        self._tokens.observe(tokens)

    def refused(self) -> None:
        """A question was answered with "busy"."""
        self._refused.inc()


def expect_models(names: Iterable[str]) -> None:
    """Have the series of these models, at zero."""
    for name in names:
        ModelMetrics(name)
        LOAD_SECONDS.labels(name)
        DOWNLOAD_FAILURES.labels(name)
        for outcome in ("loaded", "failed"):
            LOADS.labels(name, outcome)
        for why in UNLOADED_BECAUSE:
            UNLOADS.labels(name, why)


def expect_stages(names: Iterable[str]) -> None:
    """Have the series of these stages, at zero."""
    for name in names:
        STAGE_SECONDS.labels(name)


@contextmanager
def loading(model: str) -> Iterator[None]:
    """Counts and times a load, and has it in the trace."""
    with tracing.span("load model", {"model": model}):
        began = time.perf_counter()
        try:
            yield
        except BaseException:
            LOADS.labels(model, "failed").inc()
            raise
        LOADS.labels(model, "loaded").inc()
        LOAD_SECONDS.labels(model).observe(time.perf_counter() - began)


def run_ended(trigger: RunTrigger, outcome: str, seconds: float | None = None) -> None:
    """A run ended.

    Args:
        outcome: one of ``OUTCOMES``.
        seconds: that it took; None: not known, as its process is gone.
    """
    RUNS.labels(trigger, outcome).inc()
    if seconds is not None:
        RUN_SECONDS.labels(trigger).observe(seconds)


def request_ended(method: str, route: str, status: int, seconds: float) -> None:
    """A request was answered.

    Args:
        route: a template, or the one word for what matched none.
        status: 0: the caller left before there was one.
    """
    method = known_method(method)
    HTTP_REQUESTS.labels(method, route, str(status) if status else "none").inc()
    HTTP_SECONDS.labels(method, route).observe(seconds)


def known_method(method: str) -> str:
    """The method, if HTTP has it: callers may send any word, and each would be a series."""
    return method if method in METHODS else "other"
