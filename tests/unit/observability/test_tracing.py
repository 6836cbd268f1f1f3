"""Traces are off unless they are asked for; a collector that does not work costs nothing but one line of log."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from src.errors import InvalidSetting, NotFound
from src.observability import tracing
from src.observability.otlp import Exporter, headers_of, url_of
from tests.otlp_collector import Collector

REPO = Path(__file__).resolve().parents[3]

# The whole application, with a request and a span, in a process where nothing else imports the SDK.
OFF = """
import sys, tempfile, warnings
warnings.simplefilter("ignore")
from pathlib import Path
from starlette.testclient import TestClient
import src.commands.serve
from src.main import create_app
from src.observability import tracing
from tests.unit.api.fakes import world
with TestClient(create_app(world(Path(tempfile.mkdtemp())).services), base_url="http://localhost") as client:
    client.get("/runs", headers={"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"})
    with tracing.span("x", {}) as span:
        span.note({"a": 1})
heavy = ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.proto")
print(tracing.trace_id(), [name for name in sys.modules if name.startswith(heavy)])
"""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector
    tracing.stop()


def an_ended_span() -> ReadableSpan:
    kept, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    with provider.get_tracer("test").start_as_current_span("x"):
        pass
    (span,) = kept.get_finished_spans()
    return span


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.msg for record in caplog.records if record.name == "src.observability.otlp"]


def test_without_a_collector_the_sdk_is_not_even_imported() -> None:
    said = subprocess.run(
        [sys.executable, "-c", OFF],
        cwd=REPO,
        env={"PYTHONPATH": "services/ai-automation-service:."},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    assert said.splitlines()[-1] == "None []"


def test_spans_reach_the_collector_with_their_parents(collector: Collector) -> None:
    tracing.start(collector.url, "x-key=a%20b")
    with tracing.request("GET", None) as request, tracing.span("run", {"run.id": "r_1"}):
        request.rename("GET /runs")
        inside = tracing.trace_id()
    assert tracing.trace_id() is None
    tracing.stop()
    run, asked = collector.spans
    assert (run.name, run.parent, run.attributes) == ("run", asked.id, {"run.id": "r_1"})
    assert (asked.name, asked.parent, asked.trace) == ("GET /runs", "", inside)
    assert collector.paths == {"/v1/traces"}
    assert collector.headers["x-key"] == "a b"
    assert collector.resources[0]["service.name"] == "ai-automation-service"


def test_the_callers_trace_goes_on_if_it_is_one(collector: Collector) -> None:
    tracing.start(collector.url)
    for traceparent in (f"00-{'a' * 32}-{'b' * 16}-01", "rubbish", f"00-{'c' * 32}-{'d' * 16}-00"):
        with tracing.request("GET", traceparent):
            pass
    tracing.stop()
    followed, anew = collector.spans  # the third one's caller does not sample it
    assert (followed.trace, followed.parent) == ("a" * 32, "b" * 16)
    assert (len(anew.trace), anew.parent) == (32, "")


def test_of_an_error_only_its_kind_is_told(collector: Collector) -> None:
    tracing.start(collector.url)
    for error in (ValueError("light.kitchen"), NotFound("pattern", "light.kitchen")):
        with pytest.raises(type(error)), tracing.span("work", {}):
            raise error
    tracing.stop()
    assert [(span.failed, span.attributes) for span in collector.spans] == [
        (True, {"error.type": "ValueError"}),
        (True, {"error.type": "not_found"}),
    ]
    assert not any(b"kitchen" in body for body in collector.bodies)


def test_a_collector_that_is_down_is_told_once_and_when_it_is_back(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "src.observability.otlp")
    exporter, span = Exporter(f"{collector.url}/v1/traces", {}), an_ended_span()
    collector.status = 503
    assert [exporter.export([span, span]) for _ in range(3)] == [SpanExportResult.FAILURE] * 3
    assert messages(caplog) == ["traces_not_delivered"]
    assert vars(caplog.records[0])["why"] == "it answered 503"
    collector.status = 200
    assert [exporter.export([span]) for _ in range(2)] == [SpanExportResult.SUCCESS] * 2
    assert messages(caplog) == ["traces_not_delivered", "traces_delivered_again"]
    assert vars(caplog.records[1])["lost"] == 6
    exporter.shutdown()


def test_where_nothing_listens_the_work_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    exporter = Exporter("http://key:hidden-word@127.0.0.1:9/v1/traces", {"authorization": "hidden-word"})
    assert [exporter.export([an_ended_span()]) for _ in range(3)] == [SpanExportResult.FAILURE] * 3
    exporter.shutdown()
    assert messages(caplog) == ["traces_not_delivered"]
    assert "hidden-word" not in str(vars(caplog.records[0]))


def test_a_collector_that_hangs_holds_up_nobody(collector: Collector) -> None:
    collector.open.clear()
    tracing.start(collector.url)
    with tracing.span("work", {}):
        pass
    tracing.stop()
    assert collector.asked.wait(10)
    assert not collector.open.is_set()  # it has not answered, and we are here
    collector.open.set()
    for thread in threading.enumerate():
        if thread.name.startswith(("OtelBatch", "tracing-end")):
            thread.join(10)


def test_beyond_the_queue_spans_are_dropped_without_a_word(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    collector.open.clear()
    tracing.start(collector.url)
    for _ in range(3000):
        with tracing.span("work", {}):
            pass
    collector.open.set()
    tracing.stop()
    assert 0 < len(collector.spans) < 3000
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("endpoint", ["collector:4318", "ftp://x", "http://", "http://x:99999", "http://x/?a=b"])
def test_an_endpoint_that_is_none_stops_the_start(endpoint: str) -> None:
    with pytest.raises(InvalidSetting, match="OTEL_EXPORTER_OTLP_ENDPOINT"):
        tracing.check(endpoint, "")


def test_traces_go_below_the_base_address() -> None:
    assert url_of("http://collector:4318") == url_of("http://collector:4318/ ") == "http://collector:4318/v1/traces"
    assert url_of("https://x/otlp/") == "https://x/otlp/v1/traces"


def test_headers_are_pairs_with_encoded_values() -> None:
    assert headers_of("") == {}
    assert headers_of("authorization=Bearer%20a%2Cb, x-scope=home=1") == {
        "authorization": "Bearer a,b",
        "x-scope": "home=1",
    }


def test_nothing_is_left_of_a_header_that_the_client_would_refuse_and_repeat() -> None:
    assert headers_of("authorization=%20Bearer%20key%20") == {"authorization": "Bearer key"}


@pytest.mark.parametrize(
    "text",
    [
        "secret-word",
        "=secret-word",
        "a=secret-word%0Ab",
        "a b=secret-word",
        "a(b=secret-word",
        "a=ü",
        "Content-Length=7",
    ],
)
def test_headers_that_are_none_stop_the_start_and_are_not_shown(text: str) -> None:
    with pytest.raises(InvalidSetting, match="OTEL_EXPORTER_OTLP_HEADERS") as caught:
        tracing.check("http://x", text)
    assert "secret-word" not in str(caught.value)
