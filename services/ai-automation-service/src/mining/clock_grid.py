"""One thing's days on a grid of five minutes: where windows hold an action, and how often chance would put one there.

All windows of the search lie on the grid, so everything is counted by prefix sums: first the hits of every window on
every weekday, from the actions alone; then the null models' chances, which cost more, only for the windows worth it.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from src.domain.events import BoolArray, Float64Array, Int64Array
from src.mining.activity import BIN, BINS, REACH_BINS
from src.mining.clock_days import ThingDays

HALF_BINS = (1, 2, 3, 5, 8)  # half-widths of 7.5, 12.5, 17.5, 27.5 and 42.5 minutes

# About how many separate windows were looked at. The null models keep a day's actions inside of six hours, so only
# the windows of six hours compete for them. Simulated under interval jitter, the least of all windows' p-values was at
# most x in 20 x to 70 x of the things; 130 x in one estimate far in the tail, of thirty days, from few cases.
PLACES = sum(2 * REACH_BINS / (half + 0.5) for half in HALF_BINS)


HOURS = 75 // BIN  # bins to either side over which a thing's own rate is taken


class Grid:
    """The windows of one thing on its frame.

    Args:
        left: bool (n,), the actions that no routine has explained yet.
    """

    def __init__(self, thing: ThingDays, left: BoolArray) -> None:
        self._thing = thing
        self._days = len(thing.frame.shift)
        self._minutes = thing.minutes[left]
        at = np.minimum(np.maximum((self._minutes // BIN).astype(np.int64), 0), self._days * BINS - 1)
        self._at = at[np.flatnonzero(np.diff(at, prepend=-1))]
        self._covered: dict[int, Int64Array] = {}

    def __len__(self) -> int:
        return len(self._minutes)

    def _stretches(self, half: int) -> tuple[Int64Array, Int64Array]:
        """Begin and end (exclusive) of the windows that hold an action, as bins; they do not overlap."""
        begin, end = self._at - half, self._at + half + 1
        begin[1:] = np.maximum(begin[1:], end[:-1])
        begin, end = np.maximum(begin, 0), np.minimum(end, self._days * BINS)
        some = end > begin
        return begin[some], end[some]

    def hits(self, group: Int64Array, groups: int) -> Float64Array:
        """float64 (halves, groups, bins): days of each group on which a window holds an action.

        Args:
            group: int64 (days,), the group of each day, -1 for days that do not count.
        """
        found = np.empty((len(HALF_BINS), groups, BINS))
        for row, half in enumerate(HALF_BINS):
            begin, end = self._stretches(half)
            first, last = begin // BINS, (end - 1) // BINS
            over = last > first  # no stretch is longer than a day, so it crosses one midnight at most
            day = np.concatenate([first, last[over]])
            low = np.concatenate([begin - first * BINS, np.zeros(int(over.sum()), np.int64)])
            high = np.concatenate([np.where(over, BINS, end - first * BINS), end[over] - last[over] * BINS])
            of = group[day]
            counts = of >= 0
            row_of = of[counts] * (BINS + 1)
            edges = np.bincount(row_of + low[counts], minlength=groups * (BINS + 1)).astype(np.float64)
            edges -= np.bincount(row_of + high[counts], minlength=groups * (BINS + 1))
            found[row] = np.cumsum(edges.reshape(groups, BINS + 1), axis=1)[:, :BINS]
        return found

    def taken(self, half: int, bins: Int64Array) -> BoolArray:
        """bool (days, len(bins)): whether each day's window holds an action."""
        covered = self._prefix(half)
        at = np.arange(self._days)[:, None] * BINS + bins
        return np.asarray(covered[at + 1] > covered[at], np.bool_)

    def jittered(self, half: int, bins: Int64Array) -> Float64Array:
        """float64 (days, len(bins)): chance of a hit when the actions around the window are shifted together."""
        covered = self._prefix(half)
        at = np.arange(self._days)[:, None] * BINS + bins
        low, high = np.maximum(at - REACH_BINS, 0), np.minimum(at + REACH_BINS + 1, self._days * BINS)
        return np.asarray((covered[high] - covered[low]) / (high - low), np.float64)

    def spread_out(self, half: int, bins: Int64Array) -> Float64Array:
        """float64 (days, len(bins)): chance of a hit when the actions are spread as the liveliness of the home is.

        :func:`src.mining.activity.lively_chance` on the grid.
        """
        size = self._days * BINS
        at = np.arange(self._days)[:, None] * BINS + bins
        low, high = np.maximum(at - REACH_BINS, 0), np.minimum(at + REACH_BINS, size - 1)
        actions = self._until[0][high] - self._until[1][low]
        lively, middle = self._lively
        wall = at + np.rint(self._thing.frame.shift / BIN).astype(np.int64)[:, None]
        around = (
            middle[np.minimum(np.maximum(wall + REACH_BINS + 1, 0), size + 1)]
            - middle[np.minimum(np.maximum(wall - REACH_BINS + 1, 0), size + 1)]
        )
        inside = (
            lively[np.minimum(np.maximum(wall + half + 1, 0), size)]
            - lively[np.minimum(np.maximum(wall - half, 0), size)]
        )
        share = np.minimum(inside / np.maximum(around, 1e-9), 1.0)
        return np.asarray(1 - (1 - share) ** actions, np.float64)

    def around(self, bins: Int64Array) -> Int64Array:
        """int64 (days, len(bins)): actions within an hour and a quarter of the middle of each bin."""
        size = self._days * BINS
        at = np.arange(self._days)[:, None] * BINS + bins
        low, high = np.maximum(at - HOURS, 0), np.minimum(at + HOURS, size - 1)
        return np.asarray(self._until[0][high] - self._until[1][low], np.int64)

    @cached_property
    def _until(self) -> tuple[Int64Array, Int64Array]:
        """How many actions come up to, and before, the middle of each bin."""
        size = self._days * BINS
        place = self._minutes / BIN - 0.5
        reached = np.minimum(np.maximum(np.ceil(place).astype(np.int64), 0), size)
        passed = np.minimum(np.maximum(np.floor(place).astype(np.int64) + 1, 0), size)
        return (
            np.cumsum(np.bincount(reached, minlength=size + 1)),
            np.cumsum(np.bincount(passed, minlength=size + 1)),
        )

    @cached_property
    def _lively(self) -> tuple[Float64Array, Float64Array]:
        """Liveliness until the edge of each bin, and until the middle of the bin before each edge."""
        lively = self._thing.lively
        return lively, np.concatenate([lively[:1], (lively[:-1] + lively[1:]) / 2, lively[-1:]])

    def _prefix(self, half: int) -> Int64Array:
        """int64 (bins + 1,): how many windows up to each bin of the log hold an action."""
        if half not in self._covered:
            begin, end = self._stretches(half)
            size = self._days * BINS + 1
            edges = np.zeros(size, np.int64)
            edges[begin] += 1
            edges[end] -= 1
            inside = np.cumsum(edges[:-1])
            self._covered[half] = np.concatenate([np.zeros(1, np.int64), np.cumsum(inside)])
        return self._covered[half]


