"""The search for windows of the clock: a centre, a half-width and the weekdays it holds on.

The null model is interval jitter (Platkiewicz, Stark and Amarasingham 2017): each day's actions keep their number and
their distances, and the whole is shifted by up to three hours either way; see also :mod:`src.mining.activity`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from src.domain.events import BoolArray, Float64Array, Int64Array
from src.mining.activity import BIN
from src.mining.clock_days import MIN_DAYS, ThingDays
from src.mining.clock_grid import HALF_BINS, HOURS, PLACES, Grid, jitter_chance
from src.mining.kind import Home, Trial
from src.mining.statistics import circular_difference, surprise, upper_tail

MIN_RATE = 0.5
_APART = 90.0  # minutes between two routines of one thing on the same days
_NEARLY = 3.0  # nats of surprise that a plain set of days may fall short and still be preferred for its higher rate
_MAX_ELSEWHERE = 0.3
# Days with an action just outside of the window, in a strip as wide as it, for each day with one inside. More of them,
# and the window is a slice of something broader: the end of what lasts now an hour, now two.
_MAX_BESIDE = 0.6
_WIDTH_OF_CLOSEST = 2  # of HALF_BINS
_PLAIN_CONTRAST, _CONTRAST = 2.0, 2.0  # nats by which the days of a set must differ from the others, beyond its price
_RECENT, _ENOUGH = 9, 4  # hits that say where a routine is by now, and how few do
_ROOM = 15.0  # minutes beside the window in which a moving routine is followed
_MOVED = 10.0  # minutes by which it must have moved to be told at its new time
_LEAST = 4.0  # nats of surprise beyond the price of the weekdays, below which the price of the search leaves nothing

# The price of a set of weekdays (weighted Bonferroni): of the prior weight the three plain sets share 0.4, and the
# seven single days, the other twenty pairs of days and the 96 larger sets 0.2 each.
ALL_DAYS, WORKDAYS, WEEKEND = (0, 1, 2, 3, 4, 5, 6), (0, 1, 2, 3, 4), (5, 6)
PLAIN_SETS = (ALL_DAYS, WORKDAYS, WEEKEND)
PLAIN_COST = 7.5
_SINGLE_COST, _PAIR_COST, _OTHER_COST = 35.0, 100.0, 480.0
_PLAIN = np.array([[float(day in days) for day in range(7)] for days in PLAIN_SETS])
_FIXED = np.concatenate([_PLAIN, np.eye(7)])


@dataclass(frozen=True, slots=True)
class Window:
    """A clock window on some weekdays. ``centre`` and ``half`` in minutes; ``cost`` is of the weekdays."""

    centre: float
    half: float
    weekdays: tuple[int, ...]
    cost: float


@dataclass(frozen=True)
class Measured:
    """A window counted exactly, on its own hits' centre.

    Attributes:
        now: minutes of the frame's day at which the routine is by now; the window's centre unless it has moved.
        p_value: of the discovery trial, with the price of the search.
        hits: int64 (n,), indices into the thing's actions, ascending.
        values: float64 (n,), minutes of the frame's day of each hit.
    """

    window: Window
    now: float
    discovery: Trial
    holdout: Trial
    p_value: float
    hits: Int64Array
    values: Float64Array


def routines(home: Home, thing: ThingDays, *, plain: bool = False, most: int = 6) -> Iterator[Measured]:
    """The windows of one thing that hold, the most surprising first.

    Args:
        plain: only all days, Monday to Friday, and the weekend.
        most: windows that are looked at.
    """
    name = f"windows {thing.code} {thing.frame.event} {plain} {most}"
    for window in home.recall(name, lambda: _windows(home, thing, plain=plain, most=most)):
        measured = measure(home, thing, window)
        if measured is not None:
            yield measured


def closest(home: Home, thing: ThingDays) -> Trial:
    """The window of thirty-five minutes that holds the thing on most discovery days: how near to a time it comes."""
    grid = Grid(thing, np.ones(len(thing.minutes), np.bool_))
    days = home.discovery & thing.frame.known & thing.alive
    hits = grid.hits(np.where(days, 0, -1), 1)[_WIDTH_OF_CLOSEST, 0]
    at = np.array([np.argmax(hits)])
    chance = grid.jittered(HALF_BINS[_WIDTH_OF_CLOSEST], at)[days]
    n = int(np.count_nonzero(days))
    return Trial(int(hits[at[0]]), n, float(chance.mean()) if n else 0.0)


def _windows(home: Home, thing: ThingDays, *, plain: bool, most: int) -> tuple[Window, ...]:
    """The best window of the discovery days, then the best of what is left, and so on; none beside another."""
    left = np.ones(len(thing.minutes), np.bool_)
    taken: list[Window] = []
    apart: list[Window] = []
    while len(taken) < most:
        window = _best_window(home, thing, Grid(thing, left), plain=plain)
        if window is None:
            break
        days = np.isin(home.changes.weekdays, window.weekdays)
        near = np.abs(circular_difference(thing.minutes, window.centre, 1440.0)) <= max(window.half, _APART / 2)
        day = np.clip(((thing.minutes - window.centre + 720) // 1440).astype(np.int64), 0, home.changes.days - 1)
        left &= ~(near & days[day])
        crowded = any(
            abs(float(circular_difference(np.array([window.centre]), other.centre, 1440.0)[0])) < _APART
            and set(window.weekdays) & set(other.weekdays)
            for other in taken
        )
        taken.append(window)
        if not crowded:
            apart.append(window)
    return tuple(apart)


def _best_window(home: Home, thing: ThingDays, grid: Grid, *, plain: bool) -> Window | None:
    """The window and weekdays that the null models find most surprising on the discovery days."""
    if len(grid) < MIN_DAYS:
        return None
    weekdays = home.changes.weekdays
    chances = home.discovery & thing.alive & thing.frame.known
    opportunities = np.bincount(weekdays[chances], minlength=7).astype(np.float64)
    by_weekday = np.zeros((7, len(weekdays)))
    by_weekday[weekdays, np.arange(len(weekdays))] = chances
    hits7 = grid.hits(np.where(chances, weekdays, -1), 7)
    sets = _Sets(hits7, opportunities, plain=plain)
    rows, bins = np.nonzero(sets.enough.any(axis=1))
    if len(bins) == 0:
        return None
    jittered = np.empty((7, len(bins)))
    for row in np.unique(rows).tolist():
        jittered[:, rows == row] = by_weekday @ grid.jittered(HALF_BINS[row], bins[rows == row])
    hopes = sets.scores(jittered, rows, bins)  # the other null model can only lower them
    hope = hopes.max(axis=0)
    first = np.array([np.argmax(hope)])
    if hope[first[0]] < _LEAST:
        return None
    reached = _looked_at_closely(grid, sets, by_weekday, rows[first], bins[first])
    least = max((score for score, _, _ in reached), default=0.0) - _NEARLY
    close = np.flatnonzero(hope >= max(least, _LEAST))
    return _choice(_looked_at_closely(grid, sets, by_weekday, rows[close], bins[close]))


def _is_part(window: Window, whole: Window) -> bool:
    """Whether a window is at the same time on Monday to Friday, or on the weekend, of a window on more days."""
    apart = abs(float(circular_difference(np.array([window.centre]), whole.centre, 1440.0)[0]))
    plain = window.weekdays in (WORKDAYS, WEEKEND)
    return plain and set(window.weekdays) < set(whole.weekdays) and apart <= whole.half


class _Sets:
    """The sets of weekdays in question for each window: the plain and single ones, and the set that suits the window.

    Args:
        hits7: float64 (halves, 7, bins), hits on each weekday.
        opportunities: float64 (7,).
    """

    def __init__(self, hits7: Float64Array, opportunities: Float64Array, *, plain: bool) -> None:
        often = (hits7 >= 0.5 * np.maximum(opportunities, 1)[:, None]) & (opportunities >= 2)[:, None]
        size = often.sum(axis=1)
        self._own = (often & ((size >= 2) & (size <= 6))[:, None]).astype(np.float64)
        self._fixed = _PLAIN if plain else _FIXED
        hits = np.matmul(self._fixed, hits7)
        n = np.broadcast_to((self._fixed @ opportunities)[:, None], hits.shape)
        cost = np.broadcast_to(np.where(np.arange(len(self._fixed)) < 3, PLAIN_COST, _SINGLE_COST)[:, None], hits.shape)
        if not plain:
            hits = np.concatenate([hits, (self._own * hits7).sum(axis=1)[:, None]], axis=1)
            n = np.concatenate([n, np.tensordot(self._own, opportunities, (1, 0))[:, None]], axis=1)
            cost = np.concatenate([cost, np.where(size == 2, _PAIR_COST, _OTHER_COST)[:, None]], axis=1)
        # On other days a routine of some days is rare, or it is a routine of all days that was missed by chance.
        other = (hits7.sum(axis=1)[:, None] - hits) / np.maximum(opportunities.sum() - n, 1)
        is_plain = (np.arange(hits.shape[1]) < len(PLAIN_SETS))[:, None]
        self.hits, self.n, self.cost = hits, n, cost
        enough = (hits >= MIN_DAYS) & (hits >= MIN_RATE * n) & (is_plain | (other <= _MAX_ELSEWHERE))
        # Luck picks among many sets; Monday to Friday and the weekend are asked a little, all days nothing.
        row, which, at = np.nonzero(enough)
        least = np.where(which < len(PLAIN_SETS), _PLAIN_CONTRAST, np.log(cost[row, which, at]) + _CONTRAST)
        every = hits7.sum(axis=1)[row, at]
        apart = _contrast(hits[row, which, at], n[row, which, at], every, float(opportunities.sum()))
        enough[row, which, at] = (which == 0) | (apart >= least)
        # bool (halves, sets, bins): worth the null models' chances.
        self.enough = enough

    def scores(
        self, chance7: Float64Array, rows: Int64Array, bins: Int64Array, around7: Float64Array | None = None
    ) -> Float64Array:
        """float64 (sets, n): nats of surprise less the price of the weekdays, of the windows (half, bin).

        Args:
            chance7: float64 (7, n), the chances of the days of each weekday, summed.
            around7: float64 (7, n), the actions around the windows of the days of each weekday, summed.
        """
        hits, n, cost = (column[rows, :, bins].T for column in (self.hits, self.n, self.cost))
        chance = self._summed(chance7, rows, bins, len(hits)) / np.maximum(n, 1)
        if around7 is not None:
            often = self._summed(around7, rows, bins, len(hits)) / np.maximum(n, 1)
            width = (2 * np.array(HALF_BINS, np.float64)[rows] + 1) * BIN
            chance = np.maximum(chance, own_hours(often, width))
        score = surprise(hits, n, chance) - np.log(cost)
        return np.where(self.enough[rows, :, bins].T, score, -np.inf)

    def _summed(self, by_weekday: Float64Array, rows: Int64Array, bins: Int64Array, sets: int) -> Float64Array:
        """float64 (sets, n): sums over the weekdays of each set, of sums on each weekday (float64 (7, n))."""
        total = self._fixed @ by_weekday
        if sets > len(total):
            total = np.concatenate([total, (self._own[rows, :, bins].T * by_weekday).sum(axis=0)[None]])
        return np.asarray(total, np.float64)

    def weekdays(self, row: int, which: int, at: int) -> tuple[int, ...]:
        members = self._fixed[which] if which < len(self._fixed) else self._own[row, :, at]
        return tuple(np.flatnonzero(members).tolist())


def _contrast(hits: Float64Array, n: Float64Array, every: Float64Array, days: float) -> Float64Array:
    """Nats by which a window's share inside of a set of weekdays and outside speaks for two shares and not one.

    The log-likelihood ratio of two binomials: without it the weekdays that luck favoured make a set.

    Args:
        hits, n: float64 (m,), of days inside of the set.
        every: float64 (m,), hits on all days. days: how many they are.
    """

    def likelihood(taken: Float64Array, of: Float64Array, share: Float64Array) -> Float64Array:
        share = np.minimum(np.maximum(share, 1e-9), 1 - 1e-9)
        return np.asarray(taken * np.log(share) + (of - taken) * np.log(1 - share), np.float64)

    rest, left = every - hits, days - n
    pooled = every / max(days, 1.0)
    apart = likelihood(hits, n, hits / np.maximum(n, 1)) + likelihood(rest, left, rest / np.maximum(left, 1))
    return np.asarray(apart - likelihood(hits, n, pooled) - likelihood(rest, left, pooled), np.float64)


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


def _looked_at_closely(
    grid: Grid, sets: _Sets, by_weekday: Float64Array, rows: Int64Array, bins: Int64Array
) -> list[tuple[float, float, Window]]:
    """(score, rate, window): of the windows (half, bin) the best one of each half-width and set of weekdays."""
    found: list[tuple[float, float, Window]] = []
    for row in np.unique(rows).tolist():
        own = bins[rows == row]
        half = HALF_BINS[row]
        chance = np.maximum(grid.jittered(half, own), grid.spread_out(half, own))
        scores = sets.scores(by_weekday @ chance, np.full(len(own), row), own, by_weekday @ grid.around(own))
        for which, column in enumerate(np.argmax(scores, axis=1).tolist()):
            score, at = float(scores[which, column]), int(own[column])
            if score >= _LEAST:
                rate = float(sets.hits[row, which, at] / sets.n[row, which, at])
                cost = float(sets.cost[row, which, at])
                window = Window((at + 0.5) * BIN, (half + 0.5) * BIN, sets.weekdays(row, which, at), cost)
                found.append((score, rate, window))
    return found


def _choice(found: list[tuple[float, float, Window]]) -> Window | None:
    """The most surprising; rather the plain part of its weekdays that it holds on more reliably, if nearly so."""
    if not found:
        return None
    best = max(found, key=lambda item: item[0])
    near = [item for item in found if item[0] >= best[0] - _NEARLY and _is_part(item[2], best[2])]
    return max([best, *near], key=lambda item: item[1])[2]


def measure(
    home: Home, thing: ThingDays, window: Window, within: BoolArray | None = None, least: int = MIN_DAYS
) -> Measured | None:
    """Centre the window on its own hits, then count exactly on discovery and on held-out days.

    Args:
        within: bool (days,), the days that the claim is about; None for all.
        least: hits on discovery days without which it is none.

    Returns:
        None where it does not hold on half of the discovery days, on too few of them, or hardly more than beside it.
    """
    changes = home.changes
    possible = np.isin(changes.weekdays, window.weekdays) & thing.frame.known & thing.alive
    if within is not None:
        possible &= within
    all_days = np.arange(changes.days, dtype=np.int64)

    def opportunities(which: BoolArray) -> Int64Array:
        centre = np.asarray(all_days * 1440.0 + window.centre, np.float64)
        whole = (centre >= thing.born - window.half) & (centre <= thing.end)
        return np.flatnonzero(which & possible & whole & thing.heard(centre))

    searched = opportunities(home.discovery)
    if len(searched) < least:
        return None
    for _ in range(2):
        distance, _index = thing.nearest(searched, window.centre)
        inside = distance[np.abs(distance) <= window.half]
        if len(inside) == 0:
            return None
        # Not wrapped at midnight: the window keeps the weekdays it was found on.
        window = replace(window, centre=window.centre + float(np.median(inside)))
    searched, later = opportunities(home.discovery), opportunities(home.holdout)
    usual = _usual(thing, window, searched)
    before = _count(thing, window, searched, np.zeros(len(searched)), usual)
    discovery = before.trial
    if before.beside > _MAX_BESIDE * discovery.hits or discovery.hits < least or discovery.rate < MIN_RATE:
        return None
    moved = _moves(thing, window, before.values - window.centre, later)
    after = _count(thing, window, later, moved, usual)
    tail = upper_tail(discovery.hits, discovery.opportunities, discovery.expected)
    index = np.concatenate([before.index, after.index])
    order = np.argsort(thing.utc[index], kind="stable")
    last = float(moved[-1]) if len(moved) else 0.0
    return Measured(
        window,
        window.centre + (last if abs(last) >= _MOVED else 0.0),
        discovery,
        after.trial,
        min(1.0, tail * PLACES * window.cost),
        index[order],
        np.concatenate([before.values, after.values])[order],
    )


@dataclass(frozen=True)
class _Count:
    """A window on some days, counted.

    Attributes:
        index: int64 (n,), the actions that hit. values: float64 (n,), their minutes of the frame's day.
        beside: days with an action next to the window and none inside.
    """

    trial: Trial
    index: Int64Array
    values: Float64Array
    beside: int


def _count(thing: ThingDays, window: Window, days: Int64Array, moved: Float64Array, usual: float) -> _Count:
    """Days on which the window holds an action, and their mean chance under the null models.

    Args:
        moved: float64 (len(days),), minutes by which each day's window lies off the centre.
        usual: chance by the thing's own hours.
    """
    centres = np.asarray(days * 1440.0 + window.centre + moved, np.float64)
    distance, index = thing.nearest(days, window.centre + moved)
    hit = np.abs(distance) <= window.half
    chance = np.maximum(
        jitter_chance(thing.minutes, centres, window.half),
        thing.lively_chance(thing.minutes, centres, window.half),
    )
    expected = max(float(chance.mean()), usual) if len(days) else 0.0
    return _Count(
        Trial(int(np.count_nonzero(hit)), len(days), expected),
        index[hit],
        np.asarray(window.centre + moved[hit] + distance[hit], np.float64),
        int(np.count_nonzero(~hit & (np.abs(distance) <= 2 * window.half))),
    )


def _usual(thing: ThingDays, window: Window, days: Int64Array) -> float:
    """Chance of a hit by the thing's own hours on those days."""
    if len(days) == 0:
        return 0.0
    centres, reach = days * 1440.0 + window.centre, float(HOURS * BIN)
    low, high = (np.searchsorted(thing.minutes, centres + edge) for edge in (-reach, reach))
    return float(own_hours(np.array([(high - low).mean()]), np.array([2 * window.half]))[0])


def _moves(thing: ThingDays, window: Window, off: Float64Array, later: Int64Array) -> Float64Array:
    """float64 (len(later),): where the routine has been lately, minutes off the centre, as each held-out day begins.

    A time that drifts by a minute a day is still a routine, and has left its window after some weeks. The median of the
    last hits says where it is; it looks back only, so a day has no say in its own window.

    Args:
        off: float64 (n,), of the hits on the searched days, minutes off the centre.
    """
    recent = off[-_RECENT:].tolist()
    moved = np.zeros(len(later))
    at = median(recent) if len(recent) >= _ENOUGH else 0.0
    minutes = thing.minutes
    for place, midnight in enumerate((later * 1440.0 + window.centre).tolist()):
        moved[place] = at
        after = bisect_left(minutes, midnight + at)
        near = [float(minutes[each]) - midnight for each in (after - 1, after) if 0 <= each < len(minutes)]
        reached = min(near, key=lambda minute: abs(minute - at))
        if abs(reached - at) <= window.half + _ROOM:
            recent = [*recent, reached][-_RECENT:]
            at = median(recent) if len(recent) >= _ENOUGH else at
    return moved
