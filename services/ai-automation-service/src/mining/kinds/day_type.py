"""``day_type``: the same thing at one time on one sort of day and at another time on the others.

Two claims of this sort are looked for. The first, here, is of two clock windows: as in ``time_of_day``, each day's
actions are shifted by up to three hours for the null model, and the days are the trials; a hit is the day's own window.
The second, of looser habits, is in :mod:`src.mining.clock_shift`.

Sorts of days are Monday to Friday and the weekend, or the weekdays on which one window is taken at least half the time
and all others. A union of claims is as weak as its weakest part, so each part alone must be better than chance (after
the price of the windows it was chosen from), rare at the other part's time, and so far off that the same minutes do not
come from one time: by the Mann-Whitney test of the days' minutes, and by twenty minutes.

The windows of all things together count as one test of the family and the shifts as another; each is corrected
for its own number (weighted Bonferroni), because a home has few things with loose habits and many with windows.

*Assumed*: days are independent. *Fails*: three sorts of days are told as two; a shift worker's weeks are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from scipy.special import ndtr

from src.domain.events import BoolArray, Float64Array
from src.domain.patterns import DayTypeTrigger, Kind
from src.mining.activity import BIN
from src.mining.clock_days import MIN_DAYS, ThingDays, days_of
from src.mining.clock_grid import HALF_BINS, PLACES, Grid
from src.mining.clock_measure import Measured, Window, measure
from src.mining.clock_shift import Shift, shifts
from src.mining.clock_weekdays import PLAIN_COST, WEEKEND, WORKDAYS
from src.mining.kind import Bar, Candidate, Home, Search, Trial
from src.mining.kinds.time_of_day import clock_trigger
from src.mining.statistics import circular_difference, surprise, upper_tail

MIN_APART = 20.0  # minutes
_MAX_APART = 420.0  # minutes; further apart they are two routines
_MIN_PART_DAYS = 4
_MAX_PART_P = 0.01
_MAX_ELSEWHERE = 0.4
_MAX_SAME_P = 0.001
_OWN_COST = 480.0  # of a set of weekdays that is neither the workdays nor the weekend
_MIN_RATE = 0.5
_MAX_SHIFT_P = 0.02  # on the discovery days alone, over all things: held-out weeks have too few free days to help
_FAMILIES = 2  # windows and shifts
_OWN_RATE, _OWN_ELSEWHERE = 0.6, 0.34  # of each weekday of such a set, and of each other one


class DayType:
    """See the module."""

    kind = Kind.DAY_TYPE
    # A shift's held-out days are told apart by a coin's toss each, and the mornings of a week must do: 3 of 3 is 0.125.
    bar = Bar(max_holdout_p=0.15)

    def search(self, home: Home) -> Search:
        things = [days_of(home, code) for code in home.targets]
        things = [thing for thing in things if thing.active_days >= 2 * MIN_DAYS]
        exact: list[Candidate] = []
        clocked = [thing for thing in things if not thing.busy]
        for thing in clocked:
            pair = home.recall(f"pair {thing.code}", partial(_best_pair, home, thing))
            found = None if pair is None else _candidate(home, thing, *pair)
            if found is not None:
                exact.append(replace(found, p_value=min(1.0, found.p_value * len(clocked))))
        told = {candidate.target for candidate in exact}
        # No clock can be set by a loose habit. Where nothing can be set anyhow, it is worth knowing all the same.
        observed_only = not any(home.changes.things[code].actuator for code in home.targets)
        loose = [
            _shifted(shift)
            for shift in (shifts(home, things) if observed_only else ())
            if shift.p_value <= _MAX_SHIFT_P and shift.thing.code not in told
        ]
        candidates = [*exact, *loose]
        return Search(candidates, max(_FAMILIES, len(candidates)))


def _shifted(shift: Shift) -> Candidate:
    early, late = shift.times
    return Candidate(
        kind=Kind.DAY_TYPE,
        target=shift.thing.code,
        source=None,
        trigger=DayTypeTrigger((clock_trigger(early, WORKDAYS), clock_trigger(late, WEEKEND))),
        discovery=shift.discovery,
        holdout=shift.holdout,
        p_value=shift.p_value,
        hit_times=shift.thing.utc[shift.hits],
        values=shift.values,
    )


def _best_pair(home: Home, thing: ThingDays) -> tuple[Window, Window] | None:
    """The two windows, of sets of days that make up the week, that chance explains least."""
    grid = Grid(thing, np.ones(len(thing.minutes), np.bool_))
    weekdays = home.changes.weekdays
    chances = home.discovery & thing.alive
    opportunities = np.bincount(weekdays[chances], minlength=7).astype(np.float64)
    by_weekday = np.zeros((7, len(weekdays)))
    by_weekday[weekdays, np.arange(len(weekdays))] = chances
    hits7 = grid.hits(np.where(chances, weekdays, -1), 7)
    best: tuple[float, tuple[Window, Window]] | None = None
    for row, half in enumerate(HALF_BINS):
        parts = list(_partitions(hits7[row], opportunities))
        if not parts:
            continue
        often = np.any([windows.any(axis=0) for _, windows in parts], axis=0)
        bins = np.flatnonzero(often)
        chance7 = by_weekday @ np.maximum(grid.jittered(half, bins), grid.spread_out(half, bins))
        for own, windows in parts:
            members = np.stack([own, ~own]).astype(np.float64)
            n = members @ opportunities
            score = surprise(members @ hits7[row][:, bins], n[:, None], members @ chance7 / n[:, None])
            score = np.where(windows[:, bins], score, -np.inf)
            at = np.argmax(score, axis=1)
            sets = [tuple(np.flatnonzero(part).tolist()) for part in members]
            cost = PLAIN_COST if sets[0] == WORKDAYS else _OWN_COST
            total = float(score.max(axis=1).sum()) - float(np.log(cost))
            if best is None or total > best[0]:
                one, two = (
                    Window((float(bins[column]) + 0.5) * BIN, (half + 0.5) * BIN, days, cost)
                    for column, days in zip(at.tolist(), sets, strict=True)
                )
                best = total, (one, two)
    return None if best is None else best[1]


def _partitions(hits7: Float64Array, opportunities: Float64Array) -> Iterator[tuple[BoolArray, BoolArray]]:
    """(one sort of days, the windows that it and the others take): of the weekdays, and of either sort and each bin.

    Workdays and the weekend; and the weekdays that take some window mostly while all others hardly do.
    """
    rate = hits7 / np.maximum(opportunities, 1)[:, None]
    often = rate >= _OWN_RATE
    clear = (often | (rate <= _OWN_ELSEWHERE)).all(axis=0)
    size = often.sum(axis=0)
    codes = np.unique((2 ** np.arange(7) @ often)[clear & (size >= 1) & (size <= 6)])
    # A set and its complement are one partition; Monday's side is told first.
    codes = np.unique(np.where(codes % 2 == 1, codes, 127 - codes))
    plain = np.isin(np.arange(7), WORKDAYS)
    for own in [plain, *((code >> np.arange(7)) & 1 == 1 for code in codes.tolist() if code != 31)]:
        members = np.stack([own, ~own]).astype(np.float64)
        n = (members @ opportunities)[:, None]
        taken = members @ hits7
        windows = (taken >= np.maximum(_MIN_RATE * n, 3)) & (taken[::-1] <= _MAX_ELSEWHERE * n[::-1])
        if n.min() >= _MIN_PART_DAYS and windows.any(axis=1).all():
            yield own, windows


def _candidate(home: Home, thing: ThingDays, one: Window, two: Window) -> Candidate | None:
    parts = [measure(home, thing, window, least=3) for window in (one, two)]
    first, second = parts
    if first is None or second is None:
        return None
    apart = float(circular_difference(np.array([first.window.centre]), second.window.centre, 1440.0)[0])
    if not MIN_APART <= abs(apart) <= _MAX_APART:
        return None
    weakest = max(_part_p(part) for part in (first, second))
    cost = one.cost
    if weakest > _MAX_PART_P or min(part.holdout.opportunities for part in (first, second)) == 0:
        return None
    same = _same_time_p(home, thing, first, second)
    if same * cost > _MAX_SAME_P:
        return None
    if any(_elsewhere(home, thing, part, other) > _MAX_ELSEWHERE for part, other in ((first, second), (second, first))):
        return None
    discovery, holdout = _both(first.discovery, second.discovery), _both(first.holdout, second.holdout)
    tail = upper_tail(discovery.hits, discovery.opportunities, discovery.expected)
    hits = np.concatenate([first.hits, second.hits])
    order = np.argsort(thing.utc[hits], kind="stable")
    off = np.concatenate([part.values - part.window.centre for part in (first, second)])
    times = sorted((first.window, second.window), key=lambda window: window.weekdays)
    return Candidate(
        kind=Kind.DAY_TYPE,
        target=thing.code,
        source=None,
        trigger=DayTypeTrigger(tuple(clock_trigger(window.centre, window.weekdays) for window in times)),
        discovery=discovery,
        holdout=holdout,
        p_value=min(1.0, tail * PLACES * cost),
        hit_times=thing.utc[hits[order]],
        values=off[order],
    )


def _both(one: Trial, two: Trial) -> Trial:
    n = one.opportunities + two.opportunities
    expected = one.expected * one.opportunities + two.expected * two.opportunities
    return Trial(one.hits + two.hits, n, expected / n if n else 0.0)


def _part_p(part: Measured) -> float:
    """Upper tail of one part, with the price of the windows within reach of the other part's."""
    trial = part.discovery
    tail = upper_tail(trial.hits, trial.opportunities, trial.expected)
    return min(1.0, tail * PLACES * 2 * _MAX_APART / 1440.0)


