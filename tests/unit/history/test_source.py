"""Reading a history of any kind: what is accepted, what is skipped and why, and what is refused."""

from __future__ import annotations

import gzip
import json
import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.domain.events import EventLog, Origin
from src.errors import (
    HistoryColumnsMissing,
    HistoryEmpty,
    HistoryNotFound,
    HistoryUnreadable,
    ServiceError,
    UnknownTimeZone,
)
from src.history import read_history

NOON = 1_777_550_400_000_000  # 2026-04-30T12:00:00Z in µs
GOOD = "2026-04-30T12:00:00Z,light.hall,on"
HEADER = "timestamp,entity_id,state"

Row = tuple[int, str, str, int]


def events(log: EventLog) -> list[Row]:
    """A log as rows, to compare it."""
    return [
        (time, log.entities[entity], log.states[state], origin)
        for time, entity, state, origin in zip(
            log.time.tolist(), log.entity.tolist(), log.state.tolist(), log.origin.tolist(), strict=True
        )
    ]


def write_csv(path: Path, rows: list[str], header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def write_jsonl(path: Path, rows: list[str]) -> Path:
    names = HEADER.split(",")
    path.write_text(
        "".join(json.dumps(dict(zip(names, row.split(","), strict=True))) + "\n" for row in rows), encoding="utf-8"
    )
    return path


def write_parquet(path: Path, rows: list[str]) -> Path:
    with duckdb.connect(":memory:") as connection:
        connection.execute('CREATE TABLE history ("timestamp" VARCHAR, entity_id VARCHAR, state VARCHAR)')
        connection.executemany("INSERT INTO history VALUES (?, ?, ?)", [row.split(",") for row in rows])
        connection.execute(f"COPY history TO '{path}' (FORMAT parquet)")
    return path


WRITERS = {"csv": write_csv, "jsonl": write_jsonl, "parquet": write_parquet}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_format_gives_the_same_log(tmp_path: Path, kind: str) -> None:
    rows = ["2026-04-30T14:00:01,light.hall,off", GOOD, "1777550400000,switch.fan,on"]

    # The name says nothing about the format.
    read = read_history(WRITERS[kind](tmp_path / "history.txt", rows), time_zone="Europe/Berlin")

    assert events(read.log) == [
        (NOON, "light.hall", "on", 0),
        (NOON, "switch.fan", "on", 0),
        (NOON + 1_000_000, "light.hall", "off", 0),
    ]
    assert read.log.time_zone == "Europe/Berlin"
    assert (read.source.format, read.source.key) == (kind, str((tmp_path / "history.txt").resolve()))
    assert (read.skipped, read.warnings) == ({}, ())


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-04-31T12:00:00Z,light.hall,on", "bad_timestamp"),
        ("soon,light.hall,on", "bad_timestamp"),
        ("1960-01-01T12:00:00Z,light.hall,on", "bad_timestamp"),
        ("2101-01-01T12:00:00Z,light.hall,on", "bad_timestamp"),
        ("2026-04-30T12:00:00Z,hall,on", "bad_entity_id"),
        ("2026-04-30T12:00:00Z,light.hall.lamp,on", "bad_entity_id"),
        ("2026-04-30T12:00:00Z,light.hällen,on", "bad_entity_id"),
        (f"2026-04-30T12:00:00Z,light.{'l' * 250},on", "bad_entity_id"),
        (",light.hall,on", "missing_field"),
        ("2026-04-30T12:00:00Z, ,on", "missing_field"),
        ("2026-04-30T12:00:00Z,light.hall,", "missing_field"),
        (f"2026-04-30T12:00:00Z,sensor.tv,{'x' * 256}", "state_too_long"),
        (f"2026-04-30T12:00:00Z,sensor.tv,{'x' * 1_000_000}", "state_too_long"),
    ],
)
def test_a_bad_row_is_counted_and_the_rest_is_read(tmp_path: Path, kind: str, row: str, reason: str) -> None:
    path = WRITERS[kind](tmp_path / "history", [row, GOOD, row])

    read = read_history(path, time_zone="UTC")

    assert events(read.log) == [(NOON, "light.hall", "on", 0)]
    assert read.skipped == {reason: 2}
    assert max(map(len, read.log.states)) <= 255


@pytest.mark.parametrize("kind", WRITERS)
def test_nothing_usable_is_said_with_the_reasons(tmp_path: Path, kind: str) -> None:
    path = WRITERS[kind](tmp_path / "history", ["soon,light.hall,on", "later,light.hall,on", f"{GOOD[:20]},hall,on"])

    with pytest.raises(HistoryEmpty, match="1 bad_entity_id, 2 bad_timestamp"):
        read_history(path, time_zone="UTC")


