"""What single values of an automation's configuration mean. YAML may hold anything, so each is checked for itself."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_SPAN = re.compile(r"([+-]?)(\d{1,5}):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?")
_UNITS = {"days": 86_400.0, "hours": 3_600.0, "minutes": 60.0, "seconds": 1.0, "milliseconds": 0.001}
_LONGEST_NAME = 255
_LONGEST_SPAN = 1e9  # s


def is_template(value: object) -> bool:
    """Whether a text is worked out anew each time the automation runs."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def listed(value: object) -> list[object]:
    """The members of a list, or the value alone; nothing for None."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def mappings(value: object) -> Iterator[Mapping[str, object]]:
    """The members of a list, or the value alone, that are mappings; only their keys that are texts."""
    for member in listed(value):
        if isinstance(member, dict):
            yield {key: inner for key, inner in member.items() if isinstance(key, str)}


def word(value: object) -> str:
    """A text, or an empty one for what is none."""
    return value if isinstance(value, str) else ""


def switched_off(node: Mapping[str, object]) -> bool:
    """Whether a trigger, condition or action is there but does not count."""
    return node.get("enabled") is False


def plain_text(value: object) -> str | None:
    """A name worth showing, or None. What cannot be stored as UTF-8 is dropped from it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        text = str(value)
    except ValueError:  # a number of thousands of digits
        return None
    return text.encode("utf-8", "ignore").decode().replace("\0", "").strip()[:_LONGEST_NAME] or None


def state_text(value: object) -> str | None:
    """A state as Home Assistant keeps it; None for a template or what is no state. YAML reads a bare ``on`` as true."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return None if is_template(value) else plain_text(value)


def number(value: object) -> float | None:
    """A finite number; texts of numbers too."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def seconds(value: object) -> float | None:
    """A length of time, s: a number of seconds, ``HH:MM``, ``HH:MM:SS`` with or without a sign, or named units."""
    if isinstance(value, dict):
        parts = {name: number(value[name]) for name in _UNITS if name in value}
        known = [_UNITS[name] * amount for name, amount in parts.items() if amount is not None]
        span = sum(known) if parts and len(known) == len(parts) else None
    elif isinstance(value, str) and (match := _SPAN.fullmatch(value.strip())):
        sign, hours, minutes, rest = match.groups()
        span = (-1 if sign == "-" else 1) * (3_600 * float(hours) + 60 * float(minutes) + float(rest or 0))
    else:
        span = number(value)
    return span if span is not None and abs(span) <= _LONGEST_SPAN else None


def clock(value: object) -> str | None:
    """``HH:MM:SS`` of a wall-clock time; None for anything else, such as the entity that holds one."""
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups())
    return f"{hour:02}:{minute:02}:{second:02}" if hour < 24 and minute < 60 and second < 60 else None
