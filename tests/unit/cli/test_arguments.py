"""The command line: what it refuses, with which exit code, and how that reads on both streams."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from src import errors
from src.cli import exit_code, main


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "required"),
        (["dig"], "dig"),
        (["mine"], "FILE"),
        (["mine", "x.csv", "--colour"], "--colour"),
        (["detect", "x.csv", "--top-k", "many"], "whole number"),
        (["detect", "x.csv", "--top-k", "0"], "from 1 to 100"),
        (["detect", "x.csv", "--top-k", "101"], "from 1 to 100"),
        (["mine", "x.csv", "--kinds", "time_of_day,tide"], "tide"),
        (["mine", "x.csv", "--kinds", ""], "kind of pattern"),
        (["mine", "x.csv", "--start", "2026-04-31"], "2026-04-31"),
        (["mine", "x.csv", "--end", "tomorrow"], "tomorrow"),
        (["mine", "x.csv", "--start", "2026-04-02", "--end", "2026-04-02"], "after --start"),
        (["mine", "x.csv", "--time-zone", "Europe/Atlantis"], "Europe/Atlantis"),
        (["mine", "x.csv", "--position", "52.5"], "52.52,13.40"),
        (["detect", "x.csv", "--position=99,13.4"], "--position"),
        (["models", "polish"], "polish"),
    ],
)
def test_a_mistake_in_the_arguments_is_named_and_exits_with_2(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert says in streams.err
    assert "Traceback" not in streams.err


@pytest.mark.parametrize("spelling", [["--format", "json"], ["--format=json"]])
def test_with_json_the_error_is_an_object_on_stdout(spelling: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "x.csv", "--top-k", "0", *spelling]) == 2
    streams = capsys.readouterr()
    assert json.loads(streams.out) == {
        "error": {
            "code": "invalid_setting",
            "message": "--top-k cannot be 0.",
            "remedy": "It takes a whole number from 1 to 100.",
            "about": "--top-k",
        }
    }
    assert "--top-k cannot be 0." in streams.err


def test_even_a_usage_error_is_json_when_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mine", "--format", "json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "usage"
    assert "--help" in error["remedy"]


@pytest.mark.parametrize(
    "command",
    [[], ["mine"], ["detect"], ["import"], ["serve"], ["models"], ["automation"], ["home"], ["demo"], ["up"]],
)
def test_the_help_of_every_command_lists_the_exit_codes(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    assert "130  interrupted" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.HistoryNotFound(Path("x")), 2),
        (errors.HistoryEmpty("x", {}), 5),
        (errors.NoHistory(), 5),
        (errors.ModelUnavailable("embedding", []), 3),
        (errors.ModelCorrupt("embedding", "short"), 3),
        (errors.DatabaseUnreachable("sqlite://", "locked"), 4),
        (errors.DatabaseTooNew("9", "1"), 4),
        (errors.AddressTaken("127.0.0.1", 8018), 2),
        (errors.RunInProgress("r_1"), 1),
        (errors.ServiceError("?"), 1),
    ],
)
def test_exit_codes_by_error(error: errors.ServiceError, code: int) -> None:
    assert exit_code(error) == code


def test_ctrl_c_exits_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("src.cli.run_command", interrupted)
    assert main(["mine", "x.csv", "--format", "json"]) == 130
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "interrupted"


def test_a_fault_of_the_program_is_told_as_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def faulty(*arguments: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("src.cli.run_command", faulty)
    assert main(["mine", "x.csv", "--format", "json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "internal"
    assert "ZeroDivisionError" in error["message"]
