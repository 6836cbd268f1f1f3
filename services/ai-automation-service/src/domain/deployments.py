"""What became of a pattern in Home Assistant: the automation made of it, and every form of it that was written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from src.domain.patterns import Json


class DeploymentState(StrEnum):
    """How things stand between our record and Home Assistant."""

    WRITING = "writing"  # the intent is recorded; whether Home Assistant has it is not known yet
    DEPLOYED = "deployed"
    REMOVING = "removing"  # the same for taking it back
    REMOVED = "removed"
    CHANGED = "changed"  # somebody changed it by hand; it is theirs now
    MISSING = "missing"  # somebody deleted it by hand


OPEN = (DeploymentState.WRITING, DeploymentState.REMOVING)
"""States that a look at Home Assistant has to settle."""


@dataclass(frozen=True, slots=True)
class Version:
    """One form of an automation, as it was written.

    Attributes:
        number: from 1, counted for each pattern.
        config: as Home Assistant took it, without what guards it while it waits for review.
        fingerprint: of the config in any spelling.
        written: µs UTC.
        enabled: whether it was to be on from the beginning.
        replaces: number of the one in whose place it came; None where there was none.
    """

    number: int
    config: Json
    fingerprint: str
    written: int
    enabled: bool
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    """The automation of one pattern.

    Attributes:
        automation_id: the id under which Home Assistant keeps it.
        version: number of the one that Home Assistant has, as far as is known; None: none of ours.
        target: while writing, the number that is to be the next.
        guarded: µs UTC since when it is written so that every start of Home Assistant switches it off; None: it is not.
        entity_id: as Home Assistant names it; None where that is not known.
        checked: µs UTC, when Home Assistant was last looked at.
        versions: in the order of their numbers.
    """

    pattern_id: str
    automation_id: str
    state: DeploymentState
    version: int | None = None
    target: int | None = None
    guarded: int | None = None
    entity_id: str | None = None
    checked: int | None = None
    versions: tuple[Version, ...] = ()

    @property
    def current(self) -> Version | None:
        """What Home Assistant has of ours, as far as is known."""
        return self._numbered(self.version)

    @property
    def intended(self) -> Version | None:
        """What is being written."""
        return self._numbered(self.target)

    @property
    def previous(self) -> Version | None:
        """What the current one replaced."""
        return None if self.current is None else self._numbered(self.current.replaces)

    def _numbered(self, number: int | None) -> Version | None:
        return next((each for each in self.versions if each.number == number), None)
