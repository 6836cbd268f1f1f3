"""When an action could have followed, when it did, and how often it would have by chance.

Null models: interval jitter (Platkiewicz, Stark and Amarasingham 2017) keeps what both sides do within an hour; day
shift keeps what the clock, or the sun, makes them do at the same time of other days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, Float64Array, Int64Array
from src.domain.local_time import DAY, to_utc
from src.mining.kind import Home
from src.mining.sun import Sun
from src.mining.vocabulary import MOMENTS

NEVER = np.iinfo(np.int64).max // 2
MINUTE = 60 * MICROSECONDS
_JITTER = 3_600 * MICROSECONDS
_SHIFTS = tuple(shift for shift in range(-7, 8) if shift)
_TWILIGHT = 180.0  # minutes around sunrise and sunset in which the sun may be the clock


@dataclass(frozen=True)
class ActionTimes:
    """When an entity was free to take a state, and when it took it, µs UTC.

    Attributes:
        taken: int64 (n,), every time the state was taken, whoever did it.
        personal: bool (n,), those that may count as a habit.
        free_from: int64 (n + 1,), since when the entity had been in another state; the last one belongs to the
            action that has not happened yet.
    """

    taken: Int64Array
    personal: BoolArray
    free_from: Int64Array


def action_times(home: Home, target: int) -> ActionTimes:
    """The times of a thing in a home."""
    changes = home.changes
    index = changes.of(target)
    taken = changes.time[index]
    left = changes.departures[target]
    born = np.array([changes.born[target]], np.int64)
    if changes.things[target].entity_id.partition(".")[0] in MOMENTS:
        return ActionTimes(taken, changes.by_person[index], np.concatenate([born, taken]))
    upcoming = np.searchsorted(left, taken, "right")
    freed = np.append(left, changes.span[1] + 1)[upcoming]
    return ActionTimes(taken, changes.by_person[index], np.concatenate([born, freed]))


def grain_of(times: Int64Array) -> int:
    """The resolution of a log's clock as far as it matters to delays: a minute, µs, or 0 for anything finer."""
    return MINUTE if len(times) and not np.any(times % MINUTE) else 0


def opportunities(trigger: Int64Array, action: ActionTimes, grain: int = 0) -> tuple[Int64Array, Int64Array]:
    """Trigger times at which the action was free to follow, and the delay to its next occurrence.

    Args:
        trigger: int64 (n,), µs UTC, ascending.
        grain: of :func:`grain_of`; in a log of whole minutes what is noted in the same minute may have followed.

    Returns:
        times and delays, int64 (m,), µs; a delay is very large when nothing followed.
    """
    following = next_action(trigger, action, grain)
    free = action.free_from[following] <= trigger
    return trigger[free], np.append(action.taken, NEVER)[following[free]] - trigger[free]


def next_action(times: Int64Array, action: ActionTimes, grain: int = 0) -> Int64Array:
    """Index of the first action after each time; the number of actions where there is none."""
    return np.asarray(np.searchsorted(action.taken, times, "left" if grain else "right"), np.int64)


def spaced(times: Int64Array, gap: int) -> Int64Array:
    """Indices of the times that keep at least ``gap`` from the last one kept.

    A time that far from the one before it is always kept, so that the stretches between such times are independent and
    are walked through side by side.
    """
    first = np.ones(len(times), np.bool_)
    first[1:] = np.diff(times) >= gap
    at = np.flatnonzero(first)
    if len(at) == len(times):
        return at
    following = np.searchsorted(times, times + gap, "left")
    end = np.append(at[1:], len(times))
    kept = [at]
    while len(at):
        at = following[at]
        inside = at < end
        at, end = at[inside], end[inside]
        kept.append(at)
    return np.sort(np.concatenate(kept))


def jitter_chance(times: Int64Array, action: ActionTimes, delay: int, grain: int = 0) -> Float64Array:
    """Share of the free instants within an hour of each time that the action followed within ``delay`` µs."""
    if len(action.taken) == 0:
        return np.zeros(len(times))
    low, high = times - _JITTER, times + _JITTER
    hit = _covered(np.maximum(action.free_from[:-1], action.taken - delay - grain), action.taken, low, high)
    busy = _covered(action.taken, action.free_from[1:], low, high)
    return np.asarray(np.minimum(hit / np.maximum((high - low) - busy, 1.0), 1.0), np.float64)


def _covered(start: Int64Array, end: Int64Array, low: Int64Array, high: Int64Array) -> Float64Array:
    """How much of each [low, high] the disjoint ascending intervals [start, end] cover, µs."""
    edges = np.stack([start, end], axis=1).reshape(-1)
    length = (end - start).astype(np.float64)
    before = np.cumsum(length) - length
    total = np.stack([before, before + length], axis=1).reshape(-1)
    return np.asarray(np.interp(high, edges, total) - np.interp(low, edges, total), np.float64)


def day_shift_chance(
    times: Int64Array,
    local: Int64Array,
    action: ActionTimes,
    delay: int,
    zone: str,
    *,
    grain: int = 0,
    within: tuple[Int64Array, Int64Array] | None = None,
    shifted: Float64Array | None = None,
) -> Float64Array:
    """Share of the 14 surrounding days on which the action fell within ``delay`` µs after the same wall-clock time.

    Args:
        times, local: int64 (n,), the same instants in UTC and on the wall clock, µs.
        within: int64 (n,) twice, µs UTC: from when to when there are days to look at; a day outside is not counted.
        shifted: float64 (n, 14), minutes by which to move each time besides, as the sun does from day to day.
    """
    if len(times) == 0:
        return np.zeros(0)
    hits, days = np.zeros(len(times)), np.zeros(len(times))
    for number, shift in enumerate(_SHIFTS):
        wanted = local + shift * DAY
        if shifted is not None:
            wanted = wanted + (shifted[:, number] * MINUTE).astype(np.int64)
        moved = to_utc(wanted, zone)
        low = np.searchsorted(action.taken, moved, "left" if grain else "right")
        high = np.searchsorted(action.taken, moved + delay, "right")
        there = np.ones(len(times), np.bool_) if within is None else (moved >= within[0]) & (moved + delay < within[1])
        hits += (high > low) & there
        days += there
    return np.asarray(hits / np.maximum(days, 1.0), np.float64)


def sun_shift(sun: Sun, first_day: int, local: Int64Array) -> Float64Array:
    """float64 (n, 14): by how many minutes the nearer of sunrise and sunset comes later on each surrounding day.

    0 for times far from both, and where the sun does not rise or set.
    """
    day = np.clip(local // DAY - first_day, 0, len(sun.rise) - 1)
    minute = (local % DAY) / MINUTE
    moved = np.zeros((len(local), len(_SHIFTS)))
    for event in (sun.rise, sun.set):
        near = np.abs(minute - event[day]) <= _TWILIGHT
        for number, shift in enumerate(_SHIFTS):
            other = np.clip(day + shift, 0, len(event) - 1)
            moved[near, number] = np.nan_to_num(event[other] - event[day])[near]
    return moved
