"""Which events of a log are learned from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from src.domain.events import EventLog
from src.domain.selection import Selection


def select(log: EventLog, selection: Selection, labels: Mapping[str, Sequence[str]]) -> tuple[EventLog, int]:
    """The events of the entities that a selection admits, and how many events were left out.

    An entity that is not admitted is gone from the dictionary of entities and from their metadata too; the dictionary
    of states stays whole.

    Args:
        labels: names of each entity's labels, by entity id; an entity may be missing from it.
    """
    if selection.everything:
        return log, 0
    admitted = {
        entity_id: selection.admits(entity_id, area=log.about(entity_id).area, labels=labels.get(entity_id, ()))
        for entity_id in {*log.entities, *log.info}
    }
    if all(admitted.values()):
        return log, 0
    chosen = _with_only(log, admitted)
    return chosen, len(log) - len(chosen)


def without(log: EventLog, left_out: Mapping[str, str]) -> tuple[EventLog, Counter[str]]:
    """The events of all entities but some, and how many were left out, by reason.

    Args:
        left_out: reason by entity id.
    """
    hidden = {entity_id for entity_id in log.entities if entity_id in left_out}
    if not hidden:
        return log, Counter()
    counts = np.bincount(log.entity, minlength=len(log.entities))
    reasons = Counter[str]()
    for entity_id, count in zip(log.entities, counts.tolist(), strict=True):
        if entity_id in hidden and count:
            reasons[left_out[entity_id]] += count
    return _with_only(log, {entity_id: entity_id not in left_out for entity_id in {*log.entities, *log.info}}), reasons


def _with_only(log: EventLog, admitted: Mapping[str, bool]) -> EventLog:
    good = np.array([admitted[entity_id] for entity_id in log.entities], np.bool_)
    kept = good[log.entity] if len(log) else np.zeros(0, np.bool_)
    codes = np.cumsum(good, dtype=np.int32) - np.int32(1)  # where an entity stands among those that stay
    return replace(
        log,
        time=log.time[kept],
        entity=codes[log.entity[kept]],
        state=log.state[kept],
        origin=log.origin[kept],
        entities=tuple(entity_id for entity_id in log.entities if admitted[entity_id]),
        info=MappingProxyType({entity_id: info for entity_id, info in log.info.items() if admitted[entity_id]}),
    )
