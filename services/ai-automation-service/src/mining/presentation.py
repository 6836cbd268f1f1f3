"""From a finding to the pattern that people see."""

from __future__ import annotations

import hashlib
import json

from src.domain.local_time import isoformat
from src.domain.patterns import Action, Evidence, Holdout, Pattern, TimeTrigger
from src.mining.changes import spread
from src.mining.drift import drift
from src.mining.kind import Candidate, Finding, Home
from src.mining.statistics import wilson


def present(home: Home, finding: Finding) -> Pattern:
    """The pattern of a finding; its sentence is still empty."""
    candidate = finding.candidate
    discovery, zone = candidate.discovery, home.changes.time_zone
    low, high = wilson(discovery.hits, discovery.opportunities)
    expected = max(discovery.expected, 1e-6)
    actions = actions_of(home, candidate)
    return Pattern(
        id=_identifier(home, candidate, actions),
        kind=candidate.kind,
        trigger=candidate.trigger,
        actions=actions,
        conditions=candidate.conditions,
        evidence=Evidence(
            hits=discovery.hits,
            opportunities=discovery.opportunities,
            rate=round(discovery.rate, 4),
            rate_low=round(low, 4),
            rate_high=round(high, 4),
            expected_rate=round(expected, 6),
            lift=round(discovery.rate / expected, 2),
            p_value=float(f"{finding.p_value:.3g}"),
            q_value=float(f"{finding.q_value:.3g}"),
            holdout=Holdout(candidate.holdout.hits, candidate.holdout.opportunities),
            spread_minutes=round(spread(candidate.values), 2),
            first_seen=isoformat(int(candidate.hit_times[0]), zone),
            last_seen=isoformat(int(candidate.hit_times[-1]), zone),
            drift=drift(candidate),
        ),
    )


def actions_of(home: Home, candidate: Candidate) -> tuple[Action, ...]:
    """What the pattern does, in order; things that move together are all named."""
    if not candidate.acts:
        return ()
    named: list[Action] = []
    steps = [(step.code, step.after_seconds) for step in candidate.steps]
    for code, after in [*steps, (candidate.target, candidate.after_seconds)]:
        for number, member in enumerate(home.members.get(code, (code,))):
            thing = home.changes.things[member]
            named.append(Action(thing.entity_id, thing.to, after if number == 0 else None if after is None else 0.0))
    return tuple(named)


def _identifier(home: Home, candidate: Candidate, actions: tuple[Action, ...]) -> str:
    """Deterministic, and the same for a routine whose time moves by minutes inside its hour."""
    thing = home.changes.things[candidate.target]
    trigger = candidate.trigger.to_json()
    if isinstance(candidate.trigger, TimeTrigger):
        cause: list[object] = ["time", candidate.trigger.at[:2], list(candidate.trigger.weekdays)]
    else:
        # What is measured anew each night stays out.
        steady = ("type", "entity_id", "entity_ids", "to", "event")
        cause = [trigger[name] for name in steady if name in trigger]
        cause += [name for name in ("above", "below") if trigger.get(name) is not None]
    done = sorted([action.entity_id, action.to] for action in actions) or [[thing.entity_id, thing.to]]
    said = json.dumps([str(candidate.kind), cause, done])
    return "p_" + hashlib.sha256(said.encode()).hexdigest()[:16]
