"""Does a claim about the clock or the sun follow from the truth of a home?"""

from __future__ import annotations

import numpy as np

from src.domain.events import Float64Array, Int64Array
from src.domain.local_time import DAY, to_local
from src.domain.patterns import WEEKDAYS, DayTypeTrigger, Pattern, SunTrigger, TimeTrigger
from src.simulation.daylight import sun_times
from src.simulation.log_reading import Node
from src.simulation.matching import NEAR_MINUTES, clock_minutes, season_begins
from src.simulation.span import DAY_MINUTES, MINUTE
from src.simulation.truth import Truth

_SHARE = 0.5  # of the days that a claim names, those on which the truth has it due
CHANCE = 0.4  # of it happening on a day that the claim names
_CENTRED = 20.0  # minutes, of a claim about the sun or about two sorts of day


def _claimed(truth: Truth, trigger: TimeTrigger | SunTrigger) -> Float64Array:
    """Moments of the span that a trigger names."""
    span = truth.span
    days = np.flatnonzero(np.isin(span.weekdays, [WEEKDAYS.index(day) for day in trigger.weekdays]))
    if isinstance(trigger, TimeTrigger):
        return np.asarray(days * DAY_MINUTES + clock_minutes(trigger.at), np.float64)
    if truth.home.log.position is None:
        return np.empty(0, np.float64)
    rise, fall = sun_times(span.first_day, span.days, span.time_zone, truth.home.log.position)
    events = (rise if trigger.event == "sunrise" else fall)[days]
    local = (to_local(events, span.time_zone) - span.first_day * DAY) / MINUTE
    return np.asarray(local + trigger.offset_minutes, np.float64)


def due_then(truth: Truth, pattern: Pattern, thing: Node) -> bool:
    """Whether a thing is due at the times that a pattern names, by its routines."""
    trigger = pattern.trigger
    claims = trigger.times if isinstance(trigger, DayTypeTrigger) else (trigger,)
    centred = not isinstance(trigger, TimeTrigger)
    begins = season_begins(pattern)
    for claim in claims:
        assert isinstance(claim, TimeTrigger | SunTrigger)
        moments = _claimed(truth, claim)
        if not any(_on_most(truth, moments, due.time, due.chance, centred, begins) for due in truth.due(thing)):
            return False
    return True


def _on_most(
    truth: Truth, moments: Float64Array, due: Int64Array, chance: float, centred: bool, begins: str | None
) -> bool:
    """Whether a thing is due about the claimed moments on most of the days, or on most of the last third."""
    if len(moments) == 0 or len(due) == 0:
        return False
    at = np.sort((to_local(due, truth.span.time_zone) - truth.span.first_day * DAY) / MINUTE)
    after = np.clip(np.searchsorted(at, moments), 0, len(at) - 1)
    before = np.maximum(after - 1, 0)
    gap_after, gap_before = at[after] - moments, at[before] - moments
    gap = np.where(np.abs(gap_after) < np.abs(gap_before), gap_after, gap_before)
    near = np.abs(gap) <= NEAR_MINUTES
    if begins is not None:
        month, day = (int(part) for part in begins.split("-"))
        dates = (moments // DAY_MINUTES + truth.span.first_day).astype("datetime64[D]")
        first = np.datetime64(f"{str(dates[-1])[:4]}-{month:02d}-{day:02d}")
        if first > dates[-1]:
            first = np.datetime64(f"{int(str(dates[-1])[:4]) - 1}-{month:02d}-{day:02d}")
        inside = dates >= first
        if not inside.any() or (~inside).sum() < 5 or near[~inside].mean() > 0.5 * near[inside].mean():
            return False  # a season in which it is no other than out of it
        near, gap = near[inside], gap[inside]
    if centred and near.any() and abs(float(np.median(gap[near]))) > _CENTRED:
        return False
    share = max(float(near.mean()), float(near[-max(len(near) // 3, 1) :].mean()))
    return share >= _SHARE and share * chance >= CHANCE
