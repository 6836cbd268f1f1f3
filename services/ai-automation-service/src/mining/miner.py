"""The miner: prepares a log once, asks every kind for its candidates, keeps what the evidence carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from src.domain.events import EventLog
from src.domain.patterns import Kind, Pattern
from src.domain.progress import Progress, silent


@dataclass(frozen=True)
class MiningResult:
    """What was found and what was left out.

    Attributes:
        patterns: strongest first; ``sentence`` is still empty.
        tested: candidates tested, by kind.
        left_out: how many events or entities were not used, by reason.
    """

    patterns: tuple[Pattern, ...]
    tested: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)


def mine(log: EventLog, *, kinds: Sequence[Kind] | None = None, progress: Progress = silent) -> MiningResult:
    """Mine a log for routines. Deterministic: the same log gives the same patterns to the digit.

    Args:
        kinds: which kinds; None for all.
    """
    raise NotImplementedError
