"""What the figures were seen on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from scripts.bench.worker import Json

_FLAGS = (
    "avx2",
    "avx512f",
    "avx_vnni",
    "avx512_vnni",
    "avx512_bf16",
    "amx_int8",
    "amx_bf16",
    "asimd",
    "asimddp",
    "i8mm",
)


def machine() -> Json:
    """Processor, the instructions that matter for small integers, processors allowed, memory, and the load there is."""
    info = _pairs(Path("/proc/cpuinfo"))
    known = set((info.get("flags") or info.get("Features") or "").split())
    memory = _pairs(Path("/proc/meminfo")).get("MemTotal", "0").split()[0]
    return {
        "processor": info.get("model name") or platform.processor() or platform.machine(),
        "instructions": [flag for flag in _FLAGS if flag in known],
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(int(memory) / 1024**2, 1),
        "load": [round(each, 2) for each in os.getloadavg()],
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
    }


def _pairs(path: Path) -> dict[str, str]:
    """``name : value`` lines, the first of each name; nothing where there is no such file."""
    found: dict[str, str] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip(), value.strip())
    return found
