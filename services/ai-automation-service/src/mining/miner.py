"""The miner: prepares a log once, asks every kind for its candidates, keeps what the evidence carries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from src.domain.events import EventLog
from src.domain.patterns import Kind, Pattern
from src.domain.progress import Progress, silent
from src.domain.whys import Why
from src.mining.bars import corrected, shortfall
from src.mining.changes import find_changes
from src.mining.kind import Finding, Search
from src.mining.kinds import KINDS
from src.mining.memory import Memory
from src.mining.overlap import simplest
from src.mining.preparation import main_stretch, prepare
from src.mining.presentation import present
from src.mining.standing import Standing
from src.mining.whys import Rejected, whys

MIN_DAYS = 7


@dataclass(frozen=True)
class MiningResult:
    """What was found and what was left out.

    Attributes:
        patterns: strongest first; ``sentence`` is still empty.
        tested: candidates tested, by kind.
        left_out: how many events, entities or candidates were not used, by reason.
        whys: for every entity that no pattern acts on, the reason; by entity id.
        replaced: ids of known patterns that one of these explains better.
    """

    patterns: tuple[Pattern, ...]
    tested: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    whys: tuple[Why, ...] = ()
    replaced: frozenset[str] = frozenset()


def mine(
    log: EventLog,
    *,
    kinds: Sequence[Kind] | None = None,
    known: Sequence[Pattern] = (),
    memory: Memory | None = None,
    progress: Progress = silent,
) -> MiningResult:
    """Mine a log for routines. Deterministic: the same log and known patterns give the same patterns to the digit.

    Args:
        kinds: which kinds; None for all.
        known: patterns that are shown at present. They stay while their evidence is merely weaker.
        memory: of earlier nights of the same home; it saves work and changes no result.
    """
    miners = [KINDS[kind] for kind in (KINDS if kinds is None else kinds)]
    steps = len(miners) + 2
    progress("mine", 0, steps, "steps")
    events = len(log)
    log = main_stretch(log)
    changes = find_changes(log)
    left_out: Counter[str] = Counter(changes.left_out)
    left_out["far_from_the_rest"] = events - len(log)
    if int(np.count_nonzero(changes.observed)) < MIN_DAYS:
        left_out["home_with_too_few_days"] = 1
        days = int(np.count_nonzero(changes.observed))
        why = Why(None, "home_with_too_few_days", None, {"reached": days, "needed": MIN_DAYS})
        return MiningResult((), {str(miner.kind): 0 for miner in miners}, _told(left_out), (why,))
    home = prepare(log, changes, Memory() if memory is None else memory)
    progress("mine", 1, steps, "steps")
    tested: dict[str, int] = {}
    kept: list[Finding] = []
    rejected: list[Rejected] = []
    standing = Standing(known)
    searches: dict[Kind, Search] = {}
    for step, miner in enumerate(miners):
        search = searches[miner.kind] = miner.search(home)
        tested[str(miner.kind)] = search.tested
        left_out.update(search.left_out)
        for finding in corrected(search):
            candidate, q_value = finding.candidate, finding.q_value
            weakness = shortfall(candidate, q_value, miner.bar)
            if weakness is not None and standing.holds(home, finding):
                weakness = shortfall(candidate, q_value, miner.bar, known=True)
            if weakness is None:
                kept.append(finding)
            else:
                rejected.append(Rejected(candidate, q_value, weakness))
                left_out[weakness.reason] += 1
        progress("mine", 2 + step, steps, "steps")
    survivors, explained = simplest(home, kept, lambda finding: standing.holds(home, finding))
    left_out.update(each.reason for each in explained)
    patterns = [present(home, finding) for finding in survivors]
    patterns.sort(key=lambda pattern: (-pattern.evidence.rate_low, pattern.evidence.p_value, pattern.id))
    progress("mine", steps, steps, "steps")
    reasons = whys(home, [finding.candidate for finding in survivors], rejected, explained, searches)
    replaced = standing.replaced(home, patterns, [each.finding for each in explained])
    return MiningResult(tuple(patterns), tested, _told(left_out), reasons, replaced)


def _told(left_out: Counter[str]) -> dict[str, int]:
    return {reason: left_out[reason] for reason in sorted(left_out) if left_out[reason]}
