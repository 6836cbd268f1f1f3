"""The miner: prepares a log once, asks every kind for its candidates, keeps what the evidence carries."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from src.domain.events import EventLog
from src.domain.local_time import DAY, isoformat, to_utc
from src.domain.patterns import Action, Evidence, Holdout, Kind, Pattern, StateTrigger, TimeTrigger
from src.domain.progress import Progress, silent
from src.mining.changes import Changes, find_changes, spread
from src.mining.drift import drift
from src.mining.kind import Candidate, Finding, Home
from src.mining.kinds import KINDS
from src.mining.overlap import simplest
from src.mining.statistics import benjamini_yekutieli, fisher, lower_tail, upper_tail, wilson
from src.mining.together import moving_together, shadows
from src.mining.vocabulary import PRESENCE_DOMAINS, PRESENCE_WORDS

MAX_Q = 0.05
MAX_HOLDOUT_P = 0.05
MIN_RATE = 0.5
MIN_RATE_LOW = 0.35
MAX_FADING_P = 0.01
HOLDOUT_SHARE = 0.25
MIN_DAYS = 7
LONGEST_GAP = 180 * DAY


@dataclass(frozen=True)
class MiningResult:
    """What was found and what was left out.

    Attributes:
        patterns: strongest first; ``sentence`` is still empty.
        tested: candidates tested, by kind.
        left_out: how many events, entities or candidates were not used, by reason.
    """

    patterns: tuple[Pattern, ...]
    tested: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)


def mine(log: EventLog, *, kinds: Sequence[Kind] | None = None, progress: Progress = silent) -> MiningResult:
    """Mine a log for routines. Deterministic: the same log gives the same patterns to the digit.

    Args:
        kinds: which kinds; None for all.
    """
    miners = [KINDS[kind] for kind in (KINDS if kinds is None else kinds)]
    steps = len(miners) + 2
    progress("mine", 0, steps, "steps")
    events = len(log)
    log = main_stretch(log)
    changes = find_changes(log)
    left_out: Counter[str] = Counter(changes.left_out)
    left_out["far_from_the_rest"] = events - len(log)
    if int(np.count_nonzero(changes.observed)) < MIN_DAYS:
        left_out["home_with_too_few_days"] = 1
        return MiningResult((), {str(miner.kind): 0 for miner in miners}, _told(left_out))
    home = prepare(log, changes)
    progress("mine", 1, steps, "steps")
    tested: dict[str, int] = {}
    kept: list[Finding] = []
    for step, miner in enumerate(miners):
        search = miner.search(home)
        tested[str(miner.kind)] = search.tested
        left_out.update(search.left_out)
        p_values = np.array([fisher(c.p_value, _holdout_p(c)) for c in search.candidates], np.float64)
        q_values = benjamini_yekutieli(p_values, max(search.tested, 1))
        for candidate, p_value, q_value in zip(search.candidates, p_values.tolist(), q_values.tolist(), strict=True):
            reason = _weakness(candidate, q_value)
            if reason is None:
                kept.append(Finding(candidate, p_value, q_value))
            else:
                left_out[reason] += 1
        progress("mine", 2 + step, steps, "steps")
    survivors, explained = simplest(home, kept)
    left_out.update(explained)
    patterns = [_pattern(home, log, finding) for finding in survivors]
    patterns.sort(key=lambda pattern: (-pattern.evidence.rate_low, pattern.evidence.p_value, pattern.id))
    progress("mine", steps, steps, "steps")
    return MiningResult(tuple(patterns), tested, _told(left_out))


def _told(left_out: Counter[str]) -> dict[str, int]:
    return {reason: left_out[reason] for reason in sorted(left_out) if left_out[reason]}


def main_stretch(log: EventLog) -> EventLog:
    """The log without what lies more than half a year from the rest: clocks that were wrong, a forgotten first try.

    Of several stretches the one with most events stays, the newest of equals.
    """
    breaks = np.flatnonzero(np.diff(log.time) > LONGEST_GAP) + 1
    if len(breaks) == 0:
        return log
    bounds = [0, *breaks.tolist(), len(log)]
    low, high = max(itertools.pairwise(bounds), key=lambda part: (part[1] - part[0], part[0]))
    return log.between(int(log.time[low]), int(log.time[high - 1]) + 1)


def _holdout_p(candidate: Candidate) -> float:
    holdout = candidate.holdout
    return upper_tail(holdout.hits, holdout.opportunities, holdout.expected)


def _weakness(candidate: Candidate, q_value: float) -> str | None:
    """Why a candidate is not shown, None if it is."""
    discovery, holdout = candidate.discovery, candidate.holdout
    hits, opportunities = discovery.hits + holdout.hits, discovery.opportunities + holdout.opportunities
    if q_value > MAX_Q:
        return "could_be_chance"
    if hits < MIN_RATE * opportunities or wilson(hits, opportunities)[0] < MIN_RATE_LOW:
        return "happens_too_seldom"
    if _holdout_p(candidate) > MAX_HOLDOUT_P:
        return "not_repeated_on_later_days"
    # Against the low end: the rate on the days that chose the window flatters it.
    if (
        lower_tail(holdout.hits, holdout.opportunities, wilson(discovery.hits, discovery.opportunities)[0])
        < MAX_FADING_P
    ):
        return "fading_on_later_days"
    return None


def prepare(log: EventLog, changes: Changes) -> Home:
    """Split the days, and decide what may act and what may set off."""
    observed = np.flatnonzero(changes.observed)
    first_held_out = int(observed[len(observed) - max(1, round(HOLDOUT_SHARE * len(observed)))])
    days = np.arange(changes.days)
    midnight = np.array([(changes.first_day + first_held_out) * DAY], np.int64)
    sets = moving_together(changes)
    standing = {codes[0] for codes in sets.values()}
    can_act = [thing.code for thing in changes.things if thing.actuator]
    if not can_act:
        # A home with nothing to switch has habits all the same; they are shown as what they are.
        can_act = [thing.code for thing in changes.things if not _is_presence(log, thing.entity_id)]
    led = shadows(changes, sets)
    able = set(can_act)
    targets = sorted({sets[code][0] for code in can_act} - led)
    return Home(
        changes=changes,
        discovery=changes.observed & (days < first_held_out),
        holdout=changes.observed & (days >= first_held_out),
        split=int(to_utc(midnight, changes.time_zone)[0]),
        targets=tuple(targets),
        triggers=tuple(sorted(standing - led)),
        members={code: tuple(member for member in sets[code] if member in able) for code in targets},
    )


def _is_presence(log: EventLog, entity_id: str) -> bool:
    domain, _, object_id = entity_id.partition(".")
    device_class = log.about(entity_id).device_class or ""
    return domain in PRESENCE_DOMAINS or bool({device_class, *object_id.split("_")} & PRESENCE_WORDS)


def _pattern(home: Home, log: EventLog, finding: Finding) -> Pattern:
    changes, candidate = home.changes, finding.candidate
    discovery = candidate.discovery
    low, high = wilson(discovery.hits, discovery.opportunities)
    actions = tuple(
        Action(changes.things[code].entity_id, changes.things[code].to) for code in home.members[candidate.target]
    )
    expected = max(discovery.expected, 1e-6)
    return Pattern(
        id=_identifier(candidate, actions),
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
            first_seen=isoformat(int(candidate.hit_times[0]), log.time_zone),
            last_seen=isoformat(int(candidate.hit_times[-1]), log.time_zone),
            drift=drift(candidate),
        ),
    )


def _identifier(candidate: Candidate, actions: tuple[Action, ...]) -> str:
    """Deterministic, and the same for a routine whose time moves by minutes inside its hour."""
    trigger = candidate.trigger
    if isinstance(trigger, TimeTrigger):
        cause: list[object] = ["time", trigger.at[:2], list(trigger.weekdays)]
    else:
        assert isinstance(trigger, StateTrigger)
        cause = ["state", trigger.entity_id, trigger.to]
    said = json.dumps([str(candidate.kind), cause, [[action.entity_id, action.to] for action in actions]])
    return "p_" + hashlib.sha256(said.encode()).hexdigest()[:16]
