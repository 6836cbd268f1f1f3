"""The next link of a chain: does one more thing follow where the chain has come to?

The chance of a hit is the larger of jitter and day shift (see :mod:`src.mining.following_chance`) at the instants at
which the chain had come so far.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, Float64Array, Int64Array
from src.domain.local_time import to_local
from src.mining.following_chance import (
    NEVER,
    ActionTimes,
    action_times,
    day_shift_chance,
    grain_of,
    jitter_chance,
    next_action,
    spaced,
)
from src.mining.following_screen import MIN_HITS, promising
from src.mining.kind import Home, Trial
from src.mining.statistics import surprise, upper_tail
from src.mining.vocabulary import PRESENCE_WORDS

DELAYS = np.array([15, 30, 60, 120, 300, 600], np.int64) * MICROSECONDS
MIN_RATE = 0.5
_HOPELESS = 0.01  # a p-value that no correction over a family can bring down again
_AS_SURPRISING = 0.9  # of the largest score
_MIN_LIFT, _MIN_GAIN = 1.5, 0.2  # what hardly exceeds chance helps nobody, however many days say so
_MACHINE = 2 * MICROSECONDS  # nobody reaches a switch faster
_MACHINE_SHARE = 0.8
_STEADY = MICROSECONDS  # nobody keeps a delay to less than that
_SHORT = 10 * MICROSECONDS  # of longer delays an even one is no proof: it may be how the log was kept
_MIN_APART = 0.15  # share of the hits of a log of whole minutes that must show which came first
_MAX_SWAPPED = 0.15 / 0.85  # of the times in order; else the order is none
_MAX_LEADING = 0.4  # the same, behind a sensor that is tripped again and again


@dataclass(frozen=True, slots=True)
class Link:
    """A step that follows the one before it.

    Attributes:
        code: the thing that comes next.
        delay: µs within which it counts as following.
        discovery, holdout: chances are the arrivals of the chain at the step before, with ``code`` free to follow.
        p_value: of the discovery days, the search for the delay paid.
    """

    code: int
    delay: int
    discovery: Trial
    holdout: Trial
    p_value: float


class Links:
    """What follows what in one home.

    Attributes:
        grain: resolution of the home's clock, as ``grain_of`` says it.
        by_devices: codes of things that are set by a motion sensor or a timer, whatever the log says of who did it.
        left_out: what makes no link, by reason.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._actions: dict[int, ActionTimes] = {}
        self._settable = frozenset(home.targets)
        self.grain = grain_of(home.changes.time)
        self.by_devices = set_by_devices(home)
        self.left_out: Counter[str] = Counter()

    def action(self, code: int) -> ActionTimes:
        if code not in self._actions:
            self._actions[code] = action_times(self._home, code)
        return self._actions[code]

    def after(self, before: int, at: Int64Array, code: int) -> tuple[Link, Int64Array, Int64Array] | None:
        """The link from one thing to another, at some of the times of the first.

        Args:
            at: int64 (n,), µs UTC, ascending: the times of ``before`` that belong to the chain.

        Returns:
            the link, int64 (m,) which of ``at`` were followed, and int64 (m,) when, µs UTC; None if there is no link.
        """
        home, action = self._home, self.action(code)
        upcoming = next_action(at, action, self.grain)
        index = np.flatnonzero((action.free_from[upcoming] <= at) & home.changes.heard(code, at))
        times = at[index]
        delays = np.append(action.taken, NEVER)[upcoming[index]] - times
        searched = times < home.split
        delay = _best_delay(times[searched], delays[searched], action)
        if delay is None:
            return None
        kept = spaced(times, delay)
        kept = kept[times[kept] + delay <= home.changes.span[1]]
        index, times, delays = index[kept], times[kept], delays[kept]
        near = delays <= delay
        personal = np.append(action.personal, False)[upcoming[index]]
        counted = ~near | personal  # an automation got there first: no chance for a person
        index, times, delays, hit = index[counted], times[counted], delays[counted], near[counted]
        reason = self._nobodys(before, action, delay, delays[hit & (times < home.split)])
        if reason is not None:
            self.left_out[reason] += 1
            return None
        link = self._link(code, delay, times, hit)
        return None if link is None else (link, index[hit], (times + delays)[hit])

    def _link(self, code: int, delay: int, times: Int64Array, hit: BoolArray) -> Link | None:
        home, action = self._home, self.action(code)
        searched = times < home.split
        if np.count_nonzero(hit & searched) < MIN_HITS:
            return None
        chance = jitter_chance(times, action, delay, self.grain)
        first_look = trial(hit, chance, searched)
        if upper_tail(first_look.hits, first_look.opportunities, first_look.expected) > _HOPELESS:
            self.left_out["could_be_chance"] += 1
            return None
        chance = np.maximum(chance, clock_chance(home, times, action, delay, self.grain))
        discovery, holdout = trial(hit, chance, searched), trial(hit, chance, ~searched)
        tail = upper_tail(discovery.hits, discovery.opportunities, discovery.expected)
        p_value = min(1.0, tail * len(DELAYS))
        needed = max(MIN_RATE, _MIN_LIFT * discovery.expected, discovery.expected + _MIN_GAIN)
        if discovery.rate < min(needed, 1.0) or p_value > _HOPELESS:
            return None
        return Link(code, delay, discovery, holdout, p_value)

    def _nobodys(self, before: int, action: ActionTimes, delay: int, delays: Int64Array) -> str | None:
        """Why a person did not do it in this order, None if one may have.

        Args:
            delays: int64, µs, of the hits of the discovery days.
        """
        if len(delays) < MIN_HITS:
            return "too_few_hits"
        if self.grain:
            if float(np.mean(delays > 0)) < _MIN_APART:
                return "minute_resolution"
        else:
            low, middle, high = np.quantile(delays, [0.1, 0.5, 0.9])
            even = middle <= _SHORT and high - low <= _STEADY
            if even or float(np.mean(delays <= _MACHINE)) >= _MACHINE_SHARE:
                return "faster_than_a_person"
        return "in_no_order" if self._swapped(before, action, delay) else None

    def _swapped(self, before: int, action: ActionTimes, delay: int) -> bool:
        """Whether the later thing comes shortly before the earlier one too often for an order."""
        changes = self._home.changes
        earlier = changes.time[changes.of(before)]
        taken = action.taken[action.personal & (action.taken < self._home.split)]
        last = np.searchsorted(earlier, taken, "left") - 1
        follows = (last >= 0) & (taken - earlier[np.maximum(last, 0)] <= delay)
        coming = np.append(earlier, NEVER)[np.searchsorted(earlier, taken, "right")]
        leads = ~follows & (coming - taken <= delay)
        most = _MAX_SWAPPED if before in self._settable else _MAX_LEADING
        return int(np.count_nonzero(leads)) > most * int(np.count_nonzero(follows))


