"""Grafana's own packages read the dashboard: its types, its units and names, and what it shows of real answers."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

import pytest

from tests.grafana import made_up
from tests.grafana.tools import GrafanaTools, grafana_tools
from tests.unit.infra import promql

pytestmark = pytest.mark.heavy

Shown = dict[str, Any]


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> GrafanaTools:
    return grafana_tools(tmp_path_factory.mktemp("grafana"))


@pytest.fixture(scope="module")
def answers(tools: GrafanaTools, tmp_path_factory: pytest.TempPathFactory) -> made_up.Answers:
    """What a real Prometheus says to every query, over an hour in which there was every series."""
    with made_up.asked(tmp_path_factory.mktemp("prometheus")) as client:
        return made_up.answers(client)


@pytest.fixture(scope="module")
def shown(tools: GrafanaTools, answers: made_up.Answers) -> Shown:
    complaints, panels = tools.draw(promql.board(), answers)
    assert complaints == []
    return panels


def spoilt(changes: dict[tuple[str, ...], object]) -> dict[str, Any]:
    """The dashboard with other values: by panel's title and the way to the value in it."""
    board = deepcopy(promql.board())
    for (title, *way, last), value in changes.items():
        (place,) = [panel for panel in board["panels"] if panel["title"] == title]
        for step in way:
            place = place[int(step)] if step.isdigit() else place[step]
        place[int(last) if last.isdigit() else last] = value
    return board


def test_its_types_have_nothing_against_it_and_find_what_grafana_would_pass_over(tools: GrafanaTools) -> None:
    board = spoilt(
        {
            ("Service", "options", "textMood"): "value",
            ("Run", "options", "colorMode"): "loud",
            ("Memory", "fieldConfig", "overrides", "0", "properties", "2", "value"): {"fill": "stripes"},
            ("Processors", "fieldConfig", "defaults", "custom", "lineThickness"): 2,
            ("Downloads", "fieldConfig", "defaults", "custom"): {"lineWidth": 1},
            ("Errors", "targets", "0", "format"): "series",
            ("Tokenize", "gridPos", "w"): "8",
            ("Models", "collapsed"): "no",
        }
    )
    board["graphTooltip"] = 3
    ours, other = tools.against_the_types(promql.board(), board)
    assert ours == []
    assert {where for where, _ in other} == {
        *("the dashboard", "Service", "Run", "Memory: custom.lineStyle", "Processors", "Downloads"),
        *("Errors", "Tokenize", "Models"),
    }


def test_its_code_finds_what_it_does_not_know(tools: GrafanaTools) -> None:
    board = spoilt(
        {
            ("Memory", "fieldConfig", "defaults", "unit"): "gigabits",
            ("Service", "fieldConfig", "defaults", "color", "mode"): "rainbow",
            ("Run", "options", "reduceOptions", "calcs"): ["newest"],
            ("Processors", "fieldConfig", "overrides", "0", "matcher", "id"): "byTitle",
            ("Tested and kept", "transformations", "0", "id"): "zip",
            ("Errors", "targets", "0", "expr"): "sum by (status (rate(up[5m]))",
        }
    )
    complaints, _ = tools.draw(board)
    assert dict(complaints) == {
        "Memory": "no unit gigabits",
        "Service": "no color mode rainbow",
        "Run": "no calculation newest",
        "Processors": "no matcher byTitle",
        "Tested and kept": "no transformation zip",
        "Errors": "PromQL, column 8: (status ",
    }


def test_an_override_for_a_name_that_no_series_has_is_found(tools: GrafanaTools, answers: made_up.Answers) -> None:
    board = spoilt({("Memory", "fieldConfig", "overrides", "0", "matcher", "options"): "the limit"})
    assert tools.draw(board, answers)[0] == [("Memory", "nothing has the name the limit")]


@pytest.mark.parametrize("panel", promql.panels(), ids=lambda panel: str(panel["title"]))
def test_a_panel_shows_each_series_under_a_name_of_its_own(shown: Shown, panel: dict[str, Any]) -> None:
    told = shown[panel["title"]]
    assert told, "it shows nothing"
    names = told[0]["columns"] if panel["type"] == "table" else [each[0] for each in told]
    assert len(set(names)) == len(names)
    assert [name for name in names if not name or re.match(r"Value|Time|\{|ai_automation_", name)] == []


@pytest.mark.parametrize(
    ("title", "columns", "row"),
    [
        (
            "Alerts that fire or are about to",
            ["Alert", "State", "Severity", "Model", "Folder", "Part"],
            ["AutomationModelLoadFailing", "firing", "one", "embedding", "/data", "one"],
        ),
        ("Tested and kept", ["kind", "tested", "kept"], ["time_of_day", "1", "1"]),
        ("Preparation of the models", ["Model", "Stage", "Failures"], ["embedding", "mining", "121"]),
    ],
)
def test_a_table_has_these_columns(shown: Shown, title: str, columns: list[str], row: list[str]) -> None:
    (table,) = shown[title]
    assert table["columns"] == columns
    assert row in table["rows"]


@pytest.mark.parametrize(
    ("title", "name", "text"),
    [
        ("Service", "Service", "up"),
        ("Last success", "Last success", "1.0 s"),
        ("Run", "Run", "in progress"),
        ("Alerts", "Alerts", "1"),
        ("Service and Home Assistant", "Home Assistant", "up"),
        ("Loaded", "embedding", "loaded"),
        ("Memory", "held", "1 GiB"),
        ("Tokenize", "embedding p95", "95.0 ms"),
        ("Requests by route", "GET one", "1 req/s"),
        ("Downloads", "reranker", "100%"),
        ("Free disk", "/data", "1 GiB"),
    ],
)
def test_a_value_is_said_in_its_unit_or_its_word(shown: Shown, title: str, name: str, text: str) -> None:
    assert text in [said for its, said, *_ in shown[title] if its == name]


def test_what_an_override_sets_is_set_on_its_series_alone(shown: Shown) -> None:
    style = {name: config["custom"].get("lineStyle") for name, _, config in shown["Memory"]}
    assert style == {"held": None, "limit": {"fill": "dash", "dash": [10, 10]}}
    sides = {name.split()[1]: config["custom"].get("axisPlacement") for name, _, config in shown["Batch sizes"]}
    assert sides == {"sequences": None, "tokens": "right"}


@pytest.mark.parametrize(("missing", "columns"), [("A", ["kind", "kept"]), ("B", ["kind", "tested"])])
def test_a_table_keeps_its_names_when_one_of_its_queries_has_no_answer(
    tools: GrafanaTools, answers: made_up.Answers, missing: str, columns: list[str]
) -> None:
    (asked,) = [panel["id"] for panel in promql.panels() if panel["title"] == "Tested and kept"]
    half = answers | {asked: answers[asked] | {missing: made_up.NOTHING}}
    (table,) = tools.draw(promql.board(), half)[1]["Tested and kept"]
    assert table["columns"] == columns


def test_before_the_first_run_it_says_so(tools: GrafanaTools, answers: made_up.Answers) -> None:
    none = {panel: dict.fromkeys(queries, made_up.NOTHING) for panel, queries in answers.items()}
    _, panels = tools.draw(promql.board(), none)
    assert {title: said for title in ("Last run", "Patterns kept", "Next night") for _, said in panels[title]} == {
        "Last run": "none yet",
        "Patterns kept": "none yet",
        "Next night": "not planned",
    }