def own_hours(often: Float64Array, width: Float64Array) -> Float64Array:
    """Chance of a hit when a thing keeps to its own hours and to nothing finer.

    A lamp that is used four times in the evening, most at half past eight, is found in the window around half past
    eight on most days. Its own rate, taken over two and a half hours, says so: 1 - exp(-rate x width), for uses that
    do not mind each other.

    Args:
        often: float64, actions in the two and a half hours around the window, a day.
        width: float64, of the window, minutes.
    """
    return np.asarray(1 - np.exp(-often * np.minimum(width / (2 * HOURS * BIN), 1.0)), np.float64)


def jitter_chance(minutes: Float64Array, centres: Float64Array, half: float) -> Float64Array:
    """Chance that a window holds an action when the actions around it are shifted by up to three hours.

    Exact: the share of shifts u in [-180, 180] minutes for which some action lies within ``half`` of centre + u,
    which is how much of that stretch the union of [action - half, action + half] covers.
    """
    reach = REACH_BINS * BIN
    start, end = minutes - half, minutes + half
    start[1:] = np.maximum(start[1:], end[:-1])
    grown = np.maximum(end - start, 0.0)
    edges = np.stack([start, end], axis=1).reshape(-1)
    covered = np.repeat(np.cumsum(grown) - grown, 2)
    covered[1::2] += grown
    return np.asarray(
        (np.interp(centres + reach, edges, covered) - np.interp(centres - reach, edges, covered)) / (2 * reach),
        np.float64,
    )
