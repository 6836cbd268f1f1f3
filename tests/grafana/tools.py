"""Grafana's own packages, which ``make grafana-tools`` installs, as Python calls them."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
Complaint = tuple[str, str]
"""What it is about, and what is wrong."""


@dataclass(frozen=True)
class GrafanaTools:
    """What there is to ask.

    Attributes:
        node: the program.
        shown: shown.mjs and what it needs of Grafana in one file.
    """

    node: str
    shown: Path

    def against_the_types(self, *boards: dict[str, Any]) -> list[list[Complaint]]:
        """What TypeScript has against each of the dashboards."""
        return [_complaints(each) for each in self._run(HERE / "types.mjs", boards)]

    def draw(
        self, board: dict[str, Any], answers: dict[int, dict[str, Any]] | None = None
    ) -> tuple[list[Complaint], dict[str, Any]]:
        """What Grafana's code has against a dashboard, and what its panels show of the answers, by title."""
        told = self._run(self.shown, {"board": board, "answers": answers})
        return _complaints(told["complaints"]), told["panels"]

    def _run(self, script: Path, given: object) -> Any:
        done = subprocess.run(
            [self.node, script], input=json.dumps(given), capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def _complaints(told: list[dict[str, str]]) -> list[Complaint]:
    return [(each["where"], each["said"]) for each in told]


def grafana_tools(folder: Path) -> GrafanaTools:
    """Those that are installed, ready to be asked; without them the test skips."""
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules" / ".installed").exists():
        pytest.skip("no Grafana packages here: `make grafana-tools` installs them (Node.js 20 or newer, npm)")
    shown = folder / "shown.mjs"
    subprocess.run([node, HERE / "bundle.mjs", shown], check=True, timeout=120)
    return GrafanaTools(node, shown)
