"""The machine or container: what the service may use of it, and what it lacks."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from src.box.cpus import allowed_cpus, cpu_quota
from src.box.memory import available_memory, ends_together, machine_memory
from src.box.mounts import mount_of
from src.doctor.finding import Finding, failed, note, ok, warning
from src.doctor.situation import Situation

ENOUGH_MEMORY = 2 * 10**9  # bytes; what the three models and a nightly run are measured to need together
RERANKER_MEMORY = 10**9  # bytes; below, the reranker does not fit beside a run and late interaction ranks
LEAST_MEMORY = 500 * 10**6
EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)  # before this the clock of a machine was never set

# What multiplies 8-bit numbers, by what /proc/cpuinfo calls it.
_FAST = ("avx512_vnni", "avx_vnni", "amx_int8")
_FAST_ON_ARM = ("asimddp", "i8mm")


def look_at_box(situation: Situation) -> Iterator[Finding]:
    """Container, memory, processors, clock, user."""
    yield _container(situation)
    yield _memory(situation)
    yield _cpus(situation.root)
    yield _instructions(situation.root)
    yield _clock(situation)
    yield _temporary()


def _container(situation: Situation) -> Finding:
    user = f"user {os.getuid()}, group {os.getgid()}" if hasattr(os, "getuid") else "one user"
    if not situation.container:
        return ok("container", f"none that can be seen; {user}")
    version = 2 if (situation.root / "sys/fs/cgroup/cgroup.controllers").exists() else 1
    root = "read-only root file system" if _read_only_root(situation.root) else "writable root file system"
    fact = f"inside a container, cgroup v{version}, {root}, {user}"
    if hasattr(os, "getuid") and os.getuid() == 0:
        return note("container", fact, "Run it as the image does, as user 10001, not as root.")
    return ok("container", fact)


def _read_only_root(root: Path) -> bool:
    mount = mount_of(Path("/"), root)
    return mount is not None and "ro" in mount.options


def _memory(situation: Situation) -> Finding:
    machine, usable = machine_memory(situation.root), available_memory(situation.root)
    if usable is None:
        return note("memory", "how much there is cannot be seen here")
    limited = machine is not None and usable < machine.limit
    fact = f"{_gb(usable)} GB {'is the limit' if limited else 'in the machine, no limit'}"
    if usable < LEAST_MEMORY:
        return failed(
            "memory",
            f"{fact}: the models do not fit, and the system ends the service while it works",
            "Raise the container's memory limit to 2 GB (MEMORY_LIMIT=2G in .env), or use a machine with more.",
        )
    if usable < RERANKER_MEMORY:
        return warning(
            "memory",
            f"{fact}: the reranker is not expected to fit, and late interaction ranks instead",
            "Raise the limit to 2 GB to have it (MEMORY_LIMIT=2G in .env).",
        )
    if usable < ENOUGH_MEMORY:
        return warning(
            "memory",
            f"{fact}: a nightly run with all three models may not fit",
            "Raise the limit to 2 GB, or set QUANTIZATION=int8 and MODEL_IDLE_UNLOAD=60.",
        )
    if machine is not None and machine.free < LEAST_MEMORY // 2:
        return warning(
            "memory", f"{fact}, but only {_gb(machine.free)} GB is free on the machine", "End what else uses it."
        )
    if situation.container and not limited:
        return note("memory", fact, "Give the container a limit (mem_limit: 2G), so that it cannot starve the machine.")
    if ends_together(situation.root):
        return note(
            "memory",
            f"{fact}; where it runs out, the system ends the whole container, not the conversion of a model alone",
            "With Kubernetes, set singleProcessOOMKill: true in the kubelet's configuration to have the service go on.",
        )
    return ok("memory", fact)


def _cpus(root: Path) -> Finding:
    total, allowed, quota = os.cpu_count() or 1, allowed_cpus(root), cpu_quota(root)
    fact = f"{total} processors" if allowed is None else f"{allowed} of {total} processors may be used"
    fact += "" if quota is None else f" (quota {quota:g})"
    if quota is not None and quota < 1:
        return warning("processors", f"{fact}: the models share less than one", "Raise the container's cpus to 1 or 2.")
    return ok("processors", fact)


def _instructions(root: Path) -> Finding:
    """What the engine can calculate with. See https://docs.openvino.ai/2025/about-openvino/release-notes-openvino/system-requirements.html"""
    flags, name = _cpuinfo(root)
    machine = platform.machine()
    if not flags:
        return note("instructions", f"{machine}: what the processor can do cannot be seen here")
    wanted = _FAST_ON_ARM if machine in ("aarch64", "arm64") else _FAST
    fast = [flag for flag in wanted if flag in flags]
    if machine in ("x86_64", "AMD64") and "sse4_2" not in flags:
        return failed(
            "instructions",
            f"{name}: without SSE4.2 the engine of the models does not run",
            "Use a machine with a newer processor; in a virtual machine, pass the host's processor through.",
        )
    if machine in ("x86_64", "AMD64") and "avx2" not in flags:
        return warning(
            "instructions",
            f"{name}: no AVX2, so the models are several times slower",
            "In a virtual machine pass the host's processor through (cpu: host); else give runs more time.",
        )
    if not fast:
        return note(
            "instructions",
            f"{name}: no instructions for 8-bit numbers ({', '.join(wanted[:2])}), so the models are slower; results"
            " are as good",
        )
    return ok("instructions", f"{name}: {', '.join(fast)}")


def _clock(situation: Situation) -> Finding:
    now = datetime.fromtimestamp(situation.clock() / 1e6, UTC)
    shown = now.strftime("%Y-%m-%d %H:%M:%S UTC")
    if now < EARLIEST:
        return failed(
            "clock",
            f"it says {shown}, so it was never set",
            "Let the machine set its clock over the network (NTP); certificates and nights depend on it.",
        )
    # Not the zone's name, which is any word that stands in TZ.
    local = now.astimezone().strftime("%H:%M %z")
    return ok("clock", f"{shown}, {local} on this system's own clock")


def _temporary() -> Finding:
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
    except OSError as error:
        return failed(
            "temporary files",
            f"none can be made ({(error.strerror or str(error)).lower()})",
            "Give the container a writable /tmp (tmpfs: /tmp), or name a writable folder in TMPDIR.",
        )
    return ok("temporary files", f"can be made in {tempfile.gettempdir()}")


def _cpuinfo(root: Path) -> tuple[frozenset[str], str]:
    """Flags of the first processor, and what it is called."""
    try:
        text = (root / "proc/cpuinfo").read_text().partition("\n\n")[0]
    except OSError:
        return frozenset(), platform.machine()
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}
    flags = facts.get("flags") or facts.get("Features") or ""
    return frozenset(flags.split()), facts.get("model name") or platform.machine()


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f}"
