"""``seasonal``: a clock routine that holds in one part of the year, and hardly outside of it.

The unit is the day, the null model that of ``time_of_day``. In a log shorter than a year a season is seen from one side
only: the routine began in the log and holds until its end. Every window on every plain set of weekdays is asked for the
day since which it has been taken, at least half the time, after having hardly been before. In a longer log the days are
folded by the week of the year, and a season has both ends; it is proposed only while it lasts.

Two claims are made and both must hold, so the larger p-value counts (an intersection-union test; Berger 1982): the
window beats its null model inside of the season, and inside differs from outside, by Fisher's exact test of the days.
Either pays for the days, or pairs of weeks, that the season might have begun and ended on.

*Assumed*: days are independent. *Fails*: in a short log a new habit that stays is not told from a season; the claim is
only that it began. A habit that was moved from another hour is none: its action must have been rare around its time
before. A season that begins in the held-out days is not seen yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import numpy as np
from scipy.special import gammaln

from src.domain.events import BoolArray, Float64Array, Int64Array
from src.domain.patterns import Json, Kind
from src.mining.activity import BIN
from src.mining.clock_days import MIN_DAYS, ThingDays, days_of
from src.mining.clock_grid import HALF_BINS, PLACES, Grid
from src.mining.clock_measure import Measured, Window, measure
from src.mining.clock_weekdays import PLAIN_COST, PLAIN_SETS
from src.mining.kind import Bar, Candidate, Home, Search
from src.mining.kinds.time_of_day import clock_trigger
from src.mining.statistics import surprise

_EPOCH = date(1970, 1, 1)
_YEAR = 365.2425
_MIN_RATE = 0.5
_MAX_OUTSIDE = 0.15
_MAX_ELSEWHERE = 0.45  # share of the days outside that another window of the same width may hold, so far away
_REACH = 120.0  # minutes
_MAX_SAME_P = 0.01  # that it began at all, whatever the held-out days, which are all inside, may add to the window
_MIN_OUTSIDE = 10  # days without the routine, or there is no telling when it began
_RECENT = 6  # discovery days at whose end the routine must hold
_WEEKS = 52


@dataclass(frozen=True)
class _Season:
    """Days of a log on which a routine holds.

    Attributes:
        inside: bool (days,), held-out days included.
        begins: the first day, ``MM-DD``.
        ends: the last day, ``MM-DD``; None when the log does not hold it.
        price: what the choice among the seasons in question costs, as a factor of the p-value.
    """

    inside: BoolArray
    begins: str
    ends: str | None
    price: float


_Edges = tuple[int, int | None]  # first day and None, or first and last week


class Seasonal:
    """See the module."""

    kind = Kind.SEASONAL
    bar = Bar()

    def search(self, home: Home) -> Search:
        candidates: list[Candidate] = []
        tested = 0
        for code in home.targets:
            thing = days_of(home, code)
            if thing.active_days < MIN_DAYS or thing.busy:
                continue
            tested += 1
            best: tuple[float, _Season, Measured] | None = None
            # In a long log the season in question is the one it is now.
            name = f"seasons {code} {int(_weeks(home)[-1]) if _long(home) else None}"
            for edges, price, window in home.recall(name, partial(_promising, home, thing)):
                season = _season(home, edges, price)
                measured = measure(home, thing, window, season.inside)
                p_value = None if measured is None else _p_value(home, thing, measured, season)
                if measured is not None and p_value is not None and (best is None or p_value < best[0]):
                    best = p_value, season, measured
            if best is None:
                continue
            p_value, season, found = best
            condition: Json = {"type": "season", "from": season.begins, "until": season.ends}
            candidates.append(
                Candidate(
                    kind=self.kind,
                    target=code,
                    source=None,
                    trigger=clock_trigger(found.window.centre, found.window.weekdays),
                    discovery=found.discovery,
                    holdout=found.holdout,
                    p_value=p_value,
                    hit_times=thing.utc[found.hits],
                    values=found.values,
                    conditions=(condition,),
                )
            )
        return Search(candidates, tested)


def _promising(home: Home, thing: ThingDays) -> list[tuple[_Edges, float, Window]]:
    """Of each half-width and set of weekdays the season and the window that stand out most on the discovery days."""
    found: list[tuple[_Edges, float, Window]] = []
    grid = Grid(thing, np.ones(len(thing.minutes), np.bool_))
    weekdays = home.changes.weekdays
    chances = home.discovery & thing.alive
    for members in PLAIN_SETS:
        days = np.flatnonzero(chances & np.isin(weekdays, members))
        if len(days) < MIN_DAYS + _MIN_OUTSIDE:
            continue
        due = _due(home, days)
        if len(due) < _RECENT:
            continue
        group = np.full(len(weekdays), -1)
        group[days] = 0
        group[days[:_MIN_OUTSIDE]] = 2
        group[due] = 1
        hits = grid.hits(group, 3)
        worth = (hits[:, 1] >= 0.5 * len(due)) & (hits.sum(axis=1) >= MIN_DAYS)
        if not _long(home):
            worth &= hits[:, 2] <= _MAX_OUTSIDE * len(days)
        for row in np.flatnonzero(worth.any(axis=1)).tolist():
            half, bins = HALF_BINS[row], np.flatnonzero(worth[row])
            taken = grid.taken(half, bins)[days]
            chance = np.maximum(grid.jittered(half, bins), grid.spread_out(half, bins))[days]
            score, column, edges, price = (
                _folded(home, days, taken, chance) if _long(home) else _begun(days, taken, chance)
            )
            if score > 0:
                window = Window((float(bins[column]) + 0.5) * BIN, (half + 0.5) * BIN, members, PLAIN_COST)
                found.append((edges, price, window))
    return found


def _long(home: Home) -> bool:
    """Whether the log holds every part of the year, and the current one twice."""
    return home.changes.days >= _YEAR + 30


def _due(home: Home, days: Int64Array) -> Int64Array:
    """Those of the days on which a routine of this season happens, whenever the season began."""
    if not _long(home):
        return np.asarray(days[-_RECENT:], np.int64)
    week = _weeks(home)
    apart = (week - week[-1] + _WEEKS // 2) % _WEEKS - _WEEKS // 2
    return np.asarray(days[np.abs(apart[days]) <= 2], np.int64)


def _begun(days: Int64Array, taken: BoolArray, chance: Float64Array) -> tuple[float, int, _Edges, float]:
    """(score, column, (first day, None), price) of the best day to have begun on.

    Args:
        days: int64 (n,), the days in question.
        taken, chance: (n, columns), whether each window was taken on each day, and its chance.
    """
    n = len(days)
    begins = np.arange(_MIN_OUTSIDE, n - MIN_DAYS + 1)
    until = np.concatenate([np.zeros((1, taken.shape[1])), np.cumsum(taken, axis=0)])
    chance_until = np.concatenate([np.zeros((1, taken.shape[1])), np.cumsum(chance, axis=0)])
    outside, inside = until[begins], until[-1] - until[begins]
    size = np.asarray((n - begins)[:, None], np.float64)
    expected = (chance_until[-1] - chance_until[begins]) / size
    score = _score(inside, size, expected, outside, np.asarray(begins[:, None], np.float64))
    # It begins with a day on which it happens.
    score = np.where(taken[begins], score, -np.inf)
    at, column = np.unravel_index(int(np.argmax(score)), score.shape)
    return float(score[at, column]), int(column), (int(days[begins[at]]), None), _price(len(begins))


def _folded(home: Home, days: Int64Array, taken: BoolArray, chance: Float64Array) -> tuple[float, int, _Edges, float]:
    """(score, column, (first week, last week), price) of the best part of the year, among those it is now."""
    week = _weeks(home)
    now = int(week[-1])
    # Weeks since a half year before now, so that a season around the turn of the year is one piece.
    place = (week - now + _WEEKS // 2) % _WEEKS
    here = _WEEKS // 2
    columns = taken.shape[1]
    sums = np.zeros((3, _WEEKS + 1, columns))
    for row, values in enumerate((taken.astype(np.float64), chance, np.ones_like(chance))):
        np.add.at(sums[row], place[days] + 1, values)
    until = np.cumsum(sums, axis=1)
    first, last = (
        edge.reshape(-1) for edge in np.meshgrid(np.arange(here + 1), np.arange(here, _WEEKS), indexing="ij")
    )
    first, last = first[last - first < _WEEKS - 4], last[last - first < _WEEKS - 4]
    inside, expected, size = until[:, last + 1] - until[:, first]
    outside, other = until[0, -1] - inside, until[2, -1] - size
    score = _score(inside, size, expected / np.maximum(size, 1), outside, other)
    at, column = np.unravel_index(int(np.argmax(score)), score.shape)
    edges = (int(first[at] - here + now) % _WEEKS, int(last[at] - here + now) % _WEEKS)
    return float(score[at, column]), int(column), edges, float(len(first))


def _price(begins: int) -> float:
    """What the choice among so many days to have begun on costs.

    Neighbouring beginnings share nearly all their days, so this is far below their number. Simulated with Bernoulli
    days (chance 0.1 to 0.5; 46, 90 and 280 days, so 32, 76 and 266 beginnings) the least p-value of all beginnings is
    at most x in up to 4 x, 8 x and 16 x of the cases, for x from 0.01 to 0.0001 and either test: the root is above.
    """
    return float(np.sqrt(begins))


def _score(
    inside: Float64Array, size: Float64Array, expected: Float64Array, outside: Float64Array, other: Float64Array
) -> Float64Array:
    """Nats by which both claims hold, the smaller of them; -inf where the days do not say so plainly enough."""
    enough = (inside >= MIN_DAYS) & (inside >= _MIN_RATE * size) & (other >= _MIN_OUTSIDE)
    enough &= outside <= _MAX_OUTSIDE * other
    overall = (inside + outside) / np.maximum(size + other, 1)
    change = surprise(inside, size, overall) + surprise(other - outside, other, 1 - overall)
    return np.where(enough, np.minimum(surprise(inside, size, expected), change), -np.inf)


def _weeks(home: Home) -> Int64Array:
    """int64 (days,), 0 to 51: the week of the year of each local day."""
    first = _EPOCH + timedelta(days=home.changes.first_day)
    return np.array(
        [
            min(((first + timedelta(days=day)).timetuple().tm_yday - 1) // 7, _WEEKS - 1)
            for day in range(home.changes.days)
        ],
        np.int64,
    )


def _season(home: Home, edges: _Edges, price: float) -> _Season:
    first, last = edges
    if last is None:
        begins = _EPOCH + timedelta(days=home.changes.first_day + first)
        return _Season(np.arange(home.changes.days) >= first, begins.strftime("%m-%d"), None, price)
    week = _weeks(home)
    inside = (week - first) % _WEEKS <= (last - first) % _WEEKS
    # A year that is no leap year, so that the same week begins on the same date.
    begins = date(2025, 1, 1) + timedelta(days=7 * first)
    ends = date(2025, 1, 1) + timedelta(days=min(7 * last + 6, 364))
    return _Season(inside, begins.strftime("%m-%d"), ends.strftime("%m-%d"), price)


def _p_value(home: Home, thing: ThingDays, found: Measured, season: _Season) -> float | None:
    """The larger p-value of both claims; None where the routine was there before at another time."""
    window = found.window
    # On all days of the week: what was there on other days before did not begin now.
    before = np.flatnonzero(home.discovery & thing.alive & ~season.inside)
    on_weekday = np.isin(home.changes.weekdays[before], window.weekdays)
    if np.count_nonzero(on_weekday) < _MIN_OUTSIDE:
        return None
    distance = np.abs(thing.nearest(before, window.centre)[0])
    taken = distance <= window.half
    if max(taken.mean(), taken[on_weekday].mean()) > _MAX_OUTSIDE:
        return None
    off = np.arange(-_REACH, _REACH + 1, 5.0)
    days = before[on_weekday]
    apart, _ = thing.nearest(np.tile(days, len(off)), np.repeat(window.centre + off, len(days)))
    elsewhere = (np.abs(apart) <= window.half).reshape(len(off), -1).mean(axis=1)
    if float(elsewhere.max()) > _MAX_ELSEWHERE:
        return None
    outside = int(np.count_nonzero(taken[on_weekday]))
    inside = found.discovery
    differs = exact_test(inside.hits, inside.opportunities, outside, int(np.count_nonzero(on_weekday)))
    if differs * season.price > _MAX_SAME_P:
        return None
    return min(1.0, season.price * max(found.p_value, differs * PLACES * PLAIN_COST))


def exact_test(hits: int, n: int, other_hits: int, other_n: int) -> float:
    """Fisher's exact test, upper tail: the chance that at least ``hits`` of all hits fall on the ``n`` days."""
    total, all_hits = n + other_n, hits + other_hits
    k = np.arange(hits, min(n, all_hits) + 1)

    def choose(a: Float64Array | float, b: Float64Array | float) -> Float64Array:
        return np.asarray(gammaln(np.add(a, 1)) - gammaln(np.add(b, 1)) - gammaln(np.subtract(a, b) + 1), np.float64)

    log = choose(float(n), k.astype(np.float64)) + choose(float(other_n), (all_hits - k).astype(np.float64))
    return float(min(1.0, np.exp(log - choose(float(total), float(all_hits))).sum()))
