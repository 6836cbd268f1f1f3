"""How many processors this process may use, as its container and its affinity allow.

OpenVINO chooses its threads by the machine's processors and does not look at cgroup quotas
(https://github.com/openvinotoolkit/openvino/issues/37838); with more threads than the quota, every parallel
section waits for the throttled ones.
"""

from __future__ import annotations

import os
from pathlib import Path


def allowed_cpus(root: Path = Path("/")) -> int | None:
    """Processors this process may use, at least 1; None when nothing holds it below all of the machine's.

    Args:
        root: where ``proc`` and ``sys`` are found.
    """
    total = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else total
    quota = cpu_quota(root)
    allowed = usable if quota is None else min(usable, max(1, int(quota)))
    return allowed if allowed < total else None


def cpu_quota(root: Path = Path("/")) -> float | None:
    """The tightest quota of this process's cgroups, in processors; None without one. Reads cgroup v1 and v2."""
    quotas = [
        quota
        for folder in _folders(root)
        for quota in (_quota_v2(folder / "cpu.max"), _quota_v1(folder))
        if quota is not None
    ]
    return min(quotas, default=None)


def _folders(root: Path) -> list[Path]:
    """The process's cgroup folders and all above them. In a container the outer part of a path may not be there."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    top = root / "sys/fs/cgroup"
    found: list[Path] = [top, top / "cpu", top / "cpu,cpuacct"]
    for line in lines:
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers and "cpu" not in controllers.split(","):
            continue
        base = top / controllers if controllers else top
        parts = [part for part in path.split("/") if part not in ("", "..")]
        found += [base.joinpath(*parts[:depth]) for depth in range(len(parts) + 1)]
    return list(dict.fromkeys(found))


def _quota_v2(file: Path) -> float | None:
    words = _words(file)
    if len(words) != 2 or words[0] == "max":
        return None
    return _ratio(words[0], words[1])


def _quota_v1(folder: Path) -> float | None:
    quota, period = _words(folder / "cpu.cfs_quota_us"), _words(folder / "cpu.cfs_period_us")
    return _ratio(quota[0], period[0]) if quota and period else None


def _ratio(quota: str, period: str) -> float | None:
    try:
        q, p = int(quota), int(period)
    except ValueError:
        return None
    return q / p if q > 0 and p > 0 else None


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except (OSError, UnicodeDecodeError):
        return []
