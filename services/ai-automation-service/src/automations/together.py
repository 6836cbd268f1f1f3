"""Things that are set together: when a person has set half of them, the rest follows.

So the automation asks for what the pattern was counted by. Half of a pair is one of them; of three or more a person has
to set two or more within the usual time, because a lamp of a group is also used alone, and nobody wants the whole group
for it. It only ever moves things towards their states, never away, so it cannot chase itself: what it does leads to
runs that find nothing left to do. What another automation set off by a change does not count as a person.
"""

from __future__ import annotations

from collections.abc import Sequence

from src.automations.conditions import quoted, template
from src.automations.services import Call, grouped
from src.automations.triggers import MOMENTS, Start, taking
from src.domain.entity_ids import domain_of
from src.domain.patterns import Action, Json, TogetherTrigger

_SHORTEST = 30  # s; a device may be late by some


def by_each_other(trigger: TogetherTrigger, actions: Sequence[Action]) -> Start:
    """Set off by each of the things, as soon as half of them were set."""
    by_state: dict[str, list[str]] = {}
    for action in actions:
        by_state.setdefault(action.to, []).append(action.entity_id)
    triggers = [start for to, ids in by_state.items() for start in taking(ids, to)]
    conditions = [template("trigger.to_state.context.parent_id is none")]
    half = (len(actions) + 1) // 2
    if half > 1:
        conditions.append(template(f"({_recent(by_state, trigger.within_seconds)}) | count >= {half}"))
    return Start(tuple(triggers), tuple(conditions))


def the_others(calls: Sequence[tuple[str, Call]]) -> list[Json]:
    """Sets all of them; what is set already stays as it is. Pressing a button again would not leave it as it is."""
    return grouped([(entity_id, call) for entity_id, call in calls if domain_of(entity_id) not in MOMENTS])


def _recent(by_state: dict[str, list[str]], within_seconds: float) -> str:
    """Of a template: the list of those that have their state since a moment ago."""
    seconds = max(_SHORTEST, 5 * round(within_seconds / 5))
    lists = []
    for to, ids in by_state.items():
        for moments in (False, True):
            chosen = [entity_id for entity_id in ids if (domain_of(entity_id) in MOMENTS) is moments]
            if chosen:
                states = ", ".join(f"states[{quoted(entity_id)}]" for entity_id in chosen)
                is_so = "" if moments else f" | selectattr('state', 'eq', {quoted(to)})"
                since = f" | selectattr('last_changed', 'gt', now() - timedelta(seconds={seconds}))"
                lists.append(f"[{states}] | select{is_so}{since} | list")
    return " + ".join(f"({each})" for each in lists) if len(lists) > 1 else lists[0]
