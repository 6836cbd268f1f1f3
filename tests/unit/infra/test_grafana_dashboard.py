"""The dashboard and what Grafana is provisioned with: each panel asks for what there is, and can be read."""

from __future__ import annotations

import configparser
import re
import subprocess
from itertools import combinations
from typing import Any

import pytest
import yaml

from tests.unit.infra import promql

GRAFANA = promql.ROOT / "infra" / "grafana"
# Of https://github.com/grafana/grafana/blob/v12.1.0/packages/grafana-data/src/valueFormats/categories.ts
UNITS = {"none", "s", "bytes", "percentunit", "reqps", "dateTimeFromNow"}
KINDS = {"stat", "timeseries", "bargauge", "table", "state-timeline"}
BOARD = promql.board()
PANELS = promql.panels()
ROWS = [panel["title"] for panel in BOARD["panels"] if panel["type"] == "row"]


def _titles(panel: dict[str, Any]) -> str:
    return str(panel["title"])


@pytest.mark.parametrize("asked", promql.of_dashboard(), ids=lambda asked: asked.where)
def test_a_panel_reads_only_series_that_exist(asked: promql.Asked) -> None:
    known = promql.known()
    assert asked.metrics() <= known.keys()
    assert asked.labels() <= frozenset().union(*(known[name] for name in asked.metrics()))


def test_every_metric_of_ours_is_shown_or_watched() -> None:
    ours = {name for name in promql.known() if name.startswith("ai_automation_")}
    read = {name for asked in promql.of_dashboard() + promql.of_rules() for name in asked.metrics()}

    def family(names: set[str]) -> set[str]:
        return {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}

    assert family(ours) - family(read) == set()


@pytest.mark.parametrize("panel", PANELS, ids=_titles)
def test_a_panel_can_be_read(panel: dict[str, Any]) -> None:
    assert panel["type"] in KINDS
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert steps[0]["value"] is None
    values = [step["value"] for step in steps[1:]]
    assert values == sorted(values)


@pytest.mark.parametrize("panel", PANELS, ids=_titles)
def test_a_panel_asks_the_chosen_data_source(panel: dict[str, Any]) -> None:
    assert {panel["datasource"]["uid"]} | {target["datasource"]["uid"] for target in panel["targets"]} == {
        "${datasource}"
    }
    letters = [target["refId"] for target in panel["targets"]]
    assert len(set(letters)) == len(letters)


def test_the_data_source_is_the_provisioned_one() -> None:
    (variable,) = BOARD["templating"]["list"]
    provisioned = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text())
    (source,) = provisioned["datasources"]
    assert variable["type"] == "datasource"
    assert variable["query"] == source["type"]
    assert variable["current"]["value"] == source["uid"]
    services = yaml.safe_load((promql.ROOT / "docker-compose.yml").read_text())["services"]
    assert source["url"].removeprefix("http://").split(":")[0] in services


def test_ids_are_unique_and_no_two_panels_lie_on_each_other() -> None:
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(set(ids)) == len(ids)
    taken = [(panel["title"], panel["gridPos"]) for panel in BOARD["panels"]]
    for (one, a), (other, b) in combinations(taken, 2):
        apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        below = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert apart or below, f"{one!r} and {other!r}"
    assert all(grid["x"] + grid["w"] <= 24 for _, grid in taken)


def test_rows_and_times() -> None:
    assert ROWS == ["Overview", "Runs", "Models", "Requests", "Box"]
    assert BOARD["timezone"] == "browser"
    assert BOARD["id"] is None, "an id is Grafana's to give"


def test_the_dashboard_is_the_one_that_grafana_opens() -> None:
    settings = configparser.ConfigParser()
    settings.read(GRAFANA / "grafana.ini")
    provider = yaml.safe_load((GRAFANA / "provisioning" / "dashboards" / "homeiq.yml").read_text())["providers"][0]
    home = settings["dashboards"]["default_home_dashboard_path"]
    assert home == f"{provider['options']['path']}/{promql.DASHBOARD.name}"
    mounts = yaml.safe_load((promql.ROOT / "docker-compose.yml").read_text())["services"]["grafana"]["volumes"]
    assert f"./infra/grafana/dashboards:{provider['options']['path']}:ro" in mounts


def test_nobody_looks_without_a_password() -> None:
    settings = configparser.ConfigParser()
    settings.read(GRAFANA / "grafana.ini")
    assert settings["auth.anonymous"]["enabled"] == "false"
    assert settings["users"]["allow_sign_up"] == "false"
    assert settings["analytics"]["reporting_enabled"] == "false"


@pytest.mark.parametrize("password", [None, "", "admin"])
def test_it_does_not_start_without_a_password_of_its_own(password: str | None) -> None:
    given = {} if password is None else {"GF_SECURITY_ADMIN_PASSWORD": password}
    done = _start(given)
    assert done.returncode == 78
    assert "GRAFANA_ADMIN_PASSWORD" in done.stderr
    assert "started" not in done.stdout


def test_with_one_it_starts_as_the_image_does() -> None:
    assert _start({"GF_SECURITY_ADMIN_PASSWORD": "long and own"}).stdout == "started\n"


def _start(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """start.sh, with a program in place of the image's own that only says that it was reached."""
    return subprocess.run(
        ["/bin/sh", GRAFANA / "start.sh", "started"],
        env={"PATH": "/usr/bin:/bin", "GRAFANA_RUN": "/bin/echo"} | environment,
        capture_output=True,
        text=True,
        timeout=20,
    )
