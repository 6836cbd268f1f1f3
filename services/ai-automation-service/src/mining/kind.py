"""The frame that every kind of routine plugs into.

A kind searches the discovery days for candidates, each with a p-value that already pays for the windows searched
inside it, and says how many candidates it tested. The frame then controls the false discovery rate over the whole
family and asks the held-out days, which the search never saw, whether the routine is still there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from src.domain.events import BoolArray, Float64Array, Int64Array
from src.domain.patterns import Json, Kind, Trigger
from src.mining.changes import Changes


@dataclass(frozen=True, slots=True)
class Trial:
    """Opportunities that were looked at, and how many were taken.

    Attributes:
        expected: mean chance of a hit under the null model, 0 to 1.
    """

    hits: int
    opportunities: int
    expected: float

    @property
    def rate(self) -> float:
        return self.hits / self.opportunities if self.opportunities else 0.0


@dataclass(frozen=True)
class Home:
    """What a kind may look at.

    Attributes:
        changes: the behaviour in the log.
        discovery: bool (days,), the days a kind may search; the others are held out. Unobserved days are in neither.
        holdout: bool (days,).
        split: µs UTC, the first instant of the held-out days.
        targets: codes of the things that may be an action, one for each set that moves together.
        triggers: codes of the things that may set something off, likewise.
        members: for a code in ``targets``, the codes that move together with it, itself first.
    """

    changes: Changes
    discovery: BoolArray
    holdout: BoolArray
    split: int
    targets: tuple[int, ...]
    triggers: tuple[int, ...]
    members: dict[int, tuple[int, ...]]


@dataclass(frozen=True)
class Candidate:
    """A routine that may be one.

    Attributes:
        target: code of the action.
        source: code of the trigger; None when it is the clock.
        p_value: of the discovery trial, corrected for the windows searched inside this candidate.
        hit_times: int64, µs UTC, when the action was taken, discovery and holdout, ascending.
        values: float64, of each hit the time of day or the delay, minutes; what spread and drift are read from.
    """

    kind: Kind
    target: int
    source: int | None
    trigger: Trigger
    discovery: Trial
    holdout: Trial
    p_value: float
    hit_times: Int64Array
    values: Float64Array
    conditions: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A candidate that the evidence carries.

    Attributes:
        p_value: of discovery and held-out days together.
        q_value: after control of the false discovery rate over the kind's family.
    """

    candidate: Candidate
    p_value: float
    q_value: float


@dataclass(frozen=True)
class Search:
    """What a kind found on the discovery days.

    Attributes:
        candidates: those worth a second look; all others of the family count as not significant.
        tested: size of the family.
        left_out: what was not tested, by reason.
    """

    candidates: Sequence[Candidate]
    tested: int
    left_out: dict[str, int] = field(default_factory=dict)


class KindMiner(Protocol):
    """A plug-in: one kind, one file in ``mining/kinds``."""

    kind: Kind

    def search(self, home: Home) -> Search:
        """All candidates of this kind. Deterministic; must not look at held-out days but to fill ``holdout``."""
