"""The doctor as a person calls it: a process of its own, in a world that a test has broken."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.program import Ended, Program

PATIENCE = 90.0  # s, for a machine that is busy
ANOTHER_USER = ("setpriv", "--reuid=10001", "--regid=10001", "--clear-groups")


class Told(Ended):
    """What it said."""

    @property
    def findings(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.json["findings"]
        return found

    def about(self, group: str, check: str) -> dict[str, str]:
        """The finding of that name, which has to be the only one."""
        (found,) = [each for each in self.findings if (each["group"], each["check"]) == (group, check)]
        return found


def environment(home: Path, **extra: str) -> dict[str, str]:
    """A quiet world: folders of its own, no hub, and nothing of the environment that the tests run in."""
    return Program(home, home / "models", {"PYTHONDONTWRITEBYTECODE": "1", **extra}).environment


def doctor(
    home: Path, *arguments: str, within: tuple[str, ...] = (), world: Mapping[str, str] | None = None, **extra: str
) -> Told:
    """Call it in ``home``.

    Args:
        within: a program that it is started by, such as one that takes root's rights away.
        world: the whole environment, instead of :func:`environment` with ``extra``.
    """
    done = subprocess.run(
        [*within, sys.executable, "-m", "src.cli", "doctor", "--format", "json", *arguments],
        cwd=home,
        env=environment(home, **extra) if world is None else dict(world),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Told(done.returncode, done.stdout, done.stderr)


def assert_told(told: Told, group: str, check: str, level: str, fact: str, remedy: str) -> None:
    found = told.about(group, check)
    assert (found["level"], fact in found["fact"], remedy in found["remedy"]) == (level, True, True), found
    assert told.code == (1 if any(each["level"] == "failed" for each in told.findings) else 0)
    assert "Traceback" not in told.err


def tree(folder: Path) -> dict[str, str]:
    """Every file and folder, with a hash of its content. What SQLite's readers note in ``-shm`` is not looked at."""
    return {
        str(path.relative_to(folder)): "folder" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if not path.name.endswith("-shm")
    }
