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

import numpy as np
from scipy.special import ndtr

from src.domain.events import Float64Array, Int64Array
from src.domain.patterns import DayTypeTrigger, Kind
from src.mining.activity import BIN, BINS
from src.mining.clock_days import MIN_DAYS, ThingDays
from src.mining.clock_grid import HALF_BINS, PLACES, Grid
from src.mining.clock_windows import PLAIN_COST, WEEKEND, WORKDAYS, Measured, Window, measure
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
_OWN_RATE, _OWN_ELSEWHERE = 0.6, 0.34  # of each weekday of such a set, and of each other one


class DayType:
    """See the module."""

    kind = Kind.DAY_TYPE
    bar = Bar()

    def search(self, home: Home) -> Search:
        candidates: list[Candidate] = []
        tested = 0
        for code in home.targets:
            thing = ThingDays(home, code)
            if thing.active_days < 2 * MIN_DAYS or thing.busy:
                continue
            tested += 1
            pair = _best_pair(home, thing)
            if pair is not None:
                found = _candidate(home, thing, *pair)
                if found is not None:
                    candidates.append(found)
        return Search(candidates, tested)


def _best_pair(home: Home, thing: ThingDays) -> tuple[Window, Window] | None:
    """The two windows, of sets of days that make up the week, that chance explains least."""
    grid = Grid(thing, np.ones(len(thing.minutes), np.bool_))
    weekdays = home.changes.weekdays
    chances = home.discovery & thing.alive
    opportunities = np.bincount(weekdays[chances], minlength=7).astype(np.float64)
    if opportunities.sum() < 2 * MIN_DAYS:
        return None
    by_weekday = np.zeros((7, len(weekdays)))
    by_weekday[weekdays, np.arange(len(weekdays))] = chances
    hits7 = grid.hits(np.where(chances, weekdays, -1), 7)
    best: tuple[float, tuple[Window, Window]] | None = None
    for row, half in enumerate(HALF_BINS):
        for own in _partitions(hits7[row], opportunities):
            n = np.array([opportunities[own].sum(), opportunities[~own].sum()])
            if n.min() < _MIN_PART_DAYS:
                continue
            taken = np.stack([hits7[row][own].sum(axis=0), hits7[row][~own].sum(axis=0)])
            often = taken >= np.maximum(_MIN_RATE * n, 3)[:, None]
            often &= taken[::-1] <= _MAX_ELSEWHERE * n[::-1, None]
            if not often.any(axis=1).all():
                continue
            centres = []
            score = 0.0
            for part, days in enumerate((own, ~own)):
                bins = np.flatnonzero(often[part])
                chance = np.maximum(grid.jittered(half, bins), grid.spread_out(half, bins))
                expected = (by_weekday[days] @ chance).sum(axis=0) / n[part]
                surprises = surprise(taken[part, bins], np.full(len(bins), n[part]), expected)
                at = int(np.argmax(surprises))
                score += float(surprises[at])
                centres.append((float(bins[at]) + 0.5) * BIN)
            plain = tuple(np.flatnonzero(own).tolist()) in (WORKDAYS, WEEKEND)
            cost = PLAIN_COST if plain else _OWN_COST
            score -= float(np.log(cost))
            if best is None or score > best[0]:
                sets = (tuple(np.flatnonzero(own).tolist()), tuple(np.flatnonzero(~own).tolist()))
                first, second = (
                    Window(centre, (half + 0.5) * BIN, members, cost)
                    for centre, members in zip(centres, sets, strict=True)
                )
                best = score, (first, second)
    return None if best is None else best[1]


def _partitions(hits7: Float64Array, opportunities: Float64Array) -> Iterator[np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Workdays and weekend; and the weekdays that take some window at least half the time and all others hardly do."""
    yield np.isin(np.arange(7), WORKDAYS)
    rate = hits7 / np.maximum(opportunities, 1)[:, None]
    often = rate >= _OWN_RATE
    clear = often | (rate <= _OWN_ELSEWHERE)
    total = often.sum(axis=0)
    usable = clear.all(axis=0) & (total >= 1) & (total <= 6) & (hits7.sum(axis=0) >= MIN_DAYS)
    for code in np.unique(2 ** np.arange(7) @ often[:, usable]).tolist():
        own = (code >> np.arange(7)) & 1 == 1
        if tuple(np.flatnonzero(own).tolist()) not in (WORKDAYS, WEEKEND):
            yield own


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
    days = np.flatnonzero(
        home.discovery & thing.alive & np.isin(home.changes.weekdays, other.window.weekdays)
    )
    distance, _ = thing.nearest(days * 1440.0 + part.window.centre)
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
        off, _ = thing.nearest(days * 1440.0 + middle)
        samples.append(off[np.abs(off) <= reach + 30.0])
    return mann_whitney(samples[0], samples[1])


def mann_whitney(one: Float64Array, two: Float64Array) -> float:
    """Two-sided p-value of the rank-sum test by its normal approximation (Mann and Whitney 1947); 1 for an empty one."""
    n, m = len(one), len(two)
    if n == 0 or m == 0:
        return 1.0
    u = float((one[:, None] < two).sum() + 0.5 * (one[:, None] == two).sum())
    deviation = np.sqrt(n * m * (n + m + 1) / 12.0)
    return float(min(1.0, 2 * ndtr(-(abs(u - n * m / 2) - 0.5) / deviation)))
