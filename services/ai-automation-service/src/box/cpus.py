"""How many processors this process may use, as its container and its affinity allow.

OpenVINO chooses its threads by the machine's processors and does not look at cgroup quotas
(https://github.com/openvinotoolkit/openvino/issues/37838); with more threads than the quota, every parallel
section waits for the throttled ones.
"""

from __future__ import annotations

import os
from pathlib import Path

from src.box.cgroups import cgroup_folders


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


def threads(most: int, root: Path = Path("/")) -> int:
    """As many threads as processors may be used, but at least 1 and no more than ``most``."""
    return max(1, min(most, allowed_cpus(root) or os.cpu_count() or 1))


def cpu_quota(root: Path = Path("/")) -> float | None:
    """The tightest quota of this process's cgroups, in processors; None without one. Reads cgroup v1 and v2."""
    quotas = [
        quota
        for folder in cgroup_folders(root, "cpu", ("cpu", "cpu,cpuacct"))
        for quota in (_quota_v2(folder / "cpu.max"), _quota_v1(folder))
        if quota is not None
    ]
    return min(quotas, default=None)


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
