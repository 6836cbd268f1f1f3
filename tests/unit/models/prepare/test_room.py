"""Full disks: told before anything is fetched, and in the middle of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from src.models.download.hub import SourceFailed
from src.models.prepare.room import RESERVE, Need, require_room


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bytes free on every disk; a test sets the one number."""
    left = [0]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, left[0]))
    return left


def needs(folder: Path, download: int = 90_000_000, converted: int = 30_000_000) -> list[Need]:
    return [
        Need(folder / "not/made/yet", download, "the download", "HF_HOME"),
        Need(folder, converted, "what it is converted to", "MODELS_DIR"),
    ]


def test_room_for_all_that_goes_to_one_disk_and_a_reserve_is_required(tmp_path: Path, free: list[int]) -> None:
    free[0] = 120_000_000 + RESERVE
    require_room(needs(tmp_path))
    free[0] -= 1
    with pytest.raises(SourceFailed) as failure:
        require_room(needs(tmp_path))
    assert str(failure.value) == (
        f"the disk of {tmp_path}/not/made/yet has 188 MB free and this needs 188 MB (90 MB for the download and 30 MB"
        " for what it is converted to; 68 MB are kept free): free 1 MB, or set HF_HOME or MODELS_DIR to a folder on"
        " another disk"
    )


def test_nothing_to_write_needs_no_room(tmp_path: Path, free: list[int]) -> None:
    require_room(needs(tmp_path, 0, 0))
    with pytest.raises(SourceFailed, match=r"68 MB \(1 MB for what it is converted to"):
        require_room(needs(tmp_path, 0, 1))
