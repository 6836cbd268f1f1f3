"""What is decided about a home before any kind looks at it: which days, what may act, what may set off."""

from __future__ import annotations

import itertools

import numpy as np

from src.domain.events import EventLog
from src.domain.local_time import DAY, to_utc
from src.mining.changes import Changes
from src.mining.kind import Home
from src.mining.memory import Memory
from src.mining.together import moving_together, only_mirrors, shadows
from src.mining.vocabulary import PRESENCE_DOMAINS, PRESENCE_WORDS

HOLDOUT_SHARE = 0.25
DAYS_FOR_WHOLE_WEEKS = 56
LONGEST_GAP = 180 * DAY


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


def prepare(log: EventLog, changes: Changes, memory: Memory | None = None) -> Home:
    """Split the days, and decide what may act and what may set off.

    Args:
        memory: of earlier nights of the same home.
    """
    first_held_out = _first_held_out(changes)
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
        log=log,
        changes=changes,
        discovery=changes.observed & (days < first_held_out),
        holdout=changes.observed & (days >= first_held_out),
        split=int(to_utc(midnight, changes.time_zone)[0]),
        targets=tuple(targets),
        triggers=tuple(sorted(standing - led)),
        members={
            code: tuple(member for member in sets[code] if member in able and not only_mirrors(changes, member, code))
            for code in targets
        },
        memory=Memory() if memory is None else memory,
    )


def _first_held_out(changes: Changes) -> int:
    """The first of the last quarter of the observed days; in longer logs the Monday nearest to it.

    From one Monday to the next only the held-out days grow. So a home is searched anew once a week and not every
    night: fewer chances for luck, nothing that comes and goes with the split, and a search that can be remembered.
    """
    observed = np.flatnonzero(changes.observed)
    first = int(observed[len(observed) - max(1, round(HOLDOUT_SHARE * len(observed)))])
    if len(observed) < DAYS_FOR_WHOLE_WEEKS:
        return first
    since_monday = int(changes.weekdays[first])
    return first - since_monday if since_monday <= 3 else first + 7 - since_monday


def _is_presence(log: EventLog, entity_id: str) -> bool:
    domain, _, object_id = entity_id.partition(".")
    device_class = log.about(entity_id).device_class or ""
    return domain in PRESENCE_DOMAINS or bool({device_class, *object_id.split("_")} & PRESENCE_WORDS)
