"""A recorder database is read whole and left as it was, whether Home Assistant runs, was stopped or crashed."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from src.errors import HistoryUnreadable
from src.history import read_history
from tests.unit.history.conftest import MakeRecorder

NOON = datetime(2026, 4, 30, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)

AsNobody = Callable[[], AbstractContextManager[None]]

# Home Assistant, as far as the database notices: opens it in WAL mode, writes, and answers each line with "ok".
WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA wal_autocheckpoint=0")
for line in sys.stdin:
    word, _, state = line.strip().partition(" ")
    if word == "write":
        connection.execute(
            "INSERT INTO states (metadata_id, state, last_updated_ts) VALUES (1, ?, 1777550400 + 1000 + "
            "(SELECT count(*) FROM states))", (state,)
        )
    elif word == "begin":
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO states (metadata_id, state, last_updated_ts) VALUES (1, 'no', 1777560000)")
    elif word == "checkpoint":
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    elif word == "stop":
        connection.close()
    print("ok", flush=True)
"""


class Writer:
    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def tell(self, line: str) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "ok\n"

    def end(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def home(recorder: MakeRecorder) -> Path:
    """A stopped home with one event, ``first``."""
    database = recorder()
    database.state("light.a", "first", NOON)
    database.close()
    return database.path


@pytest.fixture
def writer(home: Path) -> Iterator[Writer]:
    process = Writer(home)
    yield process
    process.end()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but the shared memory, which running processes tell each other with."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("-shm")}


def states(path: Path) -> list[str]:
    log = read_history(path).log
    return [log.states[code] for code in log.state]


def opened(path: Path) -> object:
    return read_history(path).source.details["opened"]


def test_while_it_runs_what_is_committed_is_read_and_nothing_is_touched(home: Path, writer: Writer) -> None:
    writer.tell("write second")
    writer.tell("begin")
    before = contents(home.parent)
    assert before["home-assistant_v2.db-wal"], "the second event stands in the WAL alone"

    assert states(home) == ["first", "second"]
    assert opened(home) == "live"
    assert contents(home.parent) == before
    assert sorted(path.name for path in home.parent.iterdir()) == [home.name, home.name + "-shm", home.name + "-wal"]


def test_while_it_runs_with_an_empty_wal(home: Path, writer: Writer) -> None:
    writer.tell("write second")
    writer.tell("checkpoint")
    assert (home.parent / f"{home.name}-wal").stat().st_size == 0

    assert states(home) == ["first", "second"]
    assert opened(home) == "live"


def test_reading_does_not_keep_it_from_writing_and_stopping(home: Path, writer: Writer) -> None:
    writer.tell("write second")
    written_while_read: list[bool] = []

    def write_once(stage: str, done: float, total: float, unit: str = "") -> None:
        if not written_while_read:
            writer.tell("write third")
            written_while_read.append(True)

    read = read_history(home, progress=write_once)
    writer.tell("stop")

    assert len(read.log) == 2
    assert sorted(path.name for path in home.parent.iterdir()) == [home.name]
    assert states(home) == ["first", "second", "third"]


def test_a_stopped_one_is_read_without_making_files(home: Path) -> None:
    before = contents(home.parent)

    assert states(home) == ["first"]
    assert opened(home) == "stopped"
    assert contents(home.parent) == before
    assert [path.name for path in home.parent.iterdir()] == [home.name]


def test_after_a_crash_the_wal_is_read_and_left_for_home_assistant(home: Path, writer: Writer) -> None:
    writer.tell("write second")
    writer.end()
    before = contents(home.parent)

    assert states(home) == ["first", "second"]
    assert contents(home.parent) == before
    with sqlite3.connect(home) as connection:  # Home Assistant starts again
        assert connection.execute("SELECT count(*) FROM states").fetchone() == (2,)
    connection.close()


def test_a_copy_with_its_wal_is_read_whole(home: Path, writer: Writer, tmp_path: Path) -> None:
    writer.tell("write second")
    backup = tmp_path / "backup #1?"  # a name that means something in a URI
    backup.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{home}{suffix}", backup)
    before = contents(backup)

    assert states(backup / home.name) == ["first", "second"]
    assert opened(backup / home.name) == "copy"
    assert contents(backup) == before
    assert len(list(backup.iterdir())) == 2


def test_a_link_to_the_database_finds_its_wal(home: Path, writer: Writer, tmp_path: Path) -> None:
    writer.tell("write second")
    link = tmp_path / "elsewhere.db"
    link.symlink_to(home)

    assert states(link) == ["first", "second"]
    assert read_history(link).source.key == str(home.resolve())


def test_home_assistant_that_starts_and_writes_meanwhile_is_read_again(home: Path) -> None:
    process: list[Writer] = []

    def start_once(stage: str, done: float, total: float, unit: str = "") -> None:
        if not process:
            process.append(Writer(home))
            process[0].tell("write second")

    try:
        read = read_history(home, progress=start_once)
    finally:
        process[0].end()

    assert len(read.log) == 2
    assert read.source.details["opened"] == "live"


def test_a_database_that_never_rests_is_refused(home: Path) -> None:
    def touch(stage: str, done: float, total: float, unit: str = "") -> None:
        home.touch()

    with pytest.raises(HistoryUnreadable, match="keeps changing"):
        read_history(home, progress=touch)


@pytest.mark.parametrize("state", ["stopped", "live", "crashed", "copy"])
def test_a_folder_that_may_not_be_written(state: str, home: Path, open_folder: Path, unprivileged: AsNobody) -> None:
    folder = open_folder / "config"
    folder.mkdir()
    shutil.copy(home, folder)
    running = None
    if state != "stopped":
        running = Writer(folder / home.name)
        running.tell("write second")
    if running and state in ("crashed", "copy"):
        running.end()
    if state == "copy":
        (folder / f"{home.name}-shm").unlink()
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)

    try:
        with unprivileged():
            assert states(folder / home.name) == (["first", "second"] if running else ["first"])
    finally:
        folder.chmod(0o755)
        if running:
            running.end()


def test_a_wal_that_may_not_be_read_is_not_passed_over(home: Path, open_folder: Path, unprivileged: AsNobody) -> None:
    folder = open_folder / "config"
    folder.mkdir()
    shutil.copy(home, folder)
    running = Writer(folder / home.name)
    running.tell("write second")
    (folder / home.name).chmod(0o444)
    for suffix in ("-wal", "-shm"):
        (folder / f"{home.name}{suffix}").chmod(0)

    try:
        with unprivileged(), pytest.raises(HistoryUnreadable, match="-wal") as caught:
            read_history(folder / home.name)
    finally:
        running.end()

    assert "read all three files" in caught.value.remedy
