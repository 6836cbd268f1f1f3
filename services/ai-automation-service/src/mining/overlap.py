"""Of patterns that explain the same hits, the simplest stays.

A light that follows a door at 18:00 needs one suggestion, not three: the door's, the clock's and that of the motion
sensor behind the door. The strongest explanation is kept; another one of the same actions goes when most of its hits
are hits of a pattern that was kept. A sequence or a scene explains the hits of all its steps, so it takes the place of
the pairs inside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from src.domain.events import Int64Array
from src.domain.patterns import Kind
from src.mining.consequences import consequences
from src.mining.kind import Candidate, Finding, Home

_ABOUT = 0.9
_SAME = 0.6  # share of a pattern's hits that another must explain to be in question
_FAMILIAR = 1.25  # what was shown last night stays before a rival that is hardly stronger, or the two would alternate

# These are candidates only where one clock time for all days tells the same days decisively worse.
_TOLD_FROM_THE_CLOCK = (Kind.SOLAR, Kind.SEASONAL)
# Of rivals for the same hits of one clock, the p-value decides; what says more must be this much better, in nats.
_CLOCKS = {Kind.TIME_OF_DAY: 0.0, Kind.DAY_TYPE: 3.0, Kind.SOLAR: 3.0, Kind.SEASONAL: 6.0}


@dataclass(frozen=True, slots=True)
class Explained:
    """A finding that another one makes needless.

    Attributes:
        by: the finding that stays in its place.
    """

    finding: Finding
    reason: str
    by: Finding


def simplest(
    home: Home, findings: Sequence[Finding], familiar: Callable[[Finding], bool] = lambda finding: False
) -> tuple[list[Finding], list[Explained]]:
    """Those that no stronger pattern explains, strongest first, and those that one does.

    Args:
        familiar: whether a finding was shown before.
    """
    explained: list[Explained] = []
    following = consequences(home, [finding.candidate for finding in findings])
    explained += [
        Explained(findings[end], "follows_from_its_counterpart", findings[begin]) for end, begin in following.items()
    ]
    rest = [finding for index, finding in enumerate(findings) if index not in following]
    rest = _best_clocks(_earliest(rest, explained), explained)
    kept: list[Finding] = []
    for finding in sorted(rest, key=lambda finding: _order(finding, familiar(finding))):
        reason, by = _needless(home, finding, kept)
        if by is None:
            kept.append(finding)
        else:
            explained.append(Explained(finding, reason, by))
    return kept, explained


def _begun_with(home: Home, finding: Finding, other: Finding) -> bool:
    """Whether a thing is used more often because a routine of its own began: that is one piece of news."""
    kinds = (finding.candidate.kind, other.candidate.kind)
    return kinds == (Kind.FREQUENCY, Kind.SEASONAL) and _entity(home, finding) == _entity(home, other)


def _entity(home: Home, finding: Finding) -> str:
    return home.changes.things[finding.candidate.target].entity_id


def _needless(home: Home, finding: Finding, kept: Sequence[Finding]) -> tuple[str, Finding | None]:
    candidate = finding.candidate
    for other in kept:
        stronger = other.candidate
        if stronger.source is not None and (stronger.source, stronger.target) == (candidate.target, candidate.source):
            return "the_other_direction_is_shown", other
        if _begun_with(home, finding, other):
            return "explained_by_a_simpler_pattern", other
        if candidate.kind is stronger.kind and not candidate.acts and candidate.target == stronger.target:
            return "explained_by_a_simpler_pattern", other
        if _rivals(candidate, stronger) and _covered(candidate, stronger):
            return "explained_by_a_simpler_pattern", other
    return "", None


def _rivals(candidate: Candidate, other: Candidate) -> bool:
    """Whether both may explain the same."""
    if not (other.acts and candidate.acts):
        return False
    return candidate.source is None or candidate.source != other.source or candidate.kind is not other.kind


def _covered(candidate: Candidate, other: Candidate) -> bool:
    """Whether most of a pattern's hits, of most of its actions, are hits of another."""
    theirs = _hits(other)
    shares = [_shared(times, theirs[code]) if code in theirs else 0.0 for code, times in _hits(candidate).items()]
    return float(np.mean(shares)) >= _SAME


