"""What one kind alone shows of a log, by the frame's own bars."""

from __future__ import annotations

from src.domain.events import EventLog
from src.mining.bars import corrected, shortfall
from src.mining.changes import find_changes
from src.mining.kind import Candidate, KindMiner, Search
from src.mining.preparation import prepare


def search(kind: KindMiner, log: EventLog) -> Search:
    return kind.search(prepare(log, find_changes(log)))


def shown(kind: KindMiner, log: EventLog) -> list[Candidate]:
    found = search(kind, log)
    return [each.candidate for each in corrected(found) if shortfall(each.candidate, each.q_value, kind.bar) is None]