@pytest.mark.parametrize("kind", WRITERS)
def test_since_leaves_out_what_is_older_and_is_no_fault(tmp_path: Path, kind: str) -> None:
    path = WRITERS[kind](tmp_path / "history", [GOOD, "2026-04-30T12:00:01Z,light.hall,off"])

    assert events(read_history(path, since=NOON + 1_000_000).log) == [(NOON + 1_000_000, "light.hall", "off", 0)]
    everything_old = read_history(path, since=NOON + 2_000_000)

    assert (len(everything_old.log), everything_old.log.entities, everything_old.skipped) == (0, (), {})


def test_the_same_rows_in_any_order_give_the_same_log(tmp_path: Path) -> None:
    rows = [f"2026-04-30T12:00:{n % 7:02},light.l{n % 5},{n % 3}" for n in range(200)]
    shuffled = random.Random(4).sample(rows, len(rows))

    first = read_history(write_csv(tmp_path / "a.csv", rows), time_zone="UTC")
    second = read_history(write_csv(tmp_path / "b.csv", shuffled), time_zone="UTC")

    assert events(first.log) == events(second.log)
    assert first.log.entities == second.log.entities == tuple(sorted(first.log.entities))
    assert first.log.entity.tolist() == second.log.entity.tolist()
    assert first.skipped == second.skipped == {"duplicate": 200 - 7 * 5 * 3}


TEXT = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)
ROWS = st.lists(
    st.tuples(
        st.one_of(TEXT, st.just("2026-04-30T12:00:00"), st.integers(0, 10**10).map(str)),
        st.one_of(TEXT, st.sampled_from(["light.hall", "LIGHT.Hall ", "switch.fan"])),
        TEXT,
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.randoms(use_true_random=False))
def test_every_row_is_an_event_or_has_a_reason(
    tmp_path: Path, rows: list[tuple[str, str, str]], order: random.Random
) -> None:
    def read(name: str, rows: list[tuple[str, str, str]]) -> tuple[list[Row], dict[str, int]]:
        path = tmp_path / name
        names = HEADER.split(",")
        lines = [json.dumps(dict(zip(names, row, strict=True))) for row in rows]
        path.write_text("\n".join(lines), encoding="utf-8")
        try:
            found = read_history(path, time_zone="Europe/Berlin")
        except HistoryEmpty:
            return [], {}
        return events(found.log), found.skipped

    kept, skipped = read("a.jsonl", rows)

    assert not kept or len(kept) + sum(skipped.values()) == len(rows)
    assert read("b.jsonl", order.sample(rows, len(rows))) == (kept, skipped)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=200).map(lambda tail: HEADER.encode() + b"\n" + tail),
        st.binary(max_size=200).map(lambda tail: b'{"timestamp": 1777550400}\n{' + tail),
        st.binary(max_size=200).map(lambda tail: b"PAR1" + tail),
        st.binary(max_size=200).map(lambda tail: b"SQLite format 3\0" + tail),
        st.binary(max_size=200).map(lambda tail: gzip.compress(HEADER.encode() + b"\n" + tail)[:-9]),
    )
)
def test_no_bytes_raise_anything_but_our_errors(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(data)
    try:
        usable = len(read_history(path).log) > 0
    except ServiceError as refusal:
        usable = bool(refusal.remedy)

    assert usable


def test_origins_are_read_and_a_strange_one_is_unknown(tmp_path: Path) -> None:
    words = ["user", "Automation", " device ", "unknown", "", "ghost"]
    rows = [f"2026-04-30T12:00:0{n}Z,light.hall,on,{word}" for n, word in enumerate(words)]

    read = read_history(write_csv(tmp_path / "a.csv", rows, HEADER + ",origin"), time_zone="UTC")

    assert read.log.origin.tolist() == [Origin.USER, Origin.AUTOMATION, Origin.DEVICE, 0, 0, 0]
    assert read.skipped == {"bad_origin": 1}
    assert any("origin" in warning for warning in read.warnings)


def test_of_two_reports_of_one_event_the_one_that_names_a_cause_is_kept(tmp_path: Path) -> None:
    rows = [f"{GOOD}," + origin for origin in ("unknown", "device", "user", "automation")]
    without_automation = rows[:3]

    for order in (rows, rows[::-1]):
        read = read_history(write_csv(tmp_path / "a.csv", order, HEADER + ",origin"))
        assert events(read.log) == [(NOON, "light.hall", "on", Origin.AUTOMATION)]
    read = read_history(write_csv(tmp_path / "b.csv", without_automation, HEADER + ",origin"))
    assert events(read.log) == [(NOON, "light.hall", "on", Origin.USER)]


def test_without_a_zone_utc_is_assumed_and_said(tmp_path: Path) -> None:
    read = read_history(write_csv(tmp_path / "a.csv", ["2026-04-30T12:00:00,light.hall,on"]))

    assert (read.log.time_zone, read.log.time.tolist()) == ("UTC", [NOON])
    assert any("UTC is assumed" in warning for warning in read.warnings)


def test_a_zone_that_is_none_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UnknownTimeZone, match="Europe/Berlin"):
        read_history(tmp_path / "missing.csv", time_zone="Mars/Olympus")


