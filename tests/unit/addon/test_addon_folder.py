"""The folder that a Home Assistant builds the add-on from by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from scripts.addon_folder import ADD_ON, folder_of_add_on


def test_the_folder_is_built_and_not_pulled(tmp_path: Path) -> None:
    target = tmp_path / "ai_automation"
    for _ in range(2):
        folder_of_add_on(target)
    config = yaml.safe_load((target / "config.yaml").read_text("utf-8"))
    original = yaml.safe_load((ADD_ON / "config.yaml").read_text("utf-8"))
    assert "image" not in config
    assert config == {key: value for key, value in original.items() if key != "image"}
    lines = (target / "Dockerfile").read_text("utf-8").splitlines()
    assert lines[-1] == "FROM addon"
    assert any(line.endswith(" AS addon") for line in lines)
    assert (target / "translations" / "de.yaml").is_file()
    assert list(target.rglob("__pycache__")) == []


def test_what_the_dockerfile_copies_is_in_the_folder(tmp_path: Path) -> None:
    target = tmp_path / "ai_automation"
    folder_of_add_on(target)
    copied = [
        source
        for line in (target / "Dockerfile").read_text("utf-8").splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    ]
    assert copied
    assert [source for source in copied if not (target / source).exists()] == []


def test_nothing_else_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(FileExistsError, match="name another"):
        folder_of_add_on(tmp_path)
    assert (tmp_path / "mine").exists()
