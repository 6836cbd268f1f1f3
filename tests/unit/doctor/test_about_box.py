"""What is said of machines and containers that the tests write."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from src.box.disk import LEAST_FREE
from src.doctor.about_box import look_at_box
from src.doctor.about_storage import look_at_storage, network_share
from src.doctor.finding import Finding, Level
from src.doctor.situation import Situation
from tests.unit.doctor.conftest import Situated

GB = 10**9


def machine(root: Path, *, memory: int = 8 * GB, free: int = 6 * GB, limit: int | None = None, cpu: str = "") -> None:
    files = {"proc/meminfo": f"MemTotal: {memory // 1024} kB\nMemAvailable: {free // 1024} kB\n"}
    files["proc/self/cgroup"] = "0::/\n"
    files["sys/fs/cgroup/cgroup.controllers"] = "cpu memory\n"
    files["proc/cpuinfo"] = f"model name : Some processor\nflags : sse4_2 {cpu}\n\nprocessor : 1\n"
    if limit is not None:
        files["sys/fs/cgroup/memory.max"] = f"{limit}\n"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def found(situation: Situation, check: str) -> Finding:
    return next(each for each in look_at_box(situation) if each.check == check)


@pytest.mark.parametrize(
    ("limit", "level", "fact"),
    [
        (400 * 10**6, Level.FAILED, "the system ends the service while it works"),
        (512 * 2**20, Level.WARNING, "0.5 GB is the limit: the reranker is not expected to fit"),
        (3 * GB // 2, Level.WARNING, "1.5 GB is the limit"),
        (2 * 2**30, Level.OK, "2.1 GB is the limit"),
        (None, Level.NOTE, "no limit"),
    ],
)
def test_memory_of_a_container(situated: Situated, limit: int | None, level: Level, fact: str) -> None:
    situation = situated(container=True)
    machine(situation.root, limit=limit)
    memory = found(situation, "memory")
    assert memory.level is level
    assert fact in memory.fact
    assert ("2 GB" in memory.remedy or "mem_limit" in memory.remedy) == (level is not Level.OK)


@pytest.mark.parametrize(("written", "level"), [("0\n", Level.OK), ("1\n", Level.NOTE)])
def test_a_container_that_ends_as_one(situated: Situated, written: str, level: Level) -> None:
    situation = situated(container=True)
    machine(situation.root, limit=2 * 2**30)
    (situation.root / "sys/fs/cgroup/memory.oom.group").write_text(written)
    memory = found(situation, "memory")
    assert memory.level is level
    assert ("singleProcessOOMKill" in memory.remedy) == (level is Level.NOTE)


def test_memory_of_a_machine_that_is_in_use(situated: Situated) -> None:
    situation = situated()
    machine(situation.root, free=GB // 10)
    assert found(situation, "memory").level is Level.WARNING
    machine(situation.root)
    assert found(situation, "memory").level is Level.OK


@pytest.mark.parametrize("version", [1, 2])
def test_the_version_of_cgroups(situated: Situated, version: int) -> None:
    situation = situated(container=True)
    machine(situation.root)
    if version == 1:
        (situation.root / "sys/fs/cgroup/cgroup.controllers").unlink()
    assert f"cgroup v{version}" in found(situation, "container").fact


def test_a_container_of_which_no_file_tells(situated: Situated) -> None:
    """Of containerd alone, as with Kubernetes: no ``.dockerenv``, and in cgroup version 2 no path that names it."""
    situation = situated()
    machine(situation.root)
    (situation.root / "proc/1").mkdir()
    (situation.root / "proc/1/cgroup").write_text("0::/\n")
    assert "none that can be seen" in found(situation, "container").fact
    (situation.root / "sys/fs/cgroup/cgroup.events").write_text("populated 1\nfrozen 0\n")
    assert "inside a container, cgroup v2" in found(situation, "container").fact


@pytest.mark.parametrize(
    ("cpu", "level", "fact"),
    [
        ("avx2 avx512_vnni", Level.OK, "avx512_vnni"),
        ("avx2", Level.NOTE, "slower; results are as good"),
        ("", Level.WARNING, "no AVX2"),
    ],
)
def test_instructions(situated: Situated, monkeypatch: pytest.MonkeyPatch, cpu: str, level: Level, fact: str) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    situation = situated()
    machine(situation.root, cpu=cpu)
    instructions = found(situation, "instructions")
    assert instructions.level is level
    assert fact in instructions.fact


@pytest.mark.parametrize(
    ("features", "level", "fact"),
    [("fp asimd asimddp", Level.OK, "aarch64: asimddp"), ("fp asimd", Level.NOTE, "8-bit numbers (asimddp, i8mm)")],
)
def test_instructions_of_a_board(
    situated: Situated, monkeypatch: pytest.MonkeyPatch, features: str, level: Level, fact: str
) -> None:
    """Its processors have no names, and their features are called otherwise."""
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    situation = situated()
    machine(situation.root)
    (situation.root / "proc/cpuinfo").write_text(f"processor : 0\nBogoMIPS : 108.00\nFeatures : {features}\n\n")
    instructions = found(situation, "instructions")
    assert instructions.level is level
    assert fact in instructions.fact


def test_the_clock_does_not_repeat_what_stands_in_tz(situated: Situated, monkeypatch: pytest.MonkeyPatch) -> None:
    """The C library takes the letters of any word for the name of a zone."""
    situation = situated(clock=lambda: 1_800_000_000_000_000)
    try:
        with monkeypatch.context() as changed:
            changed.setenv("TZ", "Gartenhecke12")
            time.tzset()
            told = found(situation, "clock").fact
    finally:
        time.tzset()
    assert "2027-01-15" in told
    assert "Garten" not in told


def test_a_clock_that_was_never_set(situated: Situated) -> None:
    clock = found(situated(clock=lambda: 1_000_000), "clock")
    assert clock.level is Level.FAILED
    assert "1970-01-01" in clock.fact
    assert "NTP" in clock.remedy


def test_a_disk_that_is_nearly_full(situated: Situated, monkeypatch: pytest.MonkeyPatch) -> None:
    def usage(free: int) -> None:
        monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": free})())

    levels = {}
    for free in (LEAST_FREE - 1, GB, 10 * GB):
        usage(free)
        levels[free] = [each.level for each in look_at_storage(situated()) if each.check == "data disk"]
    assert list(levels.values()) == [[Level.FAILED], [Level.WARNING], [Level.OK]]


def test_a_folder_on_a_network_share(situated: Situated, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    situation = situated()
    mounts = situation.root / "proc/self/mounts"
    mounts.parent.mkdir(parents=True)
    mounts.write_text(f"overlay / overlay rw 0 0\nnas:/share {tmp_path} nfs4 rw 0 0\n")
    assert network_share(tmp_path / "data", situation.root) == "nfs4"
    share = next(each for each in look_at_storage(situation) if each.check == "data share")
    assert share.level is Level.WARNING
    assert "PostgreSQL" in share.remedy
    mounts.write_text("overlay / overlay rw 0 0\n")
    assert network_share(tmp_path / "data", situation.root) == ""


def test_a_folder_that_is_a_file(situated: Situated, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    data = next(each for each in look_at_storage(situated()) if each.check == "data")
    assert (data.level, "no folder" in data.fact) == (Level.FAILED, True)
