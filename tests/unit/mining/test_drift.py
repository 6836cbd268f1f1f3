"""How a routine has been changing."""

from __future__ import annotations

import numpy as np
import pytest

from src.domain.patterns import Kind, TimeTrigger
from src.mining.drift import drift
from src.mining.kind import Candidate, Trial


def routine(minutes: list[float], discovery: Trial, holdout: Trial) -> Candidate:
    return Candidate(
        kind=Kind.TIME_OF_DAY,
        target=0,
        source=None,
        trigger=TimeTrigger("07:00:00", ("mon",)),
        discovery=discovery,
        holdout=holdout,
        p_value=1e-6,
        hit_times=np.arange(len(minutes), dtype=np.int64),
        values=np.array(minutes, np.float64),
    )


STEADY = [420.0 + (day % 3) for day in range(40)]


@pytest.mark.parametrize(
    ("minutes", "later", "told"),
    [
        (STEADY, 9, "stable"),
        ([minute + day for day, minute in enumerate(STEADY)], 9, "later"),
        ([minute - day for day, minute in enumerate(STEADY)], 9, "earlier"),
        (STEADY, 2, "fading"),
    ],
)
def test_a_routine_is_told_by_its_time_and_its_share(minutes: list[float], later: int, told: str) -> None:
    """Thirty of forty chances before; of ten chances later it took so many."""
    assert drift(routine(minutes, Trial(30, 40, 0.1), Trial(later, 10, 0.1))) == told


def test_a_routine_that_is_taken_ever_more_often_strengthens() -> None:
    assert drift(routine(STEADY, Trial(22, 40, 0.1), Trial(12, 12, 0.1))) == "strengthening"
