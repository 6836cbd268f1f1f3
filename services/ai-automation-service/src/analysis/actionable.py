"""Which patterns ask for something to be done, and so may be suggested."""

from __future__ import annotations

from collections.abc import Sequence

from src.domain.patterns import Kind, Pattern

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
    """Whether an automation could come of it: a home can be told to do at least one of its actions, or a reminder.

    That the hallway sees motion after the front door opened is true and useless as a suggestion: nobody can
    switch a motion sensor. An anomaly does nothing, but asks for a reminder: the window is open for too long. That a
    habit has changed is told and asks for nothing.
    """
    if pattern.kind is Kind.ANOMALY:
        return True
    return any(action.entity_id.partition(".")[0] in _ACTIONABLE for action in pattern.actions)


def suggestible(patterns: Sequence[Pattern]) -> list[Pattern]:
    """What a shortlist may hold: the actionable patterns, or all of them in a home that has none.

    So what can only be told never takes the place of what can be done. What an automation of the home does already is
    not suggested at all.
    """
    wanted = [pattern for pattern in patterns if pattern.covered_by is None]
    return [pattern for pattern in wanted if actionable(pattern)] or wanted
