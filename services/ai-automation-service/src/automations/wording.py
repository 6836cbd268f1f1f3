"""The words of an automation: its name, what it says of itself and of its evidence, and lengths of time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import datetime

from src.domain.local_time import MONTHS
from src.domain.patterns import (
    DayTypeTrigger,
    Evidence,
    HeldTrigger,
    MissedTrigger,
    Pattern,
    SunTrigger,
    TimeTrigger,
)
from src.domain.triggers import WEEKDAYS

_LONGEST_ALIAS = 100
_LONGEST_SENTENCE = 1_000
_JOINER = "\u200d"  # of emoji
_MADE_BY = "Made by ai-automation-service from pattern"
_RAREST = 1_000  # one in so many is as good as never

# What a sentence says of a habit and the name of an automation need not: how soon people did it, since when they do.
_OF_THE_HABIT = (
    (re.compile(r" within (?:a minute|an hour|\d+ (?:seconds|minutes|hours))\b"), ""),
    (re.compile(r", since \d+ [A-Z][a-z]+$"), ""),
    (re.compile(r" and ha(?:s|ve) not since \d+ [A-Z][a-z]+$"), ""),
    (re.compile(r": longer than (.+) is unusual$"), r" for longer than \1"),
)


def plain(text: str, longest: int) -> str:
    """A text on one line, without what cannot be printed or stored; cut at a word if it is longer than that."""
    kept = (" " if c.isspace() else c for c in text if c.isspace() or c == _JOINER or unicodedata.category(c)[0] != "C")
    line = " ".join("".join(kept).split())
    if len(line) <= longest:
        return line
    return line[: longest - 1].rsplit(" ", 1)[0].rstrip(" ,") + "…"


def no_template(text: str) -> str:
    """A text that Home Assistant does not work out as a template, for fields in which it would."""
    for opening, harmless in (("{{", "(("), ("{%", "(%"), ("{#", "(#")):
        text = text.replace(opening, harmless)
    return text


def sentence_of(pattern: Pattern) -> str:
    """What the pattern says; of one that was never put into words, what it is about."""
    said = plain(pattern.sentence, _LONGEST_SENTENCE)
    return said if said.strip(" .") else f"Routine of {_about(pattern)}."


def alias_of(pattern: Pattern, taken: Collection[str] = ()) -> str:
    """A name for the list of automations: the sentence, as short as it can be read.

    Args:
        taken: names of other automations. One of these gets a part of the pattern's id behind it.
    """
    said = sentence_of(pattern).rstrip(".")
    for of_the_habit, instead in _OF_THE_HABIT:
        said = of_the_habit.sub(instead, said)
    if " the " not in said:
        said = said.removeprefix("The ")
    if isinstance(pattern.trigger, HeldTrigger | MissedTrigger) and not pattern.actions:
        said = f"Reminder: {said}"
    alias = plain(said[:1].upper() + said[1:], _LONGEST_ALIAS)
    if alias in taken:
        return f"{alias} ({pattern.id.removeprefix('p_')[:6]})"
    return alias


def description_of(pattern: Pattern, notes: tuple[str, ...] = ()) -> str:
    """What it does, on which evidence, what there is to know besides, and where it comes from."""
    parts = [sentence_of(pattern), evidence_sentence(pattern), *notes, f"{_MADE_BY} {pattern.id}."]
    return " ".join(part for part in parts if part)


def evidence_sentence(pattern: Pattern) -> str:
    """``Seen on 19 of 22 weekdays, and on 6 of 7 later ones ..., between ...; by chance it would be about 1 in 17.``"""
    evidence, trigger = pattern.evidence, pattern.trigger
    if not pattern.actions and isinstance(trigger, HeldTrigger):
        within = span_words(trigger.for_seconds)
        return f"Before, it was over within {within} in {evidence.hits} of {evidence.opportunities} cases."
    if isinstance(trigger, MissedTrigger):
        return f"Before, it was done on {evidence.hits} of {evidence.opportunities} {_days(trigger.weekdays)}."
    days = _own_weekdays(pattern)
    on, what = ("on ", _days(days)) if days is not None else ("", "times")
    said = f"Seen {on}{evidence.hits} of {evidence.opportunities} {what}"
    if evidence.holdout.opportunities:
        said += f", and {on}{evidence.holdout.hits} of {evidence.holdout.opportunities} later ones"
    between = _between(evidence)
    return f"{said}{between}; by chance it would be {_chance(evidence.expected_rate)}."


def span(seconds: float) -> str:
    """``HH:MM:SS`` of a length of time, with a sign in front where it is negative."""
    whole = round(abs(seconds))
    sign = "-" if seconds < 0 and whole else ""
    return f"{sign}{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def span_words(seconds: float) -> str:
    """``40 seconds``, ``20 minutes``, ``1 hour 30 minutes``, ``2 days``."""
    whole = round(seconds)
    parts = [(whole // 86_400, "day"), (whole // 3_600 % 24, "hour"), (whole // 60 % 60, "minute")]
    if whole < 600:
        parts.append((whole % 60, "second"))
    return " ".join(f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in parts if n) or "0 seconds"


def _about(pattern: Pattern) -> str:
    entity_id = getattr(pattern.trigger, "entity_id", None)
    return ", ".join(action.entity_id for action in pattern.actions[:3]) or str(entity_id or pattern.id)


def _own_weekdays(pattern: Pattern) -> tuple[str, ...] | None:
    """The weekdays of a routine of the clock or the sun; None for one that is counted by its occasions."""
    trigger = pattern.trigger
    if isinstance(trigger, TimeTrigger | SunTrigger):
        return trigger.weekdays
    if isinstance(trigger, DayTypeTrigger):
        return tuple(day for time in trigger.times for day in time.weekdays)
    return None


def _days(weekdays: tuple[str, ...]) -> str:
    chosen = tuple(day for day in WEEKDAYS if day in weekdays)
    named = {WEEKDAYS: "days", WEEKDAYS[:5]: "weekdays", WEEKDAYS[5:]: "weekend days", (): "days"}
    return named.get(chosen, "such days")


def _between(evidence: Evidence) -> str:
    first, last = (_date(seen) for seen in (evidence.first_seen, evidence.last_seen))
    if first is None or last is None:
        return ""
    same_year = first.year == last.year
    return f", between {_said(first, year=not same_year)} and {_said(last)}"


def _date(text: str) -> datetime | None:
    """A moment on the wall clock of its own offset."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _said(date: datetime, *, year: bool = True) -> str:
    return f"{date.day} {MONTHS[date.month - 1]}{f' {date.year}' if year else ''}"


def _chance(expected_rate: float) -> str:
    """``about 1 in 17``, ``about 6 in 10``, ``less than 1 in 1000``."""
    if expected_rate >= 0.3:
        return f"about {min(9, max(1, round(10 * expected_rate)))} in 10"
    if expected_rate * _RAREST < 1:
        return f"less than 1 in {_RAREST}"
    often = 1 / expected_rate
    return (
        f"about 1 in {round(often) if often < 20 else round(often / 5) * 5 if often < 100 else round(often / 50) * 50}"
    )
