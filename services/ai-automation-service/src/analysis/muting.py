"""What a rejection says about other patterns: the same wish in other words, and what its reasons rule out.

A rejected pattern keeps its id and its answer from night to night. This is about the others:

- **the same in other words**: what identity calls the same routine; or at least half of the same things set, by the
  same entity; or nothing but things that the rejected one moved together. A lamp that was rejected as a pair is
  rejected as a step of a sequence and as a part of a scene too.
- **not this device**: whatever sets any of the things that the rejected one set.
- **not at night**: whatever happens between 22:00 and 06:00: by its clock time, else where both its first and its last
  hit lie there.
- **not this kind**: every other of its kind.

What was accepted is never taken away by an answer to something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from src.domain.answers import Answer, Reason
from src.domain.identity import same_routine
from src.domain.patterns import (
    DayTypeTrigger,
    Kind,
    MissedTrigger,
    Pattern,
    Status,
    TimeTrigger,
)
from src.domain.triggers import entities_of
from src.domain.whys import Why

NIGHT = ("22:00:00", "06:00:00")
_SHARED = 0.5  # of the things that the larger of two sets, as in identity
_TOGETHER = frozenset({Kind.CO_OCCURRENCE, Kind.SEQUENCE, Kind.SCENE})
_ANSWERED = frozenset({Status.ACCEPTED, Status.REJECTED, Status.SNOOZED})


def muted_by(pattern: Pattern, rejections: Iterable[Answer]) -> tuple[Answer, str] | None:
    """The first rejection that speaks against a pattern nobody has answered, and the reason it does so for."""
    if pattern.status in _ANSWERED:
        return None
    for answer in rejections:
        if answer.pattern_id == pattern.id:
            continue
        if same_wish(pattern, answer.form):
            return answer, "rejected_before"
        for reason in answer.reasons:
            if _ruled_out(pattern, answer.form, reason):
                return answer, str(reason)
    return None


def unmuted(found: Sequence[Pattern], rejections: Sequence[Answer]) -> tuple[list[Pattern], list[Why]]:
    """The patterns that no rejection speaks against, and why the others are missing."""
    kept: list[Pattern] = []
    whys: list[Why] = []
    for pattern in found:
        by = muted_by(pattern, rejections)
        if by is None:
            kept.append(pattern)
        else:
            answer, reason = by
            about = pattern.actions[0].entity_id if pattern.actions else next(iter(entities_of(pattern.trigger)), None)
            detail = {"rejected": answer.pattern_id, "sentence": answer.form.sentence}
            whys.append(Why(about, reason, pattern.kind, detail))
    return kept, whys


def same_wish(a: Pattern, b: Pattern) -> bool:
    """Whether rejecting one of two patterns means the other too."""
    if same_routine(a, b):
        return True
    ours, theirs = ({(action.entity_id, action.to) for action in each.actions} for each in (a, b))
    if not ours & theirs:
        return False
    if a.kind in _TOGETHER and b.kind in _TOGETHER:
        one, other = _devices(a) | entities_of(a.trigger), _devices(b) | entities_of(b.trigger)
        if one <= other or other <= one:
            return True
    enough = len(ours & theirs) >= _SHARED * max(len(ours), len(theirs))
    return enough and bool(entities_of(a.trigger) & entities_of(b.trigger))


def at_night(pattern: Pattern) -> bool:
    """Whether a routine happens between 22:00 and 06:00."""
    trigger = pattern.trigger
    if isinstance(trigger, TimeTrigger | MissedTrigger):
        return _in_the_night(trigger.at)
    if isinstance(trigger, DayTypeTrigger):
        return all(_in_the_night(each.at) for each in trigger.times)
    return all(_in_the_night(seen[11:19]) for seen in (pattern.evidence.first_seen, pattern.evidence.last_seen))


def _in_the_night(at: str) -> bool:
    return at >= NIGHT[0] or at < NIGHT[1]


def _ruled_out(pattern: Pattern, rejected: Pattern, reason: Reason) -> bool:
    if reason is Reason.NOT_THIS_DEVICE:
        return not _devices(pattern).isdisjoint(_devices(rejected))
    if reason is Reason.NOT_AT_NIGHT:
        return at_night(pattern)
    return reason is Reason.NOT_THIS_KIND and pattern.kind is rejected.kind


def _devices(pattern: Pattern) -> frozenset[str]:
    """What a pattern sets; of what can only be told, what it is about."""
    return frozenset(action.entity_id for action in pattern.actions) or entities_of(pattern.trigger)
