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
from src.domain.patterns import StateTrigger
from src.mining.consequences import consequences
from src.mining.kind import Candidate, Finding, Home

_ABOUT = 0.9
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


def _earliest(findings: Sequence[Finding]) -> list[Finding]:
    """Of triggers that set off the same hits about as reliably, the first to happen.

    A door that is opened is closed soon after, and the fan that it sets off is no cause of the light that it sets off.
    """

    def outdone(finding: Finding) -> bool:
        later = finding.candidate
        return any(
            earlier.target == later.target
            and earlier.source != later.source
            and isinstance(earlier.trigger, StateTrigger)
            and isinstance(later.trigger, StateTrigger)
            and earlier.trigger.delay_seconds > later.trigger.delay_seconds
            and earlier.discovery.rate >= _ABOUT * later.discovery.rate
            and _shared(later.hit_times, earlier.hit_times) >= _SAME
            for earlier in (other.candidate for other in findings)
        )

    return [finding for finding in findings if not outdone(finding)]


def simplest(home: Home, findings: Sequence[Finding]) -> tuple[list[Finding], dict[str, int]]:
    """Those that no stronger pattern explains, strongest first, and how many were explained, by reason."""
    left_out: Counter[str] = Counter()
    following = consequences(home, [finding.candidate for finding in findings])
    left_out["follows_from_its_counterpart"] = len(following)
    rest = _earliest([finding for index, finding in enumerate(findings) if index not in following])
    kept: list[Finding] = []
    for finding in sorted(rest, key=lambda finding: _order(finding.candidate)):
        candidate = finding.candidate
        stronger = [other.candidate for other in kept]
        if any(other.source == candidate.target and other.target == candidate.source for other in stronger):
            left_out["the_other_direction_is_shown"] += 1
        elif any(
            other.target == candidate.target
            and other.source != candidate.source
            and _shared(candidate.hit_times, other.hit_times) >= _SAME
            for other in stronger
        ):
            left_out["explained_by_a_simpler_pattern"] += 1
        else:
            kept.append(finding)
    return kept, {reason: count for reason, count in left_out.items() if count}
