"""Processes killed at any moment, and processes at once, leave a cache that is whole."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from src.models.prepare.cache import ModelCache
from tests.integration.models.conftest import KEY, Acquire
from tests.unit.models.loopback_hub import Hang, LoopbackHub

# Kills its process the n-th time something must be on disk; so do the children, which count for themselves.
KILLED_AT = """
import os, signal
flush, left = os.fsync, [int(os.environ["KILLED_AT"])]
def fsync(descriptor):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    flush(descriptor)
os.fsync = fsync
"""


@pytest.mark.parametrize("moment", [1, 4, 5])
def test_a_conversion_killed_between_its_writes_is_done_again(acquire: Acquire, tmp_path: Path, moment: int) -> None:
    # The child flushes three files, the manifest and the folder; then the parent renames and flushes.
    (tmp_path / "killer").mkdir()
    (tmp_path / "killer/sitecustomize.py").write_text(KILLED_AT)
    killed = acquire(path=tmp_path / "killer", KILLED_AT=str(moment))
    killed.communicate()
    assert killed.returncode != 0
    cache = ModelCache(tmp_path / "models")
    assert cache.find("embedding", KEY) is None

    again = acquire()
    _, complaint = again.communicate()
    assert again.returncode == 0, complaint
    assert cache.find("embedding", KEY) is not None
    assert not list((tmp_path / "models/embedding").glob(".staging-*"))


def test_a_process_killed_after_the_rename_left_a_good_entry(acquire: Acquire, tmp_path: Path) -> None:
    (tmp_path / "killer").mkdir()
    # Only the parent flushes the folder of all entries of a role.
    (tmp_path / "killer/sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "flush = os.fsync\n"
        "def fsync(descriptor):\n"
        "    os.kill(os.getpid(), signal.SIGKILL) if sys.argv[0] == '-c' else flush(descriptor)\n"
        "os.fsync = fsync\n"
    )
    killed = acquire(path=tmp_path / "killer")
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    entry = ModelCache(tmp_path / "models").find("embedding", KEY)
    assert entry is not None

    out, _ = acquire().communicate()
    assert out == f"inode {(entry.folder / 'model.bin').stat().st_ino}\n"  # nothing was prepared


def test_two_processes_at_once_share_one_conversion(acquire: Acquire) -> None:
    both = [acquire(), acquire()]
    outputs = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(output.count("model_preparing") for output in outputs) == 1
    assert len({output.splitlines()[-1] for output in outputs}) == 1


def test_a_killed_process_takes_its_download_with_it_and_frees_the_way(
    acquire: Acquire, hub: LoopbackHub, tmp_path: Path
) -> None:
    hub.misbehave("model.safetensors", Hang(after=4000))
    first = acquire(endpoint=hub.endpoint)
    assert hub.hanging.wait(60)
    (staged,) = (tmp_path / "models/embedding").glob(".staging-*")
    first.kill()
    first.communicate()  # returns when the child, which has the same standard error, is gone too

    second = acquire(endpoint=hub.endpoint)
    _, complaint = second.communicate()
    assert second.returncode == 0, complaint
    assert not staged.exists()
    assert ModelCache(tmp_path / "models").find("embedding", KEY) is not None
