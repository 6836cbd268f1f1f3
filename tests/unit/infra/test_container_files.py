"""Dockerfile, compose file and .env.example agree with each other and with the table of settings."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from src.settings import Settings
from tests.docker.engine import find_compose

REPO = Path(__file__).resolve().parents[3]
DOCKERFILE = REPO / "services/ai-automation-service/Dockerfile"
SERVICE = "ai-automation-service"
# What the image decides: where things are inside of it.
INSIDE = {"HOST", "PORT", "DATA_DIR", "MODELS_DIR", "MODEL_CONVERT_PYTHON", "SUPERVISOR_TOKEN"}
TO_BE_SET = {name.upper() for name in Settings.model_fields} - INSIDE
EXAMPLE = (REPO / ".env.example").read_text("utf-8")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((REPO / "docker-compose.yml").read_text("utf-8"))
    return loaded


def offered(text: str) -> dict[str, str]:
    return dict(re.findall(r"^#([A-Z_]+)=(.*)$", text, re.MULTILINE))


def taken_whole() -> str:
    return re.sub(r"^#(?=[A-Z_]+=)", "", EXAMPLE, flags=re.MULTILINE)


def test_hadolint_has_nothing_to_say_of_the_dockerfile() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("hadolint has no build for this machine")
    linted = subprocess.run([linter, "--no-color", DOCKERFILE], capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout) == (0, "")


def test_the_dockerfile_needs_no_frontend_from_elsewhere_and_fetches_only_what_is_pinned() -> None:
    text = DOCKERFILE.read_text("utf-8")
    assert not re.search(r"^#\s*syntax\s*=", text, re.MULTILINE)
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE).count("${PYTHON_IMAGE}") == 1
    assert "python:3.11-slim" in re.findall(r"^ARG PYTHON_IMAGE=(.*)$", text, re.MULTILINE)
    for command in re.findall(r"install --no-deps[^&]*", text):
        assert "-r " in command


@pytest.mark.parametrize("profiles", [(), ("postgres",), ("mqtt",), ("observability",), ("postgres", "mqtt")])
@pytest.mark.parametrize("whole", [False, True], ids=["nothing set", "the example taken whole"])
def test_compose_takes_the_file_as_it_is(profiles: tuple[str, ...], whole: bool, tmp_path: Path) -> None:
    docker = find_compose()
    if docker is None:
        pytest.skip("no docker with compose v2: install it, or run `make docker-engine`")
    settings = tmp_path / ".env"
    settings.write_text(taken_whole() if whole else "", "utf-8")
    chosen = [word for profile in profiles for word in ("--profile", profile)]
    done = docker("compose", "--env-file", settings, *chosen, "config", "-q", check=False)
    assert (done.code, done.out, done.err) == (0, "", "")


def test_every_setting_reaches_the_container_by_its_own_name(compose: dict[str, Any]) -> None:
    passed = compose["services"][SERVICE]["environment"]
    assert sorted(passed) == sorted(TO_BE_SET)
    assert len(passed) == len(set(passed))


def test_the_example_offers_every_setting_with_its_default_and_its_help(compose: dict[str, Any]) -> None:
    assert set(offered(EXAMPLE)) >= TO_BE_SET
    assert not set(offered(EXAMPLE)) & INSIDE
    words = " ".join(line.removeprefix("# ") for line in EXAMPLE.splitlines() if line.startswith("# "))
    for name, field in Settings.model_fields.items():
        if name.upper() in TO_BE_SET:
            assert str(field.description) in words, name


def test_the_example_taken_whole_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    file = tmp_path / ".env"
    file.write_text(taken_whole(), "utf-8")
    assert Settings(_env_file=file) == Settings(_env_file=None)


def test_the_example_explains_whatever_else_the_compose_file_asks_for(compose: dict[str, Any]) -> None:
    text = (REPO / "docker-compose.yml").read_text("utf-8")
    asked = dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", text))
    assert not re.search(r"\$\{[A-Z_]+:\?", text)  # would stop the profiles that are off as well
    given = offered(EXAMPLE)
    assert {name: given.get(name) for name in asked} == asked
    assert set(given) == TO_BE_SET | set(asked) | {"COMPOSE_PROFILES"}


def test_what_another_line_of_the_example_takes_in_stands_above_it() -> None:
    """Compose fills in ``${NAME}`` from the lines above; from those below it takes nothing, without an error."""
    lines = EXAMPLE.splitlines()
    for name in re.findall(r"\$\{([A-Z_]+)\}", EXAMPLE):
        assert lines.index(f"#{name}=") < lines.index("#DATABASE_URL="), name


def test_the_service_is_named_and_kept_as_people_were_told(compose: dict[str, Any]) -> None:
    service = compose["services"][SERVICE]
    assert compose["name"] == "homeiq"
    assert service["container_name"] == SERVICE
    assert service["ports"] == ["${BIND_ADDRESS:-127.0.0.1}:${PUBLISHED_PORT:-8018}:8018"]
    assert {"ai_automation_models:/app/models", "ai_automation_data:/data"} <= set(service["volumes"])
    assert {"ai_automation_models", "ai_automation_data"} <= set(compose["volumes"])
    assert service["mem_limit"] == "${MEMORY_LIMIT:-2G}"
    assert service["restart"] == "unless-stopped"
    assert service["init"] is True
    assert service["read_only"] is True


def test_only_what_was_asked_for_starts(compose: dict[str, Any]) -> None:
    profiles = {name: service.get("profiles") for name, service in compose["services"].items()}
    assert profiles == {
        SERVICE: None,
        "postgres": ["postgres"],
        "mosquitto": ["mqtt"],
        "prometheus": ["observability"],
        "grafana": ["observability"],
    }


def test_every_port_is_published_on_this_machine_alone(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for port in service.get("ports", []):
            assert re.match(r"(127\.0\.0\.1|\$\{[A-Z_]+:-127\.0\.0\.1\}):", port), port


def test_no_service_runs_as_root_or_gains_rights(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert service["mem_limit"], name


def test_what_is_mounted_from_the_repository_is_there_and_read_only(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            volume = re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", volume)
            if volume.startswith("."):
                source, _, rest = volume.partition(":")
                assert (REPO / source).exists(), source
                assert rest.endswith(":ro"), volume


def test_nothing_private_can_get_into_the_image() -> None:
    rules = (REPO / ".dockerignore").read_text("utf-8").splitlines()
    assert rules[[line.startswith("#") for line in rules].index(False)] == "*"  # all is out but what is named
    assert [rule for rule in rules if rule.startswith("!")] == [
        f"!services/ai-automation-service/{name}" for name in ("requirements", "scripts", "src")
    ]


def test_no_setting_that_may_hold_a_password_goes_into_an_image(compose: dict[str, Any]) -> None:
    """What a build is given can be read in the image's history."""
    hidden = {name.upper() for name, field in Settings.model_fields.items() if not field.repr}
    for argument in compose["services"][SERVICE]["build"]["args"]:
        name, given, value = argument.partition("=")
        assert given, f"{name} would be taken from the environment"
        assert not hidden & set(re.findall(r"\$\{([A-Z_]+)", value)), argument
