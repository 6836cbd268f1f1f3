"""A window of the clock, counted exactly: where it was found, and on later days, on which it follows the routine."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from src.domain.events import BoolArray, Float64Array, Int64Array
from src.mining.activity import BIN
from src.mining.clock_days import MIN_DAYS, ThingDays
from src.mining.clock_grid import HOURS, PLACES, jitter_chance, own_hours
from src.mining.clock_weekdays import MIN_RATE
from src.mining.kind import Home, Trial
from src.mining.statistics import upper_tail

# Days with an action just outside of the window, in a strip as wide as it, for each day with one inside. More of them,
# and the window is a slice of something broader: the end of what lasts now an hour, now two.
_MAX_BESIDE = 0.6
_RECENT, _ENOUGH = 9, 4  # hits that say where a routine is by now, and how few do
_ROOM = 15.0  # minutes beside the window in which a moving routine is followed
_MOVED = 10.0  # minutes by which it must have moved to be told at its new time


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
