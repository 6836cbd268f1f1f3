"""Things that move together: a group and its members, a switch and the power sensor that echoes it.

They are one thing to a person, so one of them stands for all in the search, and an action names all that can be set.
"""

from __future__ import annotations

import numpy as np

from src.domain.events import MICROSECONDS
from src.mining.changes import Changes, Thing

_WITHIN = 2 * MICROSECONDS
_SHARE = 0.8
_MIN_TIMES = 5


def _share_accompanied(changes: Changes, a: int, b: int) -> float:
    """Share of a's changes that have one of b's within two seconds."""
    times, others = changes.time[changes.of(a)], changes.time[changes.of(b)]
    low = np.searchsorted(others, times - _WITHIN, "left")
    high = np.searchsorted(others, times + _WITHIN, "right")
    return float(np.mean(high > low))


def _standing(changes: Changes, code: int) -> tuple[bool, int, str]:
    """Sort key of who stands for a set: what can be set before what cannot, short ids (groups) before long ones."""
    thing: Thing = changes.things[code]
    return not thing.actuator, len(thing.entity_id), thing.entity_id


def moving_together(changes: Changes) -> dict[int, tuple[int, ...]]:
    """Every thing's set: code -> codes of the set it belongs to, the one that stands for it first."""
    n = len(changes.things)
    parent = list(range(n))

    def root(code: int) -> int:
        while parent[code] != code:
            parent[code] = parent[parent[code]]
            code = parent[code]
        return code

    time, thing = changes.time, changes.thing.astype(np.int64)
    sizes = np.bincount(thing, minlength=n)
    frequent = np.flatnonzero(sizes[thing] >= _MIN_TIMES)
    time, thing = time[frequent], thing[frequent]
    at = np.arange(len(time))
    keys, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    lag = 1
    while len(at):
        at = at[at >= lag]
        at = at[time[at] - time[at - lag] <= _WITHIN]
        a, b = thing[at], thing[at - lag]
        found, count = np.unique(np.minimum(a, b) * n + np.maximum(a, b), return_counts=True)
        keys.append(found)
        counts.append(count.astype(np.int64))
        lag += 1
    pairs, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    together = np.bincount(inverse, weights=np.concatenate(counts), minlength=len(pairs))
    for pair, count in zip(pairs.tolist(), together.tolist(), strict=True):
        a, b = divmod(pair, n)
        if a == b or changes.things[a].entity_id == changes.things[b].entity_id:
            continue
        if count < _SHARE * max(sizes[a], sizes[b]) or root(a) == root(b):
            continue
        if min(_share_accompanied(changes, a, b), _share_accompanied(changes, b, a)) >= _SHARE:
            parent[root(a)] = root(b)
    sets: dict[int, list[int]] = {}
    for code in range(n):
        sets.setdefault(root(code), []).append(code)
    result: dict[int, tuple[int, ...]] = {}
    for codes in sets.values():
        ordered = tuple(sorted(codes, key=lambda code: _standing(changes, code)))
        for code in codes:
            result[code] = ordered
    return result
