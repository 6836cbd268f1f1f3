"""When the database fails: a sentence to act on, and what was stored before is still there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from src.domain.runs import RunState, RunTrigger
from src.errors import DatabaseUnreachable, StoreError
from src.store import Store
from src.store.failures import failure
from tests.unit.store.worlds import NOW, busy_home, bytes_of, pattern, result


@pytest.fixture
def full_disk() -> Iterator[Any]:
    """Call it with a number of pages: no connection opened from then on may make its file larger."""
    most = [0]

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        if most[0]:
            connection.execute(f"PRAGMA max_page_count = {most[0]}")

    def become_full(pages: int) -> None:
        most[0] = pages

    event.listen(Pool, "connect", limit)
    yield become_full
    event.remove(Pool, "connect", limit)


def test_a_full_disk_stops_an_import_and_keeps_what_is_there(
    tmp_path: Path, full_disk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.store.events.CHUNK", 500)
    url = f"sqlite:///{tmp_path / 'home.db'}"
    Store.open(url).close()
    full_disk(60)
    store = Store.open(url)
    log = busy_home(20_000)

    with pytest.raises(StoreError, match="full") as stopped:
        store.events.add(log, source="a")

    assert stopped.value.remedy
    kept = store.events.count()
    assert 0 < kept < 20_000
    assert kept % 500 == 0
    assert store.events.position("a") == int(log.time[kept - 1])
    store.close()

    full_disk(0)
    roomy = Store.open(url)
    assert roomy.events.add(log, source="a").known == kept
    undisturbed = Store.open("sqlite://")
    undisturbed.events.add(log, source="a")
    assert bytes_of(roomy.events.load()) == bytes_of(undisturbed.events.load())
    undisturbed.close()
    roomy.close()


def test_a_full_disk_publishes_nothing(tmp_path: Path, full_disk: Any) -> None:
    url = f"sqlite:///{tmp_path / 'home.db'}"
    store = Store.open(url)
    first = store.runs.start(trigger=RunTrigger.CLI, request={}, now=NOW)
    store.runs.publish(first.id, result(pattern(1)), now=NOW)
    second = store.runs.start(trigger=RunTrigger.CLI, request={}, now=NOW)
    store.close()
    full_disk(60)
    store = Store.open(url)

    with pytest.raises(StoreError, match="full"):
        store.runs.publish(second.id, result(*(pattern(i) for i in range(500))), now=NOW)

    assert store.runs.get(second.id).state is RunState.RUNNING
    assert store.patterns.all() == [pattern(1)]
    assert store.runs.latest_success() == store.runs.get(first.id)
    store.close()


def test_a_writer_that_hangs(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.store.database.BUSY_TIMEOUT", 0.05)
    hanging, store = Store.open(url), Store.open(url)
    store.embeddings.put("m", {}, now=NOW)

    with hanging._database.write():
        with pytest.raises(StoreError, match="locked"):
            store.leases.acquire("run", "a", now=NOW, ttl=1)
        with pytest.raises(DatabaseUnreachable, match="locked"):
            store.check()
        assert store.leases.holder("run", now=NOW) is None  # who reads does not wait

    assert store.leases.acquire("run", "a", now=NOW, ttl=1)
    store.close()
    hanging.close()


def test_a_file_that_is_damaged_later(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    store = Store.open(f"sqlite:///{path}")
    store.events.add(busy_home(20_000), source="a")
    store.close()
    data = bytearray(path.read_bytes())
    half = len(data) // 2  # the tables' own description is in the first
    data[half:] = bytes(len(data) - half)
    path.write_bytes(data)

    store = Store.open(f"sqlite:///{path}")
    with pytest.raises(DatabaseUnreachable, match="damaged"):
        store.events.load()
    store.close()


def test_a_table_that_somebody_dropped(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    store = Store.open(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as shell:
        shell.execute("DROP TABLE lease")
    with pytest.raises(StoreError, match="no such table: lease"):
        store.leases.holder("run", now=NOW)
    store.close()


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (psycopg.errors.DiskFull("could not extend file"), StoreError, "full"),
        (psycopg.errors.LockNotAvailable("canceling statement"), StoreError, "locked"),
        (psycopg.errors.AdminShutdown("terminating connection"), DatabaseUnreachable, "terminating"),
        (psycopg.errors.InsufficientPrivilege("permission denied"), DatabaseUnreachable, "permission denied"),
        (psycopg.errors.TooManyConnections("too many"), DatabaseUnreachable, "too many"),
        (psycopg.errors.ReadOnlySqlTransaction("read-only"), DatabaseUnreachable, "read-only"),
        (psycopg.OperationalError("server closed the connection\n  unexpectedly"), DatabaseUnreachable, "closed"),
        (psycopg.errors.UndefinedTable("relation lease\nLINE 1: SELECT"), StoreError, r"relation lease\)"),
        (psycopg.InterfaceError(), StoreError, "InterfaceError"),
    ],
)
def test_what_postgresql_says(error: psycopg.Error, kind: type[StoreError], words: str) -> None:
    told = failure(error, name="postgresql://anna:***@db/home")
    assert type(told) is kind
    with pytest.raises(StoreError, match=words):
        raise told
    assert "\n" not in told.message
    assert told.remedy
