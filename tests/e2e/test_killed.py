"""kill -9 at any moment, then the same command again: nothing is lost and nothing is doubled."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from src.store import Store
from tests.e2e.program import Program, wait_for_line

LINES = (1, 3)  # of progress, after which the process is killed: while it reads or imports, while it mines or embeds


@pytest.fixture(scope="module")
def undisturbed(demo: Path, models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int]:
    """What ``up`` shows when nobody disturbs it, and how many events it keeps."""
    program = Program(tmp_path_factory.mktemp("undisturbed"), models_dir)
    ended = program("up", "--once")
    assert ended.code == 0, ended.err
    return ended.out, events_kept(program)


def events_kept(program: Program) -> int:
    """How many events the store of the demo home holds: all of the file are known to it, and no other."""
    (folder,) = (program.home / "data" / "homes").iterdir()
    again = program("import", folder / "demo.csv", "--format", "json", DATA_DIR=str(folder))
    assert again.code == 0, again.err
    assert again.json["added"] == 0
    return int(again.json["known"])


@pytest.mark.parametrize("lines", LINES)
def test_up(lines: int, program: Program, undisturbed: tuple[str, int]) -> None:
    with program.started("up", "--once") as process:
        for _ in range(lines):
            wait_for_line(process, "...")
        process.kill()
        assert process.wait() == -signal.SIGKILL
    again = program("up", "--once")
    assert again.code == 0, again.err
    assert (again.out, events_kept(program)) == undisturbed


def test_import(demo: Path, program: Program) -> None:
    with program.started("import", demo) as process:
        wait_for_line(process, "import ...")
        process.kill()
        assert process.wait() == -signal.SIGKILL
    again = program("import", demo, "--format", "json")
    assert again.code == 0, again.err
    third = program("import", demo, "--format", "json")
    assert third.json["added"] == 0
    assert third.json["known"] == again.json["added"] + again.json["known"]
    store = Store.open(f"sqlite:///{program.home / 'data' / 'ai-automation.db'}")
    assert store.events.count() == third.json["known"]
    store.close()


def test_detect(demo: Path, program: Program) -> None:
    command = ("detect", demo, "--interest", "save energy", "--format", "json")
    undisturbed = program(*command)
    with program.started(*command) as process:
        wait_for_line(process, "mine ...")
        process.kill()
        assert process.wait() == -signal.SIGKILL
    again = program(*command)
    assert again.code == 0, again.err
    assert again.json["shortlists"] == undisturbed.json["shortlists"]


def test_demo_is_written_whole_or_not_at_all(program: Program, demo: Path) -> None:
    target = program.home / "home.csv"
    with program.started("demo", target) as process:
        while process.poll() is None and not list(target.parent.glob(".home*")):
            pass
        process.kill()
        process.wait()
    assert not target.exists() or target.read_bytes() == demo.read_bytes()
    assert program("demo", target).code == 0
    assert target.read_bytes() == demo.read_bytes()
    assert [path.name for path in sorted(target.parent.glob("home*"))] == ["home.csv", "home.entities.csv"]
