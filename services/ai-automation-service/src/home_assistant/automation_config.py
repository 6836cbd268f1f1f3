"""One automation's configuration, of a file or of the API, in the terms of patterns."""

from __future__ import annotations

from src.domain.automations import KnownAutomation
from src.domain.patterns import Json
from src.home_assistant.automation_actions import read_actions
from src.home_assistant.automation_triggers import read_triggers
from src.home_assistant.automation_values import listed, switched_off
from src.home_assistant.targets import Targets

_PARTS = ("trigger", "triggers", "action", "actions")


def is_automation(value: object) -> bool:
    """Whether a value looks like an automation: it says what sets it off, what it does, or which blueprint does."""
    return isinstance(value, dict) and ("use_blueprint" in value or has_body(value))


def has_body(config: Json) -> bool:
    """Whether triggers or actions are in it; where only a blueprint is named, they are in that."""
    return any(name in config for name in _PARTS)


def read_automation(
    config: Json, targets: Targets, *, name: str, entity_id: str | None, enabled: bool, blueprint_missing: bool = False
) -> KnownAutomation:
    """What an automation does.

    Args:
        config: with its blueprint filled in.
        blueprint_missing: its blueprint could not be had, so that it does more than can be said.

    Raises:
        RecursionError: it is nested too deeply.
    """
    deeds = read_actions(_part(config, "action"), targets)
    triggers = read_triggers(_part(config, "trigger"), _part(config, "condition"), targets)
    return KnownAutomation(
        name=name,
        entity_id=entity_id,
        enabled=enabled,
        triggers=(*triggers, None) if blueprint_missing else triggers,
        actions=deeds.actions,
        unresolved=(*deeds.unresolved, "blueprint") if blueprint_missing else deeds.unresolved,
        reminds=deeds.reminds,
        conditional=_asks_more(_part(config, "condition")),
    )


def _asks_more(conditions: object) -> bool:
    """Whether there is a condition besides those on the weekday, which its triggers tell."""
    return any(
        not isinstance(each, dict)
        or (not switched_off(each) and (each.get("condition") != "time" or "after" in each or "before" in each))
        for each in listed(conditions)
    )


def _part(config: Json, name: str) -> object:
    """``triggers``, or ``trigger`` as it was called before 2024.10."""
    return config.get(f"{name}s") or config.get(name)
