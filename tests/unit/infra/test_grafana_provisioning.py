"""What Grafana is started with agrees with itself: versions, folders, addresses, and only fields that Grafana reads."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml

from tests.unit.infra import promql

GRAFANA = promql.ROOT / "infra" / "grafana"
TOOLS = promql.ROOT / "tests" / "grafana"
# https://grafana.com/docs/grafana/v12.1/administration/provisioning/
OF_A_SOURCE = {
    *("orgId", "name", "type", "uid", "access", "url", "user", "database", "basicAuth", "basicAuthUser"),
    *("withCredentials", "isDefault", "version", "editable", "correlations", "jsonData", "secureJsonData"),
}
OF_A_PROVIDER = {
    *("name", "orgId", "type", "folder", "folderUid", "disableDeletion", "updateIntervalSeconds", "allowUiUpdates"),
    *("editable", "options"),
}
# https://grafana.com/docs/grafana/v12.1/datasources/prometheus/configure/
OF_PROMETHEUS = {
    *("timeInterval", "queryTimeout", "httpMethod", "customQueryParameters", "disableMetricsLookup", "manageAlerts"),
    *("exemplarTraceIdDestinations", "prometheusType", "prometheusVersion", "cacheLevel", "defaultEditor"),
    *("incrementalQuerying", "incrementalQueryOverlapWindow", "disableRecordingRules", "seriesEndpoint"),
}
# Where the image looks: https://grafana.com/docs/grafana/v12.1/setup-grafana/configure-docker/
PROVISIONING = PurePosixPath("/etc/grafana/provisioning")
SETTINGS = PurePosixPath("/etc/grafana/grafana.ini")


def read(path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((promql.ROOT / path).read_text("utf-8"))
    return loaded


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    loaded: dict[str, Any] = read("docker-compose.yml")["services"]
    return loaded


@pytest.fixture(scope="module")
def mounts(services: dict[str, Any]) -> dict[PurePosixPath, str]:
    """What lies where in Grafana's container."""
    bound = [mount.split(":") for mount in services["grafana"]["volumes"] if mount.startswith("./")]
    assert all(how == "ro" for *_, how in bound)
    return {PurePosixPath(inside): outside for outside, inside, _ in bound}


def test_only_fields_that_grafana_reads_are_provisioned() -> None:
    sources = read("infra/grafana/provisioning/datasources/prometheus.yml")
    (source,) = sources["datasources"]
    (provider,) = (providers := read("infra/grafana/provisioning/dashboards/homeiq.yml"))["providers"]
    assert set(sources) | set(providers) == {"apiVersion", "datasources", "providers"}
    assert (sources["apiVersion"], providers["apiVersion"]) == (1, 1)
    assert source.keys() <= OF_A_SOURCE
    assert source["jsonData"].keys() <= OF_PROMETHEUS
    assert provider.keys() <= OF_A_PROVIDER
    assert provider["options"].keys() <= {"path", "foldersFromFilesStructure"}


def test_every_file_for_grafana_is_there_and_lies_where_it_looks(mounts: dict[PurePosixPath, str]) -> None:
    assert all((promql.ROOT / outside).exists() for outside in mounts.values())
    for kind in ("datasources", "dashboards"):
        assert mounts[PROVISIONING / kind] == f"./infra/grafana/provisioning/{kind}"
    assert mounts[SETTINGS] == "./infra/grafana/grafana.ini"
    (provider,) = read("infra/grafana/provisioning/dashboards/homeiq.yml")["providers"]
    folder = promql.ROOT / mounts[PurePosixPath(provider["options"]["path"])]
    assert promql.DASHBOARD.resolve() in [path.resolve() for path in folder.glob("*.json")]


def test_its_entrypoint_lies_where_compose_calls_it(services: dict[str, Any], mounts: dict[PurePosixPath, str]) -> None:
    shell, script = services["grafana"]["entrypoint"]
    assert shell == "/bin/sh"
    assert mounts[PurePosixPath(script)] == "./infra/grafana/start.sh"


def test_the_data_source_is_prometheus_as_compose_runs_it(services: dict[str, Any]) -> None:
    (source,) = read("infra/grafana/provisioning/datasources/prometheus.yml")["datasources"]
    host, port = source["url"].removeprefix("http://").split(":")
    assert "--web.listen-address" not in " ".join(services[host]["command"]), "then it is not Prometheus' own port"
    assert port == services[host]["ports"][0].rsplit(":", 1)[1] == "9090"
    assert services["grafana"]["profiles"] == services[host]["profiles"]
    assert set(services["grafana"].get("networks", ["default"])) & set(services[host].get("networks", ["default"]))
    assert source["access"] == "proxy", "a browser does not know the name"
    assert source["jsonData"]["timeInterval"] == read("infra/prometheus/prometheus.yml")["global"]["scrape_interval"]


def test_the_dashboard_is_read_by_grafanas_tools_of_the_same_version(services: dict[str, Any]) -> None:
    version = services["grafana"]["image"].split(":")[1]
    asked = json.loads((TOOLS / "package.json").read_text("utf-8"))["devDependencies"]
    locked = json.loads((TOOLS / "package-lock.json").read_text("utf-8"))["packages"]
    ours = {name for name in asked if name.startswith("@grafana/")}
    assert {asked[name] for name in ours} == {version}
    assert {locked[f"node_modules/{name}"]["version"] for name in ours} == {version}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", each) for each in asked.values())


def test_the_tools_are_pinned_by_content_and_come_from_whatever_registry_npm_is_set_to() -> None:
    locked = json.loads((TOOLS / "package-lock.json").read_text("utf-8"))["packages"]
    named = {name: package for name, package in locked.items() if name}
    assert [name for name, package in named.items() if not package.get("integrity")] == []
    assert [name for name, package in named.items() if "resolved" in package] == []
