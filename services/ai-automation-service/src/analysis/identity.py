"""A routine keeps its id from night to night, though its time drifts and its evidence grows.

A found pattern is the same routine as a stored one when both are of one kind, do the same and are set off by the
same: for a state, the same entity taking the same state; for a time, not more than an hour apart on the clock and
on at least one common weekday. Pairs are made one to one, nearest first, so that two routines of one lamp cannot
end up with one id.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from src.domain.patterns import Pattern, StateTrigger, TimeTrigger

_SAME_ACTIONS = 0.5  # share of the devices of both that they have in common
_FARTHEST = 60.0  # minutes
_DAY = 24 * 60

_Key = tuple[object, ...]
_Distance = tuple[float, ...]


def identify(found: Sequence[Pattern], stored: Sequence[Pattern]) -> list[Pattern]:
    """The found patterns, in their order, with the ids of the stored ones they continue.

    A pattern that continues none keeps the miner's id, unless that id already belongs to another routine: then it
    gets one derived from it. Ids are unique in the result, and no new routine gets the id of a stored one.
    """
    by_key: dict[_Key, list[int]] = defaultdict(list)
    for i, pattern in enumerate(stored):
        by_key[_key(pattern)].append(i)
    pairs: list[tuple[_Distance, int, int]] = []
    for i, pattern in enumerate(found):
        for j in by_key.get(_key(pattern), ()):
            distance = _distance(pattern, stored[j])
            if distance is not None:
                pairs.append((distance, i, j))
    pairs.sort(key=lambda pair: (pair[0], found[pair[1]].id, stored[pair[2]].id))
    continues: dict[int, int] = {}
    for _, i, j in pairs:
        if i not in continues and j not in continues.values():
            continues[i] = j
    taken = {pattern.id for pattern in stored}
    identified: list[Pattern] = []
    for i, pattern in enumerate(found):
        if i in continues:
            identified.append(pattern.with_(id=stored[continues[i]].id))
        else:
            fresh = _fresh(pattern.id, taken)
            taken.add(fresh)
            identified.append(pattern.with_(id=fresh))
    return identified


def circular_minutes(a: str, b: str) -> float:
    """Minutes between two ``HH:MM:SS`` on a clock face, 0 to 720: 23:58 and 00:03 are five apart."""
    apart = abs(_minutes(a) - _minutes(b)) % _DAY
    return min(apart, _DAY - apart)


def _minutes(at: str) -> float:
    hours, minutes, seconds = (int(part) for part in at.split(":"))
    return hours * 60 + minutes + seconds / 60


def _key(pattern: Pattern) -> _Key:
    trigger = pattern.trigger
    cause = (trigger.entity_id, trigger.to) if isinstance(trigger, StateTrigger) else ()
    return (pattern.kind, cause)


def _actions_apart(found: Pattern, stored: Pattern) -> float | None:
    """0 for the same actions, up to 0.5 for a set of devices that grew or shrank; None for other actions."""
    ours, theirs = ({(action.entity_id, action.to) for action in each.actions} for each in (found, stored))
    shared = len(ours & theirs) / len(ours | theirs)
    return 1 - shared if shared >= _SAME_ACTIONS else None


def _distance(found: Pattern, stored: Pattern) -> _Distance | None:
    """How far apart two patterns of one key are, least first; None when they are different routines."""
    devices = _actions_apart(found, stored)
    if devices is None:
        return None
    otherwise = float(found.conditions != stored.conditions) + devices
    if isinstance(found.trigger, StateTrigger) and isinstance(stored.trigger, StateTrigger):
        return (otherwise, abs(found.trigger.delay_seconds - stored.trigger.delay_seconds))
    if not (isinstance(found.trigger, TimeTrigger) and isinstance(stored.trigger, TimeTrigger)):
        return None
    ours, theirs = set(found.trigger.weekdays), set(stored.trigger.weekdays)
    minutes = circular_minutes(found.trigger.at, stored.trigger.at)
    if minutes > _FARTHEST or not ours & theirs:
        return None
    return (otherwise, minutes, 1 - len(ours & theirs) / len(ours | theirs))


def _fresh(wanted: str, taken: set[str]) -> str:
    identifier, attempt = wanted, 0
    while identifier in taken:
        attempt += 1
        identifier = "p_" + hashlib.sha256(f"{wanted}#{attempt}".encode()).hexdigest()[:16]
    return identifier
