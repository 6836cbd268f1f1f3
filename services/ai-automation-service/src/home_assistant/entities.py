"""The entities of a home, as its registries and its states describe them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from src.domain.entity_ids import entity_id_of
from src.domain.home import HomeEntity
from src.domain.patterns import Json
from src.home_assistant.automation_values import plain_text
from src.home_assistant.registries import Registries


def states_by_id(states: Iterable[Json]) -> dict[str, Json]:
    """States as ``get_states`` lists them, by entity id; without those that have none."""
    found: dict[str, Json] = {}
    for state in states:
        entity_id = entity_id_of(state["entity_id"]) if isinstance(state.get("entity_id"), str) else None
        if entity_id is not None:
            found[entity_id] = state
    return found


def entities_of(registries: Registries, states: Mapping[str, Json]) -> dict[str, HomeEntity]:
    """Every entity that has a registry entry, a state or both, by its id. What was set up in YAML may have no entry."""
    entries: dict[str, Json] = {}
    for entry in registries.entities:
        entity_id = entity_id_of(entry["entity_id"]) if isinstance(entry.get("entity_id"), str) else None
        if entity_id is not None:
            entries[entity_id] = entry
    return {
        entity_id: _entity(entity_id, entries.get(entity_id, {}), states.get(entity_id, {}), registries)
        for entity_id in sorted({*entries, *states})
    }


def _entity(entity_id: str, entry: Json, state: Json, registries: Registries) -> HomeEntity:
    shown = state.get("attributes")
    attributes: Json = shown if isinstance(shown, dict) else {}
    area = registries.area_of(entry)
    now = state.get("state")
    return HomeEntity(
        entity_id,
        # What Home Assistant shows; without a state it is put together here.
        name=plain_text(attributes.get("friendly_name")) or _name(entry, registries.device_of(entry)),
        area=registries.area_name(area),
        floor=registries.floor_name(area),
        labels=registries.labels_of(entry),
        device_class=_first(
            entry.get("device_class"), attributes.get("device_class"), entry.get("original_device_class")
        ),
        unit=plain_text(attributes.get("unit_of_measurement")),
        platform=_text(entry.get("platform")),
        category=_text(entry.get("entity_category")),
        hidden=bool(entry.get("hidden_by")),
        disabled=bool(entry.get("disabled_by")),
        state=now if isinstance(now, str) else None,
        attributes=attributes,
    )


def _name(entry: Json, device: Json) -> str | None:
    own = plain_text(entry.get("name"))
    if own is not None:
        return own
    original = plain_text(entry.get("original_name"))
    # Newer versions say what comes before the name; older ones only that something does.
    if not entry.get("has_entity_name") and entry.get("next_name_part") != "device":
        return original
    of_device = plain_text(device.get("name_by_user")) or plain_text(device.get("name"))
    return " ".join(part for part in (of_device, original) if part) or None


def _first(*values: object) -> str | None:
    return next((text for text in map(_text, values) if text), None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
