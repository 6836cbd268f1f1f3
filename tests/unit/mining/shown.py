"""What one kind alone shows of a log, by the frame's own bars."""

from __future__ import annotations

import numpy as np

from src.domain.events import EventLog
from src.mining.bars import holdout_p, shortfall
from src.mining.changes import find_changes
from src.mining.kind import Candidate, KindMiner, Search
from src.mining.preparation import prepare
from src.mining.statistics import benjamini_yekutieli, fisher


def search(kind: KindMiner, log: EventLog) -> Search:
    return kind.search(prepare(log, find_changes(log)))


def shown(kind: KindMiner, log: EventLog) -> list[Candidate]:
    found = search(kind, log)
    p_values = np.array([fisher(each.p_value, holdout_p(each)) for each in found.candidates], np.float64)
    q_values = benjamini_yekutieli(p_values, found.tested)
    pairs = zip(found.candidates, q_values.tolist(), strict=True)
    return [candidate for candidate, q_value in pairs if shortfall(candidate, q_value, kind.bar) is None]
