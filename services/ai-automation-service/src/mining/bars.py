"""Whether a candidate is shown, and if not, by how much it falls short."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from src.mining.kind import Bar, Candidate, Finding, Search
from src.mining.statistics import benjamini_yekutieli, fisher, lower_tail, upper_tail, wilson

# What was shown already stays while its evidence is merely weaker, so that a routine at the edge does not come and go.
_KEPT_Q = 4.0  # times the bar of what is new
_KEPT_RATE = 0.8
_KEPT_HOLDOUT_P = 0.2
_KEPT_FADING_P = 0.001


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Why a candidate is not shown.

    Attributes:
        reason: stable code.
        reached, needed: the number that decided, and the bar it had to reach.
    """

    reason: str
    reached: float
    needed: float


def holdout_p(candidate: Candidate) -> float:
    """Upper tail of the held-out days under the null model."""
    if candidate.holdout_p is not None:
        return candidate.holdout_p
    holdout = candidate.holdout
    return upper_tail(holdout.hits, holdout.opportunities, holdout.expected)


def corrected(search: Search) -> list[Finding]:
    """The candidates of a kind with their p-values of all days, corrected over the kind's family; in order."""
    if search.paid:
        return [Finding(candidate, candidate.p_value, candidate.p_value) for candidate in search.candidates]
    p_values = np.array([fisher(each.p_value, holdout_p(each)) for each in search.candidates], np.float64)
    q_values = benjamini_yekutieli(p_values, max(search.tested, 1))
    return [Finding(*each) for each in zip(search.candidates, p_values.tolist(), q_values.tolist(), strict=True)]


def shortfall(candidate: Candidate, q_value: float, bar: Bar, *, known: bool = False) -> Shortfall | None:
    """What keeps a candidate from being shown, None if nothing does.

    Args:
        known: whether the routine was shown before; then the bar is lower, so that it does not flicker.
    """
    discovery, holdout = candidate.discovery, candidate.holdout
    hits, opportunities = discovery.hits + holdout.hits, discovery.opportunities + holdout.opportunities
    ease = _KEPT_RATE if known else 1.0
    max_q = bar.max_q * (_KEPT_Q if known else 1.0)
    if q_value > max_q:
        return Shortfall("could_be_chance", q_value, max_q)
    rate = hits / opportunities if opportunities else 0.0
    if rate < ease * bar.min_rate:
        return Shortfall("happens_too_seldom", rate, ease * bar.min_rate)
    low = wilson(hits, opportunities)[0]
    if low < ease * bar.min_rate_low:
        return Shortfall("too_few_chances_to_be_sure", low, ease * bar.min_rate_low)
    later = holdout_p(candidate)
    max_later = max(_KEPT_HOLDOUT_P, bar.max_holdout_p) if known else bar.max_holdout_p
    if later > max_later:
        return Shortfall("not_repeated_on_later_days", later, max_later)
    # Against the low end: the rate on the days that chose the window flatters it.
    fading = lower_tail(holdout.hits, holdout.opportunities, wilson(discovery.hits, discovery.opportunities)[0])
    max_fading = min(_KEPT_FADING_P, bar.max_fading_p) if known else bar.max_fading_p
    if fading < max_fading:
        return Shortfall("fading_on_later_days", fading, max_fading)
    return None
