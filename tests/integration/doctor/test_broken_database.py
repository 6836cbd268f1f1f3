"""The real ``doctor`` where the database is broken, or runs fail: a finding and a remedy for each."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from src.domain.runs import RunTrigger
from tests.doctor_process import assert_told, doctor, tree
from tests.integration.doctor.conftest import store_of
from tests.integration.loopback import closed_port

pytestmark = pytest.mark.heavy


def test_a_database_that_is_damaged(tmp_path: Path, kept: Path) -> None:
    with kept.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 8192)
    before = tree(tmp_path)
    told = doctor(tmp_path)
    damaged = [each for each in told.findings if each["group"] == "database" and each["level"] == "failed"]
    assert damaged
    assert "damaged" in damaged[0]["fact"]
    assert "backup" in damaged[0]["remedy"]
    assert told.code == 1
    assert {name: what for name, what in tree(tmp_path).items() if name != "tmp"} == before


def test_a_database_of_a_later_version(tmp_path: Path, kept: Path) -> None:
    with closing(sqlite3.connect(kept)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    told = doctor(tmp_path)
    assert_told(told, "database", "schema", "failed", "later version (schema 9999", "Upgrade the service")


def test_a_database_of_an_earlier_version_is_not_upgraded(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "ai-automation.db"
    old = Path(__file__).parents[2] / "unit" / "store" / "revision_0001.sql"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(old.read_text("utf-8"))
    before = path.read_bytes()
    told = doctor(tmp_path)
    assert_told(told, "database", "schema", "note", "revision 0001; this version upgrades it", "")
    assert "puts a copy of it beside it first" in told.about("database", "schema")["fact"]
    assert path.read_bytes() == before


def test_a_database_of_another_program(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE recipe (name TEXT)")
    told = doctor(tmp_path, DATABASE_URL=f"sqlite:///{other}")
    assert_told(told, "database", "schema", "failed", "another program", "database of its own")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ai-automation.db").write_text("shopping list" * 100)
    told = doctor(tmp_path)
    assert_told(told, "database", "database", "failed", "not an SQLite database", "backup")


def test_a_database_that_a_writer_keeps_locked(tmp_path: Path, kept: Path) -> None:
    hold = (
        "import sqlite3, sys; held = sqlite3.connect(sys.argv[1], isolation_level=None);"
        " held.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(kept)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        told = doctor(tmp_path)
        assert_told(told, "database", "database", "warning", f"process {holder.pid} keeps it locked", "two services")
        assert holder.stdin is not None
        holder.stdin.close()


def test_a_postgresql_that_is_away(tmp_path: Path) -> None:
    told = doctor(tmp_path, DATABASE_URL=f"postgresql://ha:a-password@localhost:{closed_port()}/home")
    found = told.about("database", "database")
    assert found["level"] == "failed"
    assert "server runs" in found["remedy"]
    assert "a-password" not in told.out
    assert told.code == 1


def test_runs_that_fail(tmp_path: Path, kept: Path) -> None:
    store = store_of(tmp_path)
    now = 1_760_000_000_000_000
    for day in range(3):
        run = store.runs.start(trigger=RunTrigger.NIGHTLY, request={}, now=now + day)
        error = {"code": "home_assistant_refused", "message": "light.grandmas_lamp", "remedy": ""}
        store.runs.fail(run.id, error, now=now + day)
    store.close()
    told = doctor(tmp_path)
    assert_told(
        told, "runs", "runs", "failed", "the last 3 failed, the newest with home_assistant_refused", "Home Assistant"
    )
    assert "grandma" not in told.out
