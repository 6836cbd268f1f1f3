"""``up``, which ``make run`` ends in: what a second call does, and that two homes never mix."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.e2e.program import Program

HEADER = "timestamp,entity_id,state\n"


def a_history(path: Path, entity_id: str) -> Path:
    """Three weeks of a lamp that goes on at seven and off at eight."""
    days = [f"2026-01-{day:02}" for day in range(5, 26)]
    rows = [
        f"{day}T{hour}:0{number % 3}:00+01:00,{entity_id},{state}\n"
        for number, day in enumerate(days)
        for hour, state in (("07", "on"), ("08", "off"))
    ]
    path.write_text(HEADER + "".join(rows), "utf-8")
    return path


def test_the_demo_home_tells_how_much_of_its_truth_was_found(program: Program) -> None:
    ended = program("up", "--once")
    assert ended.code == 0, ended.err
    told = re.search(r"(\d+) of the (\d+) routines planted in it were found, and nothing besides", ended.out)
    assert told is not None, ended.out
    assert int(told[1]) >= 0.9 * int(told[2])


def test_a_second_call_shows_the_stored_results_and_a_third_mines_what_is_new(tmp_path: Path, program: Program) -> None:
    history = a_history(tmp_path / "home.csv", "light.kitchen")
    first = program("up", "--once", HISTORY=str(history))
    assert first.code == 0, first.err
    assert "The kitchen" in first.out

    second = program("up", "--once", HISTORY=str(history))
    assert second.out == first.out
    assert "Nothing new" in second.err
    assert "mine" not in second.err

    with history.open("a", encoding="utf-8") as file:
        file.write("2026-01-26T07:01:00+01:00,light.kitchen,on\n")
    third = program("up", "--once", HISTORY=str(history))
    assert "Nothing new" not in third.err
    assert "43 events" in third.out

    (note,) = (program.home / "data" / "homes").glob("*/shown.json")
    note.write_text(note.read_text("utf-8")[:20], "utf-8")  # as a power cut might leave it
    fourth = program("up", "--once", HISTORY=str(history))
    assert fourth.out == third.out
    assert json.loads(note.read_text("utf-8"))["run"].startswith("r_")


def test_two_homes_never_mix_and_each_has_its_own_names(tmp_path: Path, program: Program) -> None:
    program("up", "--once", HISTORY=str(a_history(tmp_path / "one.csv", "light.kitchen")))
    (tmp_path / "two.entities.csv").write_text("entity_id,name\nlight.l1,Grandma's lamp\n", "utf-8")
    other = program("up", "--once", HISTORY=str(a_history(tmp_path / "two.csv", "light.l1")))
    assert "Grandma's lamp" in other.out
    assert "kitchen" not in other.out


def test_a_history_that_is_not_there_leaves_no_folder(program: Program) -> None:
    ended = program("up", "--once", HISTORY="nothing.csv")
    assert ended.code == 2
    assert "nothing.csv" in ended.err
    assert not (program.home / "data").exists()


def test_a_run_that_fails_ends_with_the_code_of_its_cause(tmp_path: Path, program: Program) -> None:
    (tmp_path / "home.csv").write_text(HEADER, "utf-8")
    ended = program("up", "--once", HISTORY=str(tmp_path / "home.csv"))
    assert ended.code == 5
    assert "no usable event" in ended.err


def test_a_source_that_only_the_service_reads_is_named(program: Program) -> None:
    ended = program("up", "--once", HISTORY="home_assistant")
    assert ended.code == 2
    assert "serve" in ended.err
