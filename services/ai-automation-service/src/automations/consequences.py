"""What happens because of an automation: the states it sets, and the other automations that those set off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from src.automations.draft import Draft
from src.domain.automations import KnownAutomation
from src.domain.home import Home, HomeEntity
from src.domain.patterns import Action, HeldTrigger, PresenceTrigger, StateTrigger, Trigger
from src.home_assistant.automation_actions import read_actions
from src.home_assistant.automation_triggers import read_triggers
from src.home_assistant.automation_values import listed
from src.home_assistant.targets import Targets

Effect = tuple[str, str]  # an entity and the state it takes
Members = Mapping[str, Sequence[str]]  # entity ids of what a group consists of, by the group's

_DEEPEST = 8  # groups inside groups


def as_known(draft: Draft) -> KnownAutomation:
    """A draft in the terms in which the home's automations are known."""
    deeds = read_actions(list(draft.actions), Targets())
    return KnownAutomation(
        name=draft.alias,
        entity_id=None,
        enabled=True,
        triggers=read_triggers(list(draft.triggers), list(draft.conditions), Targets()),
        actions=deeds.actions,
        unresolved=deeds.unresolved,
        reminds=deeds.reminds,
    )


def without(known: Sequence[KnownAutomation], automation_id: str, home: Home) -> tuple[KnownAutomation, ...]:
    """The home's automations but for the one that Home Assistant keeps under an id, being made of the same pattern."""
    own = {entity_id for entity_id, config in home.configs.items() if config.get("id") == automation_id}
    return tuple(each for each in known if each.entity_id not in own)


def groups_of(entities: Mapping[str, HomeEntity]) -> Members:
    """What the groups of a home consist of. Scenes are none: what they set their things to is not told."""
    given = {each: thing.attributes.get("entity_id") for each, thing in entities.items() if thing.domain != "scene"}
    return {each: tuple(m for m in listed(ids) if isinstance(m, str)) for each, ids in given.items() if ids is not None}


def sets(automation: KnownAutomation, members: Members) -> tuple[Action, ...]:
    """The states an automation may set; those of a group are set in its members, too."""
    found = [
        Action(entity_id, action.to, action.after_seconds)
        for action in automation.actions
        for entity_id in spread((action.entity_id,), members)
    ]
    return tuple(dict.fromkeys(found))


def spread(entity_ids: Iterable[str], members: Members) -> tuple[str, ...]:
    """Entities and, where they are groups, all that these consist of."""
    found = dict.fromkeys(entity_ids)
    edge = list(found)
    for _ in range(_DEEPEST):
        edge = [inner for each in edge for inner in members.get(each, ()) if inner not in found]
        found.update(dict.fromkeys(edge))
    return tuple(found)


def set_off_by(trigger: Trigger | None, effect: Effect) -> float | None:
    """How long after an entity takes a state a trigger comes of it, s; None when it does not."""
    match trigger:
        case StateTrigger(entity_id=entity_id, to=to) if (entity_id, to) == effect:
            return 0.0
        case HeldTrigger(entity_id=entity_id, to=to, for_seconds=held) if (entity_id, to) == effect:
            return held
        case PresenceTrigger(event=event, entity_ids=ids) if effect[0] in ids:
            comes = event in ("arrives", "first_arrives")
            return 0.0 if (effect[1] == "home") is comes else None
        case _:
            return None


def delay_of(automation: KnownAutomation, effects: Iterable[Effect]) -> float | None:
    """The same for the first of an automation's triggers that comes of one of several states."""
    effects = tuple(effects)
    delays = [set_off_by(trigger, effect) for trigger in automation.triggers for effect in effects]
    return min((each for each in delays if each is not None), default=None)


def followers(own: KnownAutomation, known: Sequence[KnownAutomation], members: Members) -> Iterator[KnownAutomation]:
    """Every enabled automation that would run because of one, or because of those that do; each once."""
    effects = [(action.entity_id, action.to) for action in sets(own, members)]
    waiting = [each for each in known if each.enabled]
    while True:
        reached = [each for each in waiting if delay_of(each, effects) is not None]
        if not reached:
            return
        yield from reached
        waiting = [each for each in waiting if each not in reached]
        effects += [(action.entity_id, action.to) for each in reached for action in sets(each, members)]
