"""An automation that a home has already, as far as it can be said in the terms of patterns."""

from __future__ import annotations

from dataclasses import dataclass

from src.domain.patterns import Action, Trigger


@dataclass(frozen=True, slots=True)
class KnownAutomation:
    """What sets an automation off and what it may do then.

    Attributes:
        name: what its owner calls it; else its entity id, else its place in the file.
        entity_id: ``automation.`` and its object id; None where that cannot be told.
        enabled: False for one that is switched off, and so does nothing.
        triggers: any of them sets it off. None stands for a trigger that cannot be said here (a template, a webhook, a
            time kept in a helper). Delays are those the automation itself waits; ``within_seconds`` is 0. A presence
            trigger without entity ids is about everybody.
        actions: every state it may set, whatever branch it takes. An ``after_seconds`` is the pause before the action.
        unresolved: services it calls whose entities or states are not known: templates, labels, what is not registered.
        reminds: it sends somebody a message.
        conditional: it asks for more than the weekday before it does anything.
    """

    name: str
    entity_id: str | None
    enabled: bool
    triggers: tuple[Trigger | None, ...]
    actions: tuple[Action, ...]
    unresolved: tuple[str, ...] = ()
    reminds: bool = False
    conditional: bool = False
