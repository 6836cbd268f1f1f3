"""Does a claim that a habit changed, or was missed, follow from the truth of a home?"""

from __future__ import annotations

import numpy as np

from src.domain.local_time import day_number, to_local
from src.domain.patterns import Kind, MissedTrigger, RateTrigger
from src.simulation.home import Planted
from src.simulation.matching import NEAR_DAYS, NEAR_MINUTES, clock_minutes, days_from, minutes_apart
from src.simulation.truth import Truth

_CHANGED = 1.6  # times as often, to call it a change
_LATE_DAYS = 4  # a change shows later in what follows from it


def changed(truth: Truth, trigger: RateTrigger) -> bool:
    """Whether what an entity does truly became more or less often about then."""
    more = trigger.per_week_after > trigger.per_week_before
    sources = {trigger.entity_id} | truth.sources.get(trigger.entity_id, set())
    for routine, until in truth.home.given_up:
        if routine.entity_id in sources and not more and _apart(truth, until, trigger.since) <= NEAR_DAYS + _LATE_DAYS:
            return True
    return any(
        _change_of(truth, routine, trigger, more, depth=2)
        for routine in truth.home.planted
        if sources & {entity_id for entity_id, _ in routine.things}
    )


def _change_of(truth: Truth, routine: Planted, trigger: RateTrigger, more: bool, depth: int) -> bool:
    home = truth.home
    if routine.since_minutes is not None and home.span is not None:
        near = days_from(home, routine.since_minutes, trigger.since) <= NEAR_DAYS + _LATE_DAYS
        rising = routine.kind is Kind.SEASONAL or (routine.factor is not None and routine.factor > 1)
        if near and (rising == more) and (routine.kind is not Kind.ANOMALY or routine.at_minutes is not None):
            return True
    occasions = truth.occasions(routine)
    if len(occasions):
        day = day_number(to_local(occasions, home.log.time_zone))
        since = int(np.datetime64(trigger.since).astype(np.int64))
        span = truth.span
        before = np.sum(day < since) / max(since - span.first_day, 1)
        after = np.sum(day >= since) / max(span.first_day + span.days - since, 1)
        high, low = (after, before) if more else (before, after)
        if high >= _CHANGED * max(low, 1e-9):
            return True
    return depth > 0 and any(
        _change_of(truth, other, trigger, more, depth - 1)
        for other in home.planted
        if other is not routine and routine.trigger_entity in dict(other.things)
    )


def _apart(truth: Truth, instant: int, text: str) -> int:
    day = int(day_number(to_local(np.array([instant], np.int64), truth.home.log.time_zone))[0])
    return abs(day - int(np.datetime64(text).astype(np.int64)))


def was_missed(truth: Truth, trigger: MissedTrigger) -> bool:
    """A routine of the clock that stopped when the pattern says, or that a holiday interrupted then."""
    nodes = truth.same((trigger.entity_id, trigger.to))
    at = clock_minutes(trigger.at)
    for routine in (*truth.home.planted, *(routine for routine, _ in truth.home.given_up)):
        if routine.at_minutes is None or (routine.entity_id, routine.to) not in nodes:
            continue
        if minutes_apart(at, routine.at_minutes) > 2 * NEAR_MINUTES:
            continue
        stops = [until for given_up, until in truth.home.given_up if given_up == routine]
        stops += [start for start, _ in truth.home.away]
        if any(_apart(truth, stop, trigger.since) <= 3 for stop in stops):
            return True
        if routine.kind is Kind.ANOMALY and routine.since_minutes is not None:
            return days_from(truth.home, routine.since_minutes, trigger.since) <= 3
    return False
