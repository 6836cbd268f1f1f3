"""Which entities an automation means: ids in any spelling, and the devices and areas that the registries know."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from src.domain.entity_ids import entity_id_of
from src.domain.patterns import Json
from src.home_assistant.automation_values import is_template, listed, mappings


@dataclass(frozen=True, slots=True)
class RegisteredAutomation:
    """An automation of the entity registry."""

    entity_id: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Targets:
    """What the registries say about the ids that automations use; empty where there are none.

    Attributes:
        entities: entity id by the registry's own id of it.
        of_device, of_area: entity ids by the id of a device or an area, without hidden and disabled ones and those
            that only configure or diagnose a device.
        automations: by the ``id`` an automation has in its file.
    """

    entities: Mapping[str, str] = field(default_factory=dict)
    of_device: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    of_area: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    automations: Mapping[str, RegisteredAutomation] = field(default_factory=dict)

    def named(self, value: object) -> tuple[tuple[str, ...], bool]:
        """The entity ids in a list or a text with commas, and whether that is all it names."""
        found: list[str] = []
        whole = True
        for member in listed(value):
            if not isinstance(member, str) or is_template(member):
                whole = False
                continue
            for part in filter(None, (text.strip() for text in member.split(","))):
                entity_id = entity_id_of(self.entities.get(part, part))
                if entity_id is not None:
                    found.append(entity_id)
                elif part.lower() != "none":
                    whole = False
        return tuple(found), whole

    def of_call(self, node: Mapping[str, object], domain: str) -> tuple[tuple[str, ...], bool]:
        """The entities a service call is about, and whether they are all of them.

        Args:
            node: the call; its target is in ``target``, in ``data``, or beside the service.
            domain: of the service; a device or an area means its entities of that domain.
        """
        found: list[str] = []
        whole = True
        places = [node, *(place for name in ("target", "data", "data_template") for place in mappings(node.get(name)))]
        for place in places:
            ids, complete = self.named(place.get("entity_id"))
            found += ids
            whole &= complete and not any(place.get(name) for name in ("label_id", "floor_id"))
            for name, known in (("device_id", self.of_device), ("area_id", self.of_area)):
                for member in listed(place.get(name)):
                    members = known.get(member) if isinstance(member, str) else None
                    whole &= members is not None
                    found += [each for each in members or () if domain in (each.partition(".")[0], "homeassistant")]
        whole &= not any(isinstance(node.get(name), str) for name in ("target", "data", "data_template"))
        return tuple(dict.fromkeys(found)), whole and bool(found)


def read_targets(config: Path) -> Targets:
    """The ids in ``<config>/.storage``; what is not there or damaged is left unknown."""
    area_of_device = {
        device.get("id"): device.get("area_id") for device in _stored(config, "core.device_registry", "devices")
    }
    entities: dict[str, str] = {}
    of_device: defaultdict[str, list[str]] = defaultdict(list)
    of_area: defaultdict[str, list[str]] = defaultdict(list)
    automations: dict[str, RegisteredAutomation] = {}
    for entry in _stored(config, "core.entity_registry", "entities"):
        given = entry.get("entity_id")
        entity_id = entity_id_of(given) if isinstance(given, str) else None
        if entity_id is None:
            continue
        if isinstance(entry.get("id"), str):
            entities[entry["id"]] = entity_id
        if entry.get("platform") == "automation" and isinstance(entry.get("unique_id"), str):
            automations[entry["unique_id"]] = RegisteredAutomation(entity_id, bool(entry.get("disabled_by")))
        if entry.get("disabled_by") or entry.get("hidden_by") or entry.get("entity_category"):
            continue
        device = entry.get("device_id")
        if isinstance(device, str):
            of_device[device].append(entity_id)
        area = entry.get("area_id") or (area_of_device.get(device) if isinstance(device, str) else None)
        if isinstance(area, str):
            of_area[area].append(entity_id)
    return Targets(entities, _frozen(of_device), _frozen(of_area), automations)


def _frozen(lists: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(members) for key, members in lists.items()}


def _stored(config: Path, file: str, name: str) -> Iterator[Json]:
    # What is wrong with a registry is said by who reads names and areas from it.
    try:
        stored = json.loads((config / ".storage" / file).read_bytes())
        items = stored["data"][name]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return
    yield from (item for item in items if isinstance(item, dict)) if isinstance(items, list) else ()
