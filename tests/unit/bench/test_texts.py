"""What engines are measured with, and the sentences that precision is judged by."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.bench.texts import KINDS, texts

DATA = Path(__file__).resolve().parents[3] / "services/ai-automation-service/src/models/data"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_texts_are_those_of_their_seed_and_no_two_are_the_same(kind: str) -> None:
    first = texts(kind, 512, 1)
    assert first == texts(kind, 512, 1)
    assert len(set(first)) == 512
    assert first != texts(kind, 512, 2)


def test_long_texts_are_long() -> None:
    words = {kind: sum(len(text.split()) for text in texts(kind, 256, 0)) / 256 for kind in ("short", "long")}
    assert 6 < words["short"] < 10
    assert 27 < words["long"] < 37


def test_sentences_that_calibrate_do_not_judge() -> None:
    judging, calibrating = (
        (DATA / f"{name}_sentences.txt").read_text("utf-8").splitlines() for name in ("parity", "calibration")
    )
    assert (len(set(judging)), len(judging)) == (455, 455)
    assert (len(set(calibrating)), len(calibrating)) == (300, 300)
    assert not set(judging) & set(calibrating)
    assert all(line == line.strip() and line for line in judging + calibrating)
