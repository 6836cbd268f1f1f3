"""``scene``: two to six things that people set within about two minutes of each other, in no fixed order.

An opportunity is people setting at least half of the things within a window while all are free to be set; the next one
counts when the window is over. A hit is all of them set before that, of four or more all but one. That a lamp of three
is also used alone is no fault of the scene, so fewer than half are no opportunity. Of a pair, one is half.

Null model: at least one member has nothing to do with the rest; each is tested against the occasions on which all
others were set (see :mod:`src.mining.gatherings`), and the least convincing one speaks for the set. Family: all pairs
of settable things of one area, and for every set that was grown all things that could have joined it.

Sets grow from the pairs that hold, strongest first, by the thing that joins most reliably, as long as every member
joins on most occasions; a set that is too loose yet may grow into one that is not. Only the largest set is reported,
not its parts. Where the areas of two things are known and differ they make no scene. Where the things come in one
order in at least 85 % of the times it is rather a sequence.

Fails where two things are used one by one more often than together (that is no scene by the rate asked for), where
each thing of a room is simply wanted two times out of three, whichever the others (some pair of them is then taken for
one), and where one member is set by an automation that Home Assistant does not tell from a person.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, Int64Array
from src.domain.local_time import DAY, to_local
from src.domain.patterns import Kind, TogetherTrigger
from src.mining.chains_links import followers, set_by_devices
from src.mining.following_chance import NEVER
from src.mining.following_screen import MIN_HITS
from src.mining.gatherings import WINDOWS, Gathering, Gatherings, Membership
from src.mining.kind import Bar, Candidate, Home, Search, Step, Trial

_MOST = 6
_MIN_DAYS = 4
_MIN_RATE = 0.5
_GROWING_RATE = 0.35  # of a set that may yet grow: its things are used without each other, but not without the rest
_MIN_JOINING = 0.7  # share of the occasions taken on which each member was set, and of those of all others together
_HOPELESS = 0.01  # a p-value that no correction over a family can bring down again
_IN_ORDER = 0.85
_MACHINE = 2 * MICROSECONDS  # for each thing after the first: nobody is faster
_MACHINE_SHARE = 0.8
_MAX_SCATTERED = 0.3  # of the times inside; set about then anyhow, as in the minutes after somebody came home


class Scene:
    """See the module."""

    kind = Kind.SCENE
    bar = Bar()

    def search(self, home: Home) -> Search:
        growth = _Growth(home)
        return Search(list(growth.candidates()), max(growth.tested, 1), dict(growth.left_out))


class _Growth:
    """Sets of things of one home, from pairs up."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._gatherings = Gatherings(home)
        self._company = _company(home)
        self.left_out: Counter[str] = Counter()
        searched = home.changes.time < home.split
        sizes = np.bincount(home.changes.thing[searched], minlength=len(home.changes.things))
        self._frequent = [code for code in home.targets if sizes[code] >= MIN_HITS]
        self.tested = len(self._frequent) * (len(self._frequent) - 1) // 2

    def candidates(self) -> Iterator[Candidate]:
        pairs = [
            found
            for a, near in self._company.items()
            for b in near
            if a < b and (found := self._tested((a, b))) is not None
        ]
        pairs.sort(key=lambda found: (-_strength(found[0], self._home), found[0].codes))
        taken: set[int] = set()
        for pair in pairs:
            # Nothing is in two scenes: people who set now these, now those of some things have one habit, not several.
            if taken & set(pair[0].codes):
                continue
            gathering, members = self._grown(pair, taken)
            if float(np.mean(gathering.hit[gathering.starts < self._home.split])) < _MIN_RATE:
                self.left_out["happens_too_seldom"] += 1
                continue
            taken |= set(gathering.codes)
            searched = gathering.taken(self._home.split)
            if float(np.mean(_took(searched) <= _MACHINE * (len(searched) - 1))) >= _MACHINE_SHARE:
                self.left_out["faster_than_a_person"] += 1
            elif _in_order(searched):
                self.left_out["in_fixed_order"] += 1
            else:
                yield _candidate(self._home, gathering, members)

    def _grown(self, found: tuple[Gathering, list[Membership]], taken: set[int]) -> tuple[Gathering, list[Membership]]:
        while len(found[0].codes) < _MOST:
            codes = set(found[0].codes)
            entities = {self._home.changes.things[code].entity_id for code in codes}
            self.tested += len(self._frequent) - len(codes)
            larger = [
                grown
                for code in sorted({code for member in codes for code in self._company[member]} - codes - taken)
                if self._home.changes.things[code].entity_id not in entities
                and sum(code in self._company[member] for member in codes) >= len(codes) - 1
                and (grown := self._tested(tuple(sorted((*codes, code))))) is not None
            ]
            if not larger:
                break
            found = max(larger, key=lambda grown: (_strength(grown[0], self._home), grown[0].codes))
        return found

    def _tested(self, codes: tuple[int, ...]) -> tuple[Gathering, list[Membership]] | None:
        gathering = self._gatherings.of(codes)
        searched = gathering.starts < self._home.split
        hits = gathering.hit & searched
        count = int(np.count_nonzero(hits))
        if count < max(MIN_HITS, _GROWING_RATE * np.count_nonzero(searched)):
            return None
        if float(np.mean(gathering.taken(self._home.split) < NEVER, axis=1).min()) < _MIN_JOINING:
            return None
        if len(np.unique(to_local(gathering.starts[hits], self._home.changes.time_zone) // DAY)) < _MIN_DAYS:
            return None
        members = [self._gatherings.membership(gathering, code) for code in codes]
        if len(codes) > 2 and min(member.discovery.rate for member in members) < _MIN_JOINING:
            self.left_out["joins_too_seldom"] += 1
            return None
        if max(member.p_value for member in members) * len(WINDOWS) > _HOPELESS:
            self.left_out["could_be_chance"] += 1
            return None
        if max(member.scattered for member in members) > _MAX_SCATTERED:
            self.left_out["part_of_a_burst"] += 1
            return None
        return gathering, members


def _company(home: Home) -> Mapping[int, tuple[int, ...]]:
    """For each settable thing those that are often set close to it and may be in a scene with it."""
    by_devices = set_by_devices(home)
    settable = [code for code in home.targets if code not in by_devices]
    found: dict[int, set[int]] = {}
    for a, near in followers(home, settable, settable).items():
        for b in near:
            areas = {home.area(a), home.area(b)} - {None}
            if len(areas) <= 1:
                found.setdefault(a, set()).add(b)
                found.setdefault(b, set()).add(a)
    return {code: tuple(sorted(found[code])) for code in sorted(found)}


def _strength(gathering: Gathering, home: Home) -> float:
    """Things set together on the discovery days, weighed by how reliably they are."""
    rate = float(np.mean(gathering.hit[gathering.starts < home.split]))
    return rate * float(np.count_nonzero(gathering.taken(home.split) < NEVER))


def _took(times: Int64Array) -> Int64Array:
    """µs from the first to the last thing set, of each occasion."""
    return np.asarray(np.where(times < NEVER, times, 0).max(axis=0) - times.min(axis=0), np.int64)


def _in_order(times: Int64Array) -> bool:
    """Whether each thing nearly always follows the same other one."""
    joined = times < NEVER
    rank = np.argsort(np.argsort(times, axis=0, kind="stable"), axis=0)
    order = np.argsort([float(places[there].mean()) for places, there in zip(rank, joined, strict=True)])
    for a, b in itertools.pairwise(order.tolist()):
        # What comes at the same instant speaks for neither order.
        apart = joined[a] & joined[b] & (times[a] != times[b])
        if np.count_nonzero(apart) < MIN_HITS or float(np.mean((times[a] < times[b])[apart])) < _IN_ORDER:
            return False
    return True


def _candidate(home: Home, gathering: Gathering, members: list[Membership]) -> Candidate:
    searched = gathering.starts < home.split
    things = [home.changes.things[code] for code in gathering.codes]
    times = gathering.taken()
    joined = times < NEVER
    done = [np.sort(row[there]) for row, there in zip(times, joined, strict=True)]
    return Candidate(
        kind=Kind.SCENE,
        target=gathering.codes[0],
        source=None,
        trigger=TogetherTrigger(
            tuple(sorted(thing.entity_id for thing in things)), round(gathering.window / MICROSECONDS)
        ),
        discovery=_trial(gathering, searched, [member.discovery for member in members]),
        holdout=_trial(gathering, ~searched, [member.holdout for member in members]),
        p_value=min(1.0, max(member.p_value for member in members) * len(WINDOWS)),
        hit_times=done[0],
        values=_took(times)[joined[0]] / (60 * MICROSECONDS),
        steps=tuple(Step(code, times) for code, times in zip(gathering.codes[1:], done[1:], strict=True)),
        holdout_p=max(member.holdout_p for member in members),
    )


def _trial(gathering: Gathering, part: BoolArray, members: list[Trial]) -> Trial:
    """Hits of the whole set; by chance with the likeliest of its members unconnected and the others as they are."""
    hits, n = int(np.count_nonzero(gathering.hit & part)), int(np.count_nonzero(part))
    rate = hits / n if n else 0.0
    return Trial(hits, n, max(min(1.0, rate * member.expected / max(member.rate, 1e-9)) for member in members))
