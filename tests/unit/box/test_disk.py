"""What is known of a disk before a folder on it is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from src.box.disk import existing, flush, free_bytes, is_there


def test_a_folder_that_is_there_is_itself(tmp_path: Path) -> None:
    assert existing(tmp_path) == tmp_path


def test_of_a_folder_that_is_to_be_made_the_one_above_it_counts(tmp_path: Path) -> None:
    assert existing(tmp_path / "data/models") == tmp_path
    assert free_bytes(tmp_path / "data/models") > 0


def test_a_path_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert existing(Path("data/models")) == tmp_path


def test_a_path_that_nobody_can_ask_for_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300)
    with pytest.raises(OSError, match="too long"):
        path.exists()
    assert (is_there(path), existing(path)) == (False, tmp_path)


def test_a_file_and_a_folder_can_be_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: flushed.append(os.fstat(descriptor).st_ino))
    file = tmp_path / "file"
    file.write_text("x")
    flush(file)
    flush(tmp_path)
    assert flushed == [file.stat().st_ino, tmp_path.stat().st_ino]
    with pytest.raises(FileNotFoundError):
        flush(tmp_path / "none")
