"""The alerts and recorded series: they ask for what there is, say what to do, and each is proven both ways."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from typing import Any

import pytest
import yaml

from tests.unit.infra import promql

ALERTS = {rule["alert"]: rule for rule in promql.rules() if "alert" in rule}
PROVEN = sorted((promql.PROMETHEUS / "tests").glob("*.yml"))


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool (Debian's package prometheus) is not installed")
    return found


def _anchors(page: str) -> set[str]:
    """Of its headings, as a reader of Markdown makes them."""
    text = (promql.ROOT / page).read_text()
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("asked", promql.of_rules(), ids=lambda asked: asked.where)
def test_a_rule_reads_only_series_that_exist(asked: promql.Asked) -> None:
    known = promql.known()
    assert asked.metrics() <= known.keys()
    assert asked.labels() <= frozenset().union(*(known[name] for name in asked.metrics()))


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_what_it_is_and_what_to_do(name: str) -> None:
    told = ALERTS[name]["annotations"]
    assert told["summary"].endswith(".")
    assert len(told["description"]) > len(told["summary"])
    assert ALERTS[name]["labels"]["severity"] in {"warning", "critical"}
    page, _, anchor = told["runbook_url"].partition("#")
    assert anchor in _anchors(page), f"{page} has no such section"


def test_every_alert_is_described() -> None:
    text = (promql.ROOT / "docs" / "monitoring.md").read_text()
    assert {name for name in ALERTS if f"`{name}`" not in text} == set()


@cache
def _outcomes() -> dict[str, list[Any]]:
    """What the proofs expect of each alert: alerts, or none."""
    expected: dict[str, list[Any]] = {name: [] for name in ALERTS}
    for file in PROVEN:
        for case in yaml.safe_load(file.read_text())["tests"]:
            for check in case.get("alert_rule_test", []):
                expected[check["alertname"]].append(check.get("exp_alerts", []))
    return expected


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_is_proven_to_fire_and_not_to(name: str) -> None:
    fires = [bool(alerts) for alerts in _outcomes()[name]]
    assert True in fires
    assert False in fires


def test_the_service_is_asked_where_compose_has_it() -> None:
    config = yaml.safe_load((promql.PROMETHEUS / "prometheus.yml").read_text())
    job = next(job for job in config["scrape_configs"] if job["job_name"] == "ai-automation-service")
    (target,) = job["static_configs"][0]["targets"]
    name, port = target.split(":")
    services = yaml.safe_load((promql.ROOT / "docker-compose.yml").read_text())["services"]
    assert services[name]["ports"][0].endswith(f":{port}")


@pytest.mark.heavy
def test_promtool_takes_the_configuration_and_the_rules(promtool: str) -> None:
    done = subprocess.run(
        [promtool, "check", "config", promql.PROMETHEUS / "prometheus.yml"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(promql.of_rules()) - len(ALERTS)} rules found" in done.stdout
    assert f"{len(ALERTS)} rules found" in done.stdout


@pytest.mark.heavy
@pytest.mark.parametrize("proof", PROVEN, ids=lambda file: file.stem)
def test_promtool_proves_the_alerts(promtool: str, proof: Any) -> None:
    done = subprocess.run([promtool, "test", "rules", proof], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
