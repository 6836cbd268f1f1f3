"""The statistics to the digit: exact fractions and definitions, worked out the slow way."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.mining.conditions import more_often
from src.mining.statistics import (
    benjamini_yekutieli,
    circular_difference,
    fisher,
    lower_tail,
    upper_tail,
    wilson,
)

chances = st.fractions(Fraction(1, 500), Fraction(499, 500), max_denominator=500)
p_values = st.floats(1e-12, 1.0)


def at_least(hits: int, n: int, chance: Fraction) -> Fraction:
    """The binomial tail with no rounding anywhere."""
    return sum((math.comb(n, k) * chance**k * (1 - chance) ** (n - k) for k in range(hits, n + 1)), Fraction(0))


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 40), chances)
def test_both_tails_are_the_exact_binomial_sums(data: st.DataObject, n: int, chance: Fraction) -> None:
    hits = data.draw(st.integers(0, n))
    exact = float(at_least(hits, n, chance))
    assert upper_tail(hits, n, float(chance)) == pytest.approx(exact, rel=1e-9)
    if hits < n:
        assert lower_tail(hits, n, float(chance)) == pytest.approx(float(1 - at_least(hits + 1, n, chance)), rel=1e-9)


def test_tails_where_there_is_nothing_to_sum() -> None:
    assert upper_tail(0, 0, 0.3) == lower_tail(0, 0, 0.3) == 1.0
    assert upper_tail(3, 2, 0.3) < 1e-200, "more hits than chances to hit cannot be"
    assert upper_tail(5, 5, 0.0) < 1e-200
    assert upper_tail(5, 5, 1.0) == 1.0
    assert lower_tail(0, 5, 1.0) == 0.0


@given(st.data(), st.integers(1, 500))
def test_wilsons_ends_are_where_the_score_test_just_rejects(data: st.DataObject, n: int) -> None:
    hits = data.draw(st.integers(0, n))
    z = 1.959963984540054
    for end in wilson(hits, n):
        if 1e-9 < end < 1 - 1e-9:
            assert abs(hits / n - end) == pytest.approx(z * math.sqrt(end * (1 - end) / n), rel=1e-6)


def test_wilson_knows_nothing_without_opportunities() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@settings(max_examples=60)
@given(st.floats(1e-9, 1.0))
def test_fishers_combination_is_the_area_under_the_hyperbola(product: float) -> None:
    """P(U V <= c) of two uniform p-values: c at once for U <= c, then c / u for each further u."""
    edges = np.exp(np.linspace(math.log(product), 0.0, 20_001))
    middle = np.sqrt(edges[:-1] * edges[1:])
    area = product + float(np.sum(product / middle * np.diff(edges)))
    assert fisher(product, 1.0) == pytest.approx(min(area, 1.0), rel=1e-6)


@given(p_values, p_values, p_values)
def test_fishers_combination_is_fair_and_never_falls_when_the_evidence_gets_weaker(
    a: float, b: float, weaker: float
) -> None:
    assert fisher(a, b) == fisher(b, a)
    assert fisher(a, max(b, weaker)) >= fisher(a, b)
    assert fisher(a, 1.0) >= a, "a day that says nothing makes nothing surer"


def by_definition(p_values: list[float], family: int) -> list[float]:
    """Benjamini and Yekutieli 2001, theorem 1.3: the least level at which each hypothesis would be rejected."""
    every = sorted(p_values) + [1.0] * (family - len(p_values))
    harmonic = sum(Fraction(1, i) for i in range(1, family + 1))
    adjusted = [float(Fraction(p) * family * harmonic / rank) for rank, p in enumerate(every, 1)]
    return [min(1.0, *(q for q, other in zip(adjusted, every, strict=True) if other >= p)) for p in p_values]


@settings(max_examples=60, deadline=None)
@given(st.lists(p_values, min_size=1, max_size=25), st.integers(0, 60))
def test_q_values_are_those_of_the_theorem_with_a_harmonic_number_rounded_up(p_values: list[float], more: int) -> None:
    family = len(p_values) + more
    exact = by_definition(p_values, family)
    found = benjamini_yekutieli(np.array(p_values), family).tolist()
    for reference, q_value in zip(exact, found, strict=True):
        assert reference * (1 - 1e-9) <= q_value <= min(1.0, reference * 1.08)


@given(st.lists(p_values, min_size=1, max_size=25), st.integers(0, 60))
def test_q_values_do_not_depend_on_the_order_and_grow_with_the_family(p_values: list[float], more: int) -> None:
    family = len(p_values) + more
    found = benjamini_yekutieli(np.array(p_values), family)
    order = np.random.default_rng(hash(str(p_values)) % 2**32).permutation(len(p_values))
    assert np.array_equal(benjamini_yekutieli(np.array(p_values)[order], family), found[order])
    assert (benjamini_yekutieli(np.array(p_values), family + 10) >= found).all()
    ranked = found[np.argsort(p_values)]
    assert (np.diff(ranked) >= 0).all(), "a smaller p-value never has the larger q-value"


@given(
    st.lists(st.floats(-5_000, 5_000), min_size=1, max_size=30),
    st.floats(-5_000, 5_000),
    st.sampled_from([7.0, 24.0, 1440.0]),
)
def test_differences_on_a_circle_are_the_nearest_of_all_turns(a: list[float], b: float, period: float) -> None:
    found = circular_difference(np.array(a), b, period).tolist()
    for value, difference in zip(a, found, strict=True):
        nearest = min((value - b + turn * period for turn in range(-1500, 1501)), key=abs)
        assert abs(difference) == pytest.approx(abs(nearest), abs=1e-6)
        assert -period / 2 <= difference <= period / 2


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 25), st.integers(1, 25))
def test_one_share_above_another_is_fishers_exact_test(data: st.DataObject, n: int, m: int) -> None:
    hits, others = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    total = hits + others
    ways = [math.comb(n, k) * math.comb(m, total - k) for k in range(hits, min(total, n) + 1) if total - k <= m]
    exact = Fraction(sum(ways), math.comb(n + m, total))
    assert more_often(hits, n, others, m) == pytest.approx(float(exact), rel=1e-6)
