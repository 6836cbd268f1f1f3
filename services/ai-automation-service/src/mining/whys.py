"""For each entity without a routine, the reason that says best why: what came closest, and by how much it fell short.

The reasons are asked in the order in which they come about: nothing of the entity was used; too little of it was a
person's; it follows another; a candidate was below the bar or explained by another pattern; nothing came near.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from src.domain.local_time import DAY
from src.domain.patterns import Json, Kind
from src.domain.whys import Why
from src.mining.bars import Shortfall
from src.mining.kind import Bar, Candidate, Home, Search, Trial
from src.mining.overlap import Explained

MIN_ACTIVE_DAYS = 5
MIN_RATE = Bar().min_rate

# How near to being shown a reason says that a candidate was, nearest first.
_NEARNESS = (
    "fading_on_later_days",
    "not_repeated_on_later_days",
    "too_few_chances_to_be_sure",
    "happens_too_seldom",
    "could_be_chance",
)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A candidate below the bar."""

    candidate: Candidate
    q_value: float
    shortfall: Shortfall


def whys(
    home: Home,
    shown: Sequence[Candidate],
    rejected: Sequence[Rejected],
    explained: Sequence[Explained],
    searches: Mapping[Kind, Search],
) -> tuple[Why, ...]:
    """A reason for every entity of the log that no pattern acts on, by entity id."""
    changes = home.changes
    things = changes.things
    done = {things[code].entity_id for candidate in shown for code in _codes(home, candidate)}
    causes = {things[candidate.source].entity_id for candidate in shown if candidate.source is not None}
    codes: dict[str, list[int]] = {}
    for thing in things:
        codes.setdefault(thing.entity_id, []).append(thing.code)
    near: dict[str, list[Rejected]] = {}
    for each in rejected:
        near.setdefault(things[each.candidate.target].entity_id, []).append(each)
    outdone = {things[each.finding.candidate.target].entity_id: each for each in reversed(explained)}
    closest = _closest(home, searches)
    able = {member for members in home.members.values() for member in members}
    found: list[Why] = []
    for entity_id in sorted({*changes.unused, *codes}):
        if entity_id in done:
            continue
        why = (
            _unused(home, entity_id)
            or _explained(home, outdone.get(entity_id))
            or _below_the_bar(entity_id, near.get(entity_id, ()))
            or _cannot_act(home, entity_id, codes[entity_id], able, causes)
            or _too_little(home, entity_id, codes[entity_id])
            or _nothing_near(entity_id, closest.get(entity_id))
        )
        found.append(why)
    return tuple(found)


def _codes(home: Home, candidate: Candidate) -> list[int]:
    own = [candidate.target, *(step.code for step in candidate.steps)]
    return [member for code in own for member in home.members.get(code, (code,))]


def _unused(home: Home, entity_id: str) -> Why | None:
    reason = home.changes.unused.get(entity_id)
    return None if reason is None else Why(entity_id, reason)


def _explained(home: Home, each: Explained | None) -> Why | None:
    if each is None:
        return None
    candidate, by = each.finding.candidate, each.by.candidate
    thing = home.changes.things[by.target]
    detail: Json = {"by": {"kind": str(by.kind), "entity_id": thing.entity_id, "to": thing.to}}
    return Why(home.changes.things[candidate.target].entity_id, each.reason, candidate.kind, detail)


def _below_the_bar(entity_id: str, near: Sequence[Rejected]) -> Why | None:
    """The candidate that came closest to being shown."""
    if not near:
        return None
    best = min(near, key=lambda each: (_NEARNESS.index(each.shortfall.reason), each.q_value))
    candidate, missing = best.candidate, best.shortfall
    detail: Json = {
        "reached": float(f"{missing.reached:.3g}"),
        "needed": missing.needed,
        **_told(candidate.discovery),
        "holdout": {"hits": candidate.holdout.hits, "opportunities": candidate.holdout.opportunities},
        "trigger": candidate.trigger.to_json(),
    }
    return Why(entity_id, missing.reason, candidate.kind, detail)


def _cannot_act(
    home: Home, entity_id: str, codes: Sequence[int], able: Collection[int], causes: Collection[str]
) -> Why | None:
    """Nobody can set a sensor; a group that follows others has no will of its own."""
    if any(code in able for code in codes):
        return None
    if entity_id in causes:
        return Why(entity_id, "sets_off_a_routine")
    actuator = any(home.changes.things[code].actuator for code in codes)
    return Why(entity_id, "only_follows_others" if actuator else "cannot_be_set")


def _too_little(home: Home, entity_id: str, codes: Sequence[int]) -> Why | None:
    changes = home.changes
    rows = np.concatenate([changes.of(code) for code in codes])
    personal = rows[changes.by_person[rows]]
    days = len(np.unique(changes.local[personal] // DAY))
    if days >= MIN_ACTIVE_DAYS:
        return None
    detail: Json = {"changes": len(rows), "by_people": len(personal), "days": days, "needed": MIN_ACTIVE_DAYS}
    automated = len(rows) - len(personal) > len(personal)
    return Why(entity_id, "made_by_automation" if automated else "changes_too_seldom", None, detail)


def _nothing_near(entity_id: str, closest: tuple[Kind, Trial] | None) -> Why:
    if closest is None:
        return Why(entity_id, "never_the_same_way_twice")
    kind, trial = closest
    return Why(entity_id, "too_irregular", kind, {**_told(trial), "needed_rate": MIN_RATE})


def _closest(home: Home, searches: Mapping[Kind, Search]) -> dict[str, tuple[Kind, Trial]]:
    """By entity id, the trial with the highest rate of those that kinds know of and made no candidate of."""
    found: dict[str, tuple[Kind, Trial]] = {}
    for kind, search in searches.items():
        for code, trial in search.closest.items():
            entity_id = home.changes.things[code].entity_id
            if entity_id not in found or trial.rate > found[entity_id][1].rate:
                found[entity_id] = kind, trial
    return found


def _told(trial: Trial) -> Json:
    return {
        "hits": trial.hits,
        "opportunities": trial.opportunities,
        "expected_rate": round(trial.expected, 4),
    }
