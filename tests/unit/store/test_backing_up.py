"""The store as one file and back again, from either database into either."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Integer, LargeBinary, SmallInteger, Table, delete

from src.domain.patterns import Json
from src.domain.runs import RunState, RunTrigger
from src.errors import StoreError, StoreReplaced
from src.store import Store
from src.store.copying import CARRIED, rows_of, write
from src.store.database import Database
from src.store.migration import known_revisions
from tests.unit.store.whole_home import everything, whole_home
from tests.unit.store.worlds import NOW, SECOND, busy_home

*EARLIER, NEWEST = known_revisions()


def interrupted(run_id: str) -> Json:
    return {"code": "run_interrupted", "message": run_id, "remedy": ""}


def restored(store: Store, copy: Path, now: int = NOW) -> None:
    store.replace(copy, now=now, interrupted=interrupted, before=lambda: None)


def rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, as it is stored."""
    database = Database(url)
    try:
        with database.read() as connection:
            return {
                table.name: [
                    tuple(int(value) if isinstance(value, bool) else value for value in row)
                    for chunk in rows_of(database, connection, table)
                    for row in chunk
                ]
                for table in CARRIED
            }
    finally:
        database.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    """An SQLite store that holds something else."""
    store = Store.open(f"sqlite:///{tmp_path / 'other.db'}")
    store.events.add(busy_home(300), source="other")
    yield store
    store.close()


def test_the_same_home_comes_back_down_to_the_byte(url: str, store: Store, other: Store, tmp_path: Path) -> None:
    whole_home(store)
    before, told = rows(url), everything(store)

    snapshot = store.snapshot(tmp_path / "copy.db")
    restored(other, snapshot.path)

    assert dict(snapshot.rows) == {name: len(found) for name, found in before.items()}
    assert all(before.values()), "every table has rows"
    assert rows(f"sqlite:///{tmp_path / 'other.db'}") == before
    assert everything(other) == told
    store.events.add(busy_home(300), source="other")
    restored(store, snapshot.path)
    assert rows(url) == before
    assert everything(store) == told


def test_what_comes_after_a_restore_gets_numbers_of_its_own(store: Store, other: Store, tmp_path: Path) -> None:
    whole_home(store)
    store.events.add(busy_home(300), source="x")
    restored(other, store.snapshot(tmp_path / "copy.db").path)
    restored(store, other.snapshot(tmp_path / "again.db").path)

    for each in (store, other):
        each.events.add(busy_home(900, seed=3), source="y")
        started = each.runs.start(trigger=RunTrigger.CLI, request={}, now=NOW + 9 * SECOND)
        assert each.runs.page(limit=1).items == (started,)
        assert len(each.events.load()) == each.events.count()


def test_a_run_of_the_backup_has_ended_and_leases_stay(store: Store, other: Store, tmp_path: Path) -> None:
    run = other.runs.start(trigger=RunTrigger.NIGHTLY, request={}, now=NOW, night="2025-10-18")
    other.leases.acquire("run", "theirs", now=NOW, ttl=10**15)
    store.leases.acquire("live", "ours", now=NOW, ttl=10**15)

    restored(store, other.snapshot(tmp_path / "copy.db").path, now=NOW + 7)

    ended = store.runs.get(run.id)
    assert (ended.state, ended.finished_at, ended.error) == (RunState.FAILED, NOW + 7, interrupted(run.id))
    assert store.leases.holder("run", now=NOW) is None
    assert store.leases.holder("live", now=NOW) == "ours"


def test_a_restore_that_fails_changes_nothing(url: str, store: Store, other: Store, tmp_path: Path) -> None:
    whole_home(store)
    before, mark = rows(url), store.restored()
    copy = other.snapshot(tmp_path / "copy.db").path
    with closing(sqlite3.connect(copy)) as damaged:
        damaged.execute("INSERT INTO shortlist VALUES ('r_none', 0, 'x', '[]')")
        damaged.commit()

    with pytest.raises(StoreError):
        restored(store, copy)

    assert rows(url) == before
    assert store.restored() == mark
    store.events.add(busy_home(900, seed=3), source="y")


def test_who_writes_in_the_middle_is_told(store: Store, other: Store, tmp_path: Path) -> None:
    """Its ids are those of the old content, and so is what it knows of how far its source was read."""
    mark = store.restored()
    whole_home(store)
    store.events.add(busy_home(3), source="x", mark=mark)
    copy = other.snapshot(tmp_path / "copy.db").path
    restored(store, copy)

    with pytest.raises(StoreReplaced):
        store.events.add(busy_home(6), source="x", mark=mark)

    assert store.events.position("x") is None
    first = store.restored()
    restored(store, copy)
    assert store.restored() not in (None, first)


@pytest.mark.parametrize("chunks", [1, 2])
def test_an_import_in_chunks_that_a_restore_cuts_in_two(
    chunks: int, store: Store, other: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.store.events.CHUNK", 100)
    copy = other.snapshot(tmp_path / "copy.db").path
    stored = 0

    def cut(stage: str, done: float, total: float, unit: str = "") -> None:
        nonlocal stored
        stored += 1
        if stored == chunks:
            restored(store, copy)

    with pytest.raises(StoreReplaced):
        store.events.add(busy_home(300, seed=5), source="x", progress=cut)

    assert store.events.position("x") is None
    assert everything_of_events(store) == everything_of_events(other)


def everything_of_events(store: Store) -> tuple[object, ...]:
    log = store.events.load()
    return log.entities, log.states, log.time.tobytes(), log.state.tobytes()


# Whatever the rows are

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
VALUES: dict[type, st.SearchStrategy[Any]] = {
    JSON: st.recursive(
        st.none() | st.booleans() | st.integers(-(2**70), 2**70) | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=6,
    ).map(lambda value: json.dumps([value])),
    Boolean: st.integers(0, 1),
    Double: st.floats(allow_nan=False, allow_infinity=False),
    LargeBinary: st.binary(max_size=40),
    BigInteger: st.integers(-(2**63), 2**63 - 1),
    SmallInteger: st.integers(-(2**15), 2**15 - 1),
    Integer: st.integers(-(2**31), 2**31 - 1),
}


def values_of(column: Column[Any]) -> st.SearchStrategy[Any]:
    kind = next((kind for kind in VALUES if isinstance(column.type, kind)), None)
    found = TEXTS if kind is None else VALUES[kind]
    return st.none() | found if column.nullable else found


@st.composite
def any_rows(draw: st.DrawFn) -> dict[str, list[list[Any]]]:
    """Rows of every table that the database takes: keys are unique, and what they point to is there."""
    made: dict[str, list[list[Any]]] = {}
    for table in CARRIED:
        columns = list(table.columns)
        parents = [next(iter(column.foreign_keys)).column if column.foreign_keys else None for column in columns]
        found: list[list[Any]] = []
        for _ in range(draw(st.integers(0, 3))):
            row = []
            for column, parent in zip(columns, parents, strict=True):
                if parent is None:
                    row.append(draw(values_of(column)))
                    continue
                place = list(parent.table.columns).index(parent)
                there = [each[place] for each in made[parent.table.name]]
                if not there:
                    break
                row.append(draw(st.sampled_from(there)))
            if len(row) == len(columns) and not _taken(table, found, row):
                found.append(row)
        made[table.name] = found
    return made


def _taken(table: Table, rows: list[list[Any]], row: list[Any]) -> bool:
    columns = list(table.columns)
    keys = [[i for i, column in enumerate(columns) if column.primary_key]]
    keys += [[i] for i, column in enumerate(columns) if column.unique]
    return any(all(row[i] == other[i] for i in key) for key in keys for other in rows)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("pair")
    urls = (f"sqlite:///{folder / 'a.db'}", f"sqlite:///{folder / 'b.db'}")
    for url in urls:
        Store.open(url).close()
    return urls


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=any_rows())
def test_any_rows_come_back_as_they_were(
    made: dict[str, list[list[Any]]], pair: tuple[str, str], tmp_path: Path
) -> None:
    here, there = pair
    database = Database(here)
    with database.write() as connection:
        for table in reversed(CARRIED):
            connection.execute(delete(table))
        for table in CARRIED:
            if made[table.name]:
                write(connection, table, made[table.name])
    database.close()
    before = rows(here)
    assert {name: len(found) for name, found in before.items()} == {name: len(found) for name, found in made.items()}
    source, target = Store.open(here), Store.open(there)
    copy = tmp_path / "any.db"
    copy.unlink(missing_ok=True)
    restored(target, source.snapshot(copy).path)
    assert rows(there) == before
    source.close()
    target.close()
