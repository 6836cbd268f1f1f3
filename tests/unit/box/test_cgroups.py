"""Where cgroups are looked for, as an engine with cgroup version 2 shows them to a container."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.box.cgroups import cgroup_folders, group_at_top
from src.box.cpus import cpu_quota
from src.box.memory import available_memory

SCOPE = "homeiq.slice/docker-e1564280e56b.scope"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("shown", "inside"),
    [
        (("cgroup.controllers", "cgroup.events", "cgroup.type", "memory.max"), True),
        # The machine's own top, also as a container without a namespace of its own sees it.
        (("cgroup.controllers", "cgroup.procs", "memory.stat"), False),
        ((), False),
    ],
    ids=["container", "machine", "version-1"],
)
def test_a_container_has_a_group_where_the_machine_has_its_top(
    tmp_path: Path, shown: tuple[str, ...], inside: bool
) -> None:
    assert group_at_top(write(tmp_path, {f"sys/fs/cgroup/{name}": "" for name in shown})) == inside


def test_with_the_machines_namespace_the_limits_of_the_slice_above_hold(tmp_path: Path) -> None:
    top = "sys/fs/cgroup"
    root = write(
        tmp_path,
        {
            "proc/meminfo": "MemTotal: 4013932 kB\n",
            "proc/self/cgroup": f"0::/{SCOPE}\n",
            f"{top}/homeiq.slice/memory.max": "943718400\n",
            f"{top}/homeiq.slice/memory.high": "838860800\n",
            f"{top}/homeiq.slice/cpu.max": "75000 100000\n",
            f"{top}/{SCOPE}/memory.max": "max\n",
            f"{top}/{SCOPE}/memory.high": "max\n",
            f"{top}/{SCOPE}/cpu.max": "max 100000\n",
        },
    )
    assert root / top / SCOPE in cgroup_folders(root, "memory", ("memory",))
    assert available_memory(root) == 838_860_800
    assert cpu_quota(root) == 0.75
