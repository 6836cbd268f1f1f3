"""``duration``: something is left on for about so long before somebody ends it.

The unit is an *episode*: an entity in a state that is not its resting one, whoever began it. It is an opportunity when
it was seen whole and a person ended it, into whatever state; one that an automation ended counts only if the window was
over by then. A hit is an episode that a person ended into the wanted state inside a window around a typical length
(half-widths of 8, 12 and 18 %).

*Null model*: interval jitter (Platkiewicz, Stark and Amarasingham 2017) on the logarithm of the length. Every episode
could as well have been shorter or longer by a factor of up to 1.8, evenly on the logarithm; the chance of a hit is
the share of that stretch which the window covers, computed exactly. It keeps how long things roughly last and breaks
only that they last *so* long: lengths that are spread evenly over a factor of three surprise nobody.

An end that something else explains better is no length of its own: the clock (each end is predicted from all others by
its time of day and by its length, and the length must be decisively better), or another thing that people nearly always
do just before. What ends to the second is a device's own timer.

*Assumed*: episodes are independent given how long they roughly last. *Fails*: two lengths of about equal frequency (two
programmes of a machine) are below the rate; a person's habit and a device's inexact timer look alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, Float64Array, Int64Array
from src.domain.local_time import DAY
from src.domain.patterns import HeldTrigger, Kind
from src.mining.episodes import RESTING, Episodes, codes_by_entity, find_episodes, find_outages
from src.mining.kind import Bar, Candidate, Home, Search, Trial
from src.mining.statistics import circular_difference, surprise, upper_tail
from src.mining.vocabulary import PRESENCE_WORDS

_SHORTEST, _LONGEST = np.log(10.0), np.log(12 * 3_600.0)  # log s
_HALVES = (0.08, 0.12, 0.18)
_JITTER = np.log(1.8)
_CENTRES = np.arange(_SHORTEST, _LONGEST, 0.03)
_PLACES = sum((_LONGEST - _SHORTEST) / (2 * half) for half in _HALVES)  # about how many separate windows were looked at
_MIN_HITS = 6
_MIN_DAYS = 5
_MACHINE_SHARE = 0.02
_MACHINE_SECONDS = 2.0
_MINUTE = 60.0 * MICROSECONDS
_DECISIVE = 4.0  # nats by which the length must explain the ends better than the clock
_BANDWIDTH = 0.06  # of a length
_CLOCK_BANDWIDTH = 10.0  # minutes
_SAMPLE = 300  # episodes that are compared with each other
_JUST_BEFORE = 10 * 60 * MICROSECONDS
_JUST_SHARE = 0.2  # of a typical length, for short ones: half of a length is not just before its end
_AT_ONCE = 3 * MICROSECONDS
_EXPLAINED = 0.7  # of the ends that come right after another thing
_LEADS = 0.6  # of the times that this thing happens meanwhile


class Duration:
    """See the module."""

    kind = Kind.DURATION
    bar = Bar(min_rate=0.55, min_rate_low=0.4)

    def search(self, home: Home) -> Search:
        left_out: Counter[str] = Counter()
        closest: dict[int, Trial] = {}
        candidates: list[Candidate] = []
        tested = 0
        by_entity = codes_by_entity(home.changes)
        targets = set(home.targets)
        outages = find_outages(home.log)
        for codes in by_entity.values():
            ends = [code for code in codes if code in targets]
            if len(codes) < 2 or not ends or not any(home.changes.things[code].actuator for code in codes):
                continue
            episodes = find_episodes(home.changes, codes, outages)
            for held, target in _pairs(home, codes, ends):
                lengths = _lengths(episodes, held, target)
                if np.count_nonzero(lengths.by_hand & (lengths.end < home.split)) < _MIN_HITS:
                    continue
                tested += 1
                found = _test(home, held, target, lengths, left_out)
                if isinstance(found, Candidate):
                    candidates.append(found)
                elif found is not None:
                    closest[target] = found
        return Search(candidates, max(tested, 1), dict(left_out), closest)


def _pairs(home: Home, codes: tuple[int, ...], ends: list[int]) -> Iterator[tuple[int, int]]:
    """Each state that something goes on in, and each thing that may end it."""
    things = home.changes.things
    for held in codes:
        if things[held].to not in RESTING:
            yield from ((held, target) for target in ends if target != held)


@dataclass(frozen=True)
class _Lengths:
    """How long one state lasted, each time that it was seen whole.

    Attributes:
        log_seconds: float64 (n,).
        begin, end: int64 (n,), µs UTC.
        by_hand: bool (n,), a person ended it into the wanted state.
        by_person: bool (n,), a person ended it into any state.
    """

    log_seconds: Float64Array
    begin: Int64Array
    end: Int64Array
    by_hand: BoolArray
    by_person: BoolArray


def _lengths(episodes: Episodes, held: int, target: int) -> _Lengths:
    seen = np.flatnonzero((episodes.thing == held) & episodes.whole & ~episodes.running & (episodes.lasted > 0))
    by_person = episodes.by_person[seen]
    return _Lengths(
        np.log(episodes.lasted[seen] / MICROSECONDS),
        episodes.begin[seen],
        episodes.end[seen],
        by_person & (episodes.into[seen] == target),
        by_person,
    )


def _test(home: Home, held: int, target: int, lengths: _Lengths, left_out: Counter[str]) -> Candidate | Trial | None:
    """The best window; as a trial when it is not worth a candidate."""
    searched = lengths.end < home.split
    window = _best_window(lengths.log_seconds, lengths.by_hand, lengths.by_person, searched)
    if window is None:
        return None
    low, high = window
    x = lengths.log_seconds
    hit = lengths.by_hand & (x >= low) & (x <= high)
    counted = lengths.by_person | (x > high)  # an automation got there first: no chance for a person
    chance = length_chance(x, low, high)
    discovery, holdout = (_trial(hit, chance, counted & part) for part in (searched, ~searched))
    days = np.unique(home.changes.local[np.searchsorted(home.changes.time, lengths.end[hit & searched])] // DAY)
    if discovery.hits < _MIN_HITS or len(days) < _MIN_DAYS or discovery.rate < 0.5:
        return discovery
    seconds = np.exp(x[hit])
    typical = float(np.median(seconds))
    spread = 1.4826 * float(np.median(np.abs(seconds - typical)))
    if spread < max(_MACHINE_SHARE * typical, _MACHINE_SECONDS):
        left_out["timed_by_a_device"] += 1
        return discovery
    own = np.flatnonzero(lengths.by_hand & searched)
    if _by_the_clock(home, lengths.end[own], x[own]):
        left_out["ends_by_the_clock"] += 1
        return discovery
    if _after_another(home, held, lengths, hit):
        left_out["ends_after_something_else"] += 1
        return discovery
    tail = upper_tail(discovery.hits, discovery.opportunities, discovery.expected)
    thing = home.changes.things[held]
    return Candidate(
        kind=Kind.DURATION,
        target=target,
        source=held,
        trigger=HeldTrigger(thing.entity_id, thing.to, float(round(typical))),
        discovery=discovery,
        holdout=holdout,
        p_value=min(1.0, tail * _PLACES),
        hit_times=lengths.end[hit],
        values=seconds / 60,
    )


def _trial(hit: BoolArray, chance: Float64Array, part: BoolArray) -> Trial:
    n = int(np.count_nonzero(part))
    return Trial(int(np.count_nonzero(hit & part)), n, float(chance[part].mean()) if n else 0.0)


def _best_window(
    log_seconds: Float64Array, by_hand: BoolArray, by_person: BoolArray, searched: BoolArray
) -> tuple[float, float] | None:
    """The window (log s) that the jitter null finds most surprising, centred on its own hits.

    Args:
        log_seconds, by_hand, by_person, searched: (n,), of each episode.
    """
    hits = np.sort(log_seconds[by_hand & searched])
    chances = np.sort(log_seconds[by_person & searched])
    late = np.sort(log_seconds[~by_person & searched])
    best: tuple[float, float, float] | None = None
    for half in _HALVES:
        low, high = _CENTRES + np.log1p(-half), _CENTRES + np.log1p(half)
        taken = (np.searchsorted(hits, high, "right") - np.searchsorted(hits, low, "left")).astype(np.float64)
        n = len(chances) + (len(late) - np.searchsorted(late, high, "right")).astype(np.float64)
        expected = (_jittered(chances, high) - _jittered(chances, low)) / max(len(chances), 1)
        enough = (taken >= _MIN_HITS) & (2 * taken >= n)
        score = np.where(enough, surprise(taken, n, expected), -1.0)
        at = int(np.argmax(score))
        if score[at] >= 0 and (best is None or score[at] > best[0]):
            best = float(score[at]), float(_CENTRES[at]), half
    if best is None:
        return None
    _, centre, half = best
    for _ in range(2):
        inside = hits[(hits >= centre + np.log1p(-half)) & (hits <= centre + np.log1p(half))]
        centre = float(np.median(inside)) if len(inside) else centre
    return centre + float(np.log1p(-half)), centre + float(np.log1p(half))


def _jittered(values: Float64Array, at: Float64Array) -> Float64Array:
    """How many of the values would lie below each place if all were jittered, on average.

    Args:
        values: float64 (n,), ascending.
        at: float64 (m,).
    """
    total = np.concatenate([[0.0], np.cumsum(values)])
    below = np.searchsorted(values, at - _JITTER, "right")
    upto = np.searchsorted(values, at + _JITTER, "right")
    inside = upto - below
    return np.asarray(below + (inside * (at + _JITTER) - (total[upto] - total[below])) / (2 * _JITTER), np.float64)


def length_chance(log_seconds: Float64Array, low: float, high: float) -> Float64Array:
    """Chance of each episode to end inside [low, high] (log s) if its length were jittered.

    Args:
        log_seconds: float64 (n,), lengths.
    """
    covered = np.minimum(high, log_seconds + _JITTER) - np.maximum(low, log_seconds - _JITTER)
    return np.asarray(np.clip(covered, 0.0, None) / (2 * _JITTER), np.float64)


def _by_the_clock(home: Home, end: Int64Array, log_seconds: Float64Array) -> bool:
    """Whether the time of day predicts the ends about as well as the length does, each end from all others."""
    chosen = np.unique(np.linspace(0, len(end) - 1, min(len(end), _SAMPLE)).astype(np.int64))
    clock = home.changes.local[np.searchsorted(home.changes.time, end[chosen])] / _MINUTE % 1440.0
    apart = circular_difference(clock[:, None], clock, 1440.0)
    minutes = np.exp(log_seconds[chosen]) / 60
    by_clock = _likelihood(apart, np.full(len(chosen), _CLOCK_BANDWIDTH))
    by_length = _likelihood(minutes[:, None] - minutes, np.maximum(_BANDWIDTH * minutes, 0.05))
    return by_length < by_clock + _DECISIVE


def _likelihood(apart: Float64Array, bandwidth: Float64Array) -> float:
    """Log-likelihood of each of n values under a kernel density of the others, summed.

    Args:
        apart: float64 (n, n), differences of the values, minutes.
        bandwidth: float64 (n,), of each value's kernel, minutes. One in twenty values counts as one of the 1440
            minutes of a day at random, so that a single odd one decides nothing.
    """
    kernel = np.exp(-0.5 * (apart / bandwidth) ** 2) / (bandwidth * np.sqrt(2 * np.pi))
    others = (kernel.sum(axis=1) - kernel.diagonal()) / max(len(apart) - 1, 1)
    return float(np.log(0.95 * others + 0.05 / 1440.0).sum())


def _after_another(home: Home, held: int, lengths: _Lengths, hit: BoolArray) -> bool:
    """Whether most of these ends come right after some other thing that is mostly followed by one.

    Only what happens while the state is held counts: a door that closes when the lamp is off says nothing. Motion is no
    such thing: it sees who walks up to the switch.
    """
    changes = home.changes
    entity = changes.things[held].entity_id
    ends = lengths.end[hit][-_SAMPLE:]
    reach = min(_JUST_BEFORE, int(_JUST_SHARE * float(np.median(ends - lengths.begin[hit][-_SAMPLE:]))))
    low = np.searchsorted(changes.time, ends - reach, "right")
    size = np.maximum(np.searchsorted(changes.time, ends - _AT_ONCE, "left") - low, 0)
    which = np.repeat(np.arange(len(ends)), size)
    rows = np.arange(len(which)) - (np.cumsum(size) - size)[which] + low[which]
    seen = np.unique(changes.thing[rows].astype(np.int64) * len(ends) + which) // len(ends)
    share = np.bincount(seen, minlength=len(changes.things)) / len(ends)
    for code in np.flatnonzero(share >= _EXPLAINED).tolist():
        other = changes.things[code].entity_id
        words = {home.log.about(other).device_class or "", *other.partition(".")[2].split("_")}
        if other == entity or words & PRESENCE_WORDS:
            continue
        times = changes.time[changes.of(code)]
        at = np.clip(np.searchsorted(lengths.begin, times, "right") - 1, 0, len(lengths.begin) - 1)
        meanwhile = (lengths.begin[at] < times) & (times < lengths.end[at])
        led = lengths.end[at] - times <= reach
        if np.count_nonzero(meanwhile & led) >= _LEADS * np.count_nonzero(meanwhile):
            return True
    return False
