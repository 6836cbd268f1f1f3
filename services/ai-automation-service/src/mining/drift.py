"""How a routine has been changing: its time, or how often it happens."""

from __future__ import annotations

import numpy as np

from src.mining.kind import Candidate
from src.mining.statistics import lower_tail, upper_tail, wilson

_MIN_HITS = 9
_MIN_MINUTES = 10.0
_RARE = 0.05


def drift(candidate: Candidate) -> str:
    """``stable``, ``earlier`` or ``later`` (the hits' time), ``fading`` or ``strengthening`` (their share)."""
    before, after = candidate.discovery, candidate.holdout
    low, high = wilson(before.hits, before.opportunities)
    if lower_tail(after.hits, after.opportunities, low) < _RARE:
        return "fading"
    if upper_tail(after.hits, after.opportunities, high) < _RARE:
        return "strengthening"
    values = candidate.values
    if candidate.source is None and len(values) >= _MIN_HITS:
        third = len(values) // 3
        moved = float(np.median(values[-third:]) - np.median(values[:third]))
        if abs(moved) >= max(_MIN_MINUTES, float(np.std(values[:third]))):
            return "later" if moved > 0 else "earlier"
    return "stable"
