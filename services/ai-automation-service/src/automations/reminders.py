"""Reminders: a thing was left in a state for longer than usual, or a routine was not done by its time.

To the phone, where exactly one has the companion app; else a notification inside Home Assistant, which is always there.
"""

from __future__ import annotations

import math
import re

from src.automations.conditions import anybody_home, quoted, template
from src.automations.things import Things
from src.automations.triggers import Start, by_time
from src.automations.wording import no_template, sentence_of
from src.domain.patterns import WEEKDAYS, Json, MissedTrigger, Pattern, TimeTrigger

_SINCE = re.compile(r" and ha(?:s|ve) not since [^.]+\.?$")  # true of one day only
_GRACE = 15  # minutes; by its time it was done on nineteen days of twenty, not on all
_DAY = 24 * 60
_SHORTEST = 60  # minutes in which a routine may have been done and undone
_SPREADS = 6  # standard deviations of its time


def when_missed(trigger: MissedTrigger, spread_minutes: float, things: Things) -> Start:
    """A quarter of an hour after it has always been done, unless the thing is in its state or was moved not long ago.

    What was turned on at its time and off again is done, though it is off by now. Nobody is reminded while all are out.
    """
    minutes = 60 * math.ceil((max(_SHORTEST, _SPREADS * spread_minutes) + _GRACE) / 60)
    start = by_time(_later(TimeTrigger(trigger.at, trigger.weekdays), _GRACE))
    undone: Json = {
        "condition": "not",
        "conditions": [{"condition": "state", "entity_id": trigger.entity_id, "state": trigger.to}],
    }
    still = template(f"states[{quoted(trigger.entity_id)}].last_changed < now() - timedelta(minutes={minutes})")
    about = [anybody_home(sorted(things.persons), things)] if things.persons else []
    return Start(start.triggers, (*start.conditions, undone, still, *about))


def _later(trigger: TimeTrigger, minutes: int) -> TimeTrigger:
    """The time so much later; over midnight it is on the weekdays after."""
    hour, minute = (int(part) for part in trigger.at.split(":")[:2])
    at = hour * 60 + minute + minutes
    days = [(WEEKDAYS.index(day) + at // _DAY) % 7 for day in trigger.weekdays]
    return TimeTrigger(f"{at % _DAY // 60:02d}:{at % 60:02d}:00", tuple(WEEKDAYS[day] for day in sorted(days)))


def reminder(pattern: Pattern, things: Things) -> Json:
    """The message, in the words of the pattern. A second one about the same takes the place of the first."""
    said = no_template(sentence_of(pattern))
    if isinstance(pattern.trigger, MissedTrigger):
        said = f"{_SINCE.sub('', said).rstrip('.')}. It has not happened yet."
    phone = things.phone
    data: Json = {"title": "Reminder", "message": said}
    if phone is not None:
        return {"action": phone, "data": {**data, "data": {"tag": pattern.id}}}
    return {"action": "persistent_notification.create", "data": {**data, "notification_id": pattern.id}}
