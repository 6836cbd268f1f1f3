"""A real Prometheus over made-up series: one of each name and label that the dashboard may ask for."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from tests.e2e.test_serving import free_port
from tests.unit.infra import promql

Answers = dict[int, dict[str, Any]]
"""Prometheus' answers by panel's id and query's letter."""
NOTHING = {"resultType": "vector", "result": []}
STEP = 30
"""Seconds between samples, as prometheus.yml scrapes."""
END = 1_750_000_020
"""The dashboard's now: seconds since the epoch, UTC."""
START = END - 3600
LABELS = {
    "alertname": ("AutomationModelLoadFailing", "AutomationDiskLow"),
    "alertstate": ("firing", "pending"),
    "folder": ("/data", "/app/models"),
    "instance": ("ai-automation-service:8018",),
    "job": ("ai-automation-service",),
    "kind": ("time_of_day", "sequence"),
    "method": ("GET", "POST"),
    "model": ("embedding", "reranker"),
    "outcome": ("succeeded", "failed", "interrupted"),
    "stage": ("mining", "embedding"),
    "status": ("200", "500"),
    "trigger": ("schedule", "request"),
}
_ANY = ("one", "two")
_BUCKETS = ("0.1", "1", "+Inf")
_COUNTER = ("_total", "_sum", "_count", "_bucket")
_BY = re.compile(r"\bby \(([^)]*)\)")


def series() -> Iterator[str]:
    """OpenMetrics lines: every known series of the service, of its rules and of Prometheus, by each label's values.

    A counter grows by the sample, an instant is the dashboard's now, an amount of bytes is 1 GiB, and the rest is 1.
    """
    recorded = {rule["record"]: _BY.search(rule["expr"]) for rule in promql.rules() if "record" in rule}
    for name, known in sorted(promql.known().items()):
        by = recorded.get(name)
        labels = sorted(known - {"le"}) if by is None else by[1].split(", ")
        values = [LABELS.get(label, _ANY) for label in labels]
        buckets = [("le", bucket) for bucket in _BUCKETS] if name.endswith("_bucket") else [None]
        for at in range(max(map(len, values))):
            own = [(label, its[at % len(its)]) for label, its in zip(labels, values, strict=True)]
            for bucket in buckets:
                text = ",".join(f'{label}="{value}"' for label, value in [*own, *filter(None, [bucket])])
                for number, time in enumerate(range(START, END + 1, STEP)):
                    yield f"{name}{{{text}}} {_value(name, at, number)} {time}"


def _value(name: str, at: int, number: int) -> int:
    if name.endswith(_COUNTER):
        return (number + 1) * (at + 1)
    if name.endswith("_timestamp_seconds"):
        return END
    return 2**30 if name.endswith("_bytes") else 1


@contextmanager
def asked(folder: Path) -> Iterator[httpx.Client]:
    """A Prometheus that holds them; skipped where it is not installed."""
    program, tool = shutil.which("prometheus"), shutil.which("promtool")
    if program is None or tool is None:
        pytest.skip("prometheus (Debian's package prometheus) is not installed")
    text = folder / "series.txt"
    text.write_text("\n".join(series()) + "\n# EOF\n")
    made = [tool, "tsdb", "create-blocks-from", "openmetrics", str(text), str(folder / "data")]
    subprocess.run(made, check=True, capture_output=True, timeout=120)
    config = folder / "prometheus.yml"
    config.write_text("{}\n")
    address = f"127.0.0.1:{free_port()}"
    command = [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={address}",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--storage.tsdb.retention.time=100y"], stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://{address}/api/v1/", trust_env=False, timeout=20) as client:
            for _ in range(600):
                with suppress(httpx.TransportError):
                    if client.get("/status/buildinfo").status_code == 200:
                        break
                assert process.poll() is None, (folder / "log").read_text()
                Event().wait(0.1)
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def answers(client: httpx.Client) -> Answers:
    """Those to each query of the dashboard, over an hour."""
    return {
        panel["id"]: {target["refId"]: _answer(client, panel["title"], target) for target in panel["targets"]}
        for panel in promql.panels()
    }


def _answer(client: httpx.Client, title: str, target: dict[str, Any]) -> Any:
    # Four scrapes is what Grafana takes for $__rate_interval at least.
    query = promql.Asked(title, target["expr"]).over(4 * STEP)
    if target["instant"]:
        answer = client.get("query", params={"query": query, "time": END})
    else:
        answer = client.get("query_range", params={"query": query, "start": START, "end": END, "step": STEP})
    assert answer.status_code == 200, f"{query}: {answer.text}"
    return answer.json()["data"]
