"""``sequence``: one thing, then a second, then a third and up to six, in an order that holds.

An opportunity is the first thing happening while all later ones can still follow; the next one counts when the span
of the last is over. A hit is every step done by a person, in order, each within the delay learned for it.

Null model: at least one link is broken, whichever; each link is tested given the steps before it, against jitter and
day shift as in ``co_occurrence``, and the least convincing link speaks for the chain. Family: all pairs of a first
thing and a second, and for each chain that was prolonged all things that could have been its next step.

A chain must say more than its parts. A step is not added when the last thing alone, without the steps before it, is
followed as often (the pair says it all), nor when it comes as often without the last thing and does not wait for it
(two answers to one beginning). Of chains that explain the same hits the longest stays. Where two steps swap places in
more than 15 % of the times there is no order, and at best a scene.

Assumes that a person's delays vary: steps that follow in 2 s, or always after the same few seconds, are a device's.
Fails where the first thing happens often for other reasons (the chain then begins at a later step, or is missed),
where steps are often left out, and in logs that keep only minutes, where steps of one minute have no order.
"""

from __future__ import annotations

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, Int64Array
from src.domain.patterns import Kind, StateTrigger
from src.mining.chains import Chain, Chains, Course
from src.mining.chains_links import followers
from src.mining.following_screen import MIN_HITS
from src.mining.kind import Bar, Candidate, Home, Search, Step, Trial
from src.mining.statistics import upper_tail

_MINUTE = 60 * MICROSECONDS
_SAME = 0.5  # share of a chain's steps that a longer one must contain to stand for it


class Sequence:
    """See the module."""

    kind = Kind.SEQUENCE
    bar = Bar()

    def search(self, home: Home) -> Search:
        chains = Chains(home)
        company = followers(home, sorted({*home.triggers, *home.targets}), chains.steps)
        found = [
            _candidate(home, chain, chains.course(chain))
            for first in home.triggers
            for chain in chains.growing_from(first, company)
        ]
        searched = home.changes.time < home.split
        sizes = np.bincount(home.changes.thing[searched], minlength=len(home.changes.things))
        pairs = int(np.count_nonzero(sizes[list(home.triggers)] >= MIN_HITS)) * int(
            np.count_nonzero(sizes[list(home.targets)] >= MIN_HITS)
        )
        return Search(_longest(found, home.split), max(pairs + chains.tested, len(found), 1), dict(chains.left_out))


def _candidate(home: Home, chain: Chain, course: Course) -> Candidate:
    searched = course.starts < home.split
    discovery = _trial(chain, course, searched, held_out=False)
    holdout = _trial(chain, course, ~searched, held_out=True)
    times = course.times[:, course.hit]
    gaps = np.median(np.diff(times, axis=0), axis=1) / MICROSECONDS
    after = [round(float(gap), 1) for gap in gaps]
    first, *middle, last = chain.codes
    thing = home.changes.things[first]
    later = [link.holdout for link in chain.links]
    return Candidate(
        kind=Kind.SEQUENCE,
        target=last,
        source=first,
        trigger=StateTrigger(thing.entity_id, thing.to, after[0], round(course.span / MICROSECONDS)),
        discovery=discovery,
        holdout=holdout,
        p_value=max(link.p_value for link in chain.links),
        hit_times=times[-1],
        values=(times[-1] - times[0]) / _MINUTE,
        steps=tuple(
            Step(code, times[place], gap) for place, (code, gap) in enumerate(zip(middle, after, strict=False), 1)
        ),
        after_seconds=after[-1],
        holdout_p=max(upper_tail(part.hits, part.opportunities, part.expected) for part in later),
    )


def _trial(chain: Chain, course: Course, part: BoolArray, held_out: bool) -> Trial:
    """Hits of the whole chain; by chance with the most likely of its links broken and the others as they are."""
    links = [link.holdout if held_out else link.discovery for link in chain.links]
    by_chance = [link.expected * float(np.prod([other.rate for other in links if other is not link])) for link in links]
    n = int(np.count_nonzero(part))
    return Trial(int(np.count_nonzero(course.hit & part)), n, min(1.0, max(by_chance)))


def _longest(candidates: list[Candidate], split: int) -> list[Candidate]:
    """Those that no longer or stronger chain has most of."""
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=_order):
        hits = _hits(candidate, split)
        if not any(_covered(hits, _hits(other, split)) for other in kept):
            kept.append(candidate)
    return kept


def _order(candidate: Candidate) -> tuple[int, float, int, int]:
    discovery = candidate.discovery
    strength = discovery.rate * (discovery.hits - discovery.expected * discovery.opportunities)
    return -len(candidate.steps), -strength, candidate.target, candidate.source or 0


def _hits(candidate: Candidate, split: int) -> dict[int, Int64Array]:
    """When each of a chain's things was done as part of it on the discovery days, µs UTC."""
    assert candidate.source is not None  # a chain begins with a thing
    began = candidate.hit_times - np.rint(candidate.values * _MINUTE).astype(np.int64)
    later = {step.code: step.hit_times for step in candidate.steps}
    hits = {candidate.source: began, **later, candidate.target: candidate.hit_times}
    return {code: times[times < split] for code, times in hits.items()}


def _covered(hits: dict[int, Int64Array], by: dict[int, Int64Array]) -> bool:
    """Whether another chain has most of one's steps."""
    shares = [float(np.isin(times, by[code]).mean()) if code in by else 0.0 for code, times in hits.items()]
    return float(np.mean(shares)) >= _SAME
