"""A database of every earlier revision comes up with everything in it, and what it was before lies beside it."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from src.domain.runs import RunState, RunTrigger
from src.errors import NoRoom
from src.store import Store
from src.store.migration import known_revisions
from tests.unit.store.whole_home import everything, whole_home
from tests.unit.store.worlds import NOW

*EARLIER, NEWEST = known_revisions()


def database_of(revision: str, path: Path) -> Path:
    """A database with rows in every table of a revision, as that version wrote it."""
    script = Path(__file__).with_name("revisions") / f"{revision}.sql"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(script.read_text("utf-8"))
    return path


def dump_of(path: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return list(database.iterdump())


def known_in(revision: str, told: dict[str, Any]) -> dict[str, Any]:
    """What a database of a revision can tell of the same home."""
    known = dict(told)
    if revision < "0002":
        known["position"] = None
    if revision < "0003":
        known["whys"] = {run: [] for run in told["whys"]}
    if revision < "0004":
        known |= {"described": {}, "firings": [], "corrections": {}, "rejections": [], "patterns": told["mined"]}
        known["answers"] = {pattern: [] for pattern in told["answers"]}
    if revision < "0005":
        known["deployments"] = []
    return known


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    store = Store.open("sqlite://")
    whole_home(store)
    told = everything(store)
    store.close()
    return told


@pytest.mark.parametrize("revision", EARLIER)
def test_everything_is_still_there(revision: str, told: dict[str, Any], tmp_path: Path) -> None:
    path = database_of(revision, tmp_path / "home.db")

    store = Store.open(f"sqlite:///{path}")

    assert store.schema_version == NEWEST
    assert everything(store) == known_in(revision, told)
    store.close()


@pytest.mark.parametrize("revision", EARLIER)
def test_the_way_back_is_the_database_as_it_was(revision: str, tmp_path: Path) -> None:
    path = database_of(revision, tmp_path / "home.db")
    before = dump_of(path)
    path.chmod(0o640)

    Store.open(f"sqlite:///{path}").close()
    Store.open(f"sqlite:///{path}").close()

    kept = tmp_path / f"home.db.{revision}.backup"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["home.db", kept.name]
    assert kept.stat().st_mode & 0o777 == 0o640
    assert dump_of(kept) == before
    path.unlink()
    kept.rename(path)
    assert dump_of(path) == before


def test_what_the_log_still_holds_is_in_the_copy(tmp_path: Path) -> None:
    """A version that was killed leaves its last rows in the write-ahead log."""
    path = database_of(EARLIER[-1], tmp_path / "home.db")
    old = sqlite3.connect(path)
    old.execute("PRAGMA journal_mode = WAL")
    old.execute("PRAGMA wal_autocheckpoint = 0")
    old.execute("UPDATE home SET time_zone = 'Europe/Lisbon'")
    old.commit()

    store = Store.open(f"sqlite:///{path}")

    old.close()
    assert store.events.time_zone() == "Europe/Lisbon"
    store.close()
    assert "Europe/Lisbon" in "".join(dump_of(tmp_path / f"home.db.{EARLIER[-1]}.backup"))


def test_a_new_database_has_nothing_to_go_back_to(tmp_path: Path) -> None:
    Store.open(f"sqlite:///{tmp_path / 'home.db'}").close()
    assert [file.name for file in tmp_path.iterdir()] == ["home.db"]


def test_a_later_upgrade_from_the_same_revision_keeps_what_was_there_then(tmp_path: Path) -> None:
    path = database_of("0004", tmp_path / "home.db")
    Store.open(f"sqlite:///{path}").close()
    path.unlink()
    database_of("0004", path)
    with closing(sqlite3.connect(path)) as old:
        old.execute("UPDATE home SET time_zone = 'Europe/Lisbon'")
        old.commit()

    Store.open(f"sqlite:///{path}").close()

    assert "Europe/Lisbon" in "".join(dump_of(tmp_path / "home.db.0004.backup"))


def test_without_room_for_the_way_back_nothing_is_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = database_of("0005", tmp_path / "home.db")
    before = dump_of(path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10_000_000))

    with pytest.raises(NoRoom, match=rf"home\.db\.0005\.backup: {tmp_path} has 10 MB free") as refused:
        Store.open(f"sqlite:///{path}")

    assert refused.value.missing > 0
    assert "Free 7 MB" in refused.value.remedy
    assert [file.name for file in tmp_path.iterdir()] == ["home.db"]
    assert dump_of(path) == before
    monkeypatch.undo()
    Store.open(f"sqlite:///{path}").close()


def test_a_run_of_before_can_be_done_again(tmp_path: Path) -> None:
    with closing(Store.open(f"sqlite:///{database_of('0005', tmp_path / 'home.db')}")) as store:
        runs = store.runs.since(0)
        assert [(run.state, run.trigger, run.resumes) for run in runs] == [
            (RunState.SUCCEEDED, RunTrigger.NIGHTLY, None),
            (RunState.FAILED, RunTrigger.API, None),
        ]
        stopped = runs[1]
        again = store.runs.start(trigger=RunTrigger.API, request=stopped.request, now=NOW, resumes=stopped.id)
        assert store.runs.resumed_by(stopped) == again


def test_the_copy_is_told_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Store.open(f"sqlite:///{database_of('0005', tmp_path / 'home.db')}").close()
    told = [record.message for record in caplog.records if record.name.startswith("src.store.")]
    assert told == ["database_copied", "database_migrated"]
