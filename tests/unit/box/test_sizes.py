"""Whatever a container may use: everything that is sized by it has at least one, and no more than it may."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from unittest import mock

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from src.box.cpus import allowed_cpus, threads
from src.box.memory import available_memory
from src.history.parquet_file import configuration
from src.models.infer.batches import MOST_TOKENS, tokens_for
from src.store.database import cache_bytes

MB = 1_000_000
LEAST = 128 * MB  # nothing of this runs in less


@given(
    machine=st.integers(1, 256),
    quota=st.one_of(st.none(), st.floats(0.01, 300)),
    memory=st.one_of(st.none(), st.integers(LEAST, 10**12)),
    version=st.sampled_from([1, 2]),
)
def test_sizes_fit_the_container(machine: int, quota: float | None, memory: int | None, version: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = a_box(Path(folder), version, quota, memory)
        with (
            mock.patch.object(os, "cpu_count", return_value=machine),
            mock.patch.object(os, "sched_getaffinity", return_value=set(range(machine))),
        ):
            may = min(machine, max(1, int(quota + 1e-6))) if quota is not None else machine
            assert 1 <= (allowed_cpus(root) or machine) <= may
            for most in (1, 2, 8, 40):
                assert 1 <= threads(most, root) <= min(most, may)
            limit = available_memory(root)
            assert limit is not None
            assert 256 <= tokens_for(limit) <= MOST_TOKENS
            assert 1 << 20 <= cache_bytes(root) <= max(2 << 20, limit // 128)
            chosen = configuration(root)
            assert 1 <= int(str(chosen["threads"])) <= may
            assert 0 < int(str(chosen["memory_limit"]).removesuffix("B")) <= limit // 2


def test_duckdb_takes_what_it_is_told(tmp_path: Path) -> None:
    root = a_box(tmp_path, 2, quota=1.0, memory=1000 * MB)
    with duckdb.connect(":memory:", config=configuration(root)) as connection:
        names = ("threads", "memory_limit", "temp_directory", "autoinstall_known_extensions")
        found = connection.execute(f"SELECT {', '.join(f'current_setting({name!r})' for name in names)}").fetchone()
    assert found == (1, "238.4 MiB", "", False)


def a_box(folder: Path, version: int, quota: float | None, memory: int | None) -> Path:
    """``proc`` and ``sys`` of a container on a machine of 64 GB."""
    files = {"proc/meminfo": "MemTotal: 64000000 kB\nMemAvailable: 60000000 kB\n"}
    if version == 2:
        files["proc/self/cgroup"] = "0::/\n"
        files["sys/fs/cgroup/cpu.max"] = f"{'max' if quota is None else int(quota * 100_000)} 100000\n"
        files["sys/fs/cgroup/memory.max"] = f"{'max' if memory is None else memory}\n"
    else:
        files["proc/self/cgroup"] = "2:cpu,cpuacct:/docker/abc\n1:memory:/docker/abc\n"
        files["sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us"] = f"{-1 if quota is None else int(quota * 100_000)}\n"
        files["sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us"] = "100000\n"
        files["sys/fs/cgroup/memory/memory.limit_in_bytes"] = f"{(1 << 63) - 4096 if memory is None else memory}\n"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder
