"""Importing a recorder part by part: whatever happens in the middle, nothing is lost and nothing is doubled."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from src.analysis.importing import ImportedHistory, import_history
from src.analysis.request import DetectRequest
from src.domain.events import EventLog
from src.domain.progress import silent
from src.errors import HistoryEmpty, HistoryUnreadable, InvalidSetting, StoreError
from src.history import HistoryRead, read_history, read_in_parts
from src.store import Store
from tests.unit.history.conftest import RecorderDb

NOON = datetime(2026, 4, 30, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NOW = 1_790_000_000_000_000
ROWS, PART = 300, 50

Import = Callable[..., ImportedHistory]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.history.recorder_database.PAGE", 10)
    monkeypatch.setattr("src.history.recorder.PART", PART)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[RecorderDb]:
    """A lamp that changes every minute; Home Assistant is running."""
    database = RecorderDb(tmp_path / "home-assistant_v2.db")
    lamp(database, 0, ROWS)
    yield database
    database.close()


@pytest.fixture
def import_from(store: Store) -> Import:
    def run(path: Path, after_part: Callable[[int], None] = lambda number: None, **reading: Any) -> ImportedHistory:
        def read(*arguments: Any, **options: Any) -> Iterator[HistoryRead]:
            for number, part in enumerate(read_in_parts(*arguments, **options), 1):
                yield part
                after_part(number)

        request = DetectRequest(history=str(path))
        now = reading.get("now", NOW)
        return import_history(store, request, time_zone="UTC", read=read, progress=silent, now=now)

    return run


def lamp(database: RecorderDb, first: int, last: int, at: datetime = NOON) -> None:
    for n in range(first, last):
        database.state("light.a", f"{'on' if n % 2 else 'off'} {n}", at + n * MINUTE, context=n.to_bytes(16, "big"))


def states(log: EventLog) -> list[str]:
    return [log.states[code] for code in log.state]


def expected(count: int = ROWS) -> list[str]:
    return [f"{'on' if n % 2 else 'off'} {n}" for n in range(count)]


class Killed(BaseException):
    """The process ends here."""


def test_the_parts_add_up_to_the_whole(home: RecorderDb, import_from: Import, store: Store) -> None:
    home.state("light.a", "on", NOON + ROWS * MINUTE, changed=NOON)
    seen: list[int] = []

    imported = import_from(home.path, seen.append)

    assert len(seen) == 7
    assert (imported.inputs["added"], imported.inputs["known"]) == (ROWS, 0)
    assert imported.inputs["format"] == "recorder"
    assert imported.skipped == {"attributes_only": 1}
    assert len(imported.warnings) == 1, "each is said once, however many parts there are"
    assert states(store.events.load()) == expected()


@pytest.mark.parametrize("parts", [1, 3, 5])
def test_a_kill_between_two_parts(home: RecorderDb, import_from: Import, store: Store, parts: int) -> None:
    def kill(number: int) -> None:
        if number == parts:
            raise Killed

    with pytest.raises(Killed):
        import_from(home.path, kill)
    assert states(store.events.load()) == expected(parts * PART)

    imported = import_from(home.path)

    # An hour before where it stopped is read again.
    assert (imported.inputs["added"], imported.inputs["known"]) == (ROWS - parts * PART, min(61, parts * PART))
    assert states(store.events.load()) == expected()


def test_a_clock_of_ours_that_is_behind_costs_no_reading_from_the_beginning(
    home: RecorderDb, import_from: Import, store: Store
) -> None:
    import_from(home.path)
    newest = max(store.events.load().time.tolist())
    assert import_from(home.path, now=newest - 30_000_000).inputs["known"] == 61


def test_a_kill_while_a_clock_was_wrong(home: RecorderDb, import_from: Import, store: Store) -> None:
    # For an hour the clock was five hours ahead. By ids these rows come first, by time they come last.
    lamp(home, ROWS, ROWS + 60, at=NOON + 300 * MINUTE)
    lamp(home, ROWS + 60, ROWS + 160, at=NOON - 60 * MINUTE)

    def kill(number: int) -> None:
        if number == 7:
            raise Killed

    with pytest.raises(Killed):
        import_from(home.path, kill)
    import_from(home.path)

    assert sorted(states(store.events.load())) == sorted(expected(ROWS + 160))


def test_a_row_from_the_future_holds_up_nothing(home: RecorderDb, import_from: Import, store: Store) -> None:
    home.state("light.a", "ahead", datetime(2031, 1, 1, tzinfo=UTC))
    import_from(home.path)
    lamp(home, ROWS, ROWS + 5)

    imported = import_from(home.path)

    # The rows of an hour, and the one from the future, were read again; not all of them.
    assert (imported.inputs["added"], imported.inputs["known"]) == (5, 62)
    assert states(store.events.load()) == [*expected(ROWS + 5), "ahead"]


def test_a_source_that_was_once_followed_into_the_future_is_read_whole_once(
    home: RecorderDb, import_from: Import, store: Store
) -> None:
    home.state("light.a", "ahead", datetime(2031, 1, 1, tzinfo=UTC))
    store.events.add(read_history(home.path).log, source=str(home.path))

    assert import_from(home.path).inputs["known"] == ROWS + 1
    assert import_from(home.path).inputs["known"] == 62


def test_what_comes_late_is_found_the_next_time(home: RecorderDb, import_from: Import, store: Store) -> None:
    import_from(home.path)
    home.state("light.a", "late", NOON + (ROWS - 50) * MINUTE + timedelta(seconds=1))
    home.state("light.a", "new", NOON + ROWS * MINUTE)

    imported = import_from(home.path)

    assert imported.inputs["added"] == 2
    assert states(store.events.load()) == [*expected(ROWS - 49), "late", *expected()[ROWS - 49 :], "new"]


def test_rows_that_are_written_meanwhile_wait_for_the_next_time(
    home: RecorderDb, import_from: Import, store: Store
) -> None:
    def write(number: int) -> None:
        lamp(home, ROWS + number, ROWS + number + 1)
        home.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the WAL begins anew under us

    assert import_from(home.path, write).inputs["added"] == ROWS
    assert states(store.events.load()) == expected()
    assert import_from(home.path).inputs["added"] == 6


def test_a_purge_in_the_middle(home: RecorderDb, import_from: Import, store: Store) -> None:
    def purge(number: int) -> None:
        if number == 2:  # what was read, and some of what was not
            home.execute("DELETE FROM states WHERE state_id <= 150")
            home.execute("UPDATE states SET old_state_id = NULL WHERE state_id = 151")

    import_from(home.path, purge)

    assert states(store.events.load()) == [*expected(100), *expected()[150:]]


def test_a_database_made_anew_begins_its_ids_anew(home: RecorderDb, import_from: Import, store: Store) -> None:
    import_from(home.path)
    home.close()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{home.path}{suffix}").unlink(missing_ok=True)
    anew = RecorderDb(home.path)
    lamp(anew, ROWS, ROWS + 5)  # ids 1 to 5

    assert import_from(home.path).inputs["added"] == 5
    anew.close()
    assert states(store.events.load()) == expected(ROWS + 5)


def test_a_database_that_is_replaced_while_it_is_read(home: RecorderDb, import_from: Import, store: Store) -> None:
    made: list[RecorderDb] = []

    def replace(number: int) -> None:
        if number == 2:
            home.path.rename(home.path.with_name("corrupt.db"))
            for suffix in ("-wal", "-shm"):
                Path(f"{home.path}{suffix}").unlink(missing_ok=True)
            made.append(RecorderDb(home.path))
            lamp(made[0], ROWS, ROWS + 5)

    import_from(home.path, replace)
    import_from(home.path)
    made[0].close()

    assert states(store.events.load()) == expected(ROWS + 5)


def test_home_assistant_that_starts_between_two_parts(home: RecorderDb, import_from: Import, store: Store) -> None:
    home.close()
    started: list[sqlite3.Connection] = []

    def start(number: int) -> None:
        if number == 2:
            started.append(sqlite3.connect(home.path, isolation_level=None))
            started[0].execute("UPDATE states SET state = 'rewritten' WHERE state_id = ?", (ROWS,))

    imported = import_from(home.path, start)
    started[0].close()

    assert imported.inputs["details"]["opened"] == "live"
    assert imported.inputs["known"] == 0, "what was read before the change is not read again"
    assert states(store.events.load()) == [*expected(ROWS - 1), "rewritten"]


def test_a_lock_in_the_middle_that_stays(
    home: RecorderDb, import_from: Import, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.history.recorder_file._BUSY_SECONDS", 0.05)
    home.execute("PRAGMA journal_mode = DELETE")

    def lock(number: int) -> None:
        if number == 2:
            home.execute("BEGIN EXCLUSIVE")

    with pytest.raises(HistoryUnreadable, match="keeps it locked") as caught:
        import_from(home.path, lock)
    home.execute("ROLLBACK")

    assert "again" in caught.value.remedy
    assert states(store.events.load()) == expected(2 * PART)
    import_from(home.path)
    assert states(store.events.load()) == expected()


def test_a_damaged_page_in_the_middle(home: RecorderDb, import_from: Import, store: Store, tmp_path: Path) -> None:
    for n in range(ROWS):
        home.execute("UPDATE states SET context_parent_id_bin = NULL WHERE state_id = ?", n)
    home.close()
    whole = home.path.read_bytes()
    page_of_row = _page_holding(home.path, f"{'on' if 201 % 2 else 'off'} 201".encode())
    with home.path.open("r+b") as file:
        file.seek(page_of_row)
        file.write(os.urandom(8) * 512)

    with pytest.raises(HistoryUnreadable, match="damaged") as caught:
        import_from(home.path)

    assert "backup" in caught.value.remedy
    kept = states(store.events.load())
    assert kept == expected(len(kept))
    assert len(kept) >= PART
    home.path.write_bytes(whole)  # restored
    import_from(home.path)
    assert states(store.events.load()) == expected()


def _page_holding(path: Path, text: bytes) -> int:
    """Where the page begins that a text stands in."""
    return path.read_bytes().index(text) // 4096 * 4096


def test_our_own_disk_is_full(home: RecorderDb, import_from: Import, store: Store, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ours.db")) as ours:
        pages: int = ours.execute("PRAGMA page_count").fetchone()[0]

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages + 6}")

    store.close()
    event.listen(Pool, "connect", limit)
    try:
        with pytest.raises(StoreError, match="full") as caught:
            import_from(home.path)
    finally:
        event.remove(Pool, "connect", limit)
    store.close()

    assert caught.value.remedy
    kept = states(store.events.load())
    assert kept == expected(len(kept))
    assert 0 < len(kept) < ROWS
    import_from(home.path)
    assert states(store.events.load()) == expected()


def test_an_upgrade_to_a_schema_that_cannot_be_read_loses_nothing(
    home: RecorderDb, import_from: Import, store: Store
) -> None:
    import_from(home.path)
    home.execute("UPDATE schema_changes SET schema_version = 60")
    home.execute("ALTER TABLE states RENAME COLUMN context_id_bin TO context")

    with pytest.raises(HistoryUnreadable, match="schema 60") as caught:
        import_from(home.path)

    assert "later version" in caught.value.remedy
    assert states(store.events.load()) == expected()


def test_a_recorder_without_an_event_changes_nothing(tmp_path: Path, import_from: Import, store: Store) -> None:
    empty = RecorderDb(tmp_path / "empty.db")
    empty.close()

    with pytest.raises(HistoryEmpty):
        import_from(empty.path)

    assert store.events.time_zone() is None


def test_a_file_is_one_part(tmp_path: Path, import_from: Import, store: Store) -> None:
    file = tmp_path / "history.csv"
    file.write_text("timestamp,entity_id,state\n" + "".join(f"{1_777_000_000 + n},light.a,{n}\n" for n in range(120)))
    seen: list[int] = []

    assert import_from(file, seen.append).inputs["added"] == 120
    assert seen == [1]
    assert states(store.events.load()) == states(read_history(file).log)


@pytest.mark.parametrize(("offset", "added"), [("Z", 0), ("+02:00", 0), ("", None)])
def test_a_zone_that_is_said_later_is_taken_where_it_changes_no_time(
    tmp_path: Path, store: Store, offset: str, added: int | None
) -> None:
    file = tmp_path / "history.csv"
    file.write_text(
        "timestamp,entity_id,state\n" + "".join(f"2026-04-30T12:0{n}:00{offset},light.a,{n}\n" for n in "0123")
    )

    def brought(time_zone: str | None) -> ImportedHistory:
        request = DetectRequest(history=str(file))
        return import_history(store, request, time_zone=time_zone, read=read_in_parts, progress=silent, now=NOW)

    assert brought(None).inputs["added"] == 4
    if added is None:
        with pytest.raises(InvalidSetting, match="Europe/Berlin") as caught:
            brought("Europe/Berlin")
        assert "its times have no offset" in caught.value.remedy
    else:
        assert brought("Europe/Berlin").inputs["added"] == added
    assert store.events.time_zone() == ("UTC" if added is None else "Europe/Berlin")
    assert len(store.events.load()) == 4
