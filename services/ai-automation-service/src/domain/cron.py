"""What a cron expression of five fields says, as cron reads it; APScheduler alone reads its weekdays otherwise."""

from __future__ import annotations

import re
from datetime import UTC

from apscheduler.triggers.cron import CronTrigger

from src.domain.patterns import WEEKDAYS

_WANTED = "a cron expression of five fields, such as 0 3 * * *"
_CRON_DAYS = ("sun", *WEEKDAYS[:6])
_RANGE = re.compile(r"(?P<low>\w+)(-(?P<high>\w+))?")


def wall_trigger(cron: str) -> CronTrigger:
    """The dates and times of an expression, as if the wall clock were UTC's.

    On UTC every wall-clock time happens exactly once, which is what reading a schedule needs.

    Raises:
        ValueError: no such expression; says what would be one.
    """
    fields = cron.split()
    if len(fields) != 5:
        raise ValueError(f"{_WANTED} (this has {len(fields)})")
    minute, hour, day, month, day_of_week = fields
    try:
        return CronTrigger(
            minute=minute, hour=hour, day=day, month=month, day_of_week=weekdays(day_of_week), timezone=UTC
        )
    except ValueError as error:
        raise ValueError(f"{_WANTED} ({error})") from None


def weekdays(field: str) -> str:
    """The day-of-week field of a cron expression by names: ``1-5`` as ``mon,tue,wed,thu,fri``.

    Cron counts from Sunday, 0 or 7; APScheduler's parser counts from Monday (its issue 286). Names mean the same to
    both. Raises ValueError on what is neither.
    """
    if field == "*":
        return field
    chosen: set[str] = set()
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        if step and not (step.isdigit() and int(step)):
            raise ValueError(f"{step!r} is no step")
        match = _RANGE.fullmatch(span)
        if span == "*":
            low, high = 0, 6
        elif match is None:
            raise ValueError(f"{part!r} names no weekday")
        else:
            low = _cron_day(match["low"])
            high = low if match["high"] is None else _cron_day(match["high"])
            if step and match["high"] is None:
                high = 6
            if high < low:
                high += 7
        chosen.update(_CRON_DAYS[day % 7] for day in range(low, high + 1, int(step or 1)))
    return ",".join(day for day in WEEKDAYS if day in chosen)


def _cron_day(text: str) -> int:
    if text in _CRON_DAYS:
        return _CRON_DAYS.index(text)
    if text.isdigit() and int(text) <= 7:
        return int(text)
    raise ValueError(f"{text!r} is no weekday")
