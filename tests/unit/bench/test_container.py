"""The image in boxes of limited memory is measured where there is an engine, and left out where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.bench.parts import container


def test_without_an_engine_it_is_left_out_and_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert container(2048) == {"left_out": "there is no docker command"}


def test_with_an_engine_that_does_not_answer_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\nexit 1\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert container(2048) == {"left_out": "no Docker engine answers"}
