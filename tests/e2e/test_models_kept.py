"""``models`` with the embedding model's real weights: convert, describe, measure, remove."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.e2e.program import Program


@pytest.fixture
def own(tmp_path: Path, program: Program) -> Program:
    """A program whose models may be changed."""
    own = Program(tmp_path, tmp_path / "models")
    shutil.copytree(program.models, own.models)
    return own


def test_convert_makes_another_precision_and_remove_takes_all(own: Program) -> None:
    converted = own("models", "convert", "embedding", "--precision", "fp16", "--format", "json").json["embedding"]
    assert (converted["precision"], converted["bytes"] > 40e6) == ("fp16", True)
    info = own("models", "info", "embedding", "--format", "json").json
    assert len(info["kept"]) == 2
    assert info["manifest"]["precision"] == "int8"
    refused = own("models", "remove", "embedding", "--format", "json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "not_sure")
    assert own("models", "remove", "embedding", "--yes", "--format", "json").json["bytes"] > 60e6
    assert own("models", "info", "embedding", "--format", "json").json["kept"] == []


def test_convert_anew_takes_the_place_of_what_was_there(own: Program) -> None:
    (before,) = own.models.glob("embedding/int8-*/model.bin")
    old = before.stat().st_ino
    converted = own("models", "convert", "embedding")
    assert converted.code == 0
    assert "embedding: converting" in converted.err
    assert before.stat().st_ino != old
    assert own("models", "verify", "embedding").code == 0


def test_bench_measures_in_a_process_of_its_own(own: Program) -> None:
    measured = own("models", "bench", "embedding", "--format", "json").json
    assert measured["load_seconds"] > 0
    assert 50e6 < measured["memory_bytes"] < 1e9
    rates = measured["texts_per_second"]
    assert {length: list(by_size) for length, by_size in rates.items()} == {
        "short": ["1", "32", "256"],
        "long": ["1", "32", "256"],
    }
    assert all(rate > 0 for by_size in rates.values() for rate in by_size.values())
