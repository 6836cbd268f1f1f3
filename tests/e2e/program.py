"""The program as a person starts it: a process of its own, with folders of its own and no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SERVICE = Path(__file__).resolve().parents[2] / "services" / "ai-automation-service"


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Program:
    """``python -m src.cli`` with one set of folders.

    Attributes:
        home: everything the program may write is below it.
    """

    home: Path
    models: Path
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(SERVICE),
            "PYTHONWARNINGS": "error",
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "DATA_DIR": str(self.home / "data"),
            "MODELS_DIR": str(self.models),
            "HF_HUB_OFFLINE": "1",
            **self.extra,
        }

    @property
    def temporary(self) -> Path:
        folder = self.home / "tmp"
        folder.mkdir(exist_ok=True)
        return folder

    def __call__(self, *arguments: str | Path, **environment: str) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "src.cli", *map(str, arguments)],
            cwd=self.home,
            env=self.environment | environment,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Ended(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))

    @contextmanager
    def started(self, *arguments: str | Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """A running process; killed in the end if it still runs."""
        process = subprocess.Popen(
            [sys.executable, "-m", "src.cli", *map(str, arguments)],
            cwd=self.home,
            env=self.environment | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def wait_for_line(process: subprocess.Popen[str], wanted: str) -> str:
    """Read the process's stderr up to a line that has ``wanted`` in it; fails if it ends before."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if wanted in line:
            return line.rstrip("\n")
    raise AssertionError(f"{wanted!r} never appeared; stderr was:\n{''.join(lines)}")
