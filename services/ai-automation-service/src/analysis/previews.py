"""The automation of a pattern before it is written: how it reads, and what speaks against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from src.analysis.duplicates import duplicate
from src.automations.blueprints import blueprint_of
from src.automations.checks import check
from src.automations.draft import Draft
from src.automations.drafting import draft, drafted_offline
from src.automations.findings import Finding
from src.automations.safety import hazards_offline
from src.automations.spelling import NEW_WORDS_SINCE, Release, config_of, fingerprint, yaml_of
from src.automations.validation import validate
from src.domain.deployments import DeploymentState
from src.domain.events import EntityInfo
from src.domain.patterns import Json, Pattern, Status
from src.home_assistant.client import HomeAssistant
from src.home_assistant.description import describe_home


@dataclass(frozen=True)
class Made:
    """An automation that was made of a pattern, for one home.

    Attributes:
        config: as it is sent, in the words of the home's version.
        release: of that version.
        version: of Home Assistant; None where it was not made for a home at hand.
        findings: what speaks against it, or is worth knowing.
        warnings: what of the home could not be looked at, in sentences.
    """

    draft: Draft
    config: Json
    release: Release
    version: str | None
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """The same for the same automation, however it is spelled."""
        return fingerprint(self.config)


@dataclass(frozen=True)
class Preview:
    """An automation that could be deployed.

    Attributes:
        unchecked: why it was not checked against a home, in a sentence; None: it was.
        state: how an earlier deployment stands; None: there was none.
        differences: from what Home Assistant has now, in lines with ``-`` and ``+``; None where that is nothing.
    """

    made: Made
    unchecked: str | None
    state: DeploymentState | None
    differences: str | None

    @property
    def confirmations(self) -> tuple[str, ...]:
        """What a person has to confirm, each by its name."""
        needed = [each.confirm for each in self.made.findings if each.blocks and each.confirm is not None]
        return tuple(dict.fromkeys(needed))

    @property
    def deployable(self) -> bool:
        """Whether nothing speaks against it but what can be confirmed."""
        return self.unchecked is None and not any(each.blocks and each.confirm is None for each in self.made.findings)

    def to_json(self) -> Json:
        draft = self.made.draft
        return {
            "pattern_id": draft.pattern_id,
            "automation_id": draft.automation_id,
            "alias": draft.alias,
            "description": draft.description,
            "config": self.made.config,
            "yaml": yaml_of(self.made.config),
            "blueprint": blueprint_of(draft, self.made.release),
            "home_assistant_version": self.made.version,
            "unchecked": self.unchecked,
            "findings": [each.to_json() for each in self.made.findings],
            "confirmations": list(self.confirmations),
            "deployable": self.deployable,
            "warnings": list(self.made.warnings),
            "state": None if self.state is None else str(self.state),
            "differences": self.differences,
        }


def made_for(pattern: Pattern, ha: HomeAssistant) -> Made:
    """The automation of a pattern for a home, checked by us and by Home Assistant itself.

    Raises:
        NotAutomatable: nothing can be made of it.
        HomeAssistantError: the home cannot be looked at.
    """
    home = describe_home(ha)
    # Without these nothing can be checked, and "there is no such thing" would be wrong: the same question again fails
    # with what is the matter.
    if not home.services:
        ha.command("get_services")
    if all(thing.state is None for thing in home.entities.values()):
        ha.command("get_states")
    drafted = draft(pattern, home)
    config = config_of(drafted, home.release)
    twin = duplicate(pattern, home)
    findings = (*_answered(pattern), *check(drafted, home), *validate(config, ha), *(() if twin is None else (twin,)))
    return Made(drafted, config, home.release, home.version, findings, home.warnings)


def made_offline(pattern: Pattern, info: Mapping[str, EntityInfo]) -> Made:
    """The same in the newest words without a home at hand; only what is dangerous by its name is found.

    Raises:
        NotAutomatable: nothing can be made of it.
    """
    drafted = drafted_offline(pattern, info)
    config = config_of(drafted, NEW_WORDS_SINCE)
    return Made(drafted, config, NEW_WORDS_SINCE, None, (*_answered(pattern), *hazards_offline(drafted, info)))


def _answered(pattern: Pattern) -> tuple[Finding, ...]:
    """What a person said of the pattern, where that speaks against an automation of it."""
    if pattern.status is not Status.REJECTED:
        return ()
    message = "This routine was rejected, so no automation is made of it."
    return (Finding("rejected", message, "Take the rejection back first.", about=pattern.id),)
