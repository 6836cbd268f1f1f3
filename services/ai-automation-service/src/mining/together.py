"""Things that move together: a scene of lamps, a switch and the sensor that echoes it, a group and its members.

They are one thing to a person. Of things that always move together one stands for all in the search, and an action
names all that can be set, but for those that Home Assistant itself moves with it: a template light that mirrors a
plug. A group that follows now this member, now that one has no will of its own and stays out.
"""

from __future__ import annotations

import numpy as np

from src.domain.events import MICROSECONDS
from src.mining.changes import Changes

_WITHIN = 2 * MICROSECONDS
_SHARE = 0.8
_MIN_TIMES = 5
_SHADOW_SHARE = 0.9
_OWN_SHARE = 0.1


def only_mirrors(changes: Changes, code: int, other: int) -> bool:
    """Whether people hardly ever move a thing themselves that moves with another, which they do move."""
    return code != other and _share_by_people(changes, code) < _OWN_SHARE <= _share_by_people(changes, other)


def _share_by_people(changes: Changes, code: int) -> float:
    indices = changes.of(code)
    return float(np.mean(changes.by_person[indices])) if len(indices) else 0.0


def _share_accompanied(changes: Changes, a: int, b: int) -> float:
    """Share of a's changes that have one of b's within two seconds."""
    times, others = changes.time[changes.of(a)], changes.time[changes.of(b)]
    low = np.searchsorted(others, times - _WITHIN, "left")
    high = np.searchsorted(others, times + _WITHIN, "right")
    return float(np.mean(high > low))


def _standing(changes: Changes, code: int, codes: list[int]) -> tuple[bool, bool, float, str]:
    """Sort key of who stands for a set: what can be set, then people, then who moves first, as a group's members do."""
    entity_id, actuator = changes.things[code].entity_id, changes.things[code].actuator
    return not actuator, not entity_id.startswith("person."), _lateness(changes, code, codes), entity_id


def _lateness(changes: Changes, code: int, codes: list[int]) -> float:
    """Mean time by which a thing moves after the nearest move of the others of its set, µs; negative: before."""
    times = changes.time[changes.of(code)]
    late: list[float] = []
    for other in codes:
        if other != code:
            others = changes.time[changes.of(other)]
            after = np.clip(np.searchsorted(others, times), 0, len(others) - 1)
            before = np.maximum(after - 1, 0)
            gap_after, gap_before = others[after] - times, times - others[before]
            gap = np.where(np.abs(gap_after) < np.abs(gap_before), -gap_after, gap_before)
            close = np.abs(gap) <= _WITHIN
            late.append(float(gap[close].mean()) if close.any() else 0.0)
    return float(np.mean(late)) if late else 0.0


def moving_together(changes: Changes) -> dict[int, tuple[int, ...]]:
    """Every thing's set: code -> codes of the set it belongs to, the one that stands for it first."""
    n = len(changes.things)
    parent = list(range(n))

    def root(code: int) -> int:
        while parent[code] != code:
            parent[code] = parent[parent[code]]
            code = parent[code]
        return code

    time, thing = changes.time, changes.thing.astype(np.int64)
    sizes = np.bincount(thing, minlength=n)
    frequent = np.flatnonzero((sizes[thing] >= _MIN_TIMES) & changes.witnessed)
    time, thing = time[frequent], thing[frequent]
    at = np.arange(len(time))
    keys, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    lag = 1
    while len(at):
        at = at[at >= lag]
        at = at[time[at] - time[at - lag] <= _WITHIN]
        a, b = thing[at], thing[at - lag]
        found, count = np.unique(np.minimum(a, b) * n + np.maximum(a, b), return_counts=True)
        keys.append(found)
        counts.append(count.astype(np.int64))
        lag += 1
    pairs, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    together = np.bincount(inverse, weights=np.concatenate(counts), minlength=len(pairs))
    for pair, count in zip(pairs.tolist(), together.tolist(), strict=True):
        a, b = divmod(pair, n)
        if a == b or changes.things[a].entity_id == changes.things[b].entity_id:
            continue
        if count < _SHARE * max(sizes[a], sizes[b]) or root(a) == root(b):
            continue
        if min(_share_accompanied(changes, a, b), _share_accompanied(changes, b, a)) >= _SHARE:
            parent[root(a)] = root(b)
    sets: dict[int, list[int]] = {}
    for code in range(n):
        sets.setdefault(root(code), []).append(code)
    result: dict[int, tuple[int, ...]] = {}
    for codes in sets.values():
        ordered = tuple(sorted(codes, key=lambda code: _standing(changes, code, codes)))
        for code in codes:
            result[code] = ordered
    return result


def shadows(changes: Changes, sets: dict[int, tuple[int, ...]]) -> set[int]:
    """Codes of actuator things that only ever follow others of the same state: groups of lamps, mirrored switches.

    Nine in ten of a shadow's changes come at most two seconds after one of an entity outside its set, which is no
    shadow itself. Those with most company are decided first: a group has that of all its members.
    """
    entities = np.unique([thing.entity_id for thing in changes.things], return_inverse=True)[1]
    states = np.unique([thing.to for thing in changes.things], return_inverse=True)[1]
    standing = np.array([sets[thing.code][0] for thing in changes.things], np.int64)
    can_act = np.array([thing.actuator for thing in changes.things], np.bool_)
    acts = np.flatnonzero(can_act[changes.thing] & changes.witnessed) if len(changes.things) else np.zeros(0, np.int64)
    time, thing = changes.time[acts], changes.thing[acts].astype(np.int64)
    company: dict[int, dict[int, set[int]]] = {}
    at = np.arange(len(time))
    lag = 1
    while len(at):
        at = at[at >= lag]
        at = at[time[at] - time[at - lag] <= _WITHIN]
        a, b = thing[at], thing[at - lag]
        alike = (states[a] == states[b]) & (entities[a] != entities[b]) & (standing[a] != standing[b])
        for later, x, y in zip(at[alike].tolist(), a[alike].tolist(), b[alike].tolist(), strict=True):
            company.setdefault(x, {}).setdefault(y, set()).add(later)
            if time[later] == time[later - lag]:
                company.setdefault(y, {}).setdefault(x, set()).add(later - lag)
        lag += 1
    sizes = np.bincount(thing, minlength=len(changes.things))
    found: set[int] = set()

    def share(code: int) -> float:
        followed: set[int] = set().union(*(events for other, events in company[code].items() if other not in found))
        return len(followed) / int(sizes[code])

    for code in sorted(
        company, key=lambda code: (-len(company[code]), -int(sizes[code]), changes.things[code].entity_id)
    ):
        if sizes[code] >= _MIN_TIMES and share(code) >= _SHADOW_SHARE:
            found.add(code)
    return found
