"""Which events of a log are learned from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from src.domain.events import EventLog
from src.domain.patterns import Pattern
from src.domain.selection import Selection
from src.domain.triggers import entities_of


@dataclass(frozen=True)
class Chosen:
    """The part of a log that is learned from.

    Attributes:
        left_out: events that are not, by reason.
        refused: entities that are not, whether they have events or not.
        warnings: sentences about rules that fit nothing.
    """

    log: EventLog
    left_out: Counter[str]
    refused: frozenset[str]
    warnings: tuple[str, ...]

    def admits(self, pattern: Pattern) -> bool:
        """Whether a pattern is about nothing that is refused."""
        return self.refused.isdisjoint({*entities_of(pattern.trigger), *(each.entity_id for each in pattern.actions)})


def choose(
    log: EventLog, selection: Selection, labels: Mapping[str, Sequence[str]], hidden: Mapping[str, str]
) -> Chosen:
    """What is learned from, by a person's rules and by what Home Assistant says of its entities.

    Args:
        labels: names of each entity's labels, by entity id.
        hidden: why an entity is no behaviour, by entity id.
    """
    known = {*log.entities, *log.info, *labels, *hidden}
    about = {entity_id: (log.about(entity_id).area, labels.get(entity_id, ())) for entity_id in known}
    idle = selection.idle((entity_id, area, marked) for entity_id, (area, marked) in about.items())
    warnings = tuple(f"The rule {rule} of INCLUDE or EXCLUDE fits no entity of this home." for rule in idle)
    refused = frozenset(hidden) | {
        entity_id
        for entity_id, (area, marked) in about.items()
        if not selection.admits(entity_id, area=area, labels=marked)
    }
    log, not_selected = select(log, selection, labels)
    log, left_out = without(log, hidden)
    if not_selected:
        left_out["not_selected"] += not_selected
    return Chosen(log, left_out, refused, warnings)


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
