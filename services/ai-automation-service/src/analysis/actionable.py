"""Which patterns can become an automation."""

from __future__ import annotations

from collections.abc import Sequence

from src.domain.patterns import Pattern

# Domains with an entity that a service call can set. Sensors, people, the sun and the weather can only be watched.
_ACTIONABLE = frozenset(
    {
        "alarm_control_panel",
        "button",
        "climate",
        "cover",
        "fan",
        "humidifier",
        "input_boolean",
        "input_button",
        "input_number",
        "input_select",
        "lawn_mower",
        "light",
        "lock",
        "media_player",
        "number",
        "remote",
        "scene",
        "script",
        "select",
        "siren",
        "switch",
        "vacuum",
        "valve",
        "water_heater",
    }
)


def actionable(pattern: Pattern) -> bool:
    """Whether at least one of its actions is something a home can be told to do.

    That the hallway sees motion after the front door opened is true and useless as a suggestion: nobody can
    switch a motion sensor.
    """
    return any(action.entity_id.partition(".")[0] in _ACTIONABLE for action in pattern.actions)


def suggestible(patterns: Sequence[Pattern]) -> list[Pattern]:
    """What a shortlist may hold: the actionable patterns, or all of them in a home that has none."""
    return [pattern for pattern in patterns if actionable(pattern)] or list(patterns)