def test_progress_ends_at_the_whole(tmp_path: Path) -> None:
    told: list[tuple[str, float, float, str]] = []
    path = write_csv(tmp_path / "a.csv", [GOOD])

    read_history(path, progress=lambda stage, done, total, unit="": told.append((stage, done, total, unit)))

    assert told[-1] == ("read", path.stat().st_size, path.stat().st_size, "bytes")


def refused(path: Path) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        read_history(path)
    assert caught.value.remedy, "every refusal says what to do"
    return caught.value


def test_what_is_not_there(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path in (tmp_path / "no.csv", tmp_path / ("x" * 300), Path("nul\0byte"), loop, Path("/proc/self/fd/no")):
        assert isinstance(refused(path), HistoryNotFound)


def test_a_folder_names_the_file_to_give(tmp_path: Path) -> None:
    (tmp_path / "home-assistant_v2.db").touch()

    error = refused(tmp_path)

    assert (error.code, "is a folder" in error.message) == ("history_unreadable", True)
    assert str(tmp_path / "home-assistant_v2.db") in error.remedy


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert "regular file" in refused(tmp_path / "pipe").message


def test_a_file_that_may_not_be_read(
    open_folder: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    path = write_csv(open_folder / "a.csv", [GOOD])
    path.chmod(0)
    (open_folder / "private").mkdir(0o700)

    for hidden in (path, write_csv(open_folder / "private" / "b.csv", [GOOD])):
        (open_folder / "private").chmod(0)
        with unprivileged():
            error = refused(hidden)
        assert (error.code, "permission denied" in error.message) == ("history_unreadable", True)


Content = bytes | Callable[[Path], object]


def foreign_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url TEXT)")
    connection.close()


def other_parquet(path: Path) -> None:
    duckdb.execute(f"COPY (SELECT 1 AS a, 2 AS b) TO '{path}' (FORMAT parquet)")


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        (b"", HistoryEmpty, "no usable event"),
        (b" \n\n ", HistoryEmpty, "no usable event"),
        (HEADER.encode(), HistoryEmpty, "no usable event"),
        (b"\x7fELF\x02\x01\x01\0\0\0" + bytes(range(256)) * 9, HistoryUnreadable, "not text"),
        (bytes(range(128, 256)) * 20, HistoryUnreadable, "not text"),
        (f"{HEADER}\n{GOOD}\n".encode("utf-16"), HistoryUnreadable, "UTF-16"),
        (b"PK\x03\x04" + bytes(50), HistoryUnreadable, "zip"),
        (b"\x28\xb5\x2f\xfd" + bytes(50), HistoryUnreadable, "zstd"),
        (b"\x1f\x8bnonsense", HistoryUnreadable, "gzip"),
        (gzip.compress(b"SQLite format 3\0" + bytes(100), mtime=0), HistoryUnreadable, "compressed database"),
        (b'[{"timestamp": "2026-04-30"}]', HistoryUnreadable, "JSON array"),
        (b"time,entity,value\n1,2,3\n", HistoryColumnsMissing, "no column timestamp, entity_id, state; it has time"),
        (GOOD.encode(), HistoryColumnsMissing, "no column timestamp, entity_id, state"),
        (b'{"time": 1, "state": "on"}\n', HistoryColumnsMissing, "no column timestamp, entity_id; it has state, time"),
        (other_parquet, HistoryColumnsMissing, "no column timestamp, entity_id, state; it has a, b"),
        (b"PAR1 and then nothing", HistoryUnreadable, "no whole Parquet file"),
        (b"SQLite format 3\0 and then nothing", HistoryUnreadable, "damaged"),
        (foreign_database, HistoryUnreadable, "not Home Assistant's (tables: moz_places)"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, content: Content, kind: type[ServiceError], says: str) -> None:
    path = tmp_path / "history"
    if callable(content):
        content(path)
    else:
        path.write_bytes(content)

    error = refused(path)

    assert type(error) is kind
    assert says in error.message
    assert error.about == str(path)
