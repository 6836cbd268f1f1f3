"""Opening a database: new, old, too new, somebody else's, none at all."""

from __future__ import annotations

import logging
import sqlite3
import stat
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from src.domain.events import EntityInfo, Origin
from src.domain.patterns import Status
from src.domain.runs import Shortlist
from src.errors import DatabaseTooNew, DatabaseUnreachable
from src.store import Store
from src.store.schema import metadata
from tests.unit.store.postgresql import Server
from tests.unit.store.worlds import NOW, SECOND, busy_home, events_of, log_of, pattern

NEWEST = "0006"


def driver_url(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg:")


def test_a_new_database_has_the_newest_schema_and_keeps_it(url: str) -> None:
    first = Store.open(url)
    first.events.add(log_of([(NOW, "light.a", "on", Origin.USER)]), source="a")
    first.close()
    again = Store.open(url)
    assert first.schema_version == again.schema_version == NEWEST
    assert events_of(again.events.load()) == [(NOW, "light.a", "on", Origin.USER)]
    again.close()


def test_the_migrations_make_the_tables_that_the_code_reads(url: str) -> None:
    Store.open(url).close()
    engine = create_engine(driver_url(url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_database_of_the_first_revision_opens_with_all_it_holds(tmp_path: Path) -> None:
    script = Path(__file__).with_name("revision_0001.sql").read_text("utf-8")
    with closing(sqlite3.connect(tmp_path / "old.db")) as old:
        old.executescript(script)

    store = Store.open(f"sqlite:///{tmp_path / 'old.db'}")

    assert store.schema_version == NEWEST
    log = store.events.load()
    assert events_of(log) == [
        (NOW, "light.a", "on", Origin.USER),
        (NOW + 1, "light.a", "off", Origin.UNKNOWN),
        (NOW + 1, "sensor.b", "21.5", Origin.DEVICE),
    ]
    assert dict(log.info) == {"light.a": EntityInfo("light.a", name="Lamp", area="Hall")}
    assert log.position is None
    assert store.events.position("/data/home.csv") == NOW + 1
    assert store.patterns.all() == [pattern(1, status=Status.ACCEPTED), pattern(2)]
    run = store.runs.succeeded_night("2025-10-18")
    assert run is not None
    assert run.finished_at == NOW + SECOND
    assert store.runs.shortlists(run.id) == [Shortlist("save energy", (pattern(2),))]
    assert store.embeddings.get("m", ["a"])["a"].tolist() == [0.5, -1.0]
    assert store.leases.holder("run", now=NOW) == "host:1:x"
    store.events.add(busy_home(10), source="new")
    assert store.events.count() == 13
    store.events.add(replace(busy_home(10), position=(52.52, 13.4)), source="new")
    assert store.events.load().position == (52.52, 13.4)
    store.close()


def test_a_database_of_a_later_version_is_left_alone(url: str) -> None:
    Store.open(url).close()
    engine = create_engine(driver_url(url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    engine.dispose()

    with pytest.raises(DatabaseTooNew, match=f"schema 0999.*knows {NEWEST}") as refused:
        Store.open(url)
    assert refused.value.remedy


def test_another_programs_database_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "home-assistant_v2.db"
    with closing(sqlite3.connect(path)) as theirs:
        theirs.executescript("CREATE TABLE states (state_id INTEGER); INSERT INTO states VALUES (1);")
    before = path.read_bytes()

    with pytest.raises(DatabaseUnreachable, match="another program"):
        Store.open(f"sqlite:///{path}")

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("column", ["version_num VARCHAR(32)", "id INTEGER"])
def test_another_programs_tables_of_the_same_name_are_not_touched(url: str, column: str) -> None:
    table, name = ("alembic_version", "version_num") if "version" in column else ("event", "id")
    engine = create_engine(driver_url(url))
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE {table} ({column})"))
        connection.execute(text(f"INSERT INTO {table} ({name}) VALUES ('7')"))

    with pytest.raises(DatabaseUnreachable, match="another program"):
        Store.open(url)

    with engine.connect() as connection:
        assert str(connection.execute(text(f"SELECT {name} FROM {table}")).scalar_one()) == "7"
    engine.dispose()


def test_the_folder_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "a b" / "50%41 @home?"
    store = Store.open(f"sqlite:///{quote(str(folder / 'home.db'))}")
    store.check()
    store.close()
    assert [path.name for path in folder.iterdir()] == ["home.db"]


def test_a_new_database_that_another_process_is_about_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite does not wait for a writer when it changes the journal's mode, whatever its busy timeout."""
    other = sqlite3.connect(tmp_path / "home.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    pauses: list[float] = []

    def finish_writing(seconds: float) -> None:
        pauses.append(seconds)
        other.close()

    monkeypatch.setattr("src.store.database.time.sleep", finish_writing)
    store = Store.open(f"sqlite:///{tmp_path / 'home.db'}")

    assert len(pauses) == 1
    store.check()
    store.close()


def _text_file(folder: Path) -> Path:
    (folder / "notes.txt").write_text("This is no database. " * 500)
    return folder / "notes.txt"


def _folder(folder: Path) -> Path:
    return folder


def _below_a_file(folder: Path) -> Path:
    return _text_file(folder) / "home.db"


def _damaged(folder: Path) -> Path:
    path = folder / "home.db"
    store = Store.open(f"sqlite:///{path}")
    store.events.add(busy_home(5_000), source="a")
    store.close()
    data = bytearray(path.read_bytes())
    data[100:4096] = bytes(3996)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("make", [_text_file, _folder, _below_a_file, _damaged])
def test_a_path_that_is_no_database(make: Callable[[Path], Path], tmp_path: Path) -> None:
    path = make(tmp_path)
    before = path.read_bytes() if path.is_file() else None

    with pytest.raises(DatabaseUnreachable) as refused:
        Store.open(f"sqlite:///{path}")

    assert str(path) in refused.value.message
    assert "DATABASE_URL" in refused.value.remedy
    assert before is None or path.read_bytes() == before


def test_a_file_that_may_only_be_read(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    Store.open(f"sqlite:///{path}").close()
    path.chmod(stat.S_IRUSR)
    store = Store.open(f"sqlite:///file:{path}?mode=ro&uri=true")
    with pytest.raises(DatabaseUnreachable):
        store.check()
    store.close()


SECRET = "correct-horse-battery"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://anna:{}@127.0.0.1:1/home",
        "postgresql+psycopg://anna:{}@127.0.0.1:1/home",
        "postgres://anna:{}@127.0.0.1:1/home",
        "postgresql+asyncpg://anna:{}@127.0.0.1:1/home",
        "postgresql://anna@127.0.0.1:1/home?password={}",
        "postgresql://anna@127.0.0.1:1/home?sslpassword={}",
        "postgresql://anna:{}@127.0.0.1:1/home?no_such_option=1",
        "mysql://anna:{}@127.0.0.1/home",
        "sqlite://anna:{}@somewhere/home.db",
        "postgresql://anna:{}@127.0.0.1:port/home",
        "postgresql://anna:p@{}@127.0.0.1:1/home",
        "postgresql://anna:12/{}@127.0.0.1:1/home",
        "mysql://anna:p@{}@127.0.0.1/home",
        "anna:{}@127.0.0.1",
        "",
    ],
)
def test_no_password_is_told(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    with pytest.raises(DatabaseUnreachable) as refused:
        Store.open(url.format(SECRET))

    assert SECRET not in "".join(traceback.format_exception(refused.value))
    assert SECRET not in str(refused.value.about)
    assert SECRET not in caplog.text
    assert refused.value.remedy


@pytest.mark.postgres
def test_a_database_or_user_that_the_server_does_not_know(server: Server) -> None:
    with pytest.raises(DatabaseUnreachable, match="no_such_home"):
        Store.open(server.url("no_such_home"))
    with pytest.raises(DatabaseUnreachable, match="nobody_at_all"):
        Store.open(server.url(user="nobody_at_all"))


def test_check_reads_and_writes(store: Store) -> None:
    store.check()
    store.check()


def test_a_database_in_memory_serves_many_threads() -> None:
    store = Store.open("sqlite://")
    logs = [busy_home(300, seed) for seed in range(8)]

    def work(number: int) -> int:
        added = store.events.add(logs[number], source=str(number)).added
        store.embeddings.put("m", {str(number): np.ones(3, np.float32)}, now=NOW)
        store.patterns.all()
        return added

    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(work, range(8)))

    assert store.events.count() == sum(added)
    assert len(store.embeddings.get("m", [str(i) for i in range(8)])) == 8
    store.close()


def test_two_databases_in_memory_know_nothing_of_each_other() -> None:
    one, other = Store.open("sqlite://"), Store.open("sqlite:///:memory:")
    one.events.add(busy_home(3), source="a")
    assert (one.events.count(), other.events.count()) == (3, 0)
    one.close()
    other.close()


def test_many_threads_share_a_store(store: Store) -> None:
    log = busy_home(900)
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda source: store.events.add(log, source=source), "abcdef"))
    assert sum(each.added for each in results) == 900
    assert store.events.count() == 900


def test_a_committed_transaction_survives_a_power_cut(tmp_path: Path) -> None:
    """What SQLite promises with these two settings: https://www.sqlite.org/pragma.html#pragma_synchronous"""
    store = Store.open(f"sqlite:///{tmp_path / 'home.db'}")
    with store._database.read() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    store.close()
