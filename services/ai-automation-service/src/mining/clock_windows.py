"""The search for windows of the clock: a centre, a half-width and the weekdays it holds on.

The null model is interval jitter (Platkiewicz, Stark and Amarasingham 2017): each day's actions keep their number and
their distances, and the whole is shifted by up to three hours either way; see also :mod:`src.mining.activity`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from src.domain.events import Float64Array, Int64Array
from src.mining.activity import BIN
from src.mining.clock_days import MIN_DAYS, ThingDays
from src.mining.clock_grid import HALF_BINS, Grid
from src.mining.clock_measure import Measured, Window, measure
from src.mining.clock_weekdays import WEEKEND, WORKDAYS, WeekdaySets
from src.mining.kind import Home, Trial
from src.mining.statistics import circular_difference

_APART = 90.0  # minutes between two routines of one thing on the same days
_NEARLY = 3.0  # nats of surprise that a plain set of days may fall short and still be preferred for its higher rate
_WIDTH_OF_CLOSEST = 2  # of HALF_BINS
_LEAST = 4.0  # nats of surprise beyond the price of the weekdays, below which the price of the search leaves nothing


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
    sets = WeekdaySets(hits7, opportunities, plain=plain)
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


def _looked_at_closely(
    grid: Grid, sets: WeekdaySets, by_weekday: Float64Array, rows: Int64Array, bins: Int64Array
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
