"""Things that people set close to each other in time, in whatever order.

An occasion of a set of things is people setting at least half of them within a window while all are free to be set; it
is taken when the others are set too before the window is over. Fewer of them are used for their own sake. Each member
is tested against the rest: at the occasions on which all the others were set, was this one set about then more often
than at instants nearby and at the same clock time on other days? A set is only as sure as its least convincing member
(an intersection-union test; Berger 1982).

Instants nearby are looked for within an hour, and within a quarter of one: when somebody comes home many things are
set within minutes, and that alone puts none of them together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, Float64Array, Int64Array
from src.mining.chains_links import clock_chance, trial
from src.mining.following_chance import NEVER, ActionTimes, action_times, jitter_chance, spaced
from src.mining.kind import Home, Trial
from src.mining.statistics import upper_tail

WINDOWS = np.array([30, 60, 120], np.int64) * MICROSECONDS
_LARGE = 4  # from this many things on, one may be missing
_NEARLY_ALL = 0.95  # of what the longest window gathers; a shorter one that does that says more
_AROUND = 5  # windows to either side that are looked at for things set anyhow
_BURST = 900 * MICROSECONDS


@dataclass(frozen=True)
class Gathering:
    """A set of things, and each time so many were set that the others could have been expected.

    Attributes:
        codes: the things, ascending.
        window: µs from the first to the last of them.
        starts: int64 (n,), µs UTC, the occasions.
        times: int64 (len(codes), n), when each thing was set; very large where it was not within the window.
        hit: bool (n,), all were set; of four or more all but one.
    """

    codes: tuple[int, ...]
    window: int
    starts: Int64Array
    times: Int64Array
    hit: BoolArray

    def taken(self, before: int | None = None) -> Int64Array:
        """int64 (len(codes), hits): ``times`` of the occasions that were taken, all or only those before an instant."""
        return self.times[:, self.hit if before is None else self.hit & (self.starts < before)]


@dataclass(frozen=True, slots=True)
class Membership:
    """One thing tested against the rest of its set.

    Attributes:
        scattered: how often it was set in the minutes around the others' occasions but outside the window, as a share
            of how often it was inside; what is set anyhow in a busy quarter of an hour is mostly outside.
    """

    discovery: Trial
    holdout: Trial
    scattered: float

    @property
    def p_value(self) -> float:
        return upper_tail(self.discovery.hits, self.discovery.opportunities, self.discovery.expected)

    @property
    def holdout_p(self) -> float:
        return upper_tail(self.holdout.hits, self.holdout.opportunities, self.holdout.expected)


class Gatherings:
    """The gatherings of one home."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._actions: dict[int, ActionTimes] = {}

    def action(self, code: int) -> ActionTimes:
        if code not in self._actions:
            self._actions[code] = action_times(self._home, code)
        return self._actions[code]

    def of(self, codes: tuple[int, ...]) -> Gathering:
        """The occasions of a set, with the shortest window that gathers nearly all that the longest does."""
        every = [self._within(codes, int(window)) for window in WINDOWS]
        searched = [int(np.count_nonzero(g.hit & (g.starts < self._home.split))) for g in every]
        return next(g for g, hits in zip(every, searched, strict=True) if hits >= _NEARLY_ALL * searched[-1])

    def _within(self, codes: tuple[int, ...], window: int) -> Gathering:
        changes = self._home.changes
        actions = [self.action(code) for code in codes]
        starts = np.sort(np.concatenate([action.taken[action.personal] for action in actions]))
        # What is set at the very same instant was free just before it, so nobody comes first.
        upcoming = [np.searchsorted(action.taken, starts, "left") for action in actions]
        able = starts + window <= changes.span[1]
        for code, action, place in zip(codes, actions, upcoming, strict=True):
            able &= (action.free_from[place] <= starts) & changes.heard(code, starts)
        index = np.flatnonzero(able)
        index = index[spaced(starts[index], window)]
        starts = starts[index]
        times = np.empty((len(codes), len(index)), np.int64)
        by_others = np.zeros(len(index), np.bool_)
        for row, (action, place) in enumerate(zip(actions, upcoming, strict=True)):
            following = np.append(action.taken, NEVER)[place[index]]
            near = following - starts <= window
            by_others |= near & ~np.append(action.personal, False)[place[index]]
            times[row] = np.where(near, following, NEVER)
        # Fewer than half are used for their own sake, which says nothing of how the set is used.
        counted = ~by_others & (2 * np.count_nonzero(times < NEVER, axis=0) >= len(codes))
        starts, times = starts[counted], times[:, counted]
        needed = len(codes) - 1 if len(codes) >= _LARGE else len(codes)
        return Gathering(codes, window, starts, times, np.count_nonzero(times < NEVER, axis=0) >= needed)

    def membership(self, gathering: Gathering, code: int) -> Membership:
        """One of the things tested against all the others."""
        home, window = self._home, gathering.window
        others = tuple(other for other in gathering.codes if other != code)
        first, last = self._gathered(others, window)
        action = self.action(code)
        begin = last - window
        upcoming = np.searchsorted(action.taken, begin, "left")
        able = (action.free_from[upcoming] <= begin) & home.changes.heard(code, begin)
        able &= (begin >= home.changes.span[0]) & (first + window <= home.changes.span[1])
        index = np.flatnonzero(able)
        index = index[spaced(begin[index], 2 * window)]
        begin, upcoming = begin[index], upcoming[index]
        hit = np.append(action.taken, NEVER)[upcoming] <= first[index] + window
        counted = ~hit | np.append(action.personal, False)[upcoming]
        begin, hit = begin[counted], hit[counted]
        searched = begin < home.split
        # The chance of the widest stretch in which it could have joined; most are shorter.
        chance = np.maximum(jitter_chance(begin, action, 2 * window), _chance_in_a_burst(begin, action, 2 * window))
        chance = np.maximum(chance, clock_chance(home, begin, action, 2 * window))
        outside = self._scattered(action, first, last, window)
        inside = int(np.count_nonzero(hit & searched))
        return Membership(trial(hit, chance, searched), trial(hit, chance, ~searched), outside / max(inside, 1))

    def _scattered(self, action: ActionTimes, first: Int64Array, last: Int64Array, window: int) -> int:
        """On how many of the others' discovery occasions a thing was set around the window but not in it."""
        searched = last < self._home.split
        first, last = first[searched], last[searched]
        around = [
            np.searchsorted(action.taken, high, "right") - np.searchsorted(action.taken, low, "left")
            for low, high in ((last - window, first + window), (last - _AROUND * window, first + _AROUND * window))
        ]
        return int(np.count_nonzero((around[0] == 0) & (around[1] > 0)))

    def _gathered(self, codes: tuple[int, ...], window: int) -> tuple[Int64Array, Int64Array]:
        """First and last instant at which all of these were set within a window of each other, µs UTC."""
        if len(codes) == 1:
            action = self.action(codes[0])
            taken = action.taken[action.personal]
            return taken, taken
        gathering = self._within(codes, window)
        times = gathering.times[:, gathering.hit & np.all(gathering.times < NEVER, axis=0)]
        return times.min(axis=0), times.max(axis=0)


def _chance_in_a_burst(times: Int64Array, action: ActionTimes, delay: int) -> Float64Array:
    """Share of the stretch within a quarter of an hour of each time from which the action follows within ``delay``."""
    before = np.minimum(delay, np.diff(action.taken, prepend=-NEVER))
    ends = action.taken
    edges = np.stack([ends - before, ends], axis=1).reshape(-1)
    total = np.stack([np.cumsum(before) - before, np.cumsum(before)], axis=1).reshape(-1).astype(np.float64)
    if len(edges) == 0:
        return np.zeros(len(times))
    covered = np.interp(times + _BURST, edges, total) - np.interp(times - _BURST, edges, total)
    return np.asarray(np.minimum(covered / (2 * _BURST), 1.0), np.float64)
