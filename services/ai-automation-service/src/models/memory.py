"""How much memory this process has, may have, and can give back."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from src.models.cgroups import cgroup_folders

_M_ARENA_MAX = -8  # malloc.h
_UNLIMITED = 1 << 60  # cgroup v1 writes a number near 2^63 where there is no limit


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """What is resident of this process, in bytes.

    Attributes:
        anonymous: its own; the rest are pages of files (weights, libraries) that the system may drop and read again.
    """

    resident: int
    anonymous: int


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
    limits = [
        limit
        for folder in cgroup_folders(root, "memory", ("memory",))
        for name in ("memory.max", "memory.limit_in_bytes")
        if (limit := _number(folder / name)) is not None and limit < _UNLIMITED
    ]
    total = _fields(root / "proc/meminfo").get("MemTotal")
    return min([*limits, *([total] if total else [])], default=None)


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
