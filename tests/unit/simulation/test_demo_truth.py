"""What a stranger sees first has to be true: the demo home shows what was planted in it, and nothing else."""

from __future__ import annotations

from src.mining import mine
from src.simulation.demo import demo_home
from src.simulation.verdict import matches


def test_the_demo_home_shows_nothing_that_was_not_planted() -> None:
    home = demo_home()
    patterns = mine(home.log).patterns
    assert [p.to_json() for p in patterns if not any(matches(routine, p) for routine in home.planted)] == []
    found = sum(any(matches(routine, p) for p in patterns) for routine in home.planted)
    assert found >= 14
