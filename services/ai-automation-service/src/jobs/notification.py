"""A word to Home Assistant's people after a run that found something new."""

from __future__ import annotations

import re
from collections.abc import Sequence

from src.domain.patterns import Pattern
from src.home_assistant.client import HomeAssistant

NOTIFICATION_ID = "ai_automation_service_new"  # always the same, so that the newest one replaces the one before

_SHOWN = 3
_LONGEST = 200  # letters of a sentence
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~-])")


def notify_new(ha: HomeAssistant, fresh: Sequence[Pattern], *, waiting: int) -> None:
    """Show a persistent notification of what a run found for the first time; nothing if that is nothing.

    Args:
        fresh: strongest first; of the first three the sentence is told.
        waiting: how many suggestions nobody has answered yet, these among them.

    Raises:
        HomeAssistantError.
    """
    if not fresh:
        return
    count = len(fresh)
    lines = [f"- {_plain(pattern.sentence)}" for pattern in fresh[:_SHOWN]]
    if count > _SHOWN:
        lines.append(f"- and {count - _SHOWN} more")
    closing = f"{waiting} suggestions wait for an answer." if waiting > count else ""
    ha.call_service(
        "persistent_notification.create",
        {
            "notification_id": NOTIFICATION_ID,
            "title": "A new routine was found" if count == 1 else f"{count} new routines were found",
            "message": "\n\n".join(part for part in ("\n".join(lines), closing) if part),
        },
    )


def _plain(sentence: str) -> str:
    """A sentence that Markdown shows as it is; names of things are people's own and may hold any sign."""
    text = " ".join(sentence.split())
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"
    return _MARKDOWN.sub(r"\\\1", text)
