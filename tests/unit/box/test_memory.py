"""Memory this process may have, from cgroup files of both versions, and memory it has."""

from __future__ import annotations

import gc
import platform
import weakref
from pathlib import Path

import numpy as np
import pytest

from src.box.memory import (
    BoxMemory,
    ProcessMemory,
    available_memory,
    box_memory,
    give_back,
    limit_arenas,
    process_memory,
)

MACHINE = "MemTotal:        8000000 kB\nMemFree:          123456 kB\n"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "available"),
    [
        ({}, 8_192_000_000),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "2147483648\n"}, 2 << 30),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 8_192_000_000),
        # More than the machine has is no limit.
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": str(1 << 40)}, 8_192_000_000),
        # The tightest of a cgroup and those above it holds.
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/memory.max": "1000000000",
                "sys/fs/cgroup/a/b/memory.max": "3000000000",
            },
            1_000_000_000,
        ),
        # cgroup v1, seen from inside a container: the outer path is not mounted.
        (
            {
                "proc/self/cgroup": "4:cpu,cpuacct:/docker/abc\n1:memory:/docker/abc\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "1500000000\n",
            },
            1_500_000_000,
        ),
        # cgroup v1 without a limit.
        (
            {
                "proc/self/cgroup": "1:memory:/\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            },
            8_192_000_000,
        ),
        # Above memory.high a process is throttled until it stands still.
        (
            {
                "proc/self/cgroup": "0::/\n",
                "sys/fs/cgroup/memory.max": "2000000000",
                "sys/fs/cgroup/memory.high": "1700000000",
            },
            1_700_000_000,
        ),
        # cgroup v1: a limit of a cgroup that is not seen from inside, and of memory and swap together.
        (
            {
                "proc/self/cgroup": "1:memory:/docker/abc\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
                "sys/fs/cgroup/memory/memory.memsw.limit_in_bytes": "3000000000\n",
                "sys/fs/cgroup/memory/memory.stat": "cache 5\nhierarchical_memory_limit 1200000000\n",
            },
            1_200_000_000,
        ),
        ({"proc/self/cgroup": "garbage\n", "sys/fs/cgroup/memory.max": "much"}, 8_192_000_000),
    ],
    ids=["machine", "v2", "v2-none", "v2-large", "v2-nested", "v1", "v1-none", "v2-high", "v1-hidden", "garbage"],
)
def test_the_tightest_limit_holds(tmp_path: Path, files: dict[str, str], available: int) -> None:
    assert available_memory(write(tmp_path, {"proc/meminfo": MACHINE, **files})) == available


AVAILABLE = f"{MACHINE}MemAvailable:    6000000 kB\n"


@pytest.mark.parametrize(
    ("files", "box"),
    [
        ({}, BoxMemory(8_192_000_000, 2_048_000_000)),
        # Pages of files can be dropped; those of a tmpfs cannot.
        (
            {
                "proc/self/cgroup": "0::/\n",
                "sys/fs/cgroup/memory.max": "2000000000",
                "sys/fs/cgroup/memory.stat": "anon 700000000\nfile 900000000\nshmem 50000000\nactive_file 850000000\n",
            },
            BoxMemory(2_000_000_000, 750_000_000),
        ),
        (
            {
                "proc/self/cgroup": "1:memory:/docker/abc\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "2000000000",
                "sys/fs/cgroup/memory/memory.stat": "cache 900\nrss 1\ntotal_rss 600000000\ntotal_shmem 1000\n",
            },
            BoxMemory(2_000_000_000, 600_001_000),
        ),
        # Two containers in one pod: less is left in the pod than in the container, whose limit is lower.
        (
            {
                "proc/self/cgroup": "0::/pod/one\n",
                "sys/fs/cgroup/pod/memory.max": "3000000000",
                "sys/fs/cgroup/pod/memory.stat": "anon 2900000000\n",
                "sys/fs/cgroup/pod/one/memory.max": "2000000000",
                "sys/fs/cgroup/pod/one/memory.stat": "anon 900000000\n",
            },
            BoxMemory(3_000_000_000, 2_900_000_000),
        ),
        # 300 MB of which the system put 212 MB into the swap: they come back when they are used. 2 MB are at both.
        (
            {
                "proc/self/cgroup": "0::/\n",
                "sys/fs/cgroup/memory.max": "536870912\n",
                "sys/fs/cgroup/memory.swap.max": "536870912\n",
                "sys/fs/cgroup/memory.swap.current": "212000000\n",
                "sys/fs/cgroup/memory.stat": "anon 118000000\nkernel 1200000\npagetables 761856\nswapcached 2000000\n",
            },
            BoxMemory(536_870_912, 328_761_856),
        ),
        (
            {
                "proc/self/cgroup": "1:memory:/docker/abc\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "2000000000",
                "sys/fs/cgroup/memory/memory.stat": "swap 5\ntotal_rss 600000000\ntotal_swap 100000000\n",
            },
            BoxMemory(2_000_000_000, 700_000_000),
        ),
        # A limit above what the machine has left.
        (
            {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "8000000000"},
            BoxMemory(8_192_000_000, 2_048_000_000),
        ),
    ],
    ids=["machine", "v2", "v1", "pod", "v2-swapped", "v1-swapped", "full-machine"],
)
def test_what_is_left_is_what_is_left_where_there_is_least(
    tmp_path: Path, files: dict[str, str], box: BoxMemory
) -> None:
    assert box_memory(write(tmp_path, {"proc/meminfo": AVAILABLE, **files})) == box


def test_a_limit_that_is_changed_is_seen_by_the_next_look(tmp_path: Path) -> None:
    files = {"proc/meminfo": AVAILABLE, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "2000000000"}
    for limit in ("2000000000", "1000000000"):
        assert available_memory(write(tmp_path, {**files, "sys/fs/cgroup/memory.max": limit})) == int(limit)


def test_a_system_that_does_not_tell(tmp_path: Path) -> None:
    assert available_memory(tmp_path) is None
    assert box_memory(tmp_path) is None
    assert process_memory(tmp_path) is None


def test_what_is_resident_and_what_of_it_is_no_file(tmp_path: Path) -> None:
    status = "Name:\tpython\nVmRSS:\t    2000 kB\nRssAnon:\t    1500 kB\nRssFile:\t     500 kB\nThreads:\t1\n"
    assert process_memory(write(tmp_path, {"proc/self/status": status})) == ProcessMemory(2_048_000, 1_536_000)


@pytest.mark.skipif(process_memory() is None, reason="the system does not tell")
def test_this_process_grows_by_what_it_takes() -> None:
    before = process_memory()
    taken = np.ones(64 << 20, np.uint8)
    after = process_memory()
    assert before
    assert after
    assert after.anonymous - before.anonymous > 0.9 * taken.nbytes


def test_giving_back_clears_what_only_refers_to_itself() -> None:
    class Ring:
        def __init__(self) -> None:
            self.me = self

    gc.disable()
    try:
        ring = weakref.ref(Ring())
        assert ring() is not None
        give_back()
        assert ring() is None
    finally:
        gc.enable()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_the_c_library_can_be_told_to_keep_few_heaps() -> None:
    assert limit_arenas()
