"""The states of a span as Home Assistant's history sends them: by entity, with short names for their fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from src.domain.home import HomeEntity
from src.domain.patterns import Json
from src.history.logbook import Change
from src.history.seconds import instants_of_seconds

_CONTINUOUS = ("counter", "image", "proximity")  # domains that the logbook leaves out altogether


@dataclass
class StateRows:
    """What was sent.

    Attributes:
        changes: states that an entity took, by entity in order of time.
        repeats: those of them that repeat the one before.
        read: how many rows that took.
    """

    changes: list[Change] = field(default_factory=list)
    repeats: set[Change] = field(default_factory=set)
    read: int = 0

    def add(self, entity_id: str, states: Sequence[Json]) -> None:
        """Take the states of an entity; those in which only other attributes are new are no changes."""
        kept = [
            state
            for state in states
            if isinstance(state.get("s"), str) and "lu" in state and state.get("lc", state["lu"]) == state["lu"]
        ]
        times = instants_of_seconds(np.array([state["lu"] for state in kept], np.float64)).tolist()
        found = [Change(at, entity_id, state["s"]) for at, state in zip(times, kept, strict=True)]
        self.read += len(states)
        self.changes += found
        self.repeats.update(after for before, after in pairwise(found) if before.state == after.state)


def continuous(entity: HomeEntity) -> bool:
    """Whether the logbook leaves it out, as it changes all the time."""
    if entity.domain != "sensor":
        return entity.domain in _CONTINUOUS
    return entity.unit is not None or "state_class" in entity.attributes