def _hits(candidate: Candidate) -> dict[int, Int64Array]:
    return {**{step.code: step.hit_times for step in candidate.steps}, candidate.target: candidate.hit_times}


def _shared(hits: Int64Array, others: Int64Array) -> float:
    return float(np.isin(hits, others).mean()) if len(hits) else 0.0


def _strength(candidate: Candidate) -> float:
    """Actions explained beyond chance, weighed by how reliably the opportunity is taken."""
    discovery = candidate.discovery
    actions = 1 + len(candidate.steps)
    return actions * discovery.rate * (discovery.hits - discovery.expected * discovery.opportunities)


def _order(finding: Finding, familiar: bool) -> tuple[bool, float, float, str, int, int]:
    """Strongest first; what can only be told comes after all that acts."""
    candidate = finding.candidate
    source = -1 if candidate.source is None else candidate.source
    strength = _strength(candidate) * (_FAMILIAR if familiar else 1.0)
    return not candidate.acts, -strength, candidate.p_value, str(candidate.kind), candidate.target, source


def _earliest(findings: Sequence[Finding], explained: list[Explained]) -> list[Finding]:
    """Of triggers that set off the same hits about as reliably, the first to happen.

    A door that is opened is closed soon after, and the fan that it sets off is no cause of the light that it sets off.
    """
    kept: list[Finding] = []
    for finding in findings:
        later = finding.candidate
        before = next((other for other in findings if _precedes(other.candidate, later)), None)
        if before is None:
            kept.append(finding)
        else:
            explained.append(Explained(finding, "explained_by_a_simpler_pattern", before))
    return kept


def _precedes(earlier: Candidate, later: Candidate) -> bool:
    sooner, delay = _delay(earlier), _delay(later)
    return (
        earlier.target == later.target
        and sooner is not None
        and delay is not None
        and earlier.trigger != later.trigger
        and sooner > delay
        and earlier.discovery.rate >= _ABOUT * later.discovery.rate
        and (earlier.kind is later.kind or _strength(earlier) >= _ABOUT * _strength(later))
        and _shared(later.hit_times, earlier.hit_times) >= _SAME
    )


def _delay(candidate: Candidate) -> float | None:
    """Median delay of a single action after its trigger, s; None for what no trigger sets off."""
    return None if candidate.steps else getattr(candidate.trigger, "delay_seconds", None)


def _best_clocks(findings: Sequence[Finding], explained: list[Explained]) -> list[Finding]:
    """Of explanations of one thing's hits by clocks, sun, sort of day or season, the most convincing."""
    clocks = [finding for finding in findings if finding.candidate.kind in _CLOCKS]
    clocks.sort(key=lambda finding: (-_conviction(finding), str(finding.candidate.kind), finding.candidate.target))
    clocks.sort(key=lambda finding: finding.candidate.kind not in _TOLD_FROM_THE_CLOCK)
    kept: list[Finding] = []
    lost: set[int] = set()
    for finding in clocks:
        rival = next(
            (
                other
                for other in kept
                if other.candidate.target == finding.candidate.target
                and other.candidate.kind is not finding.candidate.kind
                and _shared(finding.candidate.hit_times, other.candidate.hit_times) >= _SAME
            ),
            None,
        )
        if rival is None:
            kept.append(finding)
        else:
            lost.add(id(finding))
            explained.append(Explained(finding, "explained_by_a_simpler_pattern", rival))
    return [finding for finding in findings if id(finding) not in lost]


def _conviction(finding: Finding) -> float:
    """Nats by which the null model is refuted, less what the kind's extra words cost."""
    return -math.log(finding.p_value) - _CLOCKS[finding.candidate.kind]
