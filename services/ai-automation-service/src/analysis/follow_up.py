"""What became of an automation: did it fire, did people undo it, did the habit by hand stop?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, EventLog, Int32Array, Int64Array, Origin
from src.domain.local_time import DAY
from src.domain.patterns import Action, Json

UNDO_SECONDS = 600.0  # an act that people take back later than this was right when it was done
SETTLING_SECONDS = 2.0  # before this a report belongs to the act itself: a dimmer that fades, a cover that starts
COMPARED_DAYS = 28  # how far back the habit by hand is counted

_LEAST_UNDONE = 3
_OFTEN = 1 / 3
_LEAST_DAYS = 3  # before that the absence of a firing says nothing
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
        undone: after how many of these a person set one of its things otherwise within ten minutes.
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


def follow_up(actions: Sequence[Action], *, since: int, firings: Sequence[int], log: EventLog, now: int) -> FollowUp:
    """How an automation that does these actions has fared.

    People are events of origin ``user`` and ``device`` (a hand at the switch is one); an automation's own act and what
    follows from it are neither.

    Args:
        since: µs UTC, when it was written or switched on.
        firings: µs UTC, ascending.
        log: events from four weeks before ``since`` on.
        now: µs UTC, up to which was looked.
    """
    fired = [time for time in firings if since <= time <= now]
    by_people = (log.origin == Origin.USER) | (log.origin == Origin.DEVICE)
    undone = np.zeros(len(fired), np.bool_)
    before = after = 0
    done_at = 0.0
    for action in actions:
        done_at += action.after_seconds or 0.0
        mine = by_people & _is(log.entity, log.entities, action.entity_id)
        same = mine & _is(log.state, log.states, action.to)
        undone |= _followed(np.array(fired, np.int64), done_at, log.time[mine & ~same])
        times = log.time[same]
        before += int(np.count_nonzero((times >= since - COMPARED_DAYS * DAY) & (times < since)))
        after += int(np.count_nonzero((times >= since) & (times <= now)))
    start = max(since - COMPARED_DAYS * DAY, int(log.time[0])) if len(log) else since
    many = len(actions) or 1
    undone_count = int(np.count_nonzero(undone))
    return FollowUp(
        since=since,
        fired=len(fired),
        last_fired=fired[-1] if fired else None,
        undone=undone_count,
        by_hand_before=_per_week(before / many, since - start),
        by_hand_after=_per_week(after / many, now - since),
        verdict=_verdict(len(fired), undone_count, now - since),
    )


def _verdict(fired: int, undone: int, span: int) -> Verdict:
    if undone >= _LEAST_UNDONE and undone >= _OFTEN * fired:
        return Verdict.OFTEN_UNDONE
    if span < _LEAST_DAYS * DAY:
        return Verdict.TOO_EARLY
    return Verdict.WORKING if fired else Verdict.NEVER_FIRED


def _is(codes: Int32Array, texts: Sequence[str], wanted: str) -> BoolArray:
    """bool (n,): where a column says this text."""
    found: BoolArray = codes == (texts.index(wanted) if wanted in texts else -1)
    return found


def _followed(fired: Int64Array, after: float, taken_back: Int64Array) -> BoolArray:
    """bool (n,): whether something was taken back soon after each firing."""
    start = fired + int((after + SETTLING_SECONDS) * MICROSECONDS)
    end = fired + int((after + UNDO_SECONDS) * MICROSECONDS)
    return np.searchsorted(taken_back, end, "right") > np.searchsorted(taken_back, start, "left")


def _per_week(count: float, span: int) -> float | None:
    return None if span < DAY else round(count * 7 * DAY / span, 2)
