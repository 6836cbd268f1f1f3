"""Of patterns that explain the same hits, the simplest stays.

A light that follows a door at 18:00 needs one suggestion, not three: the door's, the clock's and that of the motion
sensor behind the door. The strongest explanation is kept; another one of the same action goes when most of its hits
are hits of a pattern that was kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from src.domain.events import Int64Array
from src.mining.kind import Candidate

_SAME = 0.6  # share of a pattern's hits that another must explain to be in question


def _strength(candidate: Candidate) -> float:
    """Hits beyond chance, weighed by how reliably the opportunity is taken."""
    discovery = candidate.discovery
    return discovery.rate * (discovery.hits - discovery.expected * discovery.opportunities)


def _order(candidate: Candidate) -> tuple[float, float, int, int]:
    source = -1 if candidate.source is None else candidate.source
    return -_strength(candidate), candidate.p_value, candidate.target, source


def _shared(hits: Int64Array, others: Int64Array) -> float:
    return float(np.isin(hits, others).mean()) if len(hits) else 0.0


def simplest(
    candidates: Sequence[tuple[Candidate, float]],
) -> tuple[list[tuple[Candidate, float]], dict[str, int]]:
    """Those that no stronger pattern of the same action explains, and how many were explained, by reason."""
    left_out: Counter[str] = Counter()
    kept: list[tuple[Candidate, float]] = []
    for candidate, q_value in sorted(candidates, key=lambda pair: _order(pair[0])):
        rivals = [other for other, _ in kept if other.target == candidate.target and other.source != candidate.source]
        if any(_shared(candidate.hit_times, rival.hit_times) >= _SAME for rival in rivals):
            left_out["explained_by_a_simpler_pattern"] += 1
            continue
        mirror = any(other.source == candidate.target and other.target == candidate.source for other, _ in kept)
        if mirror:
            left_out["the_other_direction_is_shown"] += 1
            continue
        kept.append((candidate, q_value))
    return kept, dict(left_out)
