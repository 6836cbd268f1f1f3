"""Chains of things, each a while after the one before, grown a link at a time.

A link is tested given all that came before it in the chain. A chain is only as sure as its weakest link: the null
model is that at least one link is broken, whichever, so the chain's p-value is the largest of its links' (an
intersection-union test; Berger 1982).

A chain must also say more than its parts. A step is not added when the last thing alone, without those before it, is
followed as often, nor when it comes just as well without the last thing and at a time of its own: then two things
answer to one beginning, and neither to the other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, Float64Array, Int64Array
from src.domain.local_time import DAY, to_local
from src.mining.chains_links import MIN_RATE, Link, Links
from src.mining.following_chance import NEVER, next_action, spaced
from src.mining.following_screen import MIN_HITS
from src.mining.kind import Home

MAX_STEPS = 6
_MIN_DAYS = 4
_MIN_ALONE = 8  # times the rest of a chain must have been missing before what came then says anything
_AS_OFTEN = 0.8
_AS_OFTEN_SKIPPED = 0.7
_IN_STEP = 2.3  # t of a correlation that shows that one delay comes from the other
_BEFORE_SHARE = 0.7  # a step that another one mostly precedes is not the next one
_WIDEST = 4  # continuations of one chain that are followed up


@dataclass(frozen=True)
class Chain:
    """Things in order, and every time they happened that way.

    Attributes:
        codes: the first thing and those after it.
        links: one for each of ``codes`` but the first.
        times: int64 (len(codes), n), µs UTC, of each step, columns ascending.
        searched: how many of the columns are of the discovery days; those come first.
        shorter: the chain without its last thing.
    """

    codes: tuple[int, ...]
    links: tuple[Link, ...]
    times: Int64Array
    searched: int
    shorter: Chain | None = None

    @property
    def found(self) -> Int64Array:
        """The times of the discovery days."""
        return self.times[:, : self.searched]


@dataclass(frozen=True)
class Course:
    """A whole chain, judged by how often its first thing led to its last.

    Attributes:
        span: µs within which all steps must have followed.
        starts: int64 (n,), µs UTC, the opportunities.
        times: int64 (steps, n), µs UTC, of all steps; meaningful where ``hit``.
        hit: bool (n,).
    """

    span: int
    starts: Int64Array
    times: Int64Array
    hit: BoolArray


class Chains:
    """The chains of one home.

    Attributes:
        tested: next steps that were tested or could have been, beyond pairs.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._links = Links(home)
        self.tested = 0

    @property
    def left_out(self) -> Counter[str]:
        """What was not followed up, by reason."""
        return self._links.left_out

    @property
    def steps(self) -> tuple[int, ...]:
        """Codes of the things that may follow in a chain."""
        return tuple(code for code in self._home.targets if code not in self._links.by_devices)

    def growing_from(self, first: int, followers: Mapping[int, tuple[int, ...]]) -> Iterator[Chain]:
        """Every chain of at least three things from ``first`` on that no further link would prolong.

        Args:
            followers: by code, what comes after it often enough to be worth a test.
        """
        changes = self._home.changes
        begun = [self._chain((first,), (), changes.time[changes.of(first)][None, :])]
        while begun:
            chain = begun.pop()
            longer = self._prolonged(chain, followers) if len(chain.codes) < MAX_STEPS else []
            if not longer and len(chain.codes) >= 3:
                yield chain
            begun += longer[::-1]

    def _chain(
        self, codes: tuple[int, ...], links: tuple[Link, ...], times: Int64Array, shorter: Chain | None = None
    ) -> Chain:
        return Chain(codes, links, times, int(np.searchsorted(times[0], self._home.split)), shorter)

    def _prolonged(self, chain: Chain, followers: Mapping[int, tuple[int, ...]]) -> list[Chain]:
        things = self._home.changes.things
        used = {things[code].entity_id for code in chain.codes}
        if len(chain.codes) > 1:
            self.tested += len(self._home.targets)
        longer = []
        for code in followers.get(chain.codes[-1], ()):
            # A second step that nothing follows makes no chain.
            if things[code].entity_id not in used and (len(chain.codes) > 1 or code in followers):
                grown = self._with(chain, code)
                if grown is not None:
                    longer.append(grown)
        following = [grown for grown in longer if not any(_comes_between(other, grown) for other in longer)]
        following.sort(key=lambda grown: (-grown.searched, grown.codes[-1]))
        return following[:_WIDEST]

    def _with(self, chain: Chain, code: int) -> Chain | None:
        """The chain with one more thing, None if that thing does not follow it or has nothing to do with it."""
        followed = self._links.after(chain.codes[-1], chain.times[-1], code)
        if followed is None:
            return None
        link, index, times = followed
        longer = self._chain(
            (*chain.codes, code), (*chain.links, link), np.concatenate([chain.times[:, index], times[None, :]]), chain
        )
        if len(chain.codes) > 1 and (self._pair_says_all(longer) or self._answers_to_the_same(longer)):
            self.left_out["explained_by_a_pair"] += 1
            return None
        return longer if self._reliable(longer) else None

    def _pair_says_all(self, chain: Chain) -> bool:
        """Whether the last thing follows the one before it just as often where the rest of the chain is missing."""
        link, before, within = chain.links[-1], chain.shorter, chain.links[-1].delay
        assert before is not None
        changes = self._home.changes
        alone = changes.time[changes.of(before.codes[-1])]
        alone = alone[~np.isin(alone, before.times[-1])]
        followed = self._followed(alone, link.code, within)
        enough = max(_MIN_ALONE, link.discovery.opportunities)
        return len(followed) >= enough and float(followed.mean()) >= _AS_OFTEN * link.discovery.rate

    def _answers_to_the_same(self, chain: Chain) -> bool:
        """Whether the last thing comes just as often when the one before it was skipped, and does not wait for it.

        What waits for another thing is late when that is late.
        """
        link, before = chain.links[-1], chain.shorter
        assert before is not None
        assert before.shorter is not None
        earlier = before.shorter.times
        skipped = earlier[-1, ~np.isin(earlier[0], before.times[0])]
        skipped = skipped[self._could(skipped, before.codes[-1])]
        followed = self._followed(skipped, link.code, link.delay + before.links[-1].delay)
        if len(followed) < _MIN_ALONE or float(followed.mean()) < _AS_OFTEN_SKIPPED * link.discovery.rate:
            return False
        begin, between, end = chain.found[-3:].astype(np.float64)
        return _correlation(between - begin, end - begin) < _IN_STEP

    def _could(self, times: Int64Array, code: int) -> BoolArray:
        """Whether a thing was there and not what it is set to already, at each time."""
        action = self._links.action(code)
        free = action.free_from[next_action(times, action, self._links.grain)] <= times
        return np.asarray(free & self._home.changes.heard(code, times), np.bool_)

    def _followed(self, times: Int64Array, code: int, delay: int) -> BoolArray:
        """Whether a thing followed within ``delay`` each of the times of the discovery days at which it could."""
        action = self._links.action(code)
        times = times[times < self._home.split]
        times = times[self._could(times, code)]
        upcoming = next_action(times, action, self._links.grain)
        return np.asarray(np.append(action.taken, NEVER)[upcoming] - times <= delay, np.bool_)

    def _reliable(self, chain: Chain) -> bool:
        """Whether the first thing led all the way often enough on the discovery days."""
        course = self.course(chain)
        searched = course.starts < self._home.split
        hits = course.hit & searched
        if np.count_nonzero(hits) < max(MIN_HITS, MIN_RATE * np.count_nonzero(searched)):
            self.left_out["happens_too_seldom"] += 1
            return False
        return len(np.unique(to_local(course.starts[hits], self._home.changes.time_zone) // DAY)) >= _MIN_DAYS

    def course(self, chain: Chain) -> Course:
        """The chain as a whole: an opportunity is its first thing happening while all later ones can still follow."""
        home, links = self._home, self._links
        changes = home.changes
        starts = changes.time[changes.of(chain.codes[0])]
        able = np.ones(len(starts), np.bool_)
        for code in chain.codes[1:]:
            able &= self._could(starts, code)
        starts = starts[able]
        took = chain.found[-1] - chain.found[0]
        span = sum(link.delay for link in chain.links)
        if len(took):
            span = min(span, int(1.5 * float(np.quantile(took, 0.95))) + MICROSECONDS)
        times = np.empty((len(chain.codes), len(starts)), np.int64)
        times[0] = starts
        hit, taken_over = np.ones(len(starts), np.bool_), np.zeros(len(starts), np.bool_)
        for place, link in enumerate(chain.links):
            action, at = links.action(link.code), times[place]
            upcoming = next_action(at, action, links.grain)
            following = np.append(action.taken, NEVER)[upcoming]
            hit &= (following - at <= link.delay) & (following - starts <= span)
            taken_over |= hit & ~np.append(action.personal, False)[upcoming]
            times[place + 1] = np.where(hit, following, at)
        counted = np.flatnonzero(~taken_over & (starts + span <= changes.span[1]))
        counted = counted[spaced(starts[counted], span)]
        return Course(span, starts[counted], times[:, counted], hit[counted])


def _correlation(a: Float64Array, b: Float64Array) -> float:
    """Pearson's correlation as its t statistic; 0 where one of the two never varies."""
    if a.std() == 0 or b.std() == 0:
        return 0.0
    r = float(np.corrcoef(a, b)[0, 1])
    return r * math.sqrt((len(a) - 2) / max(1 - r * r, 1e-9))


def _comes_between(other: Chain, chain: Chain) -> bool:
    """Whether the other chain's last thing mostly comes before this one's, out of the same beginnings."""
    if other is chain:
        return False
    both, a, b = np.intersect1d(other.found[0], chain.found[0], assume_unique=True, return_indices=True)
    if len(both) < _BEFORE_SHARE * chain.searched:
        return False
    return float(np.mean(other.found[-1, a] < chain.found[-1, b])) >= _BEFORE_SHARE
