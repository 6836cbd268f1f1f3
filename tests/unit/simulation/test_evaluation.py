"""Many homes' figures as one, and the tables they are shown in."""

from __future__ import annotations

from collections import Counter

from scripts.evaluation.figures import of_homes, of_logs, of_nulls
from scripts.evaluation.real_logs import LogFigures
from scripts.evaluation.tables import markdown
from scripts.evaluation.workers import HomeFigures, HomeTask, NullFigures, NullTask, mine_home, mine_null


def home(seed: int, verdicts: tuple[tuple[str, str], ...], planted: tuple[tuple[str, bool, bool], ...]) -> HomeFigures:
    return HomeFigures(seed, 1000, 40, verdicts, planted, (1, 1, 0), 0, 4, 3, 2, 0.5, 80.0)


HOMES = (
    home(0, (("solar", "planted"), ("solar", "false")), (("solar", True, True), ("scene", False, True))),
    home(1, (("scene", "planted"), ("solar", "equivalent")), (("solar", False, True), ("scene", True, True))),
    home(2, (), (("solar", False, False),)),
)


def test_recall_counts_what_was_planted_and_falsehood_what_was_shown() -> None:
    found = of_homes(HOMES)
    assert found["kinds"]["solar"]["recall"] == round(1 / 3, 4)
    assert found["kinds"]["scene"]["recall"] == 0.5
    assert found["recall"] == 0.4
    assert found["false_discovery_rate"] == 0.25
    assert found["homes_shown_anything_false"] == 1
    assert found["shown_per_home"] == {"least": 0, "median": 2, "most": 2}
    assert found["later"] == {
        "found_on_first_days": 12,
        "with_later_opportunities": 9,
        "of_those_hold": 6,
        "share": 0.6667,
    }


def test_a_home_that_is_shown_something_on_one_night_counts() -> None:
    found = of_nulls([NullFigures("rotated", 77, 3, Counter({"scene": 1})), NullFigures("rotated", 77, 0)])
    assert found["rotated"]["shown_anything"] == 1
    assert found["rotated"]["share"] == 0.5
    assert found["rotated"]["nights_shown"] == 3


def test_shuffled_logs_are_held_against_the_real_one() -> None:
    logs = [LogFigures("flat", None, 500, {"solar": 4}, 5, 4, 3)]
    logs += [LogFigures("flat", seed, 500, {"solar": 1} if seed == 0 else {}) for seed in range(4)]
    found = of_logs(logs)
    assert found["flat"]["shuffled_share"] == 0.0625
    assert found["flat"]["shuffles_shown_anything"] == "1 of 4"
    assert found["all"]["later"]["share"] == 0.75


def test_the_tables_hold_every_kind_and_the_whole() -> None:
    text = markdown({"simulated": {"days": 60, "hard": False, **of_homes(HOMES)}})
    assert "| solar | 3 | 1 | 0.3333 | 3 | 1 | 1 | 0 | 1 |" in text
    assert "| all | 5 | 2 | 0.4 | 4 | 2 | 1 | 0 | 1 |" in text
    assert "| false of what is shown | 0.25 |" in text


def test_a_home_is_mined_and_judged() -> None:
    found = mine_home(HomeTask(seed=1, days=35, entities=24, hard=False))
    assert found.events > 5_000
    assert len(found.planted) >= 5
    assert sum(is_found for _, is_found, _ in found.planted) + len(found.misses) == len(found.planted)
    assert sum(verdict == "false" for _, verdict in found.verdicts) == len(found.remarks)


def test_a_home_without_routines_is_mined_once_or_every_night() -> None:
    assert mine_null(NullTask(0, "uniform", 15)).nights == 1
    assert mine_null(NullTask(0, "uniform", 15, nightly=True)).nights == 2
