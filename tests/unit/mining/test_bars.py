"""The bars: what is shown, by how much the rest falls short, and what is shown stays more easily than it came."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.domain.patterns import WEEKDAYS, Kind, TimeTrigger
from src.mining.bars import corrected, holdout_p, shortfall
from src.mining.kind import Bar, Candidate, Search, Trial
from src.mining.statistics import benjamini_yekutieli, fisher, lower_tail, upper_tail, wilson


def candidate(discovery: tuple[int, int], holdout: tuple[int, int], chance: float = 0.06) -> Candidate:
    """A lamp at 07:10 that was on so often of so many days."""
    return Candidate(
        kind=Kind.TIME_OF_DAY,
        target=0,
        source=None,
        trigger=TimeTrigger("07:10:00", WEEKDAYS),
        discovery=Trial(*discovery, chance),
        holdout=Trial(*holdout, chance),
        p_value=1e-9,
        hit_times=np.arange(discovery[0] + holdout[0], dtype=np.int64),
        values=np.full(discovery[0] + holdout[0], 430.0),
    )


def reason(
    discovery: tuple[int, int], holdout: tuple[int, int], q: float = 0.001, *, known: bool = False
) -> str | None:
    found = shortfall(candidate(discovery, holdout), q, Bar(), known=known)
    return None if found is None else found.reason


def test_p_values_of_both_parts_of_the_days_are_combined_and_corrected_over_the_family() -> None:
    weak, strong = (replace(candidate((38, 45), (2, 15)), p_value=p, holdout_p=0.04) for p in (1e-3, 1e-6))
    found = corrected(Search([weak, strong], 100))
    assert [each.candidate for each in found] == [weak, strong]
    assert [each.p_value for each in found] == [fisher(1e-3, 0.04), fisher(1e-6, 0.04)]
    expected = benjamini_yekutieli(np.array([each.p_value for each in found]), 100)
    assert [each.q_value for each in found] == expected.tolist()


def test_what_paid_for_its_family_is_not_asked_to_pay_again() -> None:
    told = [replace(candidate((38, 45), (2, 15)), p_value=p, holdout_p=0.04) for p in (0.004, 0.003, 0.5)]
    found = corrected(Search(told, 100, paid=True))
    assert [(each.p_value, each.q_value) for each in found] == [(0.004, 0.004), (0.003, 0.003), (0.5, 0.5)]


def test_a_routine_that_holds_on_both_parts_of_the_days_is_shown() -> None:
    assert reason((38, 45), (12, 15)) is None


@pytest.mark.parametrize(
    ("discovery", "holdout", "q", "told"),
    [
        ((38, 45), (12, 15), 0.06, "could_be_chance"),
        ((20, 45), (7, 15), 0.001, "happens_too_seldom"),
        ((4, 6), (1, 2), 0.001, "too_few_chances_to_be_sure"),
        ((44, 45), (1, 15), 0.001, "not_repeated_on_later_days"),
        ((44, 45), (5, 15), 0.001, "fading_on_later_days"),
    ],
)
def test_each_reason_is_told_with_the_number_that_decided(
    discovery: tuple[int, int], holdout: tuple[int, int], q: float, told: str
) -> None:
    found = shortfall(candidate(discovery, holdout), q, Bar())
    assert found is not None
    assert found.reason == told
    higher_is_worse = told in ("could_be_chance", "not_repeated_on_later_days")
    assert (found.reached > found.needed) == higher_is_worse


@pytest.mark.parametrize(
    ("discovery", "holdout", "q"),
    [
        ((38, 45), (12, 15), 0.1),  # a q-value of 0.05 to come in, of 0.2 to stay
        ((20, 45), (7, 15), 0.001),  # half of all chances to come in, two in five to stay
        ((44, 45), (9, 15), 0.001),  # a held-out share that a new routine would be called fading for
    ],
)
def test_what_is_shown_stays_where_a_new_one_would_not_come_in(
    discovery: tuple[int, int], holdout: tuple[int, int], q: float
) -> None:
    assert reason(discovery, holdout, q) is not None
    assert reason(discovery, holdout, q, known=True) is None


def test_what_is_shown_goes_when_the_later_days_say_so() -> None:
    assert reason((44, 45), (0, 15), known=True) == "not_repeated_on_later_days"
    assert reason((38, 45), (12, 15), 0.3, known=True) == "could_be_chance"


def test_a_kinds_own_tail_is_asked_where_it_has_one() -> None:
    ranked = replace(candidate((38, 45), (12, 15)), holdout_p=0.4)
    found = shortfall(ranked, 0.001, Bar())
    assert found is not None
    assert (found.reason, found.reached) == ("not_repeated_on_later_days", 0.4)
    assert holdout_p(candidate((38, 45), (12, 15))) == upper_tail(12, 15, 0.06)


trials = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(max_examples=200)
@given(trials, trials, st.floats(1e-6, 0.5), st.floats(0.01, 0.6), st.booleans())
def test_the_bars_are_what_the_documentation_says(
    discovery: tuple[int, int], holdout: tuple[int, int], q: float, chance: float, known: bool
) -> None:
    each = candidate(discovery, holdout, chance)
    hits, n = discovery[0] + holdout[0], discovery[1] + holdout[1]
    ease = 0.8 if known else 1.0
    passes = (
        q <= (0.2 if known else 0.05)
        and hits / n >= 0.5 * ease
        and wilson(hits, n)[0] >= 0.35 * ease
        and upper_tail(*holdout, chance) <= (0.2 if known else 0.05)
        and lower_tail(*holdout, wilson(*discovery)[0]) >= (0.001 if known else 0.01)
    )
    assert (shortfall(each, q, Bar(), known=known) is None) == passes


@settings(max_examples=100)
@given(trials, trials, st.floats(1e-6, 0.5), st.floats(0.01, 0.6))
def test_whatever_would_be_shown_anew_would_also_stay(
    discovery: tuple[int, int], holdout: tuple[int, int], q: float, chance: float
) -> None:
    each = candidate(discovery, holdout, chance)
    if shortfall(each, q, Bar()) is None:
        assert shortfall(each, q, Bar(), known=True) is None
