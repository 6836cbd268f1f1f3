"""A drafted automation, before it is spelled for one version of Home Assistant."""

from __future__ import annotations

from dataclasses import dataclass

from src.domain.patterns import Json

ID_PREFIX = "ai_automation_"


def automation_id_of(pattern_id: str) -> str:
    """The id of the automation of a pattern."""
    return f"{ID_PREFIX}{pattern_id}"


class CannotBeWritten(Exception):
    """A part of a pattern has no words in Home Assistant; says why, to follow a colon. Never leaves this package."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an automation is to say, in Home Assistant's newest words.

    Attributes:
        pattern_id: the pattern it was made of.
        alias: its name in Home Assistant's list.
        description: what it does and on which evidence, in sentences.
        triggers: each with a key ``trigger``, as ``{"trigger": "time", "at": "07:10:00"}``.
        conditions: each with a key ``condition``.
        actions: each a call with a key ``action``, or one of ``delay``, ``if``, ``choose``, ``wait_for_trigger``.
        mode: ``single``, ``restart``, ``queued`` or ``parallel``.
    """

    pattern_id: str
    alias: str
    description: str
    triggers: tuple[Json, ...]
    conditions: tuple[Json, ...]
    actions: tuple[Json, ...]
    mode: str = "single"

    @property
    def automation_id(self) -> str:
        """The id under which Home Assistant keeps it; the same pattern always has the same."""
        return automation_id_of(self.pattern_id)
