"""``co_occurrence``: when one thing happens, another follows within a delay.

An opportunity is the trigger happening while the action's entity is not in the wanted state yet; after one
opportunity the next is counted only when its delay is over, so that one action is one hit. The chance of a hit is
taken from two null models, and the larger counts:

- jitter (Platkiewicz, Stark and Amarasingham 2017): the share of instants within an hour of the trigger, at which
  the action's entity was free to act, that the action followed within the delay. It keeps both things' daily shape
  at the scale of an hour: two lamps that are both busy in the evening explain each other's company.
- day shift: the share of the surrounding days on which the action fell inside the delay after the trigger's
  wall-clock time. It keeps the clock: two habits that merely happen at the same time of day are expected together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, Float64Array, Int64Array
from src.domain.local_time import DAY, to_utc
from src.domain.patterns import Kind, StateTrigger
from src.mining.kind import Candidate, Home, Search, Trial
from src.mining.statistics import surprise, upper_tail
from src.mining.vocabulary import MOMENTS

_DELAYS = np.array([15, 30, 60, 120, 300, 600, 900], np.int64) * MICROSECONDS
_JITTER = 3_600 * MICROSECONDS
_SHIFTS = tuple(shift for shift in range(-7, 8) if shift)
_MIN_HITS = 5
_MIN_DAYS = 4
_MIN_RATE = 0.5
_MACHINE = 2 * MICROSECONDS  # nobody reaches a switch faster
_MACHINE_SHARE = 0.8
_MAX_LEADING = 0.4  # of the times it follows; two switched in any order lead about as often
_MIN_SHARE = 0.2
_NEAR, _FAR = int(_DELAYS[3]), int(_DELAYS[-1])
_TALLY_AT_ONCE = 2_000_000  # meetings counted together, so that memory does not grow with the log
_MIN_EXCESS = 2.0  # how much oftener than two unconnected things a pair must meet to be worth a test
_HOPELESS = 0.01  # a p-value that no correction over a family can bring down again
_NEVER = np.iinfo(np.int64).max // 2


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


class CoOccurrence:
    """See the module."""

    kind = Kind.CO_OCCURRENCE

    def search(self, home: Home) -> Search:
        left_out: Counter[str] = Counter()
        candidates: list[Candidate] = []
        actions: dict[int, ActionTimes] = {}
        for source, target in _promising(home):
            if target not in actions:
                actions[target] = action_times(home, target)
            candidate = _test(home, source, target, actions[target], left_out)
            if candidate is not None:
                candidates.append(candidate)
        enough = [code for code in home.triggers if len(home.changes.of(code)) >= _MIN_HITS]
        targets = [code for code in home.targets if len(home.changes.of(code)) >= _MIN_HITS]
        return Search(candidates, max(len(enough) * len(targets), len(candidates), 1), dict(left_out))


def _promising(home: Home) -> Iterator[tuple[int, int]]:
    """Pairs (trigger, action) seen together often enough to be worth a test, in order.

    Walks back from each action through the changes before it, a step at a time for all actions at once, so that the
    work grows with events and not with pairs of entities.
    """
    changes = home.changes
    kinds = len(changes.things)
    is_trigger = np.zeros(kinds, np.bool_)
    is_trigger[list(home.triggers)] = True
    is_target = np.zeros(kinds, np.bool_)
    is_target[list(home.targets)] = True
    entity = np.unique([thing.entity_id for thing in changes.things], return_inverse=True)[1]
    searched = changes.time < home.split
    relevant = np.flatnonzero(searched & (is_trigger[changes.thing] | is_target[changes.thing]))
    time, thing = changes.time[relevant], changes.thing[relevant].astype(np.int64)
    at = np.flatnonzero(is_target[thing] & changes.by_person[relevant])
    near, far = _Tally(kinds), _Tally(kinds)
    lag = 1
    while len(at):
        at = at[at >= lag]
        gap = time[at] - time[at - lag]
        at, gap = at[gap <= _FAR], gap[gap <= _FAR]
        before = thing[at - lag]
        fits = is_trigger[before] & (entity[before] != entity[thing[at]])
        far.add(before[fits], thing[at][fits])
        close = fits & (gap <= _NEAR)
        near.add(before[close], thing[at][close])
        lag += 1
    sizes = np.bincount(thing, minlength=kinds).astype(np.float64)
    span = max(home.split - changes.span[0], 1)
    worth: set[tuple[int, int]] = set()
    for tally, reach in ((near, _NEAR), (far, _FAR)):
        source, target, total = tally.read()
        company = sizes[source] * sizes[target] * (reach / span)
        often = (total >= _MIN_HITS) & (total >= _MIN_SHARE * np.minimum(sizes[source], sizes[target]))
        chosen = np.flatnonzero(often & (total >= _MIN_EXCESS * company))
        worth.update(zip(source[chosen].tolist(), target[chosen].tolist(), strict=True))
    yield from sorted(worth)


class _Tally:
    """How often one thing came before another."""

    def __init__(self, kinds: int) -> None:
        self._kinds = kinds
        self._keys = np.zeros(0, np.int64)
        self._counts = np.zeros(0, np.int64)
        self._more: list[Int64Array] = []
        self._waiting = 0

    def add(self, before: Int64Array, after: Int64Array) -> None:
        self._more.append(before * self._kinds + after)
        self._waiting += len(before)
        if self._waiting > _TALLY_AT_ONCE:
            self._merge()

    def read(self) -> tuple[Int64Array, Int64Array, Float64Array]:
        """Before, after and how often, for each pair that was added."""
        self._merge()
        return self._keys // self._kinds, self._keys % self._kinds, self._counts.astype(np.float64)

    def _merge(self) -> None:
        keys, counts = np.unique(np.concatenate([np.zeros(0, np.int64), *self._more]), return_counts=True)
        both, place = np.unique(np.concatenate([self._keys, keys]), return_inverse=True)
        total = np.zeros(len(both), np.int64)
        np.add.at(total, place, np.concatenate([self._counts, counts.astype(np.int64)]))
        self._keys, self._counts, self._more, self._waiting = both, total, [], 0


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


def opportunities(trigger: Int64Array, action: ActionTimes) -> tuple[Int64Array, Int64Array]:
    """Trigger times at which the action was free to follow, and the delay to its next occurrence.

    Args:
        trigger: int64 (n,), µs UTC, ascending.

    Returns:
        times and delays, int64 (m,), µs; a delay is very large when nothing followed.
    """
    following = np.searchsorted(action.taken, trigger, "right")
    free = action.free_from[following] <= trigger
    return trigger[free], np.append(action.taken, _NEVER)[following[free]] - trigger[free]


def spaced(times: Int64Array, gap: int) -> Int64Array:
    """Indices of the times that keep at least ``gap`` from the last one kept."""
    if len(times) < 2 or int(np.diff(times).min()) >= gap:
        return np.arange(len(times), dtype=np.int64)
    following = np.searchsorted(times, times + gap, "left").tolist()
    kept: list[int] = []
    at = 0
    while at < len(following):
        kept.append(at)
        at = following[at]
    return np.array(kept, np.int64)


def _covered(start: Int64Array, end: Int64Array, low: Int64Array, high: Int64Array) -> Float64Array:
    """How much of each [low, high] the disjoint ascending intervals [start, end] cover, µs."""
    edges = np.stack([start, end], axis=1).reshape(-1)
    length = (end - start).astype(np.float64)
    before = np.cumsum(length) - length
    total = np.stack([before, before + length], axis=1).reshape(-1)
    return np.asarray(np.interp(high, edges, total) - np.interp(low, edges, total), np.float64)


def jitter_chance(times: Int64Array, action: ActionTimes, delay: int) -> Float64Array:
    """Share of the free instants within an hour of each time that the action followed within ``delay`` µs."""
    if len(action.taken) == 0:
        return np.zeros(len(times))
    low, high = times - _JITTER, times + _JITTER
    hit = _covered(np.maximum(action.free_from[:-1], action.taken - delay), action.taken, low, high)
    busy = _covered(action.taken, action.free_from[1:], low, high)
    return np.asarray(np.minimum(hit / np.maximum((high - low) - busy, 1.0), 1.0), np.float64)


def day_shift_chance(times: Int64Array, local: Int64Array, action: ActionTimes, delay: int, zone: str) -> Float64Array:
    """Share of the 14 surrounding days on which the action fell within ``delay`` µs after the same wall-clock time."""
    if len(times) == 0:
        return np.zeros(0)
    hits = np.zeros(len(times))
    for shift in _SHIFTS:
        moved = to_utc(local + shift * DAY, zone)
        low = np.searchsorted(action.taken, moved, "right")
        high = np.searchsorted(action.taken, moved + delay, "right")
        hits += high > low
    return hits / len(_SHIFTS)


def _test(home: Home, source: int, target: int, action: ActionTimes, left_out: Counter[str]) -> Candidate | None:
    changes = home.changes
    index = changes.of(source)
    heard = changes.heard(target, changes.time[index])
    times, delays = opportunities(changes.time[index[heard]], action)
    searched = times < home.split
    if np.count_nonzero(searched) < _MIN_HITS:
        return None
    choice = _best_delay(times[searched], delays[searched], action)
    if choice is None:
        return None
    delay = int(_DELAYS[choice])
    kept = spaced(times, delay)
    times, delays = times[kept], delays[kept]
    whole = times + delay <= changes.span[1]
    times, delays = times[whole], delays[whole]
    follower = np.searchsorted(action.taken, times, "right")
    personal = np.append(action.personal, False)[follower]
    hit = (delays <= delay) & personal
    counted = ~(delays <= delay) | personal  # an automation got there first: no chance for a person
    times, delays, hit = times[counted], delays[counted], hit[counted]
    follower = follower[counted]
    searched = times < home.split
    if np.count_nonzero(hit & searched) < _MIN_HITS:
        return None
    if float(np.mean(delays[hit] <= _MACHINE)) >= _MACHINE_SHARE:
        left_out["faster_than_a_person"] += 1
        return None
    if _in_no_order(changes.time[index], action, delay):
        left_out["in_no_order"] += 1
        return None
    local = _local(home, times)
    if len(np.unique(local[hit & searched] // DAY)) < _MIN_DAYS:
        return None
    chance = jitter_chance(times, action, delay)
    first_look = _trial(hit, chance, searched)
    if upper_tail(first_look.hits, first_look.opportunities, first_look.expected) > _HOPELESS:
        left_out["could_be_chance"] += 1
        return None
    chance = np.maximum(chance, day_shift_chance(times, local, action, delay, changes.time_zone))
    discovery, holdout = _trial(hit, chance, searched), _trial(hit, chance, ~searched)
    if discovery.rate < _MIN_RATE:
        return None
    tail = upper_tail(discovery.hits, discovery.opportunities, discovery.expected)
    thing = changes.things[source]
    return Candidate(
        kind=Kind.CO_OCCURRENCE,
        target=target,
        source=source,
        trigger=StateTrigger(
            thing.entity_id,
            thing.to,
            round(float(np.median(delays[hit])) / MICROSECONDS, 1),
            round(delay / MICROSECONDS),
        ),
        discovery=discovery,
        holdout=holdout,
        p_value=min(1.0, tail * len(_DELAYS)),
        hit_times=action.taken[follower[hit]],
        values=delays[hit] / (60 * MICROSECONDS),
    )


def _in_no_order(trigger: Int64Array, action: ActionTimes, delay: int) -> bool:
    """Whether the action comes shortly before the trigger nearly as often as after it: a burst, not a cause."""
    taken = action.taken[action.personal]
    before = np.searchsorted(trigger, taken, "left") - 1
    follows = (before >= 0) & (taken - trigger[np.maximum(before, 0)] <= delay)
    after = np.searchsorted(trigger, taken, "right")
    leads = (after < len(trigger)) & (np.append(trigger, _NEVER)[after] - taken <= delay)
    return int(np.count_nonzero(leads & ~follows)) > _MAX_LEADING * int(np.count_nonzero(follows))


def _trial(hit: BoolArray, chance: Float64Array, part: BoolArray) -> Trial:
    n = int(np.count_nonzero(part))
    return Trial(int(np.count_nonzero(hit & part)), n, float(chance[part].mean()) if n else 0.0)


def _local(home: Home, times: Int64Array) -> Int64Array:
    changes = home.changes
    return changes.local[np.searchsorted(changes.time, times)]


def _best_delay(times: Int64Array, delays: Int64Array, action: ActionTimes) -> int | None:
    """Index of the delay that the action's overall pace finds most surprising, None if no delay is followed often."""
    span = max(int(action.taken[-1] - action.taken[0]), 1) if len(action.taken) else 1
    pace = len(action.taken) / span
    best: tuple[float, int] | None = None
    for at, delay in enumerate(_DELAYS):
        # One action is one hit, and kept opportunities fill at least half of the stretches they fall into: what
        # cannot reach the rate is not worth the spacing.
        stretches = 1 + int(np.count_nonzero(np.diff(times // delay)))
        if len(action.taken) < _MIN_RATE * stretches / 2 or float(np.mean(delays <= delay)) < _MIN_RATE / 2:
            continue
        kept = spaced(times, int(delay))
        n = len(kept)
        hits = int(np.count_nonzero(delays[kept] <= delay))
        if hits < _MIN_HITS or hits < _MIN_RATE * n:
            continue
        chance = 1 - np.exp(-pace * float(delay))
        score = float(surprise(np.array([float(hits)]), np.array([float(n)]), np.array([chance]))[0])
        if best is None or score > best[0]:
            best = score, at
    return None if best is None else best[1]
