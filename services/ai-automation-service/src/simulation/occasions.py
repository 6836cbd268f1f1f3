"""The occasions a routine may be due on: comings and goings, crossings of a level, conditions that hold.

Made of instants alone, so that a home can be lived by them and a log be judged by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from src.domain.events import BoolArray, Float64Array, Int64Array


class Stays(NamedTuple):
    """When somebody came home and when they left: int64, µs UTC, ascending."""

    arrived: Int64Array
    left: Int64Array

    def at_home(self, times: Int64Array) -> BoolArray:
        """Whether they are at home at instants; before the first event the other way round than after it."""
        came = np.searchsorted(self.arrived, times, "right")
        went = np.searchsorted(self.left, times, "right")
        last_came = np.append(-1, self.arrived)[came]
        last_went = np.append(-1, self.left)[went]
        return np.where((came == 0) & (went == 0), self.begins_at_home, last_came > last_went)

    @property
    def begins_at_home(self) -> bool:
        """Whether they were at home in the beginning."""
        return len(self.arrived) == 0 or (len(self.left) > 0 and bool(self.left[0] < self.arrived[0]))


def comings_and_goings(event: str, people: Sequence[Stays]) -> Int64Array:
    """Instants (µs UTC, ascending) of one of ``PRESENCE_EVENTS``: of the first person or of all."""
    if event in ("arrives", "leaves"):
        return people[0].arrived if event == "arrives" else people[0].left
    time = np.concatenate([column for stays in people for column in stays])
    change = np.concatenate(
        [np.full(len(column), step) for stays in people for column, step in zip(stays, (1, -1), strict=True)]
    )
    order = np.argsort(time, kind="stable")
    time, change = time[order], change[order]
    after = sum(stays.begins_at_home for stays in people) + np.cumsum(change)
    chosen = (change == 1) & (after == 1) if event == "first_arrives" else (change == -1) & (after == 0)
    return np.asarray(time[chosen], np.int64)


def crossings(time: Int64Array, values: Float64Array, level: float, *, rising: bool) -> Int64Array:
    """Instants at which a measurement gets to the other side of a level; ``time`` ascending, of the same length."""
    over = values > level if rising else values < level
    return np.asarray(time[1:][over[1:] & ~over[:-1]], np.int64)
