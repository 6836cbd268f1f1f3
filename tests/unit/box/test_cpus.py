"""Processors a container may use, from cgroup files of both versions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from src.box.cpus import allowed_cpus, cpu_quota, threads


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({}, None),
        ({"proc__self__cgroup": "0::/\n", "sys__fs__cgroup__cpu_dot_max": "150000 100000\n"}, 1.5),
        ({"proc__self__cgroup": "0::/\n", "sys__fs__cgroup__cpu_dot_max": "max 100000\n"}, None),
        # The tightest of a cgroup and those above it holds.
        (
            {
                "proc__self__cgroup": "0::/a/b\n",
                "sys__fs__cgroup__a__cpu_dot_max": "50000 100000",
                "sys__fs__cgroup__a__b__cpu_dot_max": "400000 100000",
            },
            0.5,
        ),
        # cgroup v1, seen from inside a container: the outer path is not mounted.
        (
            {
                "proc__self__cgroup": "4:cpu,cpuacct:/docker/abc\n1:memory:/docker/abc\n",
                "sys__fs__cgroup__cpu,cpuacct__cpu_dot_cfs_quota_us": "300000",
                "sys__fs__cgroup__cpu,cpuacct__cpu_dot_cfs_period_us": "100000",
            },
            3.0,
        ),
        (
            {
                "proc__self__cgroup": "4:cpu:/\n",
                "sys__fs__cgroup__cpu__cpu_dot_cfs_quota_us": "-1",
                "sys__fs__cgroup__cpu__cpu_dot_cfs_period_us": "100000",
            },
            None,
        ),
        ({"proc__self__cgroup": "garbage\n", "sys__fs__cgroup__cpu_dot_max": "much 0"}, None),
    ],
)
def test_quota(tmp_path: Path, files: dict[str, str], quota: float | None) -> None:
    assert cpu_quota(write(tmp_path, **files)) == quota


@pytest.fixture
def eight_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


@pytest.mark.usefixtures("eight_processors")
@pytest.mark.parametrize(("quota", "allowed"), [("250000", 2), ("50000", 1), ("900000", None), ("max", None)])
def test_threads_follow_the_quota_rounded_down_but_never_to_none(
    tmp_path: Path, quota: str, allowed: int | None
) -> None:
    root = write(tmp_path, proc__self__cgroup="0::/\n", sys__fs__cgroup__cpu_dot_max=f"{quota} 100000")
    assert allowed_cpus(root) == allowed


@pytest.mark.usefixtures("eight_processors")
def test_threads_follow_the_affinity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 3, 5}, raising=False)
    assert allowed_cpus(tmp_path) == 3


@pytest.mark.usefixtures("eight_processors")
@pytest.mark.parametrize(
    ("quota", "most", "expected"), [("max", 4, 4), ("max", 100, 8), ("250000", 4, 2), ("20000", 4, 1)]
)
def test_a_pool_has_no_more_threads_than_processors(tmp_path: Path, quota: str, most: int, expected: int) -> None:
    root = write(tmp_path, proc__self__cgroup="0::/\n", sys__fs__cgroup__cpu_dot_max=f"{quota} 100000")
    assert threads(most, root) == expected
