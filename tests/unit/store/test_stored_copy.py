"""A store in an SQLite file from elsewhere: what is taken from it, and what is refused."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from src.errors import BackupTooNew, BackupUnreadable, NoRoom
from src.store import Store
from src.store.migration import known_revisions
from src.store.stored_copy import check_copy
from tests.unit.store.test_backing_up import restored, rows
from tests.unit.store.test_upgrading import database_of, known_in
from tests.unit.store.whole_home import everything, whole_home

*EARLIER, NEWEST = known_revisions()
TRAP = """
CREATE TABLE sprung (x);
CREATE TRIGGER trap AFTER INSERT ON event BEGIN INSERT INTO sprung VALUES (1); END;
CREATE TRIGGER trap2 AFTER DELETE ON pattern BEGIN INSERT INTO sprung VALUES (1); END;
CREATE VIEW look AS SELECT load_extension('x') FROM event;
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    store = Store.open(f"sqlite:///{tmp_path / 'source.db'}")
    whole_home(store)
    snapshot = store.snapshot(tmp_path / "copy.db")
    store.close()
    return snapshot.path


def checked(path: Path, folder: Path, revision: str = NEWEST) -> Any:
    folder.mkdir()
    return check_copy(path, folder, name="home.zip", version="9.9", revision=revision)


@pytest.mark.parametrize("revision", EARLIER)
def test_a_copy_of_an_earlier_revision_is_brought_up_to_date(revision: str, tmp_path: Path, store: Store) -> None:
    path = database_of(revision, tmp_path / "old.db")
    before = path.read_bytes()
    home = Store.open("sqlite://")
    whole_home(home)

    found = checked(path, tmp_path / "spool", revision)
    restored(store, found.path)

    assert found.revision == revision
    assert everything(store) == known_in(revision, everything(home))
    assert path.read_bytes() == before
    home.close()


def test_a_copy_of_a_later_revision_names_the_version(copy: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupTooNew, match=r"9\.9 \(schema 0999.*Restore it with version 9\.9"):
        checked(copy, tmp_path / "spool", "0999")


@pytest.mark.parametrize("revision", [NEWEST, "0004"])
def test_what_is_not_ours_in_a_copy_is_never_set_off(copy: Path, tmp_path: Path, store: Store, revision: str) -> None:
    path = copy if revision == NEWEST else database_of(revision, tmp_path / "old.db")
    with closing(sqlite3.connect(path)) as crafted:
        crafted.executescript(TRAP)

    found = checked(path, tmp_path / "spool", revision)
    restored(store, found.path)

    assert store.events.count() == 3
    with closing(sqlite3.connect(found.path)) as after:
        tables = {name for (name,) in after.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        assert "sprung" not in tables or after.execute("SELECT count(*) FROM sprung").fetchone() == (0,)


@pytest.mark.parametrize(
    ("crafted", "why"),
    [
        ("DROP TABLE firing", "table firing"),
        ("ALTER TABLE firing RENAME TO f; CREATE VIEW firing AS SELECT * FROM f", "table firing"),
        ("DROP TABLE firing; CREATE VIRTUAL TABLE firing USING fts5(automation, time)", "table firing"),
        (
            "DROP TABLE embedding; CREATE VIRTUAL TABLE embedding USING rtree(model, digest, dims, vector, created);"
            "PRAGMA writable_schema = ON;"
            "UPDATE sqlite_schema SET sql = replace(sql, 'CREATE VIRTUAL', 'CREATE/**/VIRTUAL')",
            "table embedding",
        ),
        (
            "DROP TABLE firing; CREATE TABLE firing (automation TEXT, time BIGINT AS (abs(1)) STORED)",
            "table firing",
        ),
        ("ALTER TABLE firing ADD COLUMN more TEXT", "table firing"),
        ("UPDATE event SET origin = 'x'", "table event"),
        ("UPDATE pattern SET data = '{'", "table pattern"),
        ("UPDATE entity SET entity_id = x'00' WHERE id = 1", "table entity"),
        ("UPDATE entity SET name = CAST(x'ff' AS TEXT) WHERE id = 1", "cannot be read"),
        ("UPDATE alembic_version SET version_num = '0001'", "another schema"),
        ("DROP TABLE alembic_version", "another program"),
    ],
)
def test_a_copy_that_is_not_what_it_says(copy: Path, tmp_path: Path, crafted: str, why: str) -> None:
    with closing(sqlite3.connect(copy)) as database:
        database.executescript(crafted)
    with pytest.raises(BackupUnreadable, match=why):
        checked(copy, tmp_path / "spool")


def test_a_damaged_copy(copy: Path, tmp_path: Path) -> None:
    data = bytearray(copy.read_bytes())
    for page in range(2, len(data) // 4096):
        data[page * 4096 : page * 4096 + 60] = bytes(60)
    copy.write_bytes(data)
    with pytest.raises(BackupUnreadable, match=r"damaged|malformed"):
        checked(copy, tmp_path / "spool")


@pytest.mark.parametrize("content", [b"", b"This is no database. " * 500])
def test_no_database_at_all(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_bytes(content)
    with pytest.raises(BackupUnreadable):
        checked(tmp_path / "copy.db", tmp_path / "spool")


def test_without_room_nothing_is_begun(
    url: str, store: Store, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(url)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000))
    with pytest.raises(NoRoom):
        store.snapshot(tmp_path / "full.db")
    with pytest.raises(NoRoom):
        checked(copy, tmp_path / "spool")
    assert not (tmp_path / "full.db").exists()
    assert rows(url) == before
