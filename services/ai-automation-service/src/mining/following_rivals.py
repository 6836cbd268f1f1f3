"""Of several causes of one action, those that another one does not explain.

Somebody comes home, which opens the door and turns on the light: the door then comes before the light without being
its cause. A third thing screens a cause off when the action does not follow the cause without it, and follows it just
as well without the cause (Reichenbach 1956, conditional independence).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, Int64Array
from src.mining.conditions import more_often
from src.mining.following import Following, Link
from src.mining.kind import Candidate
from src.mining.statistics import upper_tail

_AROUND = 900 * MICROSECONDS
_ENOUGH = 4  # chances that say anything
_RAISES = 0.05
_KEEPS = 0.5  # what stands alone keeps at least half of its rate without the other
_SIMPLER = 0.9  # of equals what needs no condition is kept
_SAME = 0.6  # share of hits
_ABOUT = 0.9  # of two rates that are nearly the same
_STEADIER = 1.5  # times the spread


def unexplained(found: Sequence[Following], left_out: Counter[str]) -> list[Following]:
    """Those that no other cause of the same action explains, in the order given."""
    kept: dict[int, list[Following]] = {}
    for index in _strongest_first(found):
        following = found[index]
        rivals = kept.setdefault(following.link.target, [])
        if any(screened_off(following.link, rival.link) for rival in rivals):
            left_out["explained_by_a_third"] += 1
        else:
            rivals.append(following)
    stay: set[int] = set()
    for rivals in kept.values():
        direct = [each for each in rivals if not any(_roundabout(each.candidate, rival.candidate) for rival in rivals)]
        left_out["explained_by_a_third"] += len(rivals) - len(direct)
        stay.update(id(each) for each in direct)
    return [following for following in found if id(following) in stay]


def _roundabout(candidate: Candidate, rival: Candidate) -> bool:
    """Whether the same hits follow another cause about as reliably and after a far steadier delay.

    What follows a lamp's being turned off follows its being turned on too, but after as long as it was on.
    """
    return (
        float(np.std(candidate.values)) > _STEADIER * float(np.std(rival.values))
        and candidate.discovery.rate * _ABOUT <= rival.discovery.rate
        and _shared(candidate, rival) >= _SAME
    )


def _shared(candidate: Candidate, rival: Candidate) -> float:
    return float(np.isin(candidate.hit_times, rival.hit_times).mean())


def without_echoes(found: Sequence[Following], left_out: Counter[str]) -> list[Following]:
    """Of causes that explain mostly the same hits of one action the strongest: the first arrives, so Anna arrives."""
    kept: dict[int, list[Following]] = {}
    stay: list[int] = []
    for index in _strongest_first(found):
        following = found[index]
        rivals = kept.setdefault(following.link.target, [])
        if any(_shared(following.candidate, rival.candidate) >= _SAME for rival in rivals):
            left_out["explained_by_a_simpler_pattern"] += 1
        else:
            rivals.append(following)
            stay.append(index)
    return [found[index] for index in sorted(stay)]


def _strongest_first(found: Sequence[Following]) -> list[int]:
    def order(index: int) -> tuple[float, float, int, tuple[str, ...]]:
        candidate, link = found[index].candidate, found[index].link
        trial = candidate.discovery
        strength = trial.rate * (trial.hits - trial.expected * trial.opportunities)
        if candidate.conditions:
            strength *= _SIMPLER
        return -strength, candidate.p_value, link.target, link.cause.name

    return sorted(range(len(found)), key=order)


def screened_off(link: Link, rival: Link) -> bool:
    """Whether a stronger cause of the same action explains a link. Only the discovery days are asked.

    Two causes that never come without each other cannot be told apart: then the answer is no.
    """
    without = link.searched & ~_accompanied(link.times, rival.cause.times, link.delay)
    alone = link.trial(without)
    knows_alone = alone.opportunities >= _ENOUGH
    keeps = knows_alone and alone.rate >= _KEEPS * link.trial(link.searched).rate
    if keeps and upper_tail(alone.hits, alone.opportunities, alone.expected) <= _RAISES:
        return False
    both = rival.searched & _accompanied(rival.times, link.cause.times, rival.delay)
    only = rival.searched & ~both
    hits, n = int(np.count_nonzero(rival.hit & both)), int(np.count_nonzero(both))
    other_hits, m = int(np.count_nonzero(rival.hit & only)), int(np.count_nonzero(only))
    knows_added = n >= _ENOUGH and m >= _ENOUGH
    if knows_added and more_often(hits, n, other_hits, m) <= _RAISES:
        return False
    return knows_alone or knows_added


def _accompanied(times: Int64Array, others: Int64Array, delay: int) -> BoolArray:
    """Whether another cause happened in the quarter of an hour before each time or inside the delay after it."""
    low = np.searchsorted(others, times - _AROUND, "left")
    high = np.searchsorted(others, times + delay, "right")
    return np.asarray(high > low, np.bool_)
