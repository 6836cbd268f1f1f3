"""Which causes come before which actions often enough to be worth a test.

Counts, for all actions at once, the causes in the quarter of an hour before, so that the work grows with events and
not with pairs of entities. Of an action that was taken very often an even sample is enough to see that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from src.domain.events import MICROSECONDS, Float64Array, Int64Array
from src.mining.kind import Home

MIN_HITS = 5
NEAR, FAR = 120 * MICROSECONDS, 900 * MICROSECONDS
_SAMPLE = 1_000  # actions of one thing that are looked at
_MIN_SHARE = 0.12
_MIN_EXCESS = 2.0  # how much oftener than two unconnected things a pair must meet to be worth a test
_AT_ONCE = 1_000_000  # meetings counted together, so that memory does not grow with the log
_LARGEST = 1 << 22  # pairs that have a counter each; of more, only those that meet are kept


@dataclass(frozen=True)
class _Stream:
    """Instants of several sorts, int64 (n,), µs UTC, ascending, and the sort of each."""

    time: Int64Array
    sort: Int64Array


def promising(home: Home, causes: Sequence[Int64Array], targets: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs (index of a cause, code of an action) that meet often enough, in order. Held-out days are not looked at.

    Args:
        causes: of each cause, int64 µs UTC, ascending.
    """
    if not causes or not targets:
        return []
    before = [times[: np.searchsorted(times, home.split)] for times in causes]
    digest = hashlib.blake2b(repr([len(times) for times in before]).encode(), digest_size=16)
    for times in before:
        digest.update(np.ascontiguousarray(times).data)
    name = f"promising {digest.hexdigest()} {tuple(targets)}"
    return home.recall(name, lambda: _promising(home, before, targets))


def _promising(home: Home, before: Sequence[Int64Array], targets: Sequence[int]) -> list[tuple[int, int]]:
    """The same of causes that end with the searched days."""
    sizes = np.array([len(times) for times in before], np.float64)
    stream = _merged([times if len(times) >= MIN_HITS else times[:0] for times in before])
    actions, weights, counts = _sampled_actions(home, targets)
    span = max(home.split - home.changes.span[0], 1)
    worth: set[tuple[int, int]] = set()
    near, far = _Tally(len(before), len(targets)), _Tally(len(before), len(targets))
    for cause, action, gap in _meetings(stream, actions):
        far.add(cause, action)
        close = gap <= NEAR
        near.add(cause[close], action[close])
    for tally, reach in ((near, NEAR), (far, FAR)):
        cause, action, met = tally.read()
        total = met * weights[action]
        company = sizes[cause] * counts[action] * (reach / span)
        often = (met >= MIN_HITS) & (total >= _MIN_SHARE * np.minimum(sizes[cause], counts[action]))
        chosen = np.flatnonzero(often & (total >= _MIN_EXCESS * company))
        worth.update(zip(cause[chosen].tolist(), action[chosen].tolist(), strict=True))
    return sorted((cause, targets[action]) for cause, action in worth)


def _merged(parts: Sequence[Int64Array]) -> _Stream:
    time = np.concatenate(parts)
    sort = np.repeat(np.arange(len(parts), dtype=np.int64), [len(part) for part in parts])
    order = np.argsort(time, kind="stable")
    return _Stream(time[order], sort[order])


def _sampled_actions(home: Home, targets: Sequence[int]) -> tuple[_Stream, Float64Array, Float64Array]:
    """What people did on the discovery days: the actions to look at, for how many each stands, and how many there were.

    The sort of an action is its place in ``targets``.
    """
    changes = home.changes
    parts: list[Int64Array] = []
    counts = np.zeros(len(targets))
    for place, target in enumerate(targets):
        index = changes.of(target)
        index = index[changes.by_person[index]]
        times = changes.time[index]
        times = times[: np.searchsorted(times, home.split)]
        counts[place] = len(times)
        if len(times) < MIN_HITS:
            times = times[:0]
        elif len(times) > _SAMPLE:
            times = times[np.linspace(0, len(times) - 1, _SAMPLE).astype(np.int64)]
        parts.append(times)
    looked_at = np.array([max(len(part), 1) for part in parts], np.float64)
    return _merged(parts), np.maximum(counts / looked_at, 1.0), counts


def _meetings(causes: _Stream, actions: _Stream) -> Iterator[tuple[Int64Array, Int64Array, Int64Array]]:
    """Cause, action and the time between them, µs, for all that meet, a portion at a time."""
    low = np.searchsorted(causes.time, actions.time - FAR, "left")
    met = np.searchsorted(causes.time, actions.time, "right") - low
    total = np.cumsum(met)
    start = 0
    while start < len(met):
        done = int(total[start - 1]) if start else 0
        stop = max(int(np.searchsorted(total, done + _AT_ONCE, "right")), start + 1)
        number = met[start:stop]
        each = np.repeat(np.arange(start, stop), number)
        first = np.repeat(low[start:stop] - (total[start:stop] - number - done), number)
        at = first + np.arange(len(each))
        yield causes.sort[at], actions.sort[each], actions.time[each] - causes.time[at]
        start = stop


class _Tally:
    """How often each cause came before each action."""

    def __init__(self, causes: int, actions: int) -> None:
        self._actions = actions
        self._pairs = causes * actions
        self._counts = np.zeros(self._pairs if self._pairs <= _LARGEST else 0, np.int64)
        self._met: list[tuple[Int64Array, Int64Array]] = []

    def add(self, cause: Int64Array, action: Int64Array) -> None:
        keys = cause * self._actions + action
        if len(self._counts):
            self._counts += np.bincount(keys, minlength=self._pairs)
        else:
            found, counts = np.unique(keys, return_counts=True)
            self._met.append((found, counts.astype(np.int64)))

    def read(self) -> tuple[Int64Array, Int64Array, Float64Array]:
        """Cause, action and how often, for each pair that met."""
        if len(self._counts):
            keys = np.flatnonzero(self._counts)
            counts = self._counts[keys].astype(np.float64)
        else:
            none = np.zeros(0, np.int64)
            keys, place = np.unique(np.concatenate([none, *(keys for keys, _ in self._met)]), return_inverse=True)
            weights = np.concatenate([none, *(counts for _, counts in self._met)])
            counts = np.bincount(place, weights=weights, minlength=len(keys)).astype(np.float64)
        return keys // self._actions, keys % self._actions, counts
