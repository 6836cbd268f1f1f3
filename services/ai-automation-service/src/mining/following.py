"""The test that three kinds share: something happens, and an action follows within a delay.

A cause is a list of instants: a thing happening, somebody coming home, a number crossing a level. An opportunity is
the cause happening while the action's entity is not in the wanted state yet; after one opportunity the next is
counted only when its delay is over, so that one action is one hit. The chance of a hit is the largest of those that
the null models of :mod:`src.mining.following_chance` give.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, Float64Array, Int64Array
from src.domain.local_time import DAY, to_local
from src.domain.patterns import Json, Kind, Trigger
from src.mining.conditions import choose, possible_conditions
from src.mining.following_chance import (
    NEVER,
    ActionTimes,
    day_shift_chance,
    jitter_chance,
    next_action,
    opportunities,
    spaced,
    sun_shift,
)
from src.mining.following_screen import MIN_HITS
from src.mining.kind import Candidate, Home, Trial
from src.mining.statistics import surprise, upper_tail

DELAYS = np.array([15, 30, 60, 120, 300, 600, 900], np.int64) * MICROSECONDS
_MIN_DAYS = 4
_LEAST_RATE = 0.15  # of all opportunities; a routine that holds only under a condition takes few of them
_MACHINE = 2 * MICROSECONDS  # nobody reaches a switch faster
_MACHINE_SHARE = 0.8
_MAX_LEADING = 0.4  # of the times it follows; two switched in any order lead about as often
_MIN_APART = 0.15  # share of the hits of a log of whole minutes that must show which came first
_HOPELESS = 0.01  # a p-value that no correction over a family can bring down again
_MIN_LIFT, _MIN_GAIN = 2.5, 0.35  # what hardly exceeds chance helps nobody, however many days say so


@dataclass(frozen=True)
class Cause:
    """Something that may set an action off.

    Attributes:
        name: tells it from all other causes of its kind; causes are ordered by it.
        times: int64 (n,), µs UTC, ascending.
        entity_ids: what it is made of; it sets off none of these.
        trigger: makes the trigger of a median delay and the longest delay, s.
        code: the thing it is, None when it is no single one.
        apart: a person whose being home is no condition, because the cause is their coming or going.
    """

    name: tuple[str, ...]
    times: Int64Array
    entity_ids: frozenset[str]
    trigger: Callable[[float, float], Trigger]
    code: int | None = None
    apart: str | None = None


@dataclass(frozen=True)
class Link:
    """What became of each opportunity of one cause and one action.

    Attributes:
        target: code of the action.
        delay: the longest that counts, µs; of :data:`DELAYS`.
        times, delays: int64 (n,), µs, of each opportunity and until its action.
        follower: int64 (n,), index of that action in ``action.taken``.
        hit: bool (n,).
        searched: bool (n,), on a discovery day.
        chance: float64 (n,), of a hit under the null model.
    """

    cause: Cause
    target: int
    action: ActionTimes
    delay: int
    times: Int64Array
    delays: Int64Array
    follower: Int64Array
    hit: BoolArray
    searched: BoolArray
    chance: Float64Array

    def trial(self, part: BoolArray) -> Trial:
        """The opportunities of a part."""
        n = int(np.count_nonzero(part))
        return Trial(int(np.count_nonzero(self.hit & part)), n, float(self.chance[part].mean()) if n else 0.0)


@dataclass(frozen=True, slots=True)
class Following:
    """A link that may be a routine, as a candidate."""

    link: Link
    candidate: Candidate


def find_link(
    home: Home, cause: Cause, target: int, action: ActionTimes, grain: int, left_out: Counter[str]
) -> Link | None:
    """What became of a cause's opportunities, None where a look at the discovery days shows that there is no routine.

    Args:
        grain: of :func:`~src.mining.following_chance.grain_of`.
        left_out: reasons are counted here.
    """
    changes = home.changes
    times, delays = opportunities(cause.times[changes.heard(target, cause.times)], action, grain)
    searched = times < home.split
    if np.count_nonzero(searched) < MIN_HITS:
        return None
    choice = best_delay(times[searched], delays[searched], action)
    if choice is None:
        return None
    delay = int(DELAYS[choice[1]])
    kept = spaced(times, delay)
    kept = kept[times[kept] + delay <= changes.span[1]]
    times, delays = times[kept], delays[kept]
    follower = next_action(times, action, grain)
    personal = np.append(action.personal, False)[follower]
    counted = ~(delays <= delay) | personal  # an automation got there first: no chance for a person
    times, delays, follower = times[counted], delays[counted], follower[counted]
    hit, searched = delays <= delay, times < home.split
    reason = _no_person(cause, action, delays[hit], int(np.count_nonzero(hit & searched)), delay, grain)
    if reason is not None:
        left_out[reason] += 1
        return None
    local = to_local(times, changes.time_zone)
    if len(np.unique(local[hit & searched] // DAY)) < _MIN_DAYS:
        return None
    chance = jitter_chance(times, action, delay, grain)
    first_look = Link(cause, target, action, delay, times, delays, follower, hit, searched, chance)
    trial = first_look.trial(searched)
    if upper_tail(trial.hits, trial.opportunities, trial.expected) > _HOPELESS:
        left_out["could_be_chance"] += 1
        return None
    chance = np.maximum(chance, _clock_chance(home, action, times, local, delay, grain))
    return Link(cause, target, action, delay, times, delays, follower, hit, searched, chance)


def _clock_chance(
    home: Home, action: ActionTimes, times: Int64Array, local: Int64Array, delay: int, grain: int
) -> Float64Array:
    """The larger of the chances that the clock and that the sun give. Held-out days say nothing of earlier ones."""
    changes = home.changes
    until = np.where(times < home.split, home.split, changes.span[1] + 1)
    within = (np.full(len(times), changes.span[0]), until)
    zone = changes.time_zone
    chance = day_shift_chance(times, local, action, delay, zone, grain=grain, within=within)
    if home.sun is None:
        return chance
    shifted = sun_shift(home.sun, changes.first_day, local)
    if not shifted.any():
        return chance
    sun = day_shift_chance(times, local, action, delay, zone, grain=grain, within=within, shifted=shifted)
    return np.maximum(chance, sun)


def _no_person(
    cause: Cause, action: ActionTimes, delays: Int64Array, searched_hits: int, delay: int, grain: int
) -> str | None:
    """Why hits are nobody's habit, None if they may be one.

    Args:
        delays: int64, µs, of the hits.
    """
    if searched_hits < MIN_HITS:
        return "too_few_hits"
    if grain:
        if float(np.mean(delays > 0)) < _MIN_APART:
            return "minute_resolution"
    elif float(np.mean(delays <= _MACHINE)) >= _MACHINE_SHARE:
        return "faster_than_a_person"
    return "in_no_order" if _in_no_order(cause.times, action, delay) else None


def _in_no_order(trigger: Int64Array, action: ActionTimes, delay: int) -> bool:
    """Whether the action comes shortly before the trigger nearly as often as after it: a burst, not a cause.

    What happens at one instant has no order and counts for neither.
    """
    taken = action.taken[action.personal]
    before = np.searchsorted(trigger, taken, "left") - 1
    follows = (before >= 0) & (taken - trigger[np.maximum(before, 0)] <= delay)
    after = np.searchsorted(trigger, taken, "right")
    leads = (after < len(trigger)) & (np.append(trigger, NEVER)[after] - taken <= delay)
    return int(np.count_nonzero(leads & ~follows)) > _MAX_LEADING * int(np.count_nonzero(follows))


def best_delay(times: Int64Array, delays: Int64Array, action: ActionTimes) -> tuple[float, int] | None:
    """The delay that the action's overall pace finds most surprising: nats, and its index in :data:`DELAYS`.

    None if no delay is followed often.
    """
    within = np.cumsum(np.bincount(np.searchsorted(DELAYS, delays, "left"), minlength=len(DELAYS)))[: len(DELAYS)]
    worth = np.flatnonzero((within >= MIN_HITS) & (within >= _LEAST_RATE / 2 * len(times)))
    if len(worth) == 0:
        return None
    pace = len(action.taken) / max(int(action.taken[-1] - action.taken[0]), 1)
    best: tuple[float, int] | None = None
    for at in worth.tolist():
        delay = int(DELAYS[at])
        # One action is one hit, and kept opportunities fill at least half of the stretches they fall into: what
        # cannot reach the rate is not worth the spacing.
        stretches = 1 + int(np.count_nonzero(np.diff(times // delay)))
        if len(action.taken) < _LEAST_RATE * stretches / 2:
            continue
        kept = spaced(times, delay)
        n = len(kept)
        hits = int(np.count_nonzero(delays[kept] <= delay))
        if hits < MIN_HITS or hits < _LEAST_RATE * n:
            continue
        chance = 1 - np.exp(-pace * delay)
        score = float(surprise(np.array([float(hits)]), np.array([float(n)]), np.array([chance]))[0])
        if best is None or score > best[0]:
            best = score, at
    return best


def as_candidate(home: Home, kind: Kind, link: Link, searched_inside: int = 1) -> Candidate | None:
    """The routine that a link makes, under a condition if it needs one; None if it is none.

    Args:
        searched_inside: how many levels were tried besides the delays and the conditions.
    """
    family = possible_conditions(home, link.times, link.cause.apart)
    condition = choose(link.hit, link.searched, family)
    part = np.ones(len(link.times), np.bool_) if condition is None else condition.holds
    conditions: tuple[Json, ...] = () if condition is None else (condition.json,)
    discovery, holdout = link.trial(part & link.searched), link.trial(part & ~link.searched)
    if discovery.rate < max(_MIN_LIFT * discovery.expected, discovery.expected + _MIN_GAIN):
        return None
    tail = upper_tail(discovery.hits, discovery.opportunities, discovery.expected)
    hit = link.hit & part
    median = float(np.median(link.delays[hit])) / MICROSECONDS
    return Candidate(
        kind=kind,
        target=link.target,
        source=link.cause.code,
        trigger=link.cause.trigger(round(median, 1), round(link.delay / MICROSECONDS)),
        discovery=discovery,
        holdout=holdout,
        p_value=min(1.0, tail * len(DELAYS) * (1 + len(family)) * searched_inside),
        hit_times=link.action.taken[link.follower[hit]],
        values=link.delays[hit] / (60 * MICROSECONDS),
        conditions=conditions,
    )
