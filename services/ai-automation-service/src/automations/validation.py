"""Home Assistant's own word on an automation: its validator, asked before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from src.automations.findings import Finding
from src.domain.patterns import Json
from src.errors import HomeAssistantFailed
from src.home_assistant.client import HomeAssistant

_PARTS = ("trigger", "condition", "action")


def validate(config: Json, ha: HomeAssistant) -> tuple[Finding, ...]:
    """What Home Assistant has against an automation's triggers, conditions and actions, in its own words.

    Only their form is looked at: entities, services and fields that do not exist are no matter to it.

    Args:
        config: as it would be sent to be written, in either spelling.

    Raises:
        HomeAssistantError: it does not answer.
    """
    parts = {name: config.get(f"{name}s") or config.get(name) for name in _PARTS}
    return tuple(_refused(_verdicts({name: part for name, part in parts.items() if part}, ha)))


def _verdicts(parts: Mapping[str, object], ha: HomeAssistant) -> Any:
    """By part. Older versions know the parts in the singular only, newer ones only in the plural."""
    try:
        return ha.command("validate_config", **{f"{name}s": part for name, part in parts.items()})
    except HomeAssistantFailed as error:
        if error.reason != "invalid_format":
            raise
        return ha.command("validate_config", **parts)


def _refused(verdicts: Any) -> Iterator[Finding]:
    for name, verdict in verdicts.items():
        if not verdict["valid"]:
            yield Finding(
                "invalid_config",
                f"Home Assistant does not accept the {name}: {verdict['error']}",
                "Reject the pattern, and report this: what is made here should always be valid.",
                name,
            )
