"""``threshold``: a measurement crosses a level, and an action follows within 15 s to 15 min.

The level is learned: of 99 levels of a sensor that one whose crossings the action follows most surprisingly. An
opportunity is such a crossing, from at least three levels away, while the action's entity is free to act; conditions
and null models are those of ``co_occurrence``. The day shift decides most: what follows the clock or the sun as well
as it follows the number is none of the number's. The family is all sensors, both directions, with all actions; the
p-value of a pair pays for all levels, delays and conditions.

A power meter that jumps because something was switched is an echo of the switch, not a cause: a level of which
half the crossings come right after (or before) changes of one and the same settable thing is left out.

Assumed: the sensor reports at least every few minutes while it moves. Fails: two sensors that measure the same
weather cannot be told apart, and the one that fits better is named; a level that people move through the year.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

import numpy as np

from src.domain.events import MICROSECONDS, Float64Array, Int64Array
from src.domain.patterns import Kind, NumericTrigger
from src.mining.following import Cause, Following, best_delay
from src.mining.following_chance import ActionTimes, opportunities
from src.mining.following_levels import FINER, LEVELS, Occasions, Scale, scale
from src.mining.following_rivals import unexplained, without_echoes
from src.mining.following_screen import MIN_HITS
from src.mining.following_search import Followers
from src.mining.kind import Bar, Home, Search

_NEIGHBOURS = 6  # levels to either side of the likeliest that are tried
_AS_GOOD = 0.95  # of the best level's surprise
_BUSIEST = 24.0  # crossings a day; a number that crosses a level oftener sets nothing off
_SAMPLE = 400  # actions of one thing that a level is looked for from
_ECHO = 10 * MICROSECONDS
_SLOWEST_ECHO = 300 * MICROSECONDS
_ECHO_SHARE = 0.5


class Threshold:
    """See the module."""

    kind = Kind.THRESHOLD
    bar = Bar()

    def search(self, home: Home) -> Search:
        followers = Followers(home, self.kind, self.bar)
        occasions = _occasions(home, followers.targets)
        sensors = 0
        for readings in home.readings:
            levels = scale(readings, home.split)
            if levels is not None:
                sensors += 1
                worthwhile = partial(occasions.worthwhile, levels, MIN_HITS)
                for place, upward, level in home.recall(f"levels {readings.entity_id}", worthwhile):
                    _test(home, followers, followers.targets[place], levels, level, upward)
        return followers.search(2 * sensors * len(followers.targets), partial(_rivalry, home))


def _rivalry(home: Home, found: Sequence[Following], left_out: Counter[str]) -> list[Following]:
    own = _no_echoes(home, found)
    left_out["echo_of_a_device"] += len(found) - len(own)
    return unexplained(without_echoes(own, left_out), left_out)


def _occasions(home: Home, targets: Sequence[int]) -> Occasions:
    """What people did on the discovery days, an even sample of each action; the owner is the place in ``targets``."""
    changes = home.changes
    parts = [np.zeros(0, np.int64)]
    for target in targets:
        index = changes.of(target)
        index = index[changes.by_person[index] & (changes.time[index] < home.split)]
        if len(index) > _SAMPLE:
            index = index[np.linspace(0, len(index) - 1, _SAMPLE).astype(np.int64)]
        parts.append(changes.time[index])
    owner = np.repeat(np.arange(len(targets), dtype=np.int64), [len(part) for part in parts[1:]])
    return Occasions(np.concatenate(parts), owner, len(targets), changes.span[0])


def _test(home: Home, followers: Followers, target: int, levels: Scale, likeliest: int, upward: bool) -> None:
    """The level near the likeliest whose crossings an action follows most surprisingly, tested."""
    action = followers.action(target)
    coarse = range(max(likeliest - _NEIGHBOURS, 0), min(likeliest + _NEIGHBOURS + 1, len(levels.levels)))
    good = _best(home, levels, levels.levels[coarse.start : coarse.stop], upward, action)
    if len(good) == 0:
        return
    finer = levels.between(coarse[int(good[0])] - 1, coarse[int(good[-1])] + 1)
    good = _best(home, levels, finer, upward, action)
    if len(good) == 0:
        return
    # A number that jumps crosses many levels at once; the middle of those that do as well is the fairest guess.
    at = float(finer[good[len(good) // 2]])
    entity_id, written = levels.readings.entity_id, levels.written(at, upward)
    cause = Cause(
        name=(entity_id, "above" if upward else "below", repr(written)),
        times=levels.crossings(at, upward),
        entity_ids=frozenset((entity_id,)),
        trigger=partial(NumericTrigger, entity_id, written if upward else None, None if upward else written),
    )
    followers.test(cause, target, LEVELS + FINER)


def _best(home: Home, levels: Scale, tried: Float64Array, upward: bool, action: ActionTimes) -> Int64Array:
    """Places in ``tried`` of the levels whose crossings an action follows about as surprisingly as the best one's."""
    days = max(int(np.count_nonzero(home.discovery)), 1)
    surprise = np.zeros(len(tried))
    for place, at in enumerate(tried.tolist()):
        crossed = levels.crossings(at, upward)
        searched = crossed[: np.searchsorted(crossed, home.split)]
        if MIN_HITS <= len(searched) <= _BUSIEST * days:
            times, delays = opportunities(searched, action)
            choice = best_delay(times, delays, action) if len(times) >= MIN_HITS else None
            surprise[place] = 0.0 if choice is None else choice[0]
    return np.flatnonzero((surprise > 0) & (surprise >= _AS_GOOD * surprise.max()))


def _no_echoes(home: Home, found: Sequence[Following]) -> list[Following]:
    """Those of which fewer than half of the crossings come with changes of one and the same settable thing."""
    changes = home.changes
    readings = {sensor.entity_id: sensor for sensor in home.readings}
    settable = np.array([thing.actuator for thing in changes.things], np.bool_)
    rows = np.flatnonzero(settable[changes.thing]) if len(settable) else np.zeros(0, np.int64)
    time, thing = changes.time[rows], changes.thing[rows].astype(np.int64)
    own: list[Following] = []
    for following in found:
        crossed = following.link.cause.times
        times = readings[following.link.cause.name[0]].time
        # A meter tells of what was switched at its next reading, if not at once.
        gap = crossed - times[np.maximum(np.searchsorted(times, crossed) - 1, 0)]
        low = np.searchsorted(time, crossed - np.clip(gap, _ECHO, _SLOWEST_ECHO), "left")
        near = np.searchsorted(time, crossed + _ECHO, "right") - low
        each = np.repeat(np.arange(len(crossed)), near)
        at = np.repeat(low - (np.cumsum(near) - near), near) + np.arange(len(each))
        pairs = np.unique(thing[at] * len(crossed) + each)
        met = np.bincount(pairs // len(crossed), minlength=1)
        if met.max() < _ECHO_SHARE * len(crossed):
            own.append(following)
    return own
