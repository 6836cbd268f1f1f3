"""How times, days, durations, dates, levels and rates are said: rounded so that a sentence stays the same for weeks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from src.domain.local_time import MONTHS
from src.domain.patterns import WEEKDAYS

_STEP = 5  # minutes that a time of day and an offset from the sun are rounded to

_DAY_NAMES = {
    "mon": "Mondays",
    "tue": "Tuesdays",
    "wed": "Wednesdays",
    "thu": "Thursdays",
    "fri": "Fridays",
    "sat": "Saturdays",
    "sun": "Sundays",
}

# Steps that a duration is rounded to: below so many minutes, to so many minutes.
_DURATION_STEPS = ((10, 1), (60, 5), (120, 15), (360, 30), (2880, 60))

_DAILY = 17.5  # times a week, from which on a rate is said by the day


def clock(at: str) -> str:
    """``07:12:30`` as ``07:10``: to the nearest five minutes, over midnight too. What is no time is said as it is."""
    try:
        hours, minutes, seconds = (int(part) for part in at.split(":"))
    except ValueError:
        return at
    steps = int((hours * 60 + minutes + seconds / 60) / _STEP + 0.5)
    rounded = steps * _STEP % (24 * 60)
    return f"{rounded // 60:02d}:{rounded % 60:02d}"


def days(weekdays: Sequence[str]) -> str:
    """``every day``, ``on weekdays``, ``at weekends``, ``on Tuesdays and Thursdays``."""
    chosen = [day for day in WEEKDAYS if day in weekdays]
    if len(chosen) in (0, 7):
        return "every day"
    if chosen == list(WEEKDAYS[:5]):
        return "on weekdays"
    if chosen == list(WEEKDAYS[5:]):
        return "at weekends"
    if len(chosen) >= 5:
        return f"every day but {listed([_DAY_NAMES[day] for day in WEEKDAYS if day not in chosen])}"
    return f"on {listed([_DAY_NAMES[day] for day in chosen])}"


def delay(seconds: float) -> str:
    """``30 seconds``, ``a minute``, ``2 minutes``, ``an hour``, ``3 hours``: rounded up, as a bound is."""
    if seconds < 60:
        rounded = max(5, -int(-seconds // 5) * 5)
        return f"{rounded} seconds" if rounded < 60 else "a minute"
    minutes = -int(-seconds // 60)
    if minutes == 1:
        return "a minute"
    if minutes < 90 and minutes != 60:
        return f"{minutes} minutes"
    hours = max(1, round(minutes / 60))
    return "an hour" if hours == 1 else f"{hours} hours"


def duration(seconds: float) -> str:
    """``40 seconds``, ``7 minutes``, ``25 minutes``, ``2.5 hours``, ``3 days``: to the nearest step people think in."""
    if seconds < 57.5:
        return f"{max(5, round(seconds / 5) * 5)} seconds"
    step = next((step for below, step in _DURATION_STEPS if seconds / 60 < below), 0)
    if not step:
        return f"{round(seconds / 86_400)} days"
    minutes = max(1, round(seconds / 60 / step) * step)
    if minutes == 1:
        return "a minute"
    if minutes == 60:
        return "an hour"
    return f"{minutes} minutes" if minutes < 120 else f"{minutes / 60:g} hours"


def from_sun(event: str, offset_minutes: float) -> str:
    """``around sunset``, ``about 10 minutes after sunset``, ``about an hour before sunrise``."""
    minutes = int(abs(offset_minutes) / _STEP + 0.5) * _STEP
    if not minutes:
        return f"around {event}"
    length = "an hour" if minutes == 60 else f"{minutes} minutes" if minutes % 60 else f"{minutes // 60} hours"
    return f"about {length} {'after' if offset_minutes > 0 else 'before'} {event}"


def date(text: str) -> str:
    """``2025-10-12`` or ``10-12`` as ``12 October``. What is no date is said as it is."""
    try:
        month, day = (int(part) for part in text.split("-")[-2:])
    except ValueError:
        return text
    return f"{day} {MONTHS[month - 1]}" if 1 <= month <= 12 and 1 <= day <= 31 else text


def level(value: float, unit: str | None) -> str:
    """``45 lx``, ``21.5 °C``, ``1250 W``: to about two per cent, which is two or two and a half digits."""
    if not math.isfinite(value):
        return f"{value} {unit or ''}".strip()
    rounded, decimals = 0.0, 0
    if value:
        place = math.floor(math.log10(abs(value))) - 1  # of the second digit
        # Below 3 a whole second digit would be up to ten per cent: there it goes by halves.
        halves = abs(value) / 10.0 ** (place + 1) < 3
        step = 10.0**place * (0.5 if halves else 1.0)
        rounded = round(value / step) * step
        decimals = max(0, 1 - place if halves else -place)
    said = f"{rounded:.{decimals}f}"
    if "." in said:
        said = said.rstrip("0").rstrip(".")
    return f"{said} {unit}" if unit else said


def rates(now: float, before: float) -> tuple[str, str]:
    """Two rates to compare, in one unit: ``6 times a week`` and ``2``, ``8 times a day`` and ``3``.

    The smaller one chooses the unit: a day only where both are several times a day.

    Args:
        now: a week.
        before: a week. Where it is a number of the same unit, the unit is not said again.
    """
    days, unit = (7, "a day") if min(now, before) >= _DAILY else (1, "a week")
    often, former = _often(now / days, unit), _often(before / days, unit)
    return often, former.removesuffix(f" times {unit}")


def _often(amount: float, unit: str) -> str:
    """``never``, ``less than once a week``, ``once a week``, ``2.5 times a week``, ``40 times a week``."""
    if amount <= 0:
        return "never"
    if amount < 0.75:
        return f"less than once {unit}"
    rounded = round(amount * 2) / 2 if amount < 3 else float(round(amount))
    return f"once {unit}" if rounded == 1 else f"{rounded:g} times {unit}"


def listed(parts: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
