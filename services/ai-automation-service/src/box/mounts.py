"""What file system a folder is on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from src.box.disk import is_there


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of the system's table of mounts, see proc_pid_mounts(5).

    Attributes:
        kind: ``ext4``, ``tmpfs``, ``nfs4``.
        options: ``ro`` among them where it cannot be written.
    """

    point: Path
    kind: str
    options: frozenset[str]


def mount_of(path: Path, root: Path = Path("/")) -> Mount | None:
    """What a path is on, whether it is there yet or not; None where the system does not tell.

    Args:
        root: where ``proc`` is found.
    """
    # The last of those at one place lies over the others.
    mounts = {mount.point: mount for mount in _mounts(root)}
    here = path.resolve() if is_there(path) else path.absolute()
    return next((mounts[place] for place in (here, *here.parents) if place in mounts), None)


def _mounts(root: Path) -> list[Mount]:
    try:
        lines = (root / "proc/self/mounts").read_text().splitlines()
    except OSError:
        return []
    rows = [words for line in lines if len(words := line.split()) > 3]
    return [Mount(Path(row[1].replace("\\040", " ")), row[2], frozenset(row[3].split(","))) for row in rows]
