"""A Docker engine with compose v2: the one the environment names, or the one that ``make docker-engine`` started."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
STARTED_HERE = REPO / ".docker-engine" / "env.sh"
MISSING = "no Docker engine: run `make docker-engine`"


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Engine:
    """Runs ``docker`` with an environment that finds the engine and holds no setting of the service."""

    environment: Mapping[str, str] = field(repr=False)

    def __call__(
        self,
        *arguments: str | Path,
        check: bool = True,
        seconds: float = 300,
        environment: Mapping[str, str] | None = None,
    ) -> Done:
        """Run a command to its end.

        Args:
            check: fail the test with what it said, unless it ended with 0.
            environment: on top of the engine's.
        """
        done = subprocess.run(
            ["docker", *map(str, arguments)],
            env={**self.environment, **(environment or {})},
            cwd=REPO,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
        ended = Done(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
        if check and ended.code != 0:
            what = " ".join(map(str, arguments))
            raise AssertionError(f"docker {what} ended with {ended.code}:\n{ended.out[-4000:]}\n{ended.err[-8000:]}")
        return ended

    def inspect(self, kind: str, name: str) -> Any:
        """What the engine knows of an image, a container or a volume."""
        return self(kind, "inspect", name).json[0]

    def has(self, kind: str, name: str) -> bool:
        return self(kind, "inspect", name, check=False).code == 0


def find_engine() -> Engine | None:
    """An engine that answers, with compose v2 and BuildKit; None where there is none."""
    return _first(("info",), ("compose", "version"), ("buildx", "version"))


def find_compose() -> Engine | None:
    """Docker's programs with compose v2, for what needs no engine; None where there are none."""
    return _first(("compose", "version"))


def _first(*commands: tuple[str, ...]) -> Engine | None:
    """The first environment in which all of these commands end well."""
    here = {name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG") if name in os.environ}
    candidates = [here]
    if STARTED_HERE.exists():
        candidates.append(here | _exported(STARTED_HERE, here["PATH"]))
    for environment in candidates:
        engine = Engine(environment)
        try:
            if all(engine(*command, check=False, seconds=30).code == 0 for command in commands):
                return engine
        except (FileNotFoundError, subprocess.TimeoutExpired):
            continue
    return None


def _exported(file: Path, path: str) -> dict[str, str]:
    """What a file of ``export NAME=VALUE`` lines sets, ``$PATH`` being ``path``."""
    found = {}
    for line in file.read_text("utf-8").splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        found[name] = "".join(shlex.split(value)).replace("$PATH", path)
    return found
