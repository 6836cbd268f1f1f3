"""A real disk that fills up in the middle of a download, and of a conversion."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.models.conftest import ACQUIRE, SERVICE
from tests.unit.models.loopback_hub import LoopbackHub

UNSHARED = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")

# In a mount namespace of its own: a disk of 80 MB, the model asked for twice, and space made in between.
TWICE = """
mount -t tmpfs -o size=80m none "$1" || exit 77
"$2" -c "$3" "$1/models" "$4"
echo "first ended with $?"
find "$1/models" -type f -size +8k
rm "$1/filler"
exec "$2" -c "$3" "$1/models" "$4"
"""


@pytest.mark.parametrize("moment", ["download", "conversion"])
def test_a_disk_that_fills_up_is_told_of_and_gets_its_space_back(hub: LoopbackHub, tmp_path: Path, moment: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    process = subprocess.Popen(
        [*UNSHARED, TWICE, "sh", disk, sys.executable, ACQUIRE, hub.endpoint],
        cwd=SERVICE,
        env={name: value for name, value in os.environ.items() if not name.startswith("HF_")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    filled: list[int] = []

    def fill(file: str, sent: int) -> None:
        """All that is left of the disk but a few kilobytes, as seen from inside the namespace."""
        if filled or file != {"download": "model.safetensors", "conversion": "config.json"}[moment]:
            return
        inside = Path(f"/proc/{process.pid}/root{disk}")
        usage = os.statvfs(inside)
        filled.append(usage.f_bavail * usage.f_frsize)
        with (inside / "filler").open("wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, filled[0] - 32768)

    hub.on_body = fill
    out, complaint = process.communicate()
    if process.returncode == 77 or "unshare" in complaint:
        pytest.skip(f"this machine lets nobody mount a disk of his own: {complaint.strip()}")
    assert filled
    first, _, second = out.partition("first ended with 1\n")
    assert "the disk became full" in complaint
    assert "free some space, or set MODELS_DIR" in complaint
    # What stays is what is whole: of a full download the file, of a broken one nothing.
    left = [line.rpartition("/")[2] for line in second.splitlines() if line.startswith("/")]
    assert len(left) == {"download": 0, "conversion": 1}[moment]
    assert process.returncode == 0, complaint
    assert "model_ready name=embedding" in second
    assert "model_ready" not in first
