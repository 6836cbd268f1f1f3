"""The image as it is built: what is in it, what is not, and what it runs as."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docker.engine import Done, Engine
from tests.docker.image import exported_files, unpacked_size

pytestmark = pytest.mark.heavy

MEGABYTE = 1_000_000
LARGEST = 700 * MEGABYTE


def run(engine: Engine, image: str, *command: str) -> Done:
    """A command in a container as locked as the compose file has it."""
    locked = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--network", "none", "--rm"]
    return engine("run", *locked, image, *command, check=False)


def test_it_says_what_it_is(docker_engine: Engine, service_image: str) -> None:
    labels = docker_engine.inspect("image", service_image)["Config"]["Labels"]
    stated = {name.removeprefix("org.opencontainers.image."): value for name, value in labels.items()}
    assert stated["title"] == "ai-automation-service"
    assert stated["licenses"] == "Apache-2.0"
    assert re.fullmatch(r"\d+\.\d+\.\d+", stated["version"])
    assert {"description", "source", "revision", "created", "base.name"} <= stated.keys()


def test_it_has_at_most_700_megabytes(docker_engine: Engine, service_image: str) -> None:
    assert docker_engine.inspect("image", service_image)["Size"] <= LARGEST
    assert unpacked_size(docker_engine, service_image) <= LARGEST


def test_it_is_nobody_in_particular_and_can_change_nothing(docker_engine: Engine, service_image: str) -> None:
    assert run(docker_engine, service_image, "id", "-u").out.strip() == "10001"
    for place in ("/app/x", "/app/src/x", "/opt/venv/x", "/etc/x"):
        refused = run(docker_engine, service_image, "touch", place)
        assert refused.code != 0
        assert "Read-only file system" in refused.err
    unlocked = docker_engine("run", "--rm", "--network", "none", service_image, "touch", "/app/src/x", check=False)
    assert "Permission denied" in unlocked.err


def test_the_line_of_the_documentation_works_in_app(docker_engine: Engine, service_image: str) -> None:
    line = "from src.models.model_manager import get_model_manager; print(get_model_manager().get_model_info())"
    told = run(docker_engine, service_image, "python", "-c", line)
    assert told.code == 0, told.err
    for word in ("all-MiniLM-L6-v2", "bge-reranker-base", "flan-t5-small"):
        assert word in told.out


def test_it_has_no_pytorch_no_compiler_and_no_pip_of_its_own(docker_engine: Engine, service_image: str) -> None:
    for package in ("torch", "transformers", "optimum", "sentence_transformers", "nncf"):
        assert "ModuleNotFoundError" in run(docker_engine, service_image, "python", "-c", f"import {package}").err
    for program in ("gcc", "cc", "g++", "make", "git", "curl", "wget"):
        assert run(docker_engine, service_image, "sh", "-c", f"command -v {program}").out == ""


def test_no_layer_has_caches_sources_of_secrets_or_what_only_development_needs(
    docker_engine: Engine, service_image: str, tmp_path: Path
) -> None:
    layers = exported_files(docker_engine, service_image, tmp_path)
    _, *ours = layers.values()  # the first is the base
    names = [name for layer in ours for name in layer]
    assert any(name.endswith("app/src/main.py") for name in names)
    forbidden = re.compile(
        r"(^|/)(\.env|\.git|\.netrc|id_rsa|pip\.conf|\.cache/.+|\.pytest_cache|tests?/test_[^/]*\.py|Dockerfile)$"
        r"|\.(key|p12)$|^(root|home)/."
    )
    assert [name for name in names if forbidden.search(name)] == []


def test_its_history_shows_no_token(docker_engine: Engine, service_image: str) -> None:
    history = docker_engine("history", "--no-trunc", "--format", "{{.CreatedBy}}", service_image).out
    environment = "\n".join(docker_engine.inspect("image", service_image)["Config"]["Env"])
    assert "src.cli" in history
    assert not re.search(r"(?i)(token|password|secret|api_?key)\s*[=:]\s*\S", history + environment)
