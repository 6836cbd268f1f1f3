"""The PromQL of the rules and of the dashboard, and the metrics that there are to ask for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from src.observability.metrics import INSTRUMENTS, REGISTRY
from src.observability.state import STATE

ROOT = Path(__file__).resolve().parents[3]
PROMETHEUS = ROOT / "infra" / "prometheus"
DASHBOARD = ROOT / "infra" / "grafana" / "dashboards" / "ai-automation-service.json"
# What Prometheus itself adds: https://prometheus.io/docs/concepts/jobs_instances/ and its alerting rules' own series.
_ADDED = {
    "up": frozenset[str](),
    "ALERTS": frozenset({"alertname", "alertstate", "severity", "model", "folder", "part"}),
}
_EVERYWHERE = frozenset({"job", "instance"})
_OPERATORS = frozenset({"and", "or", "unless", "bool", "offset"})
_LABEL_LISTS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")


@dataclass(frozen=True)
class Asked:
    """One expression.

    Attributes:
        where: the rule or the panel it belongs to.
    """

    where: str
    expression: str

    def metrics(self) -> set[str]:
        """Names of the series it reads."""
        left = _LABEL_LISTS.sub(" ", re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", self.expression))
        names = re.findall(r"(?<![\w:$.])[A-Za-z_:][\w:]*(?![\w:]|\s*\()", left)
        return set(names) - _OPERATORS

    def labels(self) -> set[str]:
        """Labels that it picks or groups by."""
        lists = ",".join(_LABEL_LISTS.findall(self.expression))
        matched = re.findall(
            r"([A-Za-z_]\w*)\s*(?:=~|!~|!=|=)\s*\"", " ".join(re.findall(r"\{[^}]*\}", self.expression))
        )
        return {label.strip() for label in lists.split(",") if label.strip()} | set(matched)

    def over(self, seconds: int) -> str:
        """With Grafana's own variables filled in, so that Prometheus takes it."""
        return re.sub(r"\$__(?:rate_interval|interval|range)\b", f"{seconds}s", self.expression)


def rules() -> list[dict[str, Any]]:
    """Every rule of every file."""
    files = sorted((PROMETHEUS / "rules").glob("*.yml"))
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def of_rules() -> list[Asked]:
    return [Asked(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules()]


def panels() -> list[dict[str, Any]]:
    """Every panel but the rows' heads."""
    return [panel for panel in board()["panels"] if panel["type"] != "row"]


def board() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return read


def of_dashboard() -> list[Asked]:
    return [Asked(panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]


@cache
def known() -> dict[str, frozenset[str]]:
    """Labels of each series that can be asked for, by name."""
    found = _ADDED | {metric.name: frozenset(metric.labels) for metric in STATE} | dict(_kept())
    for rule in rules():
        if "record" in rule:
            read = Asked(rule["record"], rule["expr"])
            found[rule["record"]] = frozenset().union(*(found.get(name, frozenset()) for name in read.metrics()))
    return {name: labels | _EVERYWHERE for name, labels in found.items()}


def _kept() -> Iterator[tuple[str, frozenset[str]]]:
    labels = {family.name: frozenset(made._labelnames) for made in INSTRUMENTS for family in made.describe()}
    for family in REGISTRY.collect():
        its = labels.get(family.name) or frozenset(label for sample in family.samples for label in sample.labels)
        if family.type == "counter":
            yield f"{family.name}_total", its
        elif family.type == "histogram":
            yield f"{family.name}_bucket", its | {"le"}
            yield f"{family.name}_sum", its
            yield f"{family.name}_count", its
        else:
            yield family.name, its
