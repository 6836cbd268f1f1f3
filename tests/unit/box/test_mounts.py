"""What file system a folder is on, as the system's own table has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.box.mounts import mount_of

TABLE = """\
overlay / overlay ro,relatime 0 0
/dev/sda1 /data ext4 rw,relatime 0 0
nas:/share /data/on\\040the\\040nas nfs4 rw 0 0
tmpfs /late ext4 rw 0 0
tmpfs /late tmpfs rw 0 0
half a
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "overlay"),
        ("/database", "overlay"),  # begins like another's name
        ("/data/home.db", "ext4"),
        ("/data/on the nas/home.db", "nfs4"),
        ("/late/file", "tmpfs"),  # mounted over what was there before
    ],
)
def test_the_nearest_mount_above_a_path(tmp_path: Path, path: str, kind: str) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mounts").write_text(TABLE)
    mount = mount_of(Path(path), tmp_path)
    assert mount is not None
    assert (mount.kind, "ro" in mount.options) == (kind, kind == "overlay")


def test_a_system_without_a_table(tmp_path: Path) -> None:
    assert mount_of(Path("/data"), tmp_path) is None
