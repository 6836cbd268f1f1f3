"""Backups and restores among several processes, and ones that are killed at any moment (SIGKILL)."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.synchronize import Event as Flag
from pathlib import Path

import psycopg
import pytest

from src import cli
from src.errors import StoreError
from src.store import Store
from src.store.database import Database
from src.store.way_back import Shelf
from tests.integration.forked import CONTEXT, KILLED, PATIENCE, exit_code, importable, kill_at, started
from tests.unit.store.postgresql import Server, private_server
from tests.unit.store.test_backing_up import rows
from tests.unit.store.test_upgrading import EARLIER
from tests.unit.store.test_way_back_of_a_server import held, on_server
from tests.unit.store.whole_home import whole_home
from tests.unit.store.worlds import busy_home

CONTEXT.set_forkserver_preload(["src.cli", "src.commands.restore"])


@pytest.fixture(scope="module", autouse=True)
def _importable() -> Iterator[None]:
    with importable():
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with private_server() as running:
        yield running


def command(environment: dict[str, str], arguments: list[str], moment: int = 0) -> None:
    """One command; the process kills itself right before its so manieth statement or step with a file."""
    os.environ.update(environment)
    kill_at(moment, environment["DATA_DIR"])
    sys.exit(cli.main(arguments))


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".part")]


def moments(first: int) -> Iterator[int]:
    """Close to each other at the start, then further apart."""
    moment = first
    while True:
        yield moment
        moment += 1 + moment // 8


def test_a_backup_that_is_killed_at_any_moment(tmp_path: Path) -> None:
    environment = {"DATA_DIR": str(tmp_path)}
    store = Store.open(f"sqlite:///{tmp_path / 'ai-automation.db'}")
    whole_home(store)
    file = tmp_path / "home.zip"
    file.write_text("PK\3\4 the old one")
    tried = 0
    for moment in moments(1):
        tried += 1
        code = exit_code(started(command, environment, ["backup", str(file)], moment))
        if code == 0:
            break
        assert code == KILLED
        whole = zipfile.is_zipfile(file)
        assert whole or file.read_text() == "PK\3\4 the old one"
        assert len(left_over(tmp_path)) <= 1, "each sweeps what the one before it left"
    assert tried > 15
    assert left_over(tmp_path) == []
    with zipfile.ZipFile(file) as packed:
        assert packed.testzip() is None
    store.close()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_restore_that_is_killed_at_any_moment(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """All old or all new; and what was there before is in a file as soon as it is not there any more."""
    source = Store.open(f"sqlite:///{tmp_path / 'source' / 'ai-automation.db'}")
    whole_home(source)
    source.close()
    new = rows(f"sqlite:///{tmp_path / 'source' / 'ai-automation.db'}")
    file = tmp_path / "home.zip"
    assert exit_code(started(command, {"DATA_DIR": str(tmp_path / "source")}, ["backup", str(file)])) == 0

    data = tmp_path / "data"
    data.mkdir()
    url = f"sqlite:///{data / 'home.db'}" if kind == "sqlite" else request.getfixturevalue("server").emptied()
    environment = {"DATA_DIR": str(data), "DATABASE_URL": url}
    store = Store.open(url)
    store.events.add(busy_home(90), source="old")
    old = rows(url)
    tried = 0
    for moment in moments(1):
        tried += 1
        code = exit_code(started(command, environment, ["restore", str(file), "--wait", "60"], moment))
        now = rows(url)
        assert now in (old, new)
        if now == new:
            break
        assert code == KILLED
        assert len(left_over(data)) <= 2, "of the restore, and of the backup that it makes"
    assert tried > 20
    kept = sorted(data.glob("before-restore-*.zip"))
    assert kept
    assert exit_code(started(command, environment, ["restore", str(kept[-1]), "--wait", "60"])) == 0
    assert rows(url) == old
    assert left_over(data) == []
    store.close()


def write_on(url: str, stop: Flag, ready: Flag) -> None:
    """Each transaction leaves as many rows of one sort as of the other."""
    store = Store.open(url)
    number = 0
    while not stop.is_set():
        store.events.add(busy_home(3, seed=number), source=f"s{number}")
        number += 1
        if number == 3:
            ready.set()
    store.close()
    sys.exit(0)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_backup_while_somebody_writes_all_the_time(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path / 'home.db'}" if kind == "sqlite" else request.getfixturevalue("server").emptied()
    Store.open(url).close()
    stop, ready = CONTEXT.Event(), CONTEXT.Event()
    writer = started(write_on, url, stop, ready)
    try:
        assert ready.wait(PATIENCE)
        counts = [events_in_a_backup(url, tmp_path, number) for number in range(4)]
        assert writer.is_alive(), "nobody kept it waiting for so long that it failed"
    finally:
        stop.set()
    assert exit_code(writer) == 0
    assert counts == sorted(counts)


def events_in_a_backup(url: str, folder: Path, number: int) -> int:
    """How many there are, in a backup made now that is whole in itself."""
    file = folder / f"{number}.zip"
    environment = {"DATA_DIR": str(folder), "DATABASE_URL": url}
    assert exit_code(started(command, environment, ["backup", str(file)])) == 0
    with zipfile.ZipFile(file) as packed:
        manifest = json.loads(packed.read("manifest.json"))
        packed.extract("store.db", folder / str(number))
    with closing(sqlite3.connect(folder / str(number) / "store.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found: int = copy.execute("SELECT count(*) FROM event").fetchone()[0]
        strangers = copy.execute(
            "SELECT count(*) FROM event WHERE entity NOT IN (SELECT id FROM entity)"
            " OR state NOT IN (SELECT id FROM state_text)"
        ).fetchone()[0]
    assert found == manifest["rows"]["event"]
    assert strangers == 0
    return found


# A disk that is really full


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if not made or made.returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("foreseen", [True, False])
def test_a_disk_that_runs_full_in_a_backup(
    foreseen: bool,
    small_disk: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    store = Store.open(f"sqlite:///{tmp_path / 'ai-automation.db'}")
    store.events.add(busy_home(60_000), source="a")
    file = small_disk / "home.zip"
    file.write_text("PK\3\4 the old one")
    if not foreseen:
        monkeypatch.setattr("src.store.snapshot.check_room", lambda *_: None)
        monkeypatch.setattr("src.commands.backup.check_room", lambda *_: None)

    assert cli.main(["backup", str(file)]) == 4

    assert ("There is no room for" if foreseen else "full") in capsys.readouterr().err
    assert file.read_text() == "PK\3\4 the old one"
    assert [path.name for path in small_disk.iterdir()] == ["home.zip"]
    store.close()


def test_a_disk_that_runs_full_in_a_restore(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = Store.open(f"sqlite:///{tmp_path / 'ai-automation.db'}")
    source.events.add(busy_home(60_000), source="a")
    source.close()
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert cli.main(["backup", str(tmp_path / "home.zip")]) == 0
    url = f"sqlite:///{small_disk / 'home.db'}"
    monkeypatch.setenv("DATABASE_URL", url)
    store = Store.open(url)
    store.events.add(busy_home(30), source="a")
    before = rows(url)
    monkeypatch.setattr("src.store.replacement.check_room", lambda *_: None)

    assert cli.main(["restore", str(tmp_path / "home.zip")]) == 4

    assert "full" in capsys.readouterr().err
    assert rows(url) == before
    store.close()


@pytest.mark.postgres
def test_a_disk_that_runs_full_before_an_upgrade(
    small_disk: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.emptied()
    on_server(EARLIER[-1], url, tmp_path)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO event SELECT 2000000000000000 + i, 1, 1, 0 FROM generate_series(1, 60000) i")
    before = held(Database(url))
    for module in ("snapshot", "way_back"):
        monkeypatch.setattr(f"src.store.{module}.check_room", lambda *_: None)

    with pytest.raises(StoreError, match=rf"full \(sqlite:///{small_disk}/"):
        Store.open(url, Shelf(small_disk, ""))

    assert list(small_disk.iterdir()) == []
    assert held(Database(url)) == before
