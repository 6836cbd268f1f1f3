"""The statistics against slow, obvious references."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.mining.statistics import benjamini_yekutieli, circular_difference, lower_tail, surprise, upper_tail, wilson

shares = st.floats(0.001, 0.999)
sizes = st.integers(1, 60)


def exact_tail(hits: int, n: int, chance: float) -> float:
    return sum(math.comb(n, k) * chance**k * (1 - chance) ** (n - k) for k in range(max(hits, 0), n + 1))


@given(st.data(), sizes, shares)
def test_upper_tail_is_the_binomial_sum(data: st.DataObject, n: int, chance: float) -> None:
    hits = data.draw(st.integers(0, n))
    assert upper_tail(hits, n, chance) == pytest.approx(exact_tail(hits, n, chance), rel=1e-6, abs=1e-290)


@given(st.data(), sizes, shares)
def test_the_tails_add_up(data: st.DataObject, n: int, chance: float) -> None:
    hits = data.draw(st.integers(0, n - 1))
    assert lower_tail(hits, n, chance) + upper_tail(hits + 1, n, chance) == pytest.approx(1.0, abs=1e-9)


@given(st.lists(st.floats(0.01, 0.9), min_size=3, max_size=10), st.data())
def test_unequal_chances_have_no_heavier_tail_than_the_bound(chances: list[float], data: st.DataObject) -> None:
    """Poisson-binomial by full enumeration, beyond one above the mean, as Hoeffding's theorem asks."""
    distribution = np.array([1.0])
    for chance in chances:
        distribution = np.convolve(distribution, [1 - chance, chance])
    lowest = math.ceil(sum(chances) + 1)
    if lowest > len(chances):
        return
    hits = data.draw(st.integers(lowest, len(chances)))
    assert distribution[hits:].sum() <= upper_tail(hits, len(chances), float(np.mean(chances))) * (1 + 1e-9)


@given(st.data(), sizes)
def test_wilson_holds_the_share_and_stays_inside_zero_and_one(data: st.DataObject, n: int) -> None:
    hits = data.draw(st.integers(0, n))
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n + 1e-12
    assert hits / n - 1e-12 <= high <= 1


def test_wilson_against_the_published_example() -> None:
    # 19 of 22: DESIGN.md's pattern. Computed by hand from Wilson's formula.
    low, high = wilson(19, 22)
    assert (round(low, 3), round(high, 3)) == (0.667, 0.953)


@given(st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=30), st.integers(0, 50))
def test_q_values_follow_the_definition(p_values: list[float], more: int) -> None:
    family = len(p_values) + more
    q_values = benjamini_yekutieli(np.array(p_values), family)
    harmonic = math.log(family) + 0.5772156649015329 + 0.5 / family
    ordered = sorted(p_values)
    for p, q in zip(p_values, q_values, strict=True):
        reference = min(
            1.0, min(other * family * harmonic / (rank + 1) for rank, other in enumerate(ordered) if other >= p)
        )
        assert q == pytest.approx(reference)
        assert q >= p


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_families_of_nulls_give_a_discovery_no_oftener_than_promised(seed: int) -> None:
    """400 families of 20 uniform p-values, strongly dependent: at 0.2 no more than a fifth may hold a discovery."""
    rng = np.random.default_rng(seed)
    found = 0
    for _ in range(400):
        common = rng.uniform()
        p = np.where(rng.uniform(size=20) < 0.5, common, rng.uniform(size=20))
        found += bool((benjamini_yekutieli(p, 20) <= 0.2).any())
    assert found <= 0.2 * 400 + 4 * math.sqrt(400 * 0.2 * 0.8)


@given(st.floats(0, 1440, exclude_max=True), st.floats(0, 1440, exclude_max=True))
def test_circular_difference_is_the_short_way_round(a: float, b: float) -> None:
    difference = float(circular_difference(np.array([a]), b, 1440.0)[0])
    assert -720 <= difference < 720
    assert abs((b + difference - a + 720) % 1440 - 720) < 1e-6


def test_surprise_is_zero_below_the_chance_and_grows_above_it() -> None:
    hits = np.array([0.0, 5.0, 8.0, 10.0])
    values = surprise(hits, np.full(4, 10.0), np.full(4, 0.5))
    assert values[0] == values[1] == 0
    assert 0 < values[2] < values[3]
    assert values[3] == pytest.approx(10 * math.log(2))
