"""``time_of_day``: an action at about the same wall-clock time, on all days or on some days of the week.

For every window of the day (a centre and a half-width) and every set of weekdays, the days on which the action falls
inside are counted; ten times on one day are one hit. The null model is interval jitter (Platkiewicz, Stark and
Amarasingham 2017): each day's actions keep their number and their distances, and the whole is shifted by up to three
hours either way. So a lamp that is switched often in the evening is expected in every evening window and surprises
nobody, while one that comes on within ten minutes of 07:10 does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from src.domain.events import BoolArray, Float64Array, Int64Array
from src.domain.local_time import DAY, to_local, to_utc
from src.domain.patterns import WEEKDAYS, Kind, TimeTrigger
from src.mining.activity import BIN, BINS, REACH_BINS, Activity, awake_chance, moving_mean
from src.mining.kind import Candidate, Home, Search, Trial
from src.mining.statistics import circular_difference, surprise, upper_tail

_MINUTE = 60_000_000
_HALF_BINS = (1, 2, 3, 5, 8)  # half-widths of 7.5, 12.5, 17.5, 27.5 and 42.5 minutes
_PLACES = sum(BINS / (half + 0.5) for half in _HALF_BINS)  # about how many separate windows were looked at
_MIN_DAYS = 5
_MIN_RATE = 0.5
_MAX_ROUTINES = 6
_APART = 90.0  # minutes between two routines of one thing on the same days
_WATCH_HOURS = (7, 12, 17, 22)  # an entity that was silent at more than half of them had no chance that day
_NEARLY = 3.0  # nats of surprise that a plain set of days may fall short and still be preferred for its higher rate
_BUSY = 40  # changes on a median active day, above which a thing says nothing about the clock

# The price of a set of weekdays (weighted Bonferroni): of the prior weight the three plain sets share 0.4, and the
# seven single days, the other twenty pairs of days and the 96 larger sets 0.2 each.
_WORKDAYS, _WEEKEND = (0, 1, 2, 3, 4), (5, 6)
_SETS = np.concatenate(
    [np.array([[1] * 7, [1, 1, 1, 1, 1, 0, 0], [0, 0, 0, 0, 0, 1, 1]], np.float64), np.eye(7, dtype=np.float64)]
)
_PLAIN_ROWS = (0, 1, 2)
_MAX_ELSEWHERE = 0.3
_SET_COST = np.array([7.5] * 3 + [35.0] * 7)
_PAIR_COST, _OTHER_COST = 100.0, 480.0


@dataclass(frozen=True, slots=True)
class _Window:
    """A clock window on some weekdays. ``centre`` and ``half`` in minutes."""

    centre: float
    half: float
    weekdays: tuple[int, ...]
    cost: float


class TimeOfDay:
    """See the module."""

    kind = Kind.TIME_OF_DAY

    def search(self, home: Home) -> Search:
        candidates: list[Candidate] = []
        activity = Activity(home)
        tested = 0
        busy = 0
        for code in home.targets:
            thing = _ThingDays(home, code, activity)
            if thing.active_days < _MIN_DAYS:
                continue
            if thing.busy:
                busy += 1
                continue
            tested += 1
            for candidate in _routines(home, thing):
                candidates.append(candidate)
                tested += 1
        return Search(candidates, tested, {"too_busy_for_the_clock": busy} if busy else {})


class _ThingDays:
    """One thing's actions on the local timeline, in minutes since the log's first local midnight."""

    def __init__(self, home: Home, code: int, activity: Activity) -> None:
        changes = home.changes
        index = changes.of(code)
        index = index[changes.by_person[index]]
        # The wall clock runs twice through one hour of the year, so order by it anew.
        index = index[np.argsort(changes.local[index], kind="stable")]
        self.code = code
        self.utc = changes.time[index]
        self.minutes = (changes.local[index] - changes.first_day * DAY) / _MINUTE
        searched = home.discovery[np.clip((self.minutes // 1440).astype(np.int64), 0, changes.days - 1)]
        days, per_day = np.unique(self.minutes[searched] // 1440, return_counts=True)
        self.active_days = len(days)
        self.busy = self.active_days > 0 and float(np.median(per_day)) > _BUSY
        edges = to_local(np.array([changes.born[code], changes.span[1]], np.int64), changes.time_zone)
        self.born, self.end = ((edges - changes.first_day * DAY) / _MINUTE).tolist()
        midnight = np.arange(changes.days) * 1440.0
        self._changes = changes
        self.awake = activity.of_others(changes.things[code].entity_id)
        watched = [self.heard(np.asarray(midnight + hour * 60.0, np.float64)) for hour in _WATCH_HOURS]
        self.alive = (midnight + 1440.0 > self.born) & (np.sum(watched, axis=0) * 2 >= len(_WATCH_HOURS))

    def heard(self, minutes: Float64Array) -> BoolArray:
        """Whether the entity was available at each moment of the local timeline."""
        local = self._changes.first_day * DAY + np.rint(minutes * _MINUTE).astype(np.int64)
        return self._changes.heard(self.code, to_utc(local, self._changes.time_zone))


def _routines(home: Home, thing: _ThingDays) -> Iterator[Candidate]:
    """The best window, then the best of what is left, and so on."""
    left = np.ones(len(thing.minutes), np.bool_)
    taken: list[_Window] = []
    while len(taken) < _MAX_ROUTINES:
        window = _best_window(home, thing, thing.minutes[left])
        if window is None:
            return
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
            candidate = _measure(home, thing, window)
            if candidate is not None:
                yield candidate


def _timeline(minutes: Float64Array, bins: int, half: int) -> BoolArray:
    """bool (bins,): whether an action falls within ``half`` bins of each bin."""
    at = np.clip((minutes // BIN).astype(np.int64), 0, bins - 1)
    edges = np.zeros(bins + 1, np.int64)
    np.add.at(edges, np.maximum(at - half, 0), 1)
    np.add.at(edges, np.minimum(at + half + 1, bins), -1)
    return np.cumsum(edges[:-1]) > 0


def _best_window(home: Home, thing: _ThingDays, minutes: Float64Array) -> _Window | None:
    """The window and weekdays that the jitter null finds most surprising on the discovery days."""
    if len(minutes) < _MIN_DAYS:
        return None
    days = home.changes.days
    chances = home.discovery & thing.alive
    by_weekday = np.zeros((7, days))
    by_weekday[home.changes.weekdays, np.arange(days)] = chances
    opportunities = by_weekday.sum(axis=1)
    found: list[tuple[float, float, _Window]] = []
    for half in _HALF_BINS:
        hit = _timeline(minutes, days * BINS, half)
        centres = np.asarray((np.arange(days * BINS) + 0.5) * BIN, np.float64)
        awake = awake_chance(thing.awake, minutes, centres, (half + 0.5) * BIN)
        expected = np.maximum(moving_mean(hit, REACH_BINS), awake)
        hits7 = by_weekday @ hit.reshape(days, BINS)
        chance7 = by_weekday @ expected.reshape(days, BINS)
        for score, rate, sets, cost, at in _scored(hits7, chance7, opportunities):
            found.append((score, rate, _Window((at + 0.5) * BIN, (half + 0.5) * BIN, sets, cost)))
    if not found:
        return None
    best = max(found, key=lambda item: item[0])
    near = [item for item in found if item[0] >= best[0] - _NEARLY and _is_part(item[2], best[2])]
    return max([best, *near], key=lambda item: item[1])[2]


def _is_part(window: _Window, whole: _Window) -> bool:
    """Whether a window is at the same time on Monday to Friday, or on the weekend, of a window on more days."""
    apart = abs(float(circular_difference(np.array([window.centre]), whole.centre, 1440.0)[0]))
    plain = window.weekdays in (_WORKDAYS, _WEEKEND)
    return plain and set(window.weekdays) < set(whole.weekdays) and apart <= whole.half


def _scored(
    hits7: Float64Array, chance7: Float64Array, opportunities: Float64Array
) -> Iterator[tuple[float, float, tuple[int, ...], float, int]]:
    """(score, rate, weekdays, cost, bin) of the best bin of each set, the set that suits each bin among them.

    Args:
        hits7, chance7: float64 (7, bins), sums over the days of each weekday.
        opportunities: float64 (7,).
    """
    often = (hits7 >= 0.5 * np.maximum(opportunities, 1)[:, None]) & (opportunities >= 2)[:, None]
    size = often.sum(axis=0)
    own = np.where((size >= 2) & (size <= 6), often, False)
    members = np.concatenate([np.repeat(_SETS[:, :, None] > 0, BINS, axis=2), own[None]])
    hits = (members * hits7).sum(axis=1)
    n = (members * opportunities[:, None]).sum(axis=1)
    chance = (members * chance7).sum(axis=1) / np.maximum(n, 1)
    # On other days a routine of some days is rare, or it is a routine of all days that was missed by chance.
    other_n = opportunities.sum() - n
    other = (hits7.sum(axis=0) - hits) / np.maximum(other_n, 1)
    plain = np.isin(np.arange(len(members)), _PLAIN_ROWS)[:, None]
    enough = (hits >= _MIN_DAYS) & (hits >= _MIN_RATE * n) & (plain | (other <= _MAX_ELSEWHERE))
    cost = np.concatenate(
        [np.repeat(_SET_COST[:, None], BINS, axis=1), np.where(size == 2, _PAIR_COST, _OTHER_COST)[None]]
    )
    score = np.where(enough, surprise(hits, n, chance) - np.log(cost), -np.inf)
    for row, at in enumerate(np.argmax(score, axis=1).tolist()):
        if score[row, at] > 0:
            weekdays = tuple(np.flatnonzero(members[row, :, at]).tolist())
            yield float(score[row, at]), float(hits[row, at] / n[row, at]), weekdays, float(cost[row, at]), at


def _nearest(thing: _ThingDays, window: _Window, days: Int64Array) -> tuple[Float64Array, Int64Array]:
    """For each day, the distance (minutes) of the action nearest to the window's centre, and its index."""
    centre = days * 1440.0 + window.centre
    after = np.clip(np.searchsorted(thing.minutes, centre), 0, len(thing.minutes) - 1)
    before = np.maximum(after - 1, 0)
    ahead, behind = thing.minutes[after] - centre, thing.minutes[before] - centre
    closer = np.abs(ahead) <= np.abs(behind)
    return np.where(closer, ahead, behind), np.where(closer, after, before)