def _elsewhere(home: Home, thing: ThingDays, part: Measured, other: Measured) -> float:
    """Share of the other part's days on which this part's window is taken."""
    days = np.flatnonzero(home.discovery & thing.alive & np.isin(home.changes.weekdays, other.window.weekdays))
    distance, _ = thing.nearest(days, part.window.centre)
    return float(np.mean(np.abs(distance) <= part.window.half)) if len(days) else 0.0


def _same_time_p(home: Home, thing: ThingDays, first: Measured, second: Measured) -> float:
    """Two-sided Mann-Whitney p-value of the discovery days' minutes, each the action nearest to either window."""
    middle = second.window.centre + 0.5 * float(
        circular_difference(np.array([first.window.centre]), second.window.centre, 1440.0)[0]
    )
    reach = abs(first.window.centre - middle) % 1440.0 + first.window.half
    samples = []
    for part in (first, second):
        days = np.flatnonzero(home.discovery & np.isin(home.changes.weekdays, part.window.weekdays))
        off, _ = thing.nearest(days, middle)
        samples.append(off[np.abs(off) <= reach + 30.0])
    return mann_whitney(samples[0], samples[1])


def mann_whitney(one: Float64Array, two: Float64Array) -> float:
    """Two-sided p-value of the rank-sum test (normal approximation; Mann and Whitney 1947); 1 without values."""
    n, m = len(one), len(two)
    if n == 0 or m == 0:
        return 1.0
    u = float((one[:, None] < two).sum() + 0.5 * (one[:, None] == two).sum())
    deviation = np.sqrt(n * m * (n + m + 1) / 12.0)
    return float(min(1.0, 2 * ndtr(-(abs(u - n * m / 2) - 0.5) / deviation)))
