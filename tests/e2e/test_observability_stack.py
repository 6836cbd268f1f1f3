"""A real Prometheus with our configuration and rules asks a real service; the dashboard's questions have answers."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from tests.e2e.program import Program, wait_for_line
from tests.e2e.test_serving import free_port
from tests.unit.infra import promql

pytestmark = pytest.mark.heavy

# What has no answer for a service that has run once, with no hub to fetch from and no Home Assistant.
SILENT_PANELS = {
    "ai_automation_live_connected": "no Home Assistant is set",
    "ai_automation_live_events_total": "no Home Assistant is set",
    "ai_automation_live_last_event_timestamp_seconds": "no Home Assistant is set",
    "ai_automation_download_bytes": "the size of what could not be found is not known",
    'status=~"[45].."': "no request failed",
}
# The reranker and the classifier cannot be had here, and that is what this alert is for.
FIRING = "AutomationModelLoadFailing"


@dataclass(frozen=True)
class Prometheus:
    """One that runs."""

    client: httpx.Client

    def get(self, path: str, **parameters: str) -> Any:
        """Its API's answer; fails when that is an error."""
        answer = self.client.get(f"/api/v1/{path}", params=parameters)
        assert answer.status_code == 200, f"{parameters}: {answer.text}"
        said = answer.json()
        assert said["status"] == "success", said
        assert not said.get("warnings"), said
        return said["data"]

    def ask(self, expression: str) -> list[Any]:
        found: list[Any] = self.get("query", query=expression)["result"]
        return found

    def until(self, happened: Callable[[], bool], what: str) -> None:
        for _ in range(600):
            if happened():
                return
            Event().wait(0.1)
        raise AssertionError(f"never: {what}")


@contextmanager
def prometheus(folder: Path, service: str) -> Iterator[Prometheus]:
    """Ours, but with its targets on loopback and every wait a second; skipped where it is not installed."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus (Debian's package prometheus) is not installed")
    address = f"127.0.0.1:{free_port()}"
    shutil.copytree(promql.PROMETHEUS, folder)
    config = folder / "prometheus.yml"
    text = config.read_text()
    here = {
        "ai-automation-service:8018": service,
        "localhost:9090": address,
        "scrape_interval: 30s": "scrape_interval: 1s",
        "scrape_timeout: 10s": "scrape_timeout: 1s",
        "evaluation_interval: 30s": "evaluation_interval: 1s",
    }
    for theirs, ours in here.items():
        assert text.count(theirs) == 1, theirs
        text = text.replace(theirs, ours)
    config.write_text(text)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={config}",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address={address}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        with httpx.Client(base_url=f"http://{address}", trust_env=False, timeout=20) as client:
            for _ in range(600):
                with suppress(httpx.TransportError):
                    if client.get("/-/ready").status_code == 200:
                        break
                assert process.poll() is None, (folder / "log").read_text()
                Event().wait(0.1)
            yield Prometheus(client)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, models_dir: Path, demo: Path) -> Iterator[Prometheus]:
    """A Prometheus that has asked, for some scrapes, a service which found the demo home's routines."""
    program = Program(tmp_path_factory.mktemp("home"), models_dir)
    with program.started("serve", "--port", str(free_port())) as process:
        url = wait_for_line(process, "http://")
        url = url[url.index("http://") :].split()[0].rstrip("/")
        name = url.removeprefix("http://")
        with (
            prometheus(tmp_path_factory.mktemp("prometheus") / "ours", name) as asking,
            httpx.Client(base_url=url, timeout=120, trust_env=False) as client,
        ):
            # A rate needs what was before, so the history comes after: with one, a night would be made up for at once.
            asking.until(lambda: bool(asking.ask("count_over_time(ai_automation_info[1m]) >= 2")), "two scrapes")
            assert program("import", demo).code == 0
            assert client.post("/patterns/detect", json={"wait": True}).status_code == 200
            runs = 'increase(ai_automation_runs_total{outcome="succeeded"}[5m]) > 0'
            asking.until(lambda: bool(asking.ask(runs)), "a scrape after the run")
            asking.until(lambda: all(rule["health"] == "ok" for rule in _rules(asking)), "every rule evaluated")
            recorded = [each.where for each in promql.of_rules() if ":" in each.where]
            asking.until(lambda: all(asking.ask(name) for name in recorded), "every series recorded")
            asking.until(lambda: bool(asking.ask("ALERTS")), "the alerts")
            yield asking


def _rules(asking: Prometheus) -> list[Any]:
    return [rule for group in asking.get("rules")["groups"] for rule in group["rules"]]


def test_both_targets_are_up(watched: Prometheus) -> None:
    targets = watched.get("targets")["activeTargets"]
    assert {(target["labels"]["job"], target["health"], target["lastError"]) for target in targets} == {
        ("ai-automation-service", "up", ""),
        ("prometheus", "up", ""),
    }


def test_the_service_answers_to_the_name_it_has_in_compose(watched: Prometheus) -> None:
    (target,) = [each for each in watched.get("targets")["activeTargets"] if "ai-automation" in each["scrapePool"]]
    answer = httpx.get(target["scrapeUrl"], headers={"Host": "ai-automation-service:8018"}, trust_env=False)
    assert answer.status_code == 200
    assert "ai_automation_info" in answer.text


def test_every_rule_is_loaded_and_healthy(watched: Prometheus) -> None:
    rules = _rules(watched)
    assert {rule["name"] for rule in rules} == {asked.where for asked in promql.of_rules()}
    assert {rule["name"]: rule.get("lastError") for rule in rules if rule["health"] != "ok"} == {}


def test_only_the_models_that_cannot_be_had_raise_an_alert(watched: Prometheus) -> None:
    watched.until(lambda: len(watched.ask("ALERTS")) == 2, "the alerts")
    alerts = watched.get("alerts")["alerts"]
    assert {(alert["labels"]["alertname"], alert["labels"]["model"], alert["state"]) for alert in alerts} == {
        (FIRING, "reranker", "firing"),
        (FIRING, "classifier", "firing"),
    }
    assert alerts[0]["annotations"]["description"].startswith(alerts[0]["labels"]["model"])


@pytest.mark.parametrize("asked", promql.of_rules(), ids=lambda asked: asked.where)
def test_a_rule_has_an_answer(watched: Prometheus, asked: promql.Asked) -> None:
    recorded = ":" in asked.where
    assert bool(watched.ask(asked.expression)) is (recorded or asked.where == FIRING)


@pytest.mark.parametrize("asked", promql.of_dashboard(), ids=lambda asked: f"{asked.where}: {asked.expression[:40]}")
def test_a_panel_has_an_answer(watched: Prometheus, asked: promql.Asked) -> None:
    silent = any(part in asked.expression for part in SILENT_PANELS)
    assert bool(watched.ask(asked.over(300))) is not silent, asked.expression
