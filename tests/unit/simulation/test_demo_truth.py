"""What a stranger sees first has to be true: the demo home shows what was planted in it, and nothing else."""

from __future__ import annotations

from src.mining import mine
from src.simulation.demo import demo_home
from src.simulation.matching import matches
from src.simulation.verdict import Judge, Verdict


def test_the_demo_home_shows_nothing_that_was_not_planted() -> None:
    home = demo_home()
    patterns = mine(home.log).patterns
    judge = Judge(home)
    told = (Verdict.PLANTED, Verdict.EQUIVALENT)
    assert [pattern.to_json() for pattern in patterns if judge(pattern) not in told] == []
    found = sum(any(matches(home, routine, p) for p in patterns) for routine in home.planted)
    assert found >= 14
