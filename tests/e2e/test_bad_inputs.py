"""What people really hand to a program: each ends with its exit code, one sentence, and a way out."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.program import Program

HEADER = "timestamp,entity_id,state\n"
ROW = "2026-01-05T07:10:00+01:00,light.kitchen,on\n"


def rows(count: int) -> str:
    start = datetime.fromisoformat("2026-01-05T07:00:00+01:00")
    return "".join(
        f"{(start + timedelta(hours=hour)).isoformat()},light.kitchen,{'on' if hour % 2 else 'off'}\n"
        for hour in range(count)
    )


def empty_file(folder: Path) -> Path:
    path = folder / "empty.csv"
    path.write_bytes(b"")
    return path


def header_only(folder: Path) -> Path:
    path = folder / "header.csv"
    path.write_text(HEADER)
    return path


def wrong_columns(folder: Path) -> Path:
    path = folder / "columns.csv"
    path.write_text("when,what\n2026-01-05,light\n")
    return path


def a_directory(folder: Path) -> Path:
    path = folder / "folder.csv"
    path.mkdir()
    return path


def truncated_gzip(folder: Path) -> Path:
    path = folder / "cut.csv.gz"
    whole = gzip.compress((HEADER + rows(5000)).encode())
    path.write_bytes(whole[: len(whole) // 2])
    return path


def noise(folder: Path) -> Path:
    path = folder / "noise.parquet"
    path.write_bytes(bytes(range(256)) * 40)
    return path


def another_programs_database(folder: Path) -> Path:
    path = folder / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()
    return path


def no_file(folder: Path) -> Path:
    return folder / "nothing.csv"


def days_that_do_not_exist(folder: Path) -> Path:
    path = folder / "april.csv"
    path.write_text(HEADER + "2026-04-31T07:10:00+02:00,light.kitchen,on\n" * 3)
    return path


@pytest.mark.parametrize(
    ("command", "make", "exit_code", "code"),
    [
        ("mine", no_file, 2, "history_not_found"),
        ("mine", empty_file, 5, "history_empty"),
        ("mine", header_only, 5, "history_empty"),
        ("mine", wrong_columns, 2, "history_columns_missing"),
        ("mine", a_directory, 2, "history_unreadable"),
        ("mine", noise, 2, "history_unreadable"),
        ("mine", another_programs_database, 2, "history_unreadable"),
        ("mine", days_that_do_not_exist, 5, "history_empty"),
        ("detect", no_file, 2, "history_not_found"),
        ("detect", header_only, 5, "history_empty"),
        ("import", no_file, 2, "history_not_found"),
        ("import", another_programs_database, 2, "history_unreadable"),
    ],
)
def test_a_history_that_cannot_be_used(
    command: str, make: Callable[[Path], Path], exit_code: int, code: str, tmp_path: Path, program: Program
) -> None:
    path = make(tmp_path)
    ended = program(command, path, "--format", "json")
    assert (ended.code, ended.json["error"]["code"]) == (exit_code, code)
    error = ended.json["error"]
    assert error["about"] == str(path)
    assert error["remedy"]
    assert error["message"] in ended.err
    assert "Traceback" not in ended.err


def test_of_a_truncated_file_what_came_through_is_used_and_the_loss_is_told(tmp_path: Path, program: Program) -> None:
    ended = program("mine", truncated_gzip(tmp_path), "--format", "json")
    assert ended.code == 0, ended.err
    assert 100 < ended.json["events"] < 5000
    assert ended.json["left_out"]["truncated"] == 1
    assert any("cut off" in warning for warning in ended.json["warnings"])


@pytest.mark.parametrize(
    ("options", "about"),
    [
        (["--start", "2026-04-31"], "--start"),
        (["--time-zone", "Europe/Atlantis"], "Europe/Atlantis"),
        (["--time-zone", "../../etc/passwd"], "../../etc/passwd"),
        (["--kinds", "tide"], "tide"),
    ],
)
def test_an_option_that_cannot_be(options: list[str], about: str, tmp_path: Path, program: Program) -> None:
    path = tmp_path / "home.csv"
    path.write_text(HEADER + ROW)
    ended = program("mine", path, *options, "--format", "json")
    assert (ended.code, ended.json["error"]["about"]) == (2, about)
    assert ended.json["error"]["remedy"]


def test_a_million_characters_of_state_are_one_row_at_most(tmp_path: Path, program: Program) -> None:
    path = tmp_path / "long.csv"
    path.write_text(HEADER + rows(24) + f"2026-01-07T07:10:00+01:00,sensor.camera,{'x' * 1_000_000}\n")
    ended = program("mine", path, "--format", "json")
    assert ended.code == 0, ended.err
    assert ended.json["events"] + ended.json["left_out"].get("state_too_long", 0) == 25
    assert len(ended.out) < 10_000


def test_a_recorder_of_an_unknown_schema_version_is_read_with_a_note_or_refused(
    tmp_path: Path, program: Program
) -> None:
    path = tmp_path / "home-assistant_v2.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """
            CREATE TABLE schema_changes (change_id INTEGER PRIMARY KEY, schema_version INTEGER, changed TIMESTAMP);
            INSERT INTO schema_changes VALUES (1, 999, '2030-01-01');
            CREATE TABLE states_meta (metadata_id INTEGER PRIMARY KEY, entity_id TEXT);
            CREATE TABLE states (state_id INTEGER PRIMARY KEY, metadata_id INTEGER, quantum_state TEXT);
            """
        )
    connection.close()
    ended = program("mine", path, "--format", "json")
    assert ended.code in (2, 5)
    assert "999" in ended.json["error"]["message"] + ended.json["error"]["remedy"] + ended.err


def test_a_database_that_is_none_is_not_touched(tmp_path: Path, program: Program) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    database = folder / "ai-automation.db"
    database.write_bytes(b"these are my notes, not a database " * 100)
    path = tmp_path / "home.csv"
    path.write_text(HEADER + ROW)
    ended = program("import", path, "--format", "json")
    assert ended.code == 4, ended.err
    assert ended.json["error"]["remedy"]
    assert database.read_bytes().startswith(b"these are my notes")


def test_a_setting_out_of_range_is_named(tmp_path: Path, program: Program) -> None:
    path = tmp_path / "home.csv"
    path.write_text(HEADER + ROW)
    ended = program("import", path, "--format", "json", PORT="99999")
    assert (ended.code, ended.json["error"]["about"]) == (2, "PORT")
