"""Automations made of patterns, as they cross HTTP."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from src.analysis.deployment_status import DeploymentStatus
from src.analysis.previews import Preview
from src.api.pattern_schemas import RequestModel
from src.domain.deployments import DeploymentState
from src.domain.patterns import Json

_CONFIG: Json = {
    "id": "ai_automation_p_5f0c9d27a1b3e846",
    "alias": "Kitchen light turns on around 07:10 on weekdays",
    "description": "The kitchen light turns on around 07:10 on weekdays. Seen on 19 of 22 weekdays.",
    "triggers": [{"trigger": "time", "at": "07:10:00"}],
    "conditions": [{"condition": "time", "weekday": ["mon", "tue", "wed", "thu", "fri"]}],
    "actions": [{"action": "light.turn_on", "target": {"entity_id": "light.kitchen"}}],
    "mode": "single",
}
_FINDING: Json = {
    "code": "hazard_unlock",
    "message": "It would unlock Front door (lock.front_door). Then anybody can walk in.",
    "remedy": "Confirm lock.front_door:unlock if that is what you want.",
    "blocks": True,
    "about": "lock.front_door",
    "confirm": "lock.front_door:unlock",
}
PREVIEW_EXAMPLE: Json = {
    "pattern_id": "p_5f0c9d27a1b3e846",
    "automation_id": "ai_automation_p_5f0c9d27a1b3e846",
    "alias": _CONFIG["alias"],
    "description": _CONFIG["description"],
    "config": _CONFIG,
    "yaml": "id: ai_automation_p_5f0c9d27a1b3e846\nalias: Kitchen light turns on around 07:10 on weekdays\n",
    "blueprint": None,
    "home_assistant_version": "2026.11.0",
    "unchecked": None,
    "findings": [],
    "confirmations": [],
    "deployable": True,
    "warnings": [],
    "state": None,
    "differences": None,
}
STATUS_EXAMPLE: Json = {
    "pattern_id": "p_5f0c9d27a1b3e846",
    "automation_id": "ai_automation_p_5f0c9d27a1b3e846",
    "state": "deployed",
    "enabled": True,
    "entity_id": "automation.kitchen_light_turns_on_around_07_10_on_weekdays",
    "last_triggered": "2026-11-20T07:10:00+01:00",
    "version": 1,
    "versions": [
        {
            "number": 1,
            "written": "2026-11-02T20:14:03+01:00",
            "enabled": False,
            "replaces": None,
            "fingerprint": "0f343b0931126a20f133d67c2b018a3b5fd7a1a4a0f8ea2a9e2f1c1f2f5e3c55",
            "config": _CONFIG,
        }
    ],
    "checked": "2026-11-20T21:00:00+01:00",
    "differences": None,
    "editor": "/config/automation/edit/ai_automation_p_5f0c9d27a1b3e846",
    "notes": [],
    "follow_up": None,
}


class DeployIn(RequestModel):
    """How to deploy. Every field may be left out, and so may the body."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{}, {"enabled": True}, {"confirm": ["lock.front_door:unlock"]}]},
    )

    enabled: bool | None = Field(
        None,
        strict=True,
        description="Whether it is to be on. Left out: a new one is off until you have looked at it, and one that is"
        " there stays as it is.",
    )
    confirm: list[str] = Field(
        default_factory=list,
        max_length=50,
        description="What you allow, each by its name in `confirmations` of the preview.",
        examples=[["lock.front_door:unlock"]],
    )


class RollbackIn(RequestModel):
    """How far to go back. The body may be left out."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"outright": True}]})

    outright: bool = Field(
        False, strict=True, description="Delete it, even if it replaced an earlier form that could be put back."
    )


class FindingOut(BaseModel):
    """One thing that speaks against an automation, or is worth knowing of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FINDING]})

    code: str = Field(description="Stable, in snake case.")
    message: str
    remedy: str
    blocks: bool = Field(description="It is not written because of it; false: a remark.")
    about: str | None = Field(None, description="The entity, service or automation it is about.")
    confirm: str | None = Field(None, description="What to name in `confirm` to allow it; absent: it cannot be.")


class PreviewOut(BaseModel):
    """An automation as it would be written."""

    model_config = ConfigDict(json_schema_extra={"examples": [PREVIEW_EXAMPLE]})

    pattern_id: str
    automation_id: str = Field(description="The id under which Home Assistant would keep it.")
    alias: str
    description: str
    config: dict[str, JsonValue] = Field(description="In the words of the home's version of Home Assistant.")
    yaml: str = Field(description="The same as text for automations.yaml.")
    blueprint: str | None = Field(description="YAML of a blueprint with inputs; null where it does not suit.")
    home_assistant_version: str | None = Field(description="Null: made in the newest words, for no home at hand.")
    unchecked: str | None = Field(description="Why it was not checked against a home; null: it was.")
    findings: list[FindingOut]
    confirmations: list[str] = Field(description="What `confirm` of a deployment has to name.")
    deployable: bool = Field(description="Nothing speaks against it but what can be confirmed.")
    warnings: list[str] = Field(description="What of the home could not be looked at.")
    state: DeploymentState | None = Field(description="How an earlier deployment stands; null: there was none.")
    differences: str | None = Field(description="From what Home Assistant has now, in lines with - and +.")

    @classmethod
    def of(cls, preview: Preview) -> PreviewOut:
        """The response model of a preview."""
        return cls.model_validate(preview.to_json())


class VersionOut(BaseModel):
    """One form of an automation, as it was written."""

    number: int
    written: str = Field(description="ISO 8601 with offset.")
    enabled: bool = Field(description="Whether it was to be on from the beginning.")
    replaces: int | None = Field(description="Number of the one in whose place it came.")
    fingerprint: str = Field(description="The same for the same automation, however it is spelled.")
    config: dict[str, JsonValue]


class StatusOut(BaseModel):
    """How the automation of a pattern stands in Home Assistant."""

    model_config = ConfigDict(json_schema_extra={"examples": [STATUS_EXAMPLE]})

    pattern_id: str
    automation_id: str
    state: DeploymentState | None = Field(
        description="Null: never deployed. `changed`: by hand, so it is left alone. `missing`: deleted by hand."
    )
    enabled: bool | None = Field(description="Whether it is on now; null: not known, or there is none.")
    entity_id: str | None
    last_triggered: str | None = Field(description="ISO 8601 with offset; null: never, or not known.")
    version: int | None = Field(description="Number of the form that Home Assistant has.")
    versions: list[VersionOut] = Field(description="Every form that was ever written.")
    checked: str | None = Field(description="When Home Assistant was last looked at, ISO 8601 with offset.")
    differences: str | None = Field(description="What was changed by hand, in lines with - and +.")
    editor: str = Field(description="Path of its editor in Home Assistant's own pages.")
    notes: list[str] = Field(description="What could not be had, or is to come, in sentences.")
    follow_up: dict[str, JsonValue] | None = Field(description="What became of it: how often it fired and was undone.")

    @classmethod
    def of(cls, status: DeploymentStatus, time_zone: str) -> StatusOut:
        """The response model of a status."""
        return cls.model_validate(status.to_json(time_zone))


class StatusList(BaseModel):
    """Every automation that was ever deployed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"automations": [STATUS_EXAMPLE]}]})

    automations: list[StatusOut]
