"""The demo home through the miner, and through the whole pipeline."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from src.domain.patterns import Kind, Pattern
from src.simulation.demo import demo_home
from src.simulation.matching import matches
from tests.e2e.program import SERVICE, Program, wait_for_line


def test_mine_finds_most_of_what_was_planted(demo: Path, program: Program) -> None:
    entities = demo.with_name("home.entities.csv")
    ended = program("mine", demo, "--entities", entities, "--time-zone", "Europe/Berlin", "--format", "json")
    assert ended.code == 0, ended.err
    found = ended.json
    home = demo_home()
    patterns = [Pattern.from_json(pattern) for pattern in found["patterns"]]
    recalled = [routine for routine in home.planted if any(matches(home, routine, each) for each in patterns)]
    assert len(recalled) >= 0.9 * len(home.planted)
    assert found["span"]["days"] > 28
    assert found["events"] > 1000
    assert {pattern["kind"] for pattern in found["patterns"]} == {str(kind) for kind in Kind}
    for pattern in found["patterns"]:
        assert pattern["sentence"].endswith(".")
        assert pattern["evidence"]["q_value"] < 0.05
        assert pattern["status"] == "new"


def test_the_same_file_gives_the_same_bytes(demo: Path, program: Program) -> None:
    first = program("mine", demo, "--format", "json", PYTHONHASHSEED="1")
    again = program("mine", demo, "--format", "json", PYTHONHASHSEED="2", TZ="Asia/Tokyo", LC_ALL="C")
    assert first.out == again.out


def test_mining_alone_loads_no_model_no_database_and_no_server(demo: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from src.cli import main; code = main(['mine', sys.argv[1], '--format', 'json']); "
        "print(*sorted(sys.modules), file=sys.stderr); sys.exit(code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(demo)], cwd=SERVICE, capture_output=True, text=True, check=True, timeout=120
    )
    loaded = set(ended.stderr.splitlines()[-1].split())
    assert loaded & {"openvino", "tokenizers", "sqlalchemy", "fastapi", "uvicorn", "huggingface_hub"} == set()


def test_entity_names_make_the_sentences(demo: Path, program: Program) -> None:
    with demo.with_name("home.entities.csv").open(newline="", encoding="utf-8") as file:
        names = {row["entity_id"]: row["name"] for row in csv.DictReader(file)}
    options = ("--entities", demo.with_name("home.entities.csv"), "--time-zone", "Europe/Berlin", "--format", "json")
    ended = program("mine", demo, *options)
    patterns = ended.json["patterns"]
    assert len(patterns) >= 20
    for pattern in patterns:
        for entity_id in entities_of(pattern):
            assert names[entity_id].lower() in pattern["sentence"].lower(), pattern["sentence"]


def entities_of(pattern: dict[str, Any]) -> set[str]:
    """What a sentence has to name: what is done, and the entity that sets it off or is told of."""
    found = {action["entity_id"] for action in pattern["actions"]}
    return found | {pattern["trigger"][key] for key in ("entity_id",) if key in pattern["trigger"]}


def test_detect_ranks_and_classifies_and_leaves_nothing_behind(demo: Path, program: Program) -> None:
    ended = program("detect", demo, "--top-k", "3", "--format", "json")
    assert ended.code == 0, ended.err
    found = ended.json
    assert len(found["shortlists"]) == 4
    for shortlist in found["shortlists"]:
        assert [pattern["scores"]["rank"] for pattern in shortlist["patterns"]] == [1, 2, 3]
        assert {pattern["category"] for pattern in shortlist["patterns"]} <= {
            "energy",
            "comfort",
            "security",
            "convenience",
        }
    assert all(found["made_by"].values())
    assert list(program.temporary.iterdir()) == []
    assert not (program.home / "data").exists()


def test_detect_answers_one_question(demo: Path, program: Program) -> None:
    question = "Which routines happen before breakfast?"
    options = ("--interest", question, "--kinds", "time_of_day", "--time-zone", "Europe/Berlin", "--format", "json")
    ended = program("detect", demo, *options)
    assert [shortlist["interest"] for shortlist in ended.json["shortlists"]] == [question]
    assert {pattern["kind"] for pattern in ended.json["patterns"]} == {"time_of_day"}


def test_an_interrupted_detect_leaves_nothing_behind(demo: Path, program: Program) -> None:
    for stop in (signal.SIGINT, signal.SIGTERM):
        with program.started("detect", demo) as process:
            wait_for_line(process, "mine")
            process.send_signal(stop)
            assert process.wait(timeout=20) == 130
        assert list(program.temporary.iterdir()) == []
