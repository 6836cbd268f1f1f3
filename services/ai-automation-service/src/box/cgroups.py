"""Where the system keeps what a container may use: cgroups, version 1 and 2."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def cgroup_folders(root: Path, controller: str, mounts: Sequence[str]) -> list[Path]:
    """The folders of this process's cgroup and of all above it; the tightest limit among them holds.

    In a container the outer part of a path may not be there, so not every folder exists.

    Args:
        root: where ``proc`` and ``sys`` are found.
        controller: its name in version 1, ``cpu`` or ``memory``.
        mounts: folders it may be mounted at in version 1.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    top = root / "sys/fs/cgroup"
    found: list[Path] = [top, *(top / mount for mount in mounts)]
    for line in lines:
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers and controller not in controllers.split(","):
            continue
        base = top / controllers if controllers else top
        parts = [part for part in path.split("/") if part not in ("", "..")]
        found += [base.joinpath(*parts[:depth]) for depth in range(len(parts) + 1)]
    return list(dict.fromkeys(found))


def group_at_top(root: Path) -> bool:
    """Whether what is mounted as the top of cgroup version 2 is a group below the machine's own, as in a container.

    The machine's own top, alone of all, has no ``cgroup.events``
    (https://docs.kernel.org/admin-guide/cgroup-v2.html, "Core Interface Files").

    Args:
        root: where ``sys`` is found.
    """
    return (root / "sys/fs/cgroup/cgroup.events").exists()
