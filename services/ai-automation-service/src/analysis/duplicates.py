"""Whether a home has an automation already that does what a pattern says."""

from __future__ import annotations

from dataclasses import replace

from src.analysis.coverage import covered
from src.automations.consequences import without
from src.automations.draft import automation_id_of
from src.automations.findings import Finding, remark
from src.domain.home import Home
from src.domain.patterns import Pattern


def duplicate(pattern: Pattern, home: Home) -> Finding | None:
    """What to say of the automation that does the same; None where there is none.

    One that is switched on blocks. One that asks for conditions that the pattern knows nothing of does less, and one
    that is switched off does nothing: those are remarks. The automation made of this very pattern is no duplicate.
    """
    info = {entity_id: thing.info for entity_id, thing in home.entities.items()}
    known = without(home.automations, automation_id_of(pattern.id), home)
    always = [each for each in known if pattern.conditions or not each.conditional]
    if (name := covered(pattern, always, info)) is not None:
        return Finding(
            "duplicate",
            f"Your automation {name} does the same already.",
            "Keep that one; or switch it off if the new one is to take its place.",
            _about(home, name),
        )
    if (name := covered(pattern, known, info)) is not None:
        return remark(
            "duplicate_under_conditions",
            f"Your automation {name} does the same, under conditions of its own.",
            "See whether loosening those is what you want instead.",
            about=_about(home, name),
        )
    off = [replace(each, enabled=True) for each in known if not each.enabled]
    if (name := covered(pattern, off, info)) is not None:
        return remark(
            "duplicate_switched_off",
            f"Your automation {name} would do the same, but it is switched off.",
            "Switch that one on instead.",
            about=_about(home, name),
        )
    return None


def _about(home: Home, name: str) -> str:
    """The entity id of the automation of that name; the name where it has none, or where it is two names."""
    return next((each.entity_id for each in home.automations if each.name == name and each.entity_id), name)
