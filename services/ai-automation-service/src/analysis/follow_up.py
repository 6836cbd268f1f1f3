"""What became of an automation: did it fire, did people undo it, did the habit by hand stop?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from src.domain.entity_ids import domain_of
from src.domain.events import MICROSECONDS, BoolArray, EventLog, Int64Array, Origin
from src.domain.local_time import DAY
from src.domain.patterns import Json
from src.mining.vocabulary import MOMENTS, NOT_A_STATE, ON_THE_WAY

UNDO_SECONDS = 600.0  # an act that people take back later than this was right when it was done
_QUICK = 0.5  # of the time that people usually leave it so: what they take back sooner was not wanted
_USES = 5  # of the habit by hand, from which on that time is known
SETTLING_SECONDS = 2.0  # before this a report belongs to the act itself: a dimmer that fades, a cover that starts
COMPARED_DAYS = 28  # how far back the habit by hand is counted

_LEAST_UNDONE = 3
_OFTEN = 1 / 3
_LEAST_DAYS = 3  # before that the absence of a firing says nothing
_PEOPLE = (Origin.USER, Origin.DEVICE)
_QUIET = 0.5  # of the rate before, when the habit by hand counts as stopped


class Verdict(StrEnum):
    """How an automation does."""

    TOO_EARLY = "too_early"
    NEVER_FIRED = "never_fired"
    OFTEN_UNDONE = "often_undone"
    WORKING = "working"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Numbers of one automation since it was written or switched on.

    Attributes:
        since: µs UTC from which on it is followed.
        fired: how often it was set off; ``last_fired`` µs UTC.
        undone: after how many of these a person set one of its things otherwise within ten minutes, and within half of
            the time for which people left it so before, where that is known: a hall light is off again soon anyway.
        by_hand_before, by_hand_after: how often a week people did by hand what it does, in the four weeks before and
            since; None for less than a day.
    """

    since: int
    fired: int
    last_fired: int | None
    undone: int
    by_hand_before: float | None
    by_hand_after: float | None
    verdict: Verdict

    @property
    def stopped(self) -> bool | None:
        """Whether the habit by hand became half as frequent or less; None where it cannot be told."""
        if self.by_hand_before is None or self.by_hand_after is None or self.by_hand_before == 0:
            return None
        return self.by_hand_after <= _QUIET * self.by_hand_before

    @property
    def sentence(self) -> str:
        """The numbers in words."""
        times = f"{self.fired:,} time" if self.fired == 1 else f"{self.fired:,} times"
        undone = f"people undid {self.undone:,} of them"
        said = {
            Verdict.TOO_EARLY: "It is too early to say how it does.",
            Verdict.NEVER_FIRED: "It has not fired once: check its trigger, or whether it is switched on.",
            Verdict.OFTEN_UNDONE: f"It fired {times}, and {undone}: it may be better taken back.",
            Verdict.WORKING: f"It fired {times}; {undone}.",
        }[self.verdict]
        if self.stopped is None or self.verdict is Verdict.TOO_EARLY:
            return said
        habit = f"By hand it is done {self.by_hand_after:.1f} times a week, {self.by_hand_before:.1f} before."
        return f"{said} {habit}"

    def to_json(self) -> Json:
        return {
            "since": self.since,
            "fired": self.fired,
            "last_fired": self.last_fired,
            "undone": self.undone,
            "by_hand_per_week_before": self.by_hand_before,
            "by_hand_per_week_after": self.by_hand_after,
            "stopped": self.stopped,
            "verdict": str(self.verdict),
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class Deed:
    """What an automation does to one entity.

    Attributes:
        to: the states that count as done: what is switched on may be ``on`` or ``playing``.
        after: s, from when the automation was set off.
    """

    entity_id: str
    to: frozenset[str]
    after: float = 0.0


def follow_up(
    deeds: Sequence[Deed], *, since: int, firings: Sequence[int], log: EventLog, first: int, now: int
) -> FollowUp:
    """How an automation that does this has fared.

    People are events of origin ``user`` and ``device`` (a hand at the switch is one); an automation's own act and what
    follows from it are neither.

    Args:
        since: µs UTC, when it was written or switched on.
        firings: µs UTC, ascending.
        log: events of these entities, from four weeks before ``since`` on.
        first: µs UTC, the home's first event.
        now: µs UTC, up to which was looked.
    """
    fired = [time for time in firings if since <= time <= now]
    undone = np.zeros(len(fired), np.bool_)
    before = after = 0
    for deed in deeds:
        people = _by_hand(log, deed)
        undone |= _soon(fired, deed.after, people.back, _too_soon(people, since))
        before += sum(since - COMPARED_DAYS * DAY <= time < since for time in people.done)
        # A slow cover or lock arrives when Home Assistant has forgotten who sent it.
        own = _after_a_firing(people.done, fired, deed.after)
        after += sum(since <= time <= now and not mine for time, mine in zip(people.done, own, strict=True))
    many = len(deeds) or 1
    undone_count = int(np.count_nonzero(undone))
    return FollowUp(
        since=since,
        fired=len(fired),
        last_fired=fired[-1] if fired else None,
        undone=undone_count,
        by_hand_before=_per_week(before / many, min(since - first, COMPARED_DAYS * DAY)),
        by_hand_after=_per_week(after / many, now - since),
        verdict=_verdict(len(fired), undone_count, now - since),
    )


def _verdict(fired: int, undone: int, span: int) -> Verdict:
    if undone >= _LEAST_UNDONE and undone >= _OFTEN * fired:
        return Verdict.OFTEN_UNDONE
    if span < _LEAST_DAYS * DAY:
        return Verdict.TOO_EARLY
    return Verdict.WORKING if fired else Verdict.NEVER_FIRED


@dataclass(frozen=True, slots=True)
class _ByHand:
    """When people brought an entity to what a deed asks for, and when they took it back; µs UTC, ascending."""

    done: list[int] = field(default_factory=list)
    back: list[int] = field(default_factory=list)


def _by_hand(log: EventLog, deed: Deed) -> _ByHand:
    people = _ByHand()
    if deed.entity_id not in log.entities:
        return people
    domain = domain_of(deed.entity_id)
    rows = log.entity == log.entities.index(deed.entity_id)
    was: bool | None = None  # as asked for; None where it is not known
    sent_by: int | None = None  # who set a thing in motion that takes its time
    for time, code, origin in zip(log.time[rows].tolist(), log.state[rows], log.origin[rows].tolist(), strict=True):
        state = log.states[code]
        if state in NOT_A_STATE:
            was = sent_by = None
        elif (domain, state) in ON_THE_WAY:
            sent_by = origin if sent_by is None else sent_by
        else:
            by_people = (origin if sent_by is None else sent_by) in _PEOPLE
            done = domain in MOMENTS or state in deed.to
            if by_people and (domain in MOMENTS or (was is not None and done != was)):
                (people.done if done else people.back).append(time)
            was, sent_by = done, None
    return people


def _too_soon(people: _ByHand, since: int) -> float:
    """Within how many s of a deed taking it back means that it was not wanted."""
    back = np.array(people.back, np.int64)
    after = np.searchsorted(back, np.array(people.done, np.int64), "right")
    kept = [
        (people.back[index] - done) / MICROSECONDS
        for done, index in zip(people.done, after.tolist(), strict=True)
        if index < len(back) and people.back[index] <= since
    ]
    return UNDO_SECONDS if len(kept) < _USES else min(UNDO_SECONDS, _QUICK * float(np.median(kept)))


def _soon(fired: Sequence[int], after: float, taken_back: Sequence[int], within: float) -> BoolArray:
    """bool (n,): whether something was taken back within so many s of each firing's doing."""
    start, end = _watched(fired, after, within=within)
    times = np.array(taken_back, np.int64)
    return np.searchsorted(times, end, "right") > np.searchsorted(times, start, "left")


def _after_a_firing(times: Sequence[int], fired: Sequence[int], after: float) -> list[bool]:
    """Whether each time lies where an automation's own doing may still be reported."""
    start, end = (np.sort(each) for each in _watched(fired, after, settling=0.0))
    at = np.array(times, np.int64)
    inside: list[bool] = (np.searchsorted(start, at, "right") > np.searchsorted(end, at, "left")).tolist()
    return inside


def _watched(
    fired: Sequence[int], after: float, settling: float = SETTLING_SECONDS, within: float = UNDO_SECONDS
) -> tuple[Int64Array, Int64Array]:
    """From when to when each firing's doing is watched, µs UTC."""
    at = np.array(fired, np.int64)
    return at + int((after + settling) * MICROSECONDS), at + int((after + max(within, settling)) * MICROSECONDS)


def _per_week(count: float, span: int) -> float | None:
    return None if span < DAY else round(count * 7 * DAY / span, 2)