def _measure(home: Home, thing: _ThingDays, window: _Window) -> Candidate | None:
    """Centre the window on its own hits, then count exactly on discovery and on held-out days."""
    changes = home.changes
    on_weekday = np.isin(changes.weekdays, window.weekdays)
    all_days = np.arange(changes.days, dtype=np.int64)

    def opportunities(which: BoolArray) -> Int64Array:
        centre = np.asarray(all_days * 1440.0 + window.centre, np.float64)
        whole = (centre >= thing.born - window.half) & (centre <= thing.end)
        return np.flatnonzero(which & on_weekday & whole & thing.heard(centre))

    searched = opportunities(home.discovery)
    if len(searched) < _MIN_DAYS:
        return None
    for _ in range(2):
        distance, _index = _nearest(thing, window, searched)
        inside = distance[np.abs(distance) <= window.half]
        if len(inside) == 0:
            return None
        # Not wrapped at midnight: the window keeps the weekdays it was found on.
        window = replace(window, centre=window.centre + float(np.median(inside)))
    searched = opportunities(home.discovery)
    held_out = opportunities(home.holdout)
    trials = []
    values: list[Float64Array] = []
    hit_index: list[Int64Array] = []
    for days in (searched, held_out):
        distance, index = _nearest(thing, window, days)
        hit = np.abs(distance) <= window.half
        centres = np.asarray(days * 1440.0 + window.centre, np.float64)
        chance = np.maximum(
            jitter_chance(thing.minutes, centres, window.half),
            awake_chance(thing.awake, thing.minutes, centres, window.half),
        )
        expected = float(chance.mean()) if len(days) else 0.0
        trials.append(Trial(int(np.count_nonzero(hit)), len(days), expected))
        values.append(window.centre + distance[hit])
        hit_index.append(index[hit])
    discovery, holdout = trials
    if discovery.hits < _MIN_DAYS or discovery.rate < _MIN_RATE:
        return None
    tail = upper_tail(discovery.hits, discovery.opportunities, discovery.expected)
    index = np.concatenate(hit_index)
    return Candidate(
        kind=Kind.TIME_OF_DAY,
        target=thing.code,
        source=None,
        trigger=_trigger(window),
        discovery=discovery,
        holdout=holdout,
        p_value=min(1.0, tail * _PLACES * window.cost),
        hit_times=np.sort(thing.utc[index]),
        values=np.concatenate(values)[np.argsort(thing.utc[index], kind="stable")],
    )


def _trigger(window: _Window) -> TimeTrigger:
    """The window's centre to the minute; on the day after, or before, when it lies beyond midnight."""
    days_on, minute = divmod(round(window.centre), 1440)
    weekdays = sorted((day + days_on) % 7 for day in window.weekdays)
    return TimeTrigger(f"{minute // 60:02d}:{minute % 60:02d}:00", tuple(WEEKDAYS[day] for day in weekdays))


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
