"""Routines of the clock that were kept nearly always and have not happened on the last days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from src.domain.events import BoolArray, Float64Array, Int64Array
from src.domain.local_time import DAY, to_utc
from src.mining.kind import Home

_MINUTE = 60_000_000
_BIN = 5  # minutes between the centres that are looked at
_BINS = 1440 // _BIN
_HALVES = (15.0, 30.0, 60.0)  # minutes
_WEEKDAY_SETS: tuple[tuple[int, ...], ...] = ((0, 1, 2, 3, 4, 5, 6), (0, 1, 2, 3, 4))
CHOICES = len(_HALVES) * len(_WEEKDAY_SETS)  # what the p-value pays for; the centre follows from the hits
_MIN_DAYS = 20
_MIN_CHOSEN = 14  # before the last week, by which the window is chosen
_MIN_RATE = 0.92
_ROOM = 0.1  # a window across midnight may put two actions on one day
_BUSY = 12  # times on a median day; what happens so often has no time of its own
_BETTER = 0.02  # by which a wider window, or fewer weekdays, must raise the rate
_FEWEST, _MOST = 2, 7  # days missed in a row
_MARGIN = 30.0  # minutes beside the window; what happens there was late, not missed
_AROUND = 90.0  # minutes around its time in which something else must show life


@dataclass(frozen=True)
class Missed:
    """A clock routine with its days.

    Attributes:
        centre, half: of the window, minutes after midnight.
        weekdays: 0 Monday to 6 Sunday.
        days: int64 (n,), the days on which it could have happened, from the log's first, ascending.
        taken: bool (n,), those on which it did.
        times: int64 (m,), µs UTC, when it happened, one for each taken day.
        minutes: float64 (m,), the same on the wall clock, minutes after the midnight before its day's centre.
        in_a_row: how many of the last days it was missed on.
        p_value: chance of as many misses in a row at the end if they fell on any days, times :data:`CHOICES`; 1 where
            there are none, or so many that the routine is rather given up.
    """

    centre: float
    half: float
    weekdays: tuple[int, ...]
    days: Int64Array
    taken: BoolArray
    times: Int64Array
    minutes: Float64Array
    in_a_row: int
    p_value: float


def find_missed(home: Home, code: int, lively: BoolArray) -> Missed | None:
    """The most regular clock routine of a thing, missed lately or not; None without one that was kept nearly always.

    It is chosen by the days before the last week, so how many things have one says nothing of what was missed since.

    Args:
        code: of a thing.
        lively: bool (days,), days on which people were at home and lived as usual.
    """
    changes = home.changes
    index = changes.of(code)
    index = index[changes.by_person[index]]
    index = index[np.argsort(changes.local[index], kind="stable")]
    minutes = (changes.local[index] - changes.first_day * DAY) / _MINUTE
    active, per_day = np.unique((minutes // 1440).astype(np.int64), return_counts=True)
    if len(active) < _MIN_DAYS or float(np.median(per_day)) > _BUSY:
        return None
    best: tuple[float, float, float, tuple[int, ...]] | None = None
    for weekdays in _WEEKDAY_SETS:
        # The last days may be missed ones: what was regular before counts.
        days = np.flatnonzero(lively & np.isin(changes.weekdays, weekdays))[:-_MOST]
        if len(days) < _MIN_CHOSEN or np.isin(days, active).mean() < _MIN_RATE - _ROOM:
            continue
        for half in _HALVES:
            share = _taken(minutes, changes.days, half)[days].mean(axis=0)
            top = int(np.argmax(share))
            if share[top] >= _MIN_RATE and (best is None or share[top] > best[0] + _BETTER):
                best = float(share[top]), (top + 0.5) * _BIN, half, weekdays
    if best is None:
        return None
    _, centre, half, weekdays = best
    return _measure(home, code, lively, minutes, changes.time[index], centre, half, weekdays)


def _taken(minutes: Float64Array, days: int, half: float) -> BoolArray:
    """bool (days, bins): whether something happened within ``half`` minutes of each stretch of each day."""
    reach = round(half / _BIN)
    bins = days * _BINS
    count = np.bincount(np.clip((minutes // _BIN).astype(np.int64), 0, bins - 1), minlength=bins)
    total = np.concatenate([[0], np.cumsum(count)])
    at = np.arange(bins)
    inside = total[np.minimum(at + reach + 1, bins)] - total[np.maximum(at - reach, 0)]
    return np.asarray((inside > 0).reshape(days, _BINS), np.bool_)


def _measure(
    home: Home,
    code: int,
    lively: BoolArray,
    minutes: Float64Array,
    times: Int64Array,
    centre: float,
    half: float,
    weekdays: tuple[int, ...],
) -> Missed | None:
    changes = home.changes
    all_days = np.flatnonzero(lively & np.isin(changes.weekdays, weekdays))
    local = changes.first_day * DAY + ((all_days * 1440.0 + centre) * _MINUTE).astype(np.int64)
    moment = to_utc(local, changes.time_zone)
    reach = int((half + _MARGIN) * _MINUTE)
    over = moment + reach <= changes.span[1]
    there = changes.heard(code, moment) & (moment >= changes.born[code])
    days, moment = all_days[over & there], moment[over & there]
    at = days * 1440.0 + centre
    low = np.searchsorted(minutes, at - half - _MARGIN, "left")
    taken = np.searchsorted(minutes, at + half + _MARGIN, "right") > low
    # A day on which nobody was at home then, or nobody stirred, was no chance.
    stirred = home.people.somebody_home(moment) & _somebody_stirred(home, code, moment)
    days, taken, low = days[taken | stirred], taken[taken | stirred], low[taken | stirred]
    if not taken.any():
        return None
    in_a_row = len(taken) - 1 - int(np.flatnonzero(taken)[-1])
    before, misses = len(taken) - in_a_row, int(np.count_nonzero(~taken)) - in_a_row
    counts = _FEWEST <= in_a_row <= _MOST and before >= _MIN_DAYS and misses <= (1 - _MIN_RATE) * before
    chance = run_chance(before, misses, in_a_row) * CHOICES if counts else 1.0
    hits = np.clip(low[taken], 0, len(times) - 1)
    return Missed(
        centre,
        half,
        weekdays,
        days,
        taken,
        times[hits],
        minutes[hits] - days[taken] * 1440.0,
        in_a_row,
        min(1.0, chance),
    )


def _somebody_stirred(home: Home, code: int, moment: Int64Array) -> BoolArray:
    """Whether any other entity changed around each moment (µs UTC)."""
    changes = home.changes
    entity = changes.things[code].entity_id
    own = np.sort(np.concatenate([changes.of(thing.code) for thing in changes.things if thing.entity_id == entity]))
    own_times = changes.time[own]
    reach = int(_AROUND * _MINUTE)
    counts = [
        np.searchsorted(times, moment + reach, "right") - np.searchsorted(times, moment - reach, "left")
        for times in (changes.time, own_times)
    ]
    return np.asarray(counts[0] > counts[1], np.bool_)


def run_chance(before: int, misses: int, in_a_row: int) -> float:
    """Chance that the last days are all missed if the misses fall on any days: C(n, m) / C(n + k, m + k), exact.

    Args:
        before: days before the run, n.
        misses: of those, m.
        in_a_row: length of the run, k.
    """

    def log_choose(n: int, k: int) -> float:
        return float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))

    return float(np.exp(log_choose(before, misses) - log_choose(before + in_a_row, misses + in_a_row)))
