"""Large temporary files do not go to a folder that is memory."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from src.box.temporary import in_memory, temporary_files_below


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A disk with the folders ``usual``, where temporary files go, and ``data``."""
    for name in ("usual", "data", "proc/self"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "usual"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "usual"))
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path / "usual"))
    mounts(tmp_path)
    return tmp_path


def mounts(machine: Path, *in_memory: str) -> None:
    lines = ["/dev/sda1 / ext4 rw 0 0", *(f"tmpfs {machine / name} tmpfs rw 0 0" for name in in_memory)]
    (machine / "proc/self/mounts").write_text("\n".join(lines) + "\n")


def test_a_disk_stays(machine: Path) -> None:
    assert temporary_files_below(machine / "data", machine) == machine / "usual"
    assert tempfile.gettempdir() == str(machine / "usual")


def test_memory_is_left_for_the_data_folder(machine: Path) -> None:
    mounts(machine, "usual")
    assert temporary_files_below(machine / "data", machine) == machine / "data/tmp"
    with tempfile.TemporaryDirectory() as made:
        assert Path(made).parent == machine / "data/tmp"
    assert os.environ["TMPDIR"] == os.environ["SQLITE_TMPDIR"] == str(machine / "data/tmp")


def test_nothing_changes_where_the_data_folder_is_memory_too(machine: Path) -> None:
    mounts(machine, "usual", "data")
    assert temporary_files_below(machine / "data", machine) == machine / "usual"


def test_nothing_changes_where_the_data_folder_cannot_be_written(
    machine: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mounts(machine, "usual")
    (machine / "data/tmp").write_text("a file is in the way")
    assert temporary_files_below(machine / "data", machine) == machine / "usual"
    assert "temporary_files_in_memory" in caplog.text


def test_what_a_killed_process_left_goes_after_a_day(machine: Path) -> None:
    mounts(machine, "usual")
    old, new = machine / "data/tmp/old", machine / "data/tmp/new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "recorder.db").write_bytes(b"x")
    os.utime(old, (1, 1))
    temporary_files_below(machine / "data", machine)
    assert not old.exists()
    assert new.exists()


def test_the_innermost_mount_decides(machine: Path) -> None:
    mounts(machine, "data")
    assert in_memory(machine / "data/tmp/deep", machine)
    assert not in_memory(machine / "usual", machine)
    assert not in_memory(machine, machine / "nowhere")
