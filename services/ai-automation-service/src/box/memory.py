"""How much memory this process has, may have, and can give back."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from src.box.cgroups import cgroup_folders

_M_ARENA_MAX = -8  # malloc.h
_UNLIMITED = 1 << 60  # cgroup v1 writes a number near 2^63 where there is no limit
# What of a cgroup's memory cannot be dropped, in version 2 and in version 1
# (https://docs.kernel.org/admin-guide/cgroup-v2.html, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html).
# Files in a tmpfs are "shmem". Pages of files on a disk are not among them. What was swapped out comes back when it is
# used, so it is added: "total_swap" in version 1, a file of its own in version 2.
_HELD = ("anon", "shmem", "kernel_stack", "pagetables", "slab_unreclaimable", "total_rss", "total_shmem", "total_swap")


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """What is resident of this process, in bytes.

    Attributes:
        anonymous: its own; the rest are pages of files (weights, libraries) that the system may drop and read again.
    """

    resident: int
    anonymous: int


@dataclass(frozen=True, slots=True)
class BoxMemory:
    """What this process shares with all others of its container, or of the machine. In bytes.

    Attributes:
        limit: what all of them may have together.
        held: what they have and cannot drop, in memory or swapped out of it.
    """

    limit: int
    held: int

    @property
    def free(self) -> int:
        return self.limit - self.held


def process_memory(root: Path = Path("/")) -> ProcessMemory | None:
    """Now; None where the system does not tell (anything but Linux)."""
    fields = _fields(root / "proc/self/status")
    if "VmRSS" not in fields or "RssAnon" not in fields:
        return None
    return ProcessMemory(fields["VmRSS"], fields["RssAnon"])


def available_memory(root: Path = Path("/")) -> int | None:
    """Bytes this process may have: its container's limit or the machine's memory, whichever is less; None: unknown.

    Reads cgroup v1 and v2.

    Args:
        root: where ``proc`` and ``sys`` are found.
    """
    total = _fields(root / "proc/meminfo").get("MemTotal")
    return min([*(limit for _, limit in _limits(root)), *([total] if total else [])], default=None)


def box_memory(root: Path = Path("/")) -> BoxMemory | None:
    """Where there is least left: in one of this process's cgroups, or on the machine; None: unknown.

    Args:
        root: where ``proc`` and ``sys`` are found.
    """
    boxes = [BoxMemory(limit, _held(folder)) for folder, limit in _limits(root)]
    machine = machine_memory(root)
    return min([*boxes, *([machine] if machine else [])], key=lambda box: box.free, default=None)


def machine_memory(root: Path = Path("/")) -> BoxMemory | None:
    """The machine's, whatever a container may have of it; None: unknown.

    Args:
        root: where ``proc`` is found.
    """
    fields = _fields(root / "proc/meminfo")
    if "MemTotal" not in fields or "MemAvailable" not in fields:
        return None
    return BoxMemory(fields["MemTotal"], fields["MemTotal"] - fields["MemAvailable"])


def ends_together(root: Path = Path("/")) -> bool:
    """Whether all processes of the container end when the memory of one is too much, not that one alone.

    Kubernetes has it so in cgroup version 2 (https://github.com/kubernetes/kubernetes/pull/117793), Docker has not.

    Args:
        root: where ``proc`` and ``sys`` are found.
    """
    return any(_number(folder / "memory.oom.group") == 1 for folder in cgroup_folders(root, "memory", ()))


def give_back() -> None:
    """Return freed memory to the system: the C library keeps it for later otherwise."""
    gc.collect()
    if (trim := _c_function("malloc_trim")) is not None:
        trim(0)


def limit_arenas() -> bool:
    """Have the C library keep two heaps, not eight for each processor. Whether it could be told.

    Each of the engine's threads would get a heap of its own, and what they leave in it is not all given back.
    """
    tell = _c_function("mallopt")
    return tell is not None and bool(tell(_M_ARENA_MAX, 2))


def _c_function(name: str) -> Callable[..., int] | None:
    """Of glibc; None where there is another C library."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None


def _limits(root: Path) -> Iterator[tuple[Path, int]]:
    """Limits of this process's cgroups, each with its folder.

    Above ``memory.high`` a process is not ended but slowed down until it stands still. In version 1 a container does
    not see the cgroups above its own, but its own says what they leave it (``hierarchical_memory_limit``).
    """
    for folder in cgroup_folders(root, "memory", ("memory",)):
        stated = [_number(folder / name) for name in ("memory.max", "memory.high", "memory.limit_in_bytes")]
        stated.append(_stat(folder).get("hierarchical_memory_limit"))
        limits = [limit for limit in stated if limit is not None and 0 < limit < _UNLIMITED]
        if limits:
            yield folder, min(limits)


def _held(folder: Path) -> int:
    stat = _stat(folder)
    swapped = _number(folder / "memory.swap.current") or 0
    # A page that came back keeps its place in the swap for a while, and is counted at both.
    return sum(stat.get(name, 0) for name in _HELD) + max(0, swapped - stat.get("swapcached", 0))


def _stat(folder: Path) -> dict[str, int]:
    try:
        pairs = [line.split() for line in (folder / "memory.stat").read_text().splitlines()]
    except OSError:
        return {}
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # "max" among them
        return None


def _fields(file: Path) -> dict[str, int]:
    """``Name:  123 kB`` lines, in bytes."""
    fields = {}
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return {}
    for line in lines:
        name, _, value = line.partition(":")
        words = value.split()
        if len(words) == 2 and words[1] == "kB" and words[0].isdigit():
            fields[name] = int(words[0]) * 1024
    return fields
