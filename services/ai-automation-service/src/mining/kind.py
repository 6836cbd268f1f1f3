"""The frame that every kind of routine plugs into.

A kind searches the discovery days for candidates, each with a p-value that already pays for the windows searched
inside it, and says how many candidates it tested. The frame then controls the false discovery rate over the whole
family and asks the held-out days, which the search never saw, whether the routine is still there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from src.domain.events import BoolArray, EventLog, Float64Array, Int64Array
from src.domain.local_time import DAY
from src.domain.patterns import Json, Kind, Trigger
from src.mining.changes import Changes, ignored
from src.mining.memory import Found, Memory
from src.mining.people import People, find_people
from src.mining.readings import Readings, find_readings
from src.mining.sun import Sun, find_sun


@dataclass(frozen=True, slots=True)
class Trial:
    """Opportunities that were looked at, and how many were taken.

    Attributes:
        expected: mean chance of a hit under the null model, 0 to 1.
    """

    hits: int
    opportunities: int
    expected: float

    @property
    def rate(self) -> float:
        return self.hits / self.opportunities if self.opportunities else 0.0


@dataclass(frozen=True, slots=True)
class Bar:
    """What a candidate of a kind must reach.

    Attributes:
        min_rate: share of all opportunities taken, held-out ones included.
        min_rate_low: Wilson 95 % lower bound of that share.
        max_holdout_p: upper tail on the held-out days under the null model.
        max_fading_p: a held-out share whose lower tail is below this has faded.
        max_q: q-value over the kind's family.
    """

    min_rate: float = 0.5
    min_rate_low: float = 0.35
    max_holdout_p: float = 0.05
    max_fading_p: float = 0.01
    max_q: float = 0.05


@dataclass(frozen=True)
class Home:
    """What a kind may look at.

    Attributes:
        log: the log that ``changes`` were found in.
        changes: the behaviour in the log.
        discovery: bool (days,), the days a kind may search; the others are held out. Unobserved days are in neither.
        holdout: bool (days,).
        split: µs UTC, the first instant of the held-out days.
        targets: codes of the things that may be an action, one for each set that moves together.
        triggers: codes of the things that may set something off, likewise.
        members: for a code in ``targets``, the codes that move together with it, itself first.
        memory: answers of earlier nights.
    """

    log: EventLog
    changes: Changes
    discovery: BoolArray
    holdout: BoolArray
    split: int
    targets: tuple[int, ...]
    triggers: tuple[int, ...]
    members: Mapping[int, tuple[int, ...]]
    memory: Memory = field(default_factory=Memory)

    def recall(self, name: str, compute: Callable[[], Found]) -> Found:
        """The answer of ``compute``, kept from night to night while the searched days stay the same.

        Args:
            compute: must follow from what happened up to a day after ``split``, and from what may act and set off.
        """
        return self.memory.recall(self.past, name, compute)

    @cached_property
    def past(self) -> bytes:
        """Digest of all that a search over the discovery days follows from."""
        changes, log = self.changes, self.log
        # A day more: the null models of a window on the last searched evening look some hours ahead.
        until = self.split + DAY
        first = int(np.argmax(self.holdout))
        end, rows = (int(np.searchsorted(time, until)) for time in (changes.time, log.time))
        digest = hashlib.blake2b(digest_size=16)
        # The readings of sensors are only in the log; what counts as behaviour is decided over all of it.
        columns = (changes.thing[:end], changes.by_person[:end], changes.born, self.discovery[: first + 1])
        for column in (changes.time[:end], log.time[:rows], log.entity[:rows], log.state[:rows], *columns):
            digest.update(np.ascontiguousarray(column).data)
        for silences in changes.silences:
            digest.update(np.minimum(silences[:, silences[0] < until], until).tobytes())
        names = [(thing.entity_id, thing.to) for thing in changes.things]
        settled = (names, self.split, self.targets, self.triggers, sorted(self.members.items()), changes.time_zone)
        digest.update(repr((settled, changes.first_day, self.log.position)).encode())
        return digest.digest()

    @cached_property
    def sun(self) -> Sun | None:
        """Sunrise and sunset of each day, None where nothing says where the home is."""
        return find_sun(self.log, self.changes.first_day, self.changes.days)

    @cached_property
    def people(self) -> People:
        """Who was home when."""
        return find_people(self.log)

    @cached_property
    def readings(self) -> tuple[Readings, ...]:
        """What the home measures."""
        quiet = np.array([ignored(self.log.about(entity_id)) for entity_id in self.log.entities], np.bool_)
        return find_readings(self.log, quiet)

    def area(self, code: int) -> str | None:
        """The area of a thing's entity, None when not known."""
        return self.log.about(self.changes.things[code].entity_id).area


@dataclass(frozen=True, slots=True)
class Step:
    """One action of a pattern that has several, besides the one it is named after.

    Attributes:
        code: the thing that is done.
        hit_times: int64, µs UTC, when it was done as part of the routine, ascending.
        after_seconds: median time since the step before it; None when the order does not matter.
    """

    code: int
    hit_times: Int64Array
    after_seconds: float | None = None


@dataclass(frozen=True)
class Candidate:
    """A routine that may be one.

    Attributes:
        target: code of the action; of a sequence the last step, of a scene any one of its things, of what can only be
            told (``acts`` False) the thing it is about.
        source: code of the trigger; None when it is the clock, the sun, a number, or several people.
        p_value: of the discovery trial, corrected for the windows searched inside this candidate.
        hit_times: int64, µs UTC, when the action was taken, discovery and holdout, ascending.
        values: float64, of each hit the time of day, the delay or the duration, minutes; spread and drift are read
            from them.
        steps: the actions before (or beside) ``target``, in order.
        after_seconds: of a sequence, median time from the last of ``steps`` to ``target``.
        acts: whether it has actions at all.
        holdout_p: the upper tail on the held-out days where it is not a binomial one; None: computed from ``holdout``.
    """

    kind: Kind
    target: int
    source: int | None
    trigger: Trigger
    discovery: Trial
    holdout: Trial
    p_value: float
    hit_times: Int64Array
    values: Float64Array
    conditions: tuple[Json, ...] = ()
    steps: tuple[Step, ...] = ()
    after_seconds: float | None = None
    acts: bool = True
    holdout_p: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A candidate that the evidence carries.

    Attributes:
        p_value: of discovery and held-out days together.
        q_value: after control of the false discovery rate over the kind's family.
    """

    candidate: Candidate
    p_value: float
    q_value: float


@dataclass(frozen=True)
class Search:
    """What a kind found on the discovery days.

    Attributes:
        candidates: those worth a second look; all others of the family count as not significant.
        tested: size of the family.
        left_out: what was not tested, by reason.
        paid: the p-values pay for the whole family themselves and are of all days, as of what happened on the held-out
            ones; they are the q-values already.
        closest: for a thing without a candidate, the best trial it came to, if the kind knows one; what "why none?"
            is answered from.
    """

    candidates: Sequence[Candidate]
    tested: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    closest: Mapping[int, Trial] = field(default_factory=dict)
    paid: bool = False


class KindMiner(Protocol):
    """A plug-in: one kind, one file in ``mining/kinds``."""

    kind: Kind
    bar: Bar

    def search(self, home: Home) -> Search:
        """All candidates of this kind. Deterministic; must not look at held-out days but to fill ``holdout``."""
