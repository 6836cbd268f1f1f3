"""Under which condition a routine holds: only when dark, only when somebody is home, only on workdays.

The family is small and fixed, the choice is made on the discovery days and paid for, and a condition stays only if
the held-out days agree: inside it the routine holds more often than outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from src.domain.events import MICROSECONDS, BoolArray, Int64Array
from src.domain.local_time import DAY, day_number, to_local, weekday
from src.domain.patterns import WEEKDAYS, Json
from src.mining.kind import Home
from src.mining.people import People

_MINUTE = 60 * MICROSECONDS
_MIN_HITS = 5
_MIN_RATE = 0.5
_MIN_OUTSIDE = 5
_MAX_P = 0.01
# What takes most of its chances anyhow gets a condition only if hardly anything happens outside of it: the rate from
# which on it does, and the most outside, as a part of the rate inside.
_MOST_OUTSIDE = ((0.65, 0.2), (0.5, 0.3), (0.0, 0.5))
_MAX_PEOPLE = 6  # who are asked about one by one


@dataclass(frozen=True)
class Condition:
    """A condition and when it held.

    Attributes:
        json: as in :attr:`src.domain.patterns.Pattern.conditions`.
        holds: bool (n,), at each of the chances it was asked about.
    """

    json: Json
    holds: BoolArray


def possible_conditions(home: Home, times: Int64Array, apart: str | None = None) -> tuple[Condition, ...]:
    """The family of conditions, at each time; those that a home cannot tell are not in it.

    Args:
        times: int64 (n,), µs UTC, the chances.
        apart: a person who does not count as somebody at home, because it is their coming or going that is asked about.
            Only of these an empty home is a condition: whatever else people do, they are there.
    """
    changes = home.changes
    local = to_local(times, changes.time_zone)
    workday = weekday(day_number(local)) < 5
    found = [
        Condition({"type": "time", "weekdays": list(WEEKDAYS[:5])}, workday),
        Condition({"type": "time", "weekdays": list(WEEKDAYS[5:])}, ~workday),
    ]
    if home.sun is not None:
        dark = home.sun.dark(np.asarray((local - changes.first_day * DAY) / _MINUTE, np.float64))
        found += [
            Condition({"type": "sun", "is": "below_horizon"}, dark),
            Condition({"type": "sun", "is": "above_horizon"}, ~dark),
        ]
    others = tuple(entity_id for entity_id in home.people.entity_ids if entity_id != apart)
    if others:
        there = somebody_home(home.people, others, times)
        found.append(Condition({"type": "presence", "is": "somebody_home", "entity_ids": list(others)}, there))
        if apart is not None:
            found.append(Condition({"type": "presence", "is": "nobody_home", "entity_ids": list(others)}, ~there))
    if 1 < len(others) <= _MAX_PEOPLE:
        found += [
            Condition(
                {"type": "presence", "is": "somebody_home", "entity_ids": [entity_id]},
                somebody_home(home.people, (entity_id,), times),
            )
            for entity_id in others
        ]
    return tuple(found)


def somebody_home(people: People, entity_ids: Sequence[str], times: Int64Array) -> BoolArray:
    """Whether any of some people was home just before each time (µs UTC)."""
    there = np.zeros(len(times), np.bool_)
    for entity_id, arrivals, departures in zip(people.entity_ids, people.arrivals, people.departures, strict=True):
        if entity_id in entity_ids:
            came, went = np.searchsorted(arrivals, times, "left"), np.searchsorted(departures, times, "left")
            last_came = np.concatenate([[np.iinfo(np.int64).min], arrivals])[came]
            last_went = np.concatenate([[np.iinfo(np.int64).min], departures])[went]
            starts_home = bool(len(departures) and (not len(arrivals) or departures[0] < arrivals[0]))
            there |= np.where((came == 0) & (went == 0), starts_home, last_came > last_went)
    return there


def choose(hit: BoolArray, searched: BoolArray, family: Sequence[Condition]) -> Condition | None:
    """The condition under which a routine holds and without which it hardly does; None if it needs or has none.

    Args:
        hit: bool (n,), which chances were taken.
        searched: bool (n,), which are of the discovery days. The others only confirm the choice.
    """
    overall = float(hit[searched].mean()) if searched.any() else 0.0
    most_outside = next(most for rate, most in _MOST_OUTSIDE if overall >= rate)
    best: tuple[float, int] | None = None
    for number, condition in enumerate(family):
        inside, outside = searched & condition.holds, searched & ~condition.holds
        hits, n = int(np.count_nonzero(hit & inside)), int(np.count_nonzero(inside))
        hits_outside, m = int(np.count_nonzero(hit & outside)), int(np.count_nonzero(outside))
        if hits < _MIN_HITS or m < _MIN_OUTSIDE or hits < _MIN_RATE * n:
            continue
        p_value = more_often(hits, n, hits_outside, m)
        if (
            hits_outside <= most_outside * hits / n * m
            and p_value * len(family) <= _MAX_P
            and (best is None or p_value < best[0])
        ):
            best = p_value, number
    if best is None:
        return None
    chosen = family[best[1]]
    inside, outside = ~searched & chosen.holds, ~searched & ~chosen.holds
    agrees = not outside.any() or (inside.any() and float(hit[inside].mean()) > float(hit[outside].mean()))
    return chosen if agrees else None


def more_often(hits: int, n: int, other_hits: int, m: int) -> float:
    """One-sided p-value that ``hits`` of ``n`` is no more often than ``other_hits`` of ``m`` (Fisher's exact test)."""
    total = hits + other_hits
    high = min(total, n)
    k = np.arange(hits, high + 1, dtype=np.float64)
    log_p = (
        _log_choose(float(n), k)
        + _log_choose(float(m), total - k)
        - _log_choose(float(n + m), np.array([float(total)]))
    )
    return min(1.0, float(np.exp(log_p).sum()))


def _log_choose(
    n: float, k: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1), np.float64)
