"""Everything that speaks against an automation before it is written, as far as a home tells.

Home Assistant itself accepts an automation with entities, services and fields that do not exist; it fails when it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from src.automations.calls import Call, Contents, contents
from src.automations.consequences import groups_of, without
from src.automations.draft import Draft
from src.automations.findings import Finding, remark
from src.automations.fits import field_findings, missing_fields, target_findings, value_findings
from src.automations.loops import loops
from src.automations.safety import hazards
from src.domain.entity_ids import domain_of
from src.domain.events import NO_STATE
from src.domain.home import Home
from src.domain.patterns import Json
from src.home_assistant.automation_values import listed, mappings, number

# Of these "unknown" says only that it was never pressed, activated or fired.
_MOMENTS = frozenset(("button", "event", "image", "input_button", "notify", "scene", "stt", "tts"))


def check(draft: Draft, home: Home) -> tuple[Finding, ...]:
    """What speaks against a draft in a home: what is missing there, what does not fit, loops and hazards."""
    parts = contents(draft)
    known = without(home.automations, draft.automation_id, home)
    found = [
        *_entities(parts, home),
        *_numbers(draft, home),
        *_calls(parts.calls, home),
        *loops(draft, known, None, groups_of(home.entities)),
        *hazards(draft, home),
    ]
    return tuple(dict.fromkeys(found))


def _entities(parts: Contents, home: Home) -> Iterator[Finding]:
    acted = [entity_id for call in parts.calls for entity_id in call.entity_ids]
    for entity_id in dict.fromkeys((*parts.watched, *acted)):
        thing = home.entities.get(entity_id)
        if thing is None:
            yield Finding(
                "unknown_entity",
                f"There is no entity {entity_id} in this home, so the automation would do nothing.",
                suggestion(entity_id, _alike(entity_id, home))
                or "It may have been renamed or removed; reject the pattern.",
                entity_id,
            )
        elif thing.disabled:
            yield Finding(
                "disabled_entity",
                f"{entity_id} is disabled in Home Assistant, so it has no state and cannot be set.",
                "Enable it in Home Assistant, or reject the pattern.",
                entity_id,
            )
        elif thing.state == "unavailable" or (thing.state in NO_STATE and thing.domain not in _MOMENTS):
            yield remark(
                "absent_entity",
                f"{entity_id} is {thing.state} now; the automation will wait for it or do nothing meanwhile.",
                "See whether its device has power and is connected.",
                about=entity_id,
            )


def _alike(entity_id: str, home: Home) -> list[str]:
    """Entities of the same domain first: a light is mistaken for another light."""
    own = [each for each in home.entities if domain_of(each) == domain_of(entity_id)]
    return get_close_matches(entity_id, own, 1, 0.6) or get_close_matches(entity_id, list(home.entities), 1, 0.75)


def suggestion(_given: str, close: list[str]) -> str:
    """A question after what was meant; empty where nothing is close."""
    return f"Did you mean {close[0]}?" if close else ""


def _numbers(draft: Draft, home: Home) -> Iterator[Finding]:
    """Levels are only crossed by what has a number as its state."""
    for node in _nodes((*draft.triggers, *draft.conditions)):
        if "numeric_state" not in (node.get("trigger"), node.get("condition")) or node.get("attribute") is not None:
            continue
        for entity_id in listed(node.get("entity_id")):
            thing = home.entities.get(str(entity_id))
            if thing is None or thing.state is None or thing.state in NO_STATE or number(thing.state) is not None:
                continue
            yield Finding(
                "not_a_number",
                f"{entity_id} is {thing.state} now, which is no number, so it never crosses a level.",
                "Choose a sensor that measures, or reject the pattern.",
                thing.entity_id,
            )


def _nodes(value: Iterable[object]) -> Iterator[Json]:
    for member in value:
        for node in mappings(member):
            yield dict(node)
            yield from _nodes(each for each in node.values() if isinstance(each, dict | list))


def _calls(calls: Iterable[Call], home: Home) -> Iterator[Finding]:
    for call in calls:
        service = home.services.get(call.service)
        if service is None:
            yield _unknown_service(call, home)
            continue
        yield from field_findings(call, service)
        yield from missing_fields(call, service)
        yield from target_findings(call, service, home)
        for entity_id in call.entity_ids:
            thing = home.entities.get(entity_id)
            if thing is not None:
                yield from value_findings(call, thing)


def _unknown_service(call: Call, home: Home) -> Finding:
    close = get_close_matches(call.service, list(home.services), 1, 0.7)
    return Finding(
        "unknown_service",
        f"This Home Assistant has no service {call.service}, so the automation would fail when it runs.",
        suggestion(call.service, close)
        or f"Set up the integration that brings it ({call.domain}), or reject the pattern.",
        call.service,
    )
