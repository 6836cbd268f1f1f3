"""What a stranger sees first has to be true: the demo home shows what was planted in it, and nothing else."""

from __future__ import annotations

from src.domain.patterns import Kind
from src.mining import mine
from src.simulation.demo import demo_home
from src.simulation.matching import conditions_match, matches
from src.simulation.verdict import Judge, Verdict


def test_the_demo_home_shows_every_kind_and_nothing_that_was_not_planted() -> None:
    home = demo_home()
    patterns = mine(home.log).patterns
    judge = Judge(home)
    told = (Verdict.PLANTED, Verdict.EQUIVALENT)
    assert [pattern.to_json() for pattern in patterns if judge(pattern) not in told] == []
    found = [(routine, pattern) for routine in home.planted for pattern in patterns if matches(home, routine, pattern)]
    assert {routine.kind for routine, _ in found} == set(Kind)
    # A washing day has nine Saturdays to show itself on, which may be too few.
    missed = [routine.entity_id for routine in home.planted if routine not in [each for each, _ in found]]
    assert set(missed) <= {"switch.washing_machine"}
    assert len(patterns) <= len(home.planted)
    (patio,) = (pair for pair in found if pair[0].entity_id == "light.patio")
    assert conditions_match(*patio)
