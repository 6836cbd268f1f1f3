"""CSV and JSON Lines as they come: compressed, cut off, quoted, marked, damaged."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from src.errors import HistoryEmpty
from src.history import read_history

HEADER = "timestamp,entity_id,state"
NOON = 1_777_550_400_000_000  # 2026-04-30T12:00:00Z in µs


def many(count: int) -> list[str]:
    return [f"{1777550400 + n},light.l{n % 9},{n % 100}" for n in range(count)]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_line_ends_marks_and_delimiters(tmp_path: Path, ending: str, mark: str, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    text = mark + ending.join([f"Origin,State,extra,{HEADER.upper()[:19]}", "user,on,x,2026-04-30T12:00:00Z,light.a"])
    path.write_bytes(text.replace(",", delimiter).encode())

    log = read_history(path).log

    assert (log.time.tolist(), log.entities, log.states, log.origin.tolist()) == ([NOON], ("light.a",), ("on",), [1])


def test_home_assistants_own_export_is_read(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("entity_id,state,last_changed\nlight.a,on,2026-04-30T12:00:00.000Z\n")

    assert read_history(path).log.time.tolist() == [NOON]


def test_spaces_after_commas_are_no_part_of_a_value(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('timestamp, entity_id, state\n1777550400, light.a, "on"\n')

    log = read_history(path).log

    assert (log.entities, log.states) == (("light.a",), ("on",))


def test_quotes_hold_delimiters_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'{HEADER}\n1777550400,sensor.tv,"News, ""late""\nand weather"\n1777550401,light.a,on\n')

    log = read_history(path).log

    assert set(log.states) == {'News, "late"\nand weather', "on"}


def test_a_quote_that_nobody_closed_costs_a_part_and_not_the_rest(tmp_path: Path) -> None:
    rows = many(40_000)
    rows[100] = '1777550400,sensor.tv,"12'
    path = tmp_path / "a.csv"
    path.write_text("\n".join([HEADER, *rows]))

    read = read_history(path)

    assert len(read.log) > 30_000
    assert read.skipped["state_too_long"] == 1


def test_rows_of_another_width_are_counted_and_empty_lines_are_not(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{HEADER}\n\n1777550400,light.a,on\n\n1777550400,light.a\n1777550400,light.a,on,off\n\n")

    read = read_history(path)

    assert (len(read.log), read.skipped) == (1, {"wrong_column_count": 2})


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.jsonl"])
def test_gzip_is_read_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress("\n".join([HEADER, *many(30_000)]).encode()))

    read = read_history(path)

    assert len(read.log) == 30_000
    assert read.source.details == {"compressed": True}


def test_of_a_cut_gzip_file_the_part_before_the_cut_is_used(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    whole = gzip.compress("\n".join([HEADER, *many(30_000)]).encode())
    path.write_bytes(whole[: len(whole) // 2])

    read = read_history(path)

    assert 5_000 < len(read.log) < 25_000
    assert read.skipped == {"truncated": 1}
    assert any("cut off" in warning for warning in read.warnings)


def test_a_damaged_gzip_file_is_used_up_to_the_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    data = bytearray(gzip.compress("\n".join([HEADER, *many(60_000)]).encode()))
    data[-4000:-3000] = bytes(1000)
    path.write_bytes(data)

    assert read_history(path).skipped["truncated"] == 1


def test_bytes_that_are_not_text_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [b"1777550400,sensor.a,\xff\xfe", b"1777550401,sensor.a,a\0b", b"1777550402,sensor.a,21 \xc2\xb0C"]
    path.write_bytes(b"\n".join([HEADER.encode(), *rows, b"\0" * 500]))

    read = read_history(path)

    assert read.log.states == ("21 °C",)
    assert read.skipped == {"not_text": 2, "wrong_column_count": 1}


@pytest.mark.parametrize("start", [HEADER + "\n", '{"timestamp": 1777550399, "entity_id": "light.a", "state": "on"}\n'])
def test_a_line_of_many_megabytes_is_dropped_and_the_next_is_read(tmp_path: Path, start: str) -> None:
    last = many(1)[0] if start.startswith("t") else '{"timestamp": 1777550400, "entity_id": "light.a", "state": "off"}'
    path = tmp_path / "a"
    path.write_text(start + "y" * 5_000_000 + "\n" + last)

    read = read_history(path)

    assert int(read.log.time[-1]) == NOON
    assert read.skipped == {"state_too_long": 1}


@pytest.mark.parametrize(
    ("value", "state"),
    [('"on"', "on"), ("21.5", "21.5"), ("7", "7"), ("true", "true"), ('" on "', "on"), ('"\\u00e9"', "é")],
)
def test_json_values_become_states(tmp_path: Path, value: str, state: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"timestamp": "2026-04-30T12:00:00Z", "entity_id": "sensor.a", "more": [1], "state": ' + value + "}\n"
    )

    assert read_history(path).log.states == (state,)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "bad_json"),
        ("17", "bad_json"),
        ("[]", "bad_json"),
        ("null", "bad_json"),
        ('{"timestamp": 1777550400, "entity_id": "sensor.a", "state": "on"} {}', "bad_json"),
        ('{"timestamp": 1777550400, "entity_id": "sensor.a", "state": {"a": 1}}', "bad_json"),
        ('{"timestamp": [], "entity_id": "sensor.a", "state": "on"}', "bad_json"),
        ("[" * 100_000, "bad_json"),
        ('{"entity_id": "sensor.a", "state": "on", "timestamp": ' + "9" * 6000 + "}", "bad_json"),
        ('{"timestamp": true, "entity_id": "sensor.a", "state": "on"}', "bad_timestamp"),
        ('{"timestamp": NaN, "entity_id": "sensor.a", "state": "on"}', "bad_timestamp"),
        ('{"timestamp": 1777550400, "entity_id": 5, "state": "on"}', "bad_entity_id"),
        ('{"timestamp": 1777550400, "entity_id": "sensor.a", "state": null}', "missing_field"),
        ('{"timestamp": 1777550400, "entity_id": "sensor.a"}', "missing_field"),
        ('{"timestamp": 1777550400, "entity_id": "sensor.a", "state": "\\ud800"}', "not_text"),
    ],
)
def test_a_bad_line_of_json_is_counted(tmp_path: Path, line: str, reason: str) -> None:
    good = json.dumps({"timestamp": 1777550400, "entity_id": "light.a", "state": "on"})
    path = tmp_path / "a.jsonl"
    path.write_text(f"{good}\n{line}\n\n", encoding="utf-8")

    read = read_history(path)

    assert (read.log.entities, read.skipped) == (("light.a",), {reason: 1})


def test_a_state_that_is_always_missing_is_counted_as_such(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{HEADER}\n1777550400,light.a,\n")

    with pytest.raises(HistoryEmpty, match="1 missing_field"):
        read_history(path)


@pytest.mark.parametrize("line", ["{", "17", "[]", "null", "a comment"])
def test_json_lines_are_known_by_any_line_when_the_first_is_damaged(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a"
    path.write_text(line + '\n{"timestamp": 1777550400, "entity_id": "light.a", "state": "on"}\n')

    read = read_history(path)

    assert (read.source.format, read.skipped) == ("jsonl", {"bad_json": 1})
