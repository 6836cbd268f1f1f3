"""A look at a database: what it is, what is in it, and that it stays as it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from src.domain.runs import RunTrigger
from src.errors import DatabaseUnreachable, StoreError
from src.store import Store
from src.store.inspection import inspect_store

REVISION_1 = Path(__file__).with_name("revision_0001.sql")


def test_a_database_and_its_runs(url: str) -> None:
    with closing(Store.open(url)) as store:
        run = store.runs.start(trigger=RunTrigger.API, request={}, now=5)
        store.runs.fail(run.id, {"code": "no_history", "message": "m", "remedy": "r"}, now=7)
        seen = inspect_store(url, seconds=20.0, lock_seconds=0.0)
        newest = store.schema_version
    assert (seen.condition, seen.revision, seen.known) == ("current", newest, newest)
    assert [(each.state, each.code, each.created_at, each.finished_at) for each in seen.runs] == [
        ("failed", "no_history", 5, 7)
    ]
    assert (seen.rows["run"], seen.rows["event"]) == (1, 0)
    assert (seen.newest, seen.last_success, seen.time_zone, seen.writer) == (None, None, None, None)
    assert seen.bytes


def test_an_empty_one_is_left_empty(url: str) -> None:
    before = inspect_store(url, seconds=20.0)
    assert before.condition in ("absent", "empty")
    assert inspect_store(url, seconds=20.0) == before


def test_an_older_one_is_not_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(REVISION_1.read_text("utf-8"))
    before = path.read_bytes()
    seen = inspect_store(f"sqlite:///{path}", seconds=20.0)
    assert (seen.condition, seen.revision) == ("older", "0001")
    assert seen.rows["event"] > 0
    assert (path.read_bytes(), [each.name for each in tmp_path.iterdir()]) == (before, ["old.db"])


def test_nothing_is_made_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    Store.open(f"sqlite:///{path}").close()
    before = path.read_bytes()
    assert inspect_store(f"sqlite:///{path}", seconds=20.0).damage == ()
    assert (path.read_bytes(), [each.name for each in tmp_path.iterdir()]) == (before, ["home.db"])


def test_a_write_ahead_log_of_a_copy_is_told_and_left(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    Store.open(f"sqlite:///{path}").close()
    (tmp_path / "home.db-wal").write_bytes(b"x" * 4096)
    seen = inspect_store(f"sqlite:///{path}", seconds=20.0)
    assert (seen.condition, seen.unread) == ("current", 4096)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["home.db", "home.db-wal"]


def test_what_cannot_be_counted_in_time_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    Store.open(f"sqlite:///{path}").close()
    seen = inspect_store(f"sqlite:///{path}", seconds=0.0)
    assert seen.condition == "current"
    assert dict(seen.rows) == {}


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_one_in_memory_is_lost(url: str) -> None:
    with pytest.raises(StoreError, match="lost with each restart"):
        inspect_store(url, seconds=1.0)


def test_one_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "home.db").mkdir()
    with pytest.raises(DatabaseUnreachable):
        inspect_store(f"sqlite:///{tmp_path / 'home.db'}", seconds=1.0)
    with pytest.raises(DatabaseUnreachable, match="URL cannot be read"):
        inspect_store("no url:at all", seconds=1.0)


def test_another_connection_that_is_exclusive_is_told_as_a_lock(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("CREATE TABLE x (y)")
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked"):
            inspect_store(f"sqlite:///{path}", seconds=0.2)
