"""``models``: what is here, and whether it is what it was."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.program import Program


def test_list_tells_what_is_here_and_verify_what_is_missing(program: Program) -> None:
    listed = program("models", "list", "--format", "json").json
    assert {role: model["state"] for role, model in listed.items()} == {
        "embedding": "present",
        "reranker": "absent",
        "classifier": "absent",
    }
    assert listed["embedding"]["megabytes"] > 10
    assert program("models", "verify", "embedding").code == 0
    missing = program("models", "verify", "--format", "json")
    assert (missing.code, missing.json["error"]["code"]) == (3, "model_unavailable")


def test_a_flipped_byte_is_noticed_and_mended_by_the_next_download(tmp_path: Path, program: Program) -> None:
    own = Program(tmp_path, tmp_path / "models")
    shutil.copytree(program.models, own.models)
    (weights,) = own.models.glob("embedding/*/model.bin")
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    noticed = own("models", "verify", "embedding", "--format", "json")
    assert (noticed.code, noticed.json["error"]["code"]) == (3, "model_corrupt")
    assert own("models", "download", "embedding").code == 0
    assert own("models", "verify", "embedding").code == 0
