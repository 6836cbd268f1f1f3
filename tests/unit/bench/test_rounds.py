"""Rounds: every engine in turn, ratios by round, medians."""

from __future__ import annotations

import pytest

from scripts.bench.rounds import against, best_other, figures, interleaved
from scripts.bench.worker import Json

ENGINES = ("a", "b", "c")


def rate(value: float) -> Json:
    return {"rate": value, "busy": 2.0}


def test_engines_take_turns_and_each_round_begins_with_another() -> None:
    asked: list[tuple[int, str, str]] = []

    def ask(engine: str, cell: str, number: int) -> Json:
        asked.append((number, cell, engine))
        return rate(1.0)

    answers = interleaved(ENGINES, ("x", "y"), 2, ask)
    assert ["".join(engine for _, _, engine in asked[at : at + 3]) for at in range(0, 12, 3)] == [
        "abc",
        "abc",
        "bca",
        "bca",
    ]
    assert [cell for _, cell, _ in asked] == ["x"] * 3 + ["y"] * 3 + ["x"] * 3 + ["y"] * 3
    assert {cell: {engine: len(found) for engine, found in by.items()} for cell, by in answers.items()} == {
        "x": {"a": 2, "b": 2, "c": 2},
        "y": {"a": 2, "b": 2, "c": 2},
    }


def test_an_engine_that_failed_is_not_asked_again_and_has_no_figures() -> None:
    asked: list[str] = []

    def ask(engine: str, cell: str, number: int) -> Json | None:
        asked.append(engine)
        return None if (engine, cell) == ("b", "y") else rate(1.0)

    answers = interleaved(ENGINES, ("x", "y"), 3, ask)
    assert asked.count("b") == 2
    assert all(set(by_engine) == {"a", "c"} for by_engine in answers.values())


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    """The machine was half as fast in the second round; the ratio does not feel it, the spread tells of it."""
    found = figures({"ours": [rate(80), rate(40), rate(90)], "torch": [rate(10), rate(5), rate(10)]}, "torch")
    assert found["ours"].ratio == pytest.approx(8.0)
    assert found["ours"].rate == 80
    assert found["ours"].spread == pytest.approx(25 / 80)
    assert found["torch"].ratio == pytest.approx(1.0)


def test_without_the_base_there_is_no_ratio() -> None:
    assert figures({"ours": [rate(80)]}, "torch")["ours"].ratio is None


def test_the_best_other_is_the_fastest_that_is_not_ours() -> None:
    answers = {"ours": [rate(90), rate(100)], "b": [rate(20), rate(10)], "c": [rate(30), rate(50)]}
    found = figures(answers, "b")
    assert best_other(found, "ours") == "c"
    assert against(answers, "ours", "c") == pytest.approx(2.5)
    assert best_other({"ours": found["ours"]}, "ours") is None
