"""Which of two patterns are one routine, and how a routine keeps its id from night to night.

Times drift, levels are learned anew, a lamp is added to a scene: none of it makes another routine. Two patterns are
one routine when they do the same (at least half of the things of both) and are set off by the same:

| trigger | the same is |
|---|---|
| time, day_type, sun | on a common weekday, not more than an hour apart; by the sun, so far apart from the same event |
| state | the same entity taking the same state |
| state, of a sequence | the same first step, and half of the later steps of the longer one |
| numeric | the same sensor and direction, levels not more than 20 % apart |
| presence | the same event of the same people, or of at least half of them; a person's own state says the same |
| together | nothing more than what is done |
| held | the same entity and state; where something is done then, not more than 35 % longer |
| rate | the same entity and state, and the same direction |
| missed | the same entity and state, on a common weekday, not more than an hour apart |

What the clock sets off may change its kind: a lamp that was found at about 17:00 and, with more days, ten minutes
after sunset, is one routine that is understood better now. So is what follows "Anna is home" and "Anna arrives".
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence

from src.domain.patterns import (
    DayTypeTrigger,
    HeldTrigger,
    Kind,
    MissedTrigger,
    NumericTrigger,
    Pattern,
    PresenceTrigger,
    RateTrigger,
    StateTrigger,
    SunTrigger,
    TimeTrigger,
    TogetherTrigger,
    Trigger,
)

_SAME_ACTIONS = 0.5  # share of the things of both that they have in common
_SAME_PEOPLE = 0.5
_FARTHEST = 60.0  # minutes
_LEVELS = 0.2  # of the larger level
_LONGER = 1.35  # times the shorter duration
_DAY = 24 * 60

# Kinds that may say the same in another way.
_FAMILIES = {
    **dict.fromkeys((Kind.TIME_OF_DAY, Kind.DAY_TYPE, Kind.SOLAR, Kind.SEASONAL), "clock"),
    **dict.fromkeys((Kind.CO_OCCURRENCE, Kind.PRESENCE), "consequence"),
}
_PERSONS_STATES = {"arrives": "home", "leaves": "not_home"}

_Mark = tuple[str, ...]
_Distance = tuple[float, ...]


def same_routine(a: Pattern, b: Pattern) -> bool:
    """Whether two patterns say the same of a home, though not to the minute."""
    return _distance(a, b) is not None


def identify(found: Sequence[Pattern], stored: Sequence[Pattern]) -> list[Pattern]:
    """The found patterns, in their order, with the ids of the stored ones they continue.

    Pairs are made one to one, nearest first and those of one kind before others, so that two routines of one lamp
    cannot end up with one id. A pattern that continues none keeps the miner's id, unless that id already belongs to
    another routine: then it gets one derived from it. Ids are unique in the result, no new routine gets the id of a
    stored one, and neither the order of the found ones nor that of the stored ones matters.
    """
    by_mark: dict[_Mark, list[int]] = defaultdict(list)
    for j, pattern in enumerate(stored):
        for mark in _marks(pattern):
            by_mark[mark].append(j)
    rank, stored_rank = _ranks(found), _ranks(stored)
    pairs: list[tuple[_Distance, int, int, int, int]] = []
    for i, pattern in enumerate(found):
        for j in sorted({j for mark in _marks(pattern) for j in by_mark.get(mark, ())}):
            distance = _distance(pattern, stored[j])
            if distance is not None:
                pairs.append((distance, rank[i], stored_rank[j], i, j))
    continues: dict[int, int] = {}
    continued: set[int] = set()
    for _, _, _, i, j in sorted(pairs):
        if i not in continues and j not in continued:
            continues[i] = j
            continued.add(j)
    ids = {i: stored[j].id for i, j in continues.items()}
    taken = {pattern.id for pattern in stored}
    for i in sorted(set(range(len(found))) - ids.keys(), key=rank.__getitem__):
        ids[i] = _fresh(found[i].id, taken)
        taken.add(ids[i])
    return [pattern.with_(id=ids[i]) for i, pattern in enumerate(found)]


def _apart(a: float, b: float) -> float:
    """Minutes between two times of day, 0 to 720: 23:58 and 00:03 are five apart."""
    apart = abs(a - b) % _DAY
    return min(apart, _DAY - apart)


def _minutes(at: str) -> float:
    hours, minutes, seconds = (int(part) for part in at.split(":"))
    return hours * 60 + minutes + seconds / 60


def _ranks(patterns: Sequence[Pattern]) -> dict[int, int]:
    """The place of each pattern in an order that depends on what the patterns say only."""
    keys = [(pattern.id, json.dumps(pattern.to_json(), sort_keys=True)) for pattern in patterns]
    return {i: place for place, i in enumerate(sorted(range(len(patterns)), key=keys.__getitem__))}


def _family(kind: Kind) -> str:
    return _FAMILIES.get(kind, str(kind))


def _marks(pattern: Pattern) -> set[_Mark]:
    """What two patterns of one routine have at least one of in common, so that not all need be compared with all."""
    family = _family(pattern.kind)
    if pattern.actions:
        return {(family, action.entity_id, action.to) for action in pattern.actions}
    trigger = pattern.trigger
    if isinstance(trigger, HeldTrigger | RateTrigger | MissedTrigger):
        return {(family, trigger.entity_id, trigger.to)}
    return {(family,)}


def _distance(a: Pattern, b: Pattern) -> _Distance | None:
    """How far apart two patterns are, least first; None when they are different routines."""
    if _family(a.kind) != _family(b.kind):
        return None
    doing = _actions_apart(a, b)
    cause = None if doing is None else _causes_apart(a, b)
    if doing is None or cause is None:
        return None
    return (float(a.kind is not b.kind), float(a.conditions != b.conditions) + doing, *cause)


def _actions_apart(a: Pattern, b: Pattern) -> float | None:
    """0 for the same actions, up to 0.5 for a set of things that grew or shrank; None for other actions."""
    ours, theirs = ({(action.entity_id, action.to) for action in each.actions} for each in (a, b))
    if not ours and not theirs:
        return 0.0
    # The steps of a sequence are few and its first one is asked for as well: half of the longer is enough.
    all_of_them = max(len(ours), len(theirs)) if a.kind is Kind.SEQUENCE else len(ours | theirs)
    shared = len(ours & theirs) / all_of_them
    return 1 - shared if shared >= _SAME_ACTIONS else None


def _causes_apart(a: Pattern, b: Pattern) -> _Distance | None:
    mine, yours = a.trigger, b.trigger
    if isinstance(mine, SunTrigger) and isinstance(yours, SunTrigger):
        if mine.event != yours.event:
            return None
        return _nearest([(mine.offset_minutes, mine.weekdays)], [(yours.offset_minutes, yours.weekdays)])
    if _of_the_clock(mine) and _of_the_clock(yours):
        return _nearest(_times(a), _times(b))
    match mine, yours:
        case StateTrigger(), StateTrigger():
            same = (mine.entity_id, mine.to) == (yours.entity_id, yours.to)
            return (abs(mine.delay_seconds - yours.delay_seconds),) if same else None
        case (StateTrigger() as state, PresenceTrigger() as moving) | (
            PresenceTrigger() as moving,
            StateTrigger() as state,
        ):
            same = (state.entity_id,) == moving.entity_ids and state.to == _PERSONS_STATES.get(moving.event)
            return (abs(state.delay_seconds - moving.delay_seconds),) if same else None
        case NumericTrigger(), NumericTrigger():
            return _levels_apart(mine, yours)
        case PresenceTrigger(), PresenceTrigger():
            share = _shared(mine.entity_ids, yours.entity_ids)
            return (1 - share,) if mine.event == yours.event and share >= _SAME_PEOPLE else None
        case TogetherTrigger(), TogetherTrigger():
            return (0.0,)
        case HeldTrigger(), HeldTrigger():
            return _held_apart(mine, yours, told=not a.actions)
        case RateTrigger(), RateTrigger():
            ups = [each.per_week_after > each.per_week_before for each in (mine, yours)]
            same = (mine.entity_id, mine.to) == (yours.entity_id, yours.to) and ups[0] == ups[1]
            return (float(mine.since != yours.since),) if same else None
        case MissedTrigger(), MissedTrigger():
            if (mine.entity_id, mine.to) != (yours.entity_id, yours.to):
                return None
            return _nearest([(_minutes(mine.at), mine.weekdays)], [(_minutes(yours.at), yours.weekdays)])
        case _:
            return None


def _of_the_clock(trigger: Trigger) -> bool:
    return isinstance(trigger, TimeTrigger | DayTypeTrigger | SunTrigger)


def _times(pattern: Pattern) -> list[tuple[float, tuple[str, ...]]]:
    """The minutes of the day at which it happens, and the weekdays.

    Of what follows the sun it is the middle between the first and the last time it was seen: there a routine of the
    clock that was mined from the same days would lie.
    """
    trigger = pattern.trigger
    if isinstance(trigger, TimeTrigger):
        return [(_minutes(trigger.at), trigger.weekdays)]
    if isinstance(trigger, DayTypeTrigger):
        return [(_minutes(each.at), each.weekdays) for each in trigger.times]
    assert isinstance(trigger, SunTrigger)
    first, last = (_wall_clock(seen) for seen in (pattern.evidence.first_seen, pattern.evidence.last_seen))
    if first is None or last is None:
        return []
    return [((first + ((last - first + _DAY / 2) % _DAY - _DAY / 2) / 2) % _DAY, trigger.weekdays)]


def _wall_clock(moment: str) -> float | None:
    """Minutes of the day of an ISO 8601 instant, on the clock of its own offset; None when it is no instant."""
    try:
        return _minutes(moment[11:19])
    except ValueError:
        return None


def _nearest(
    ours: Sequence[tuple[float, tuple[str, ...]]], theirs: Sequence[tuple[float, tuple[str, ...]]]
) -> _Distance | None:
    """Minutes between the two nearest times that share a weekday, then the share of all weekdays that only one of
    both has; None when those times are far apart.
    """
    near = [
        minutes
        for at, days in ours
        for other, other_days in theirs
        if (minutes := _apart(at, other)) <= _FARTHEST and not set(days).isdisjoint(other_days)
    ]
    if not near:
        return None
    mine, yours = ([day for _, days in times for day in days] for times in (ours, theirs))
    return (min(near), 1 - _shared(mine, yours))


def _levels_apart(a: NumericTrigger, b: NumericTrigger) -> _Distance | None:
    if a.entity_id != b.entity_id or (a.above is None) != (b.above is None):
        return None
    ours, theirs = (each.below if each.above is None else each.above for each in (a, b))
    if ours is None or theirs is None:
        return None
    larger = max(abs(ours), abs(theirs))
    apart = abs(ours - theirs) / larger if larger else 0.0
    return (apart,) if apart <= _LEVELS else None


def _held_apart(a: HeldTrigger, b: HeldTrigger, *, told: bool) -> _Distance | None:
    """A thing left open longer than ever is told of once, however long it gets; a habit has its own duration."""
    if (a.entity_id, a.to) != (b.entity_id, b.to):
        return None
    shorter, longer = sorted((a.for_seconds, b.for_seconds))
    return (longer - shorter,) if told or longer <= _LONGER * shorter else None


def _shared(ours: Sequence[str], theirs: Sequence[str]) -> float:
    """Share of both that is common to both, 0 to 1."""
    everybody = set(ours) | set(theirs)
    return len(set(ours) & set(theirs)) / len(everybody) if everybody else 0.0


def _fresh(wanted: str, taken: set[str]) -> str:
    identifier, attempt = wanted, 0
    while identifier in taken:
        attempt += 1
        identifier = "p_" + hashlib.sha256(f"{wanted}#{attempt}".encode()).hexdigest()[:16]
    return identifier
