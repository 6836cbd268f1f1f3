"""The whole service with a collector: what of a run arrives there, what the log says of it, and what neither may say.

The home's words are such as no code of ours holds, and are looked for in everything that leaves the service for
whoever watches it: the metrics, and every byte that the collector was sent.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import src.api.services
from src.analysis.pipeline import DetectRequest
from src.api.services import Services, open_services
from src.domain.runs import RunTrigger
from src.logging_setup import JsonLines
from src.main import create_app
from src.models.catalog.model_catalog import Catalog
from src.models.model_manager import ModelManager
from src.settings import Settings
from tests.otlp_collector import Collector, TracedSpan
from tests.unit.models.conftest import _prepared, catalog, prepared  # noqa: F401 - fixtures

with warnings.catch_warnings():
    # starlette prefers another client library and says so once, on import; ours is pinned.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

# In names of entities, rooms and people, in questions, and in paths that are asked for.
WORDS = ("quasten", "flosser", "rumpel", "kammer", "wendel", "gard", "glimmer", "knister", "bert", "zwiebel")
TRACE = f"00-{'a1' * 16}-{'b2' * 8}-01"
LAMP = "light.quastenflosser_rumpelkammer"


def write_home(folder: Path) -> Path:
    """Ten weeks in which somebody switches a lamp on at ten past seven, on weekdays."""
    rng = random.Random(7)
    rows = ["timestamp,entity_id,state,origin"]
    for day in range(70):
        morning = datetime(2026, 3, 2, 7, 10, tzinfo=UTC) + timedelta(days=day)
        if morning.weekday() < 5:
            on = morning + timedelta(minutes=rng.uniform(-4, 4))
            rows.append(f"{on.isoformat()},{LAMP},on,user")
            rows.append(f"{(on + timedelta(minutes=rng.uniform(25, 45))).isoformat()},{LAMP},off,user")
        noise = morning + timedelta(minutes=rng.uniform(60, 900))
        rows.append(f"{noise.isoformat()},person.wendelgard,{rng.choice(('home', 'not_home'))},device")
    (folder / "home.csv").write_text("\n".join(rows) + "\n")
    (folder / "entities.csv").write_text(
        "entity_id,name,area,device_class,unit\n"
        f"{LAMP},Quastenflosser Lampe,Rumpelkammer,,\n"
        "person.wendelgard,Wendelgard Knisterbert,,,\n"
    )
    return folder / "home.csv"


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """Everything that is logged meanwhile, as it is written."""
    written: list[dict[str, Any]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(self.format(record)))

    handler, root = Kept(), logging.getLogger()
    handler.setFormatter(JsonLines())
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture
def services(
    tmp_path: Path,
    prepared: Path,  # noqa: F811
    catalog: Catalog,  # noqa: F811
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
) -> Services:
    """The service before it has read anything, with tiny models; of the classifier there is none."""
    monkeypatch.setattr(src.api.services, "ModelManager", lambda settings: ModelManager(settings, catalog=catalog))
    # What the framework would do by itself, if it were let.
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    return open_services(
        Settings(
            data_dir=tmp_path / "data",
            models_dir=prepared,
            quantization="int8_weights",
            hf_hub_offline=True,
            inference_threads=1,
            exclude_users="Zwiebelbert",
            tz="UTC",
            otel_exporter_otlp_endpoint=collector.url,
        )
    )


def named(spans: list[TracedSpan], name: str) -> TracedSpan:
    (found,) = [span for span in spans if span.name == name]
    return found


def run_of(spans: list[TracedSpan], run_id: str) -> TracedSpan:
    # There may be another: the night that is made up for at the start.
    return named([span for span in spans if span.attributes.get("run.id") == run_id], "run")


def test_a_run_can_be_followed_from_its_request_to_its_end_and_names_nobody(
    services: Services, collector: Collector, lines: list[dict[str, Any]], tmp_path: Path
) -> None:
    home = {"history": str(write_home(tmp_path)), "entities": str(tmp_path / "entities.csv")}
    with TestClient(create_app(services), base_url="http://localhost:8018") as client:
        answer = client.post(
            "/patterns/detect",
            json={**home, "wait": True, "interest": "Glimmerstunde sparen"},
            headers={"traceparent": TRACE, "X-Request-ID": "asked-1"},
        )
        assert answer.status_code == 200, answer.text
        run = answer.json()["run"]
        assert "Quastenflosser" in answer.text, "the home has a routine, with its name"
        client.post("/patterns/search", json={"question": "Was tut Wendelgard in der Rumpelkammer?"})
        client.get(f"/runs/{run['id']}/whys", params={"entity_id": LAMP})
        client.get("/patterns/quastenflosser")
        client.post("/patterns/detect", json={"wait": True, "history": str(tmp_path / "glimmer.csv")})
        client.get(f"/no/such/{LAMP}")
        scraped = client.get("/metrics").text
    spans = collector.spans

    asked = named([span for span in spans if span.trace == "a1" * 16], "POST /patterns/detect")
    assert asked.parent == "b2" * 8
    assert asked.attributes["http.response.status_code"] == 200
    ran = run_of(spans, run["id"])
    assert (ran.trace, ran.parent) == (asked.trace, asked.id)
    assert ran.attributes == {"run.id": run["id"], "run.trigger": "api"}
    stages = {span.name.removeprefix("stage ") for span in spans if span.parent == ran.id}
    assert stages == {"look", "import", *run["timings"], "publish"}
    by_id = {span.id: span for span in spans}
    loads = [span for span in spans if span.name == "load model" and span.trace == asked.trace]
    assert {span.attributes["model"] for span in loads if not span.failed} == {"embedding", "reranker"}
    assert {span.attributes["model"] for span in loads if span.failed} == {"classifier"}
    assert all(by_id[span.parent].name.startswith("stage ") for span in loads)
    batches = [span for span in spans if span.name == "infer" and by_id[span.parent].name == "stage embed"]
    assert batches
    assert {span.attributes["model"] for span in batches} == {"embedding"}
    assert not any(span.name.endswith(("/metrics", "/health")) for span in spans)
    assert collector.paths == {"/v1/traces"}

    of_run = [line for line in lines if line.get("run_id") == run["id"]]
    assert {"src.jobs.runner", "src.models.loader", "src.models.prepare.acquire"} <= {line["logger"] for line in of_run}
    assert {(line["request_id"], line["trace_id"]) for line in of_run} == {("asked-1", asked.trace)}
    assert [line["event"] for line in lines if line.get("request_id") == "asked-1" and "run_id" not in line] == [
        "request"
    ]

    assert 'ai_automation_patterns_kept{kind="time_of_day"}' in scraped
    assert 'ai_automation_run_stage_seconds_count{stage="mine"}' in scraped
    sent = b"".join(collector.bodies).decode("utf-8", "replace")
    for told in (scraped, sent, *collector.headers.values()):
        assert [word for word in WORDS if word in told.lower()] == []


def test_a_run_that_nobody_asked_for_belongs_to_no_request(
    services: Services, collector: Collector, lines: list[dict[str, Any]], tmp_path: Path
) -> None:
    request = DetectRequest(history=str(write_home(tmp_path)))
    with TestClient(create_app(services)):
        run = services.runner.submit(request, trigger=RunTrigger.NIGHTLY, night="2026-05-11").run
        services.runner.wait(run.id)
    of_run = [line for line in lines if line.get("run_id") == run.id]
    assert "run_succeeded" in {line["event"] for line in of_run}
    assert not any("request_id" in line for line in of_run)
    ran = run_of(collector.spans, run.id)
    assert (ran.parent, ran.attributes["run.trigger"]) == ("", "nightly")
    assert {line["trace_id"] for line in of_run if "trace_id" in line} == {ran.trace}


def test_a_collector_that_hangs_does_not_hold_up_the_end(services: Services, collector: Collector) -> None:
    collector.open.clear()
    with TestClient(create_app(services), base_url="http://localhost:8018") as client:
        client.get("/runs")
    assert collector.asked.wait(10)
    assert not collector.open.is_set()  # it still has not answered, and the service has ended
    collector.open.set()
    for thread in threading.enumerate():
        if thread.name.startswith(("OtelBatch", "tracing-end", "closing-")):
            thread.join(10)
