"""Native libraries are told their threads before they are loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import src
from src.box import libraries

SERVICE = Path(src.__file__).parents[1]
NAMES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS")


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("nothing_set")
def test_they_follow_the_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "threads", lambda most: min(most, 3))
    libraries.limit_libraries()
    assert [os.environ[name] for name in NAMES] == ["3", "3", "3"]


@pytest.mark.usefixtures("nothing_set")
def test_what_a_person_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    libraries.limit_libraries()
    assert os.environ["OMP_NUM_THREADS"] == "7"


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="the system does not tell threads")
@pytest.mark.usefixtures("nothing_set")
def test_importing_numpy_after_the_service_starts_no_thread_too_many() -> None:
    code = (
        "import os; os.cpu_count = lambda: 64; os.sched_getaffinity = lambda _: {0};"
        "import src.mining, numpy; numpy.ones((300, 300)) @ numpy.ones((300, 300));"
        "print(len(os.listdir('/proc/self/task')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=SERVICE, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
