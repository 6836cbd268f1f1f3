"""What a check found: whether it is well, the fact, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from src.domain.patterns import Json


class Level(StrEnum):
    """From well to not; ``skipped`` was not looked at."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's.

    Attributes:
        check: what was looked at; together with the group a stable name.
        fact: a phrase for people, without secrets once it was cleared.
        remedy: what to do; empty where there is nothing to do.
    """

    check: str
    level: Level
    fact: str
    remedy: str = ""
    group: str = ""

    def within(self, group: str) -> Finding:
        """The same in a group."""
        return replace(self, group=self.group or group)

    def to_json(self) -> Json:
        return {
            "group": self.group,
            "check": self.check,
            "level": str(self.level),
            "fact": self.fact,
            "remedy": self.remedy,
        }


def ok(check: str, fact: str) -> Finding:
    """All is well."""
    return Finding(check, Level.OK, fact)


def note(check: str, fact: str, remedy: str = "") -> Finding:
    """Worth knowing; may be as it is meant."""
    return Finding(check, Level.NOTE, fact, remedy)


def warning(check: str, fact: str, remedy: str) -> Finding:
    """The service works, and less well than it could."""
    return Finding(check, Level.WARNING, fact, remedy)


def failed(check: str, fact: str, remedy: str) -> Finding:
    """Something does not work."""
    return Finding(check, Level.FAILED, fact, remedy)


def skipped(check: str, fact: str) -> Finding:
    """Not looked at."""
    return Finding(check, Level.SKIPPED, fact)
