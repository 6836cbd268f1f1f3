"""The processes that prepare models, apart from what they do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from src.models.download.hub import SourceFailed
from src.models.prepare.children import Children


def program(folder: Path, script: str) -> str:
    made = folder / "python"
    made.write_text(f"#!/bin/sh\n{script}\n")
    made.chmod(0o755)
    return str(made)


def test_one_that_died_before_it_read_its_request_is_told_by_its_code(tmp_path: Path) -> None:
    with Children().started(program(tmp_path, "exit 3")) as child:
        child.wait()
        assert child.stdin
        with pytest.raises(BrokenPipeError):
            print("the request", file=child.stdin, flush=True)
    assert child.returncode == 3


def test_none_outlives_the_end_and_none_is_started_after_it(tmp_path: Path) -> None:
    children = Children()
    with children.started(program(tmp_path, "exec sleep 60")) as child:
        children.end()
        assert child.wait() == -9
        with pytest.raises(SourceFailed, match="stopping"), children.started(sys.executable):
            pass


def test_an_interpreter_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="set MODEL_CONVERT_PYTHON"), Children().started(str(tmp_path / "none")):
        pass