def set_by_devices(home: Home) -> frozenset[int]:
    """Codes of settable things that no person sets, as their timing shows.

    They nearly always follow a motion sensor at once, or come when their entity has been in its other state for always
    the same time, as a timer does it.
    """
    return home.recall("set by devices", partial(_set_by_devices, home))


def _set_by_devices(home: Home) -> frozenset[int]:
    changes = home.changes
    sensors = np.array([_senses_people(home, code) for code in range(len(changes.things))], np.bool_)
    seen = changes.time[sensors[changes.thing]] if len(sensors) else np.zeros(0, np.int64)
    even = not grain_of(changes.time)  # where only minutes are kept, people are even too
    found = set()
    for code in home.targets:
        action = action_times(home, code)
        searched = action.personal & (action.taken < home.split)
        times, lasted = action.taken[searched], (action.taken - action.free_from[:-1])[searched]
        if len(times) < MIN_HITS:
            continue
        low, high = np.quantile(lasted, [0.1, 0.9])
        last = np.searchsorted(seen, times, "right") - 1
        at_once = (last >= 0) & (times - np.append(seen, 0)[last] <= _MACHINE)
        if (even and high - low <= _STEADY) or float(np.mean(at_once)) >= _MACHINE_SHARE:
            found.add(code)
    return frozenset(found)


def _senses_people(home: Home, code: int) -> bool:
    thing = home.changes.things[code]
    words = thing.entity_id.partition(".")[2].split("_")
    return not thing.actuator and bool({home.log.about(thing.entity_id).device_class or "", *words} & PRESENCE_WORDS)


def trial(hit: BoolArray, chance: Float64Array, part: BoolArray) -> Trial:
    """The opportunities of one part of the days."""
    n = int(np.count_nonzero(part))
    return Trial(int(np.count_nonzero(hit & part)), n, float(chance[part].mean()) if n else 0.0)


def clock_chance(home: Home, times: Int64Array, action: ActionTimes, delay: int, grain: int = 0) -> Float64Array:
    """Chance that the clock alone gives. Held-out days say nothing of earlier ones."""
    changes = home.changes
    until = np.where(times < home.split, home.split, changes.span[1] + 1)
    within = (np.full(len(times), changes.span[0]), until)
    local = to_local(times, changes.time_zone)
    return day_shift_chance(times, local, action, delay, changes.time_zone, grain=grain, within=within)


def followers(home: Home, sources: Sequence[int], targets: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """For each source the targets of other entities that come after it often enough to be worth a test."""
    changes = home.changes
    found: dict[int, list[int]] = {}
    for place, target in promising(home, [changes.time[changes.of(code)] for code in sources], targets):
        if changes.things[sources[place]].entity_id != changes.things[target].entity_id:
            found.setdefault(sources[place], []).append(target)
    return {code: tuple(after) for code, after in found.items()}


def _best_delay(times: Int64Array, delays: Int64Array, action: ActionTimes) -> int | None:
    """The longest delay that the action's overall pace finds about as surprising as any; None if none is often kept.

    People now and then take longer than they do mostly: the most surprising delay of all leaves those times out.
    """
    if len(times) < MIN_HITS or len(action.taken) < MIN_HITS:
        return None
    pace = len(action.taken) / max(int(action.taken[-1] - action.taken[0]), 1)
    scores: list[tuple[float, int]] = []
    for delay in DELAYS.tolist():
        # One action is one hit, and kept opportunities fill at least half of the stretches they fall into: what
        # cannot reach the rate is not worth the spacing.
        if float(np.mean(delays <= delay)) < MIN_RATE / 2:
            continue
        stretches = 1 + int(np.count_nonzero(np.diff(times // delay)))
        if len(action.taken) < MIN_RATE * stretches / 2:
            continue
        kept = spaced(times, delay)
        hits = int(np.count_nonzero(delays[kept] <= delay))
        if hits < max(MIN_HITS, MIN_RATE * len(kept)):
            continue
        chance = np.array([1 - np.exp(-pace * delay)])
        score = float(surprise(np.array([float(hits)]), np.array([float(len(kept))]), chance)[0])
        scores.append((score, delay))
    enough = _AS_SURPRISING * max((score for score, _ in scores), default=0.0)
    return max((delay for score, delay in scores if score >= enough), default=None)
