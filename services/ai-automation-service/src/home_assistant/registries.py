"""Home Assistant's registries: entities, devices, areas, floors and labels, as its API and its storage list them.

See https://developers.home-assistant.io/docs/entity_registry_index and the pages about the others beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from src.domain.entity_ids import entity_id_of
from src.domain.patterns import Json
from src.home_assistant.automation_values import listed, plain_text
from src.home_assistant.targets import RegisteredAutomation, Targets


@dataclass(frozen=True)
class Registries:
    """The lists as they came, each entry a mapping. Labels and floors are empty before 2024.4."""

    entities: tuple[Json, ...] = ()
    devices: tuple[Json, ...] = ()
    areas: tuple[Json, ...] = ()
    floors: tuple[Json, ...] = ()
    labels: tuple[Json, ...] = ()

    @cached_property
    def device(self) -> Mapping[str, Json]:
        return _by(self.devices, "id")

    @cached_property
    def area(self) -> Mapping[str, Json]:
        return _by(self.areas, "area_id")

    @cached_property
    def floor(self) -> Mapping[str, Json]:
        return _by(self.floors, "floor_id")

    @cached_property
    def label(self) -> Mapping[str, Json]:
        return _by(self.labels, "label_id")

    def device_of(self, entity: Json) -> Json:
        """The device of an entity; empty for none."""
        return _at(self.device, entity.get("device_id"))

    def area_of(self, entity: Json) -> str | None:
        """The id of an entity's own area, else of its device's, else of the device that this one is a part of."""
        device = self.device_of(entity)
        parent = _at(self.device, device.get("parent_device_id"))
        areas = (place.get("area_id") for place in (entity, device, parent))
        return next((area for area in areas if isinstance(area, str) and area), None)

    def labels_of(self, entity: Json) -> tuple[str, ...]:
        """Names of an entity's labels, its device's and its area's, sorted."""
        places = (entity, self.device_of(entity), _at(self.area, self.area_of(entity)))
        ids = {label for place in places for label in _texts(place.get("labels"))}
        return tuple(sorted({plain_text(self.label.get(label, {}).get("name")) or label for label in ids}))

    def area_name(self, area: str | None) -> str | None:
        return plain_text(_at(self.area, area).get("name"))

    def floor_name(self, area: str | None) -> str | None:
        return plain_text(_at(self.floor, _at(self.area, area).get("floor_id")).get("name"))


@dataclass
class _Members:
    """Entity ids by what they belong to."""

    device: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    area: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    label: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def targets_of(registries: Registries) -> Targets:
    """What ids in automations mean. Only labels and floors that the registries list are known."""
    own: dict[str, str] = {}
    automations: dict[str, RegisteredAutomation] = {}
    members = _Members()
    for entry in registries.entities:
        entity_id = entity_id_of(entry["entity_id"]) if isinstance(entry.get("entity_id"), str) else None
        if entity_id is None:
            continue
        if isinstance(entry.get("id"), str):
            own[entry["id"]] = entity_id
        if entry.get("platform") == "automation" and isinstance(entry.get("unique_id"), str):
            automations[entry["unique_id"]] = RegisteredAutomation(entity_id, bool(entry.get("disabled_by")))
        if not entry.get("disabled_by") and not entry.get("hidden_by"):
            _add(members, entity_id, entry, registries)
    return Targets(
        own,
        _frozen(members.device),
        _frozen(members.area),
        automations,
        of_floor={floor: _together(members.area, _having(registries.areas, floor)) for floor in registries.floor},
        of_label={label: _labelled(members, registries, label) for label in registries.label},
    )


def _add(members: _Members, entity_id: str, entry: Json, registries: Registries) -> None:
    # A label means a config entity that bears it; an area or a device does not mean those in it.
    for label in _texts(entry.get("labels")):
        members.label[label].append(entity_id)
    if entry.get("entity_category"):
        return
    device = entry.get("device_id")
    if isinstance(device, str):
        members.device[device].append(entity_id)
        parent = registries.device_of(entry).get("parent_device_id")
        if isinstance(parent, str):
            members.device[parent].append(entity_id)
    area = registries.area_of(entry)
    if area is not None:
        members.area[area].append(entity_id)


def _labelled(members: _Members, registries: Registries, label: str) -> tuple[str, ...]:
    devices = (device for device, known in registries.device.items() if label in _texts(known.get("labels")))
    areas = (area for area, known in registries.area.items() if label in _texts(known.get("labels")))
    found = (
        *members.label.get(label, ()),
        *_together(members.device, devices),
        *_together(members.area, areas),
    )
    return tuple(dict.fromkeys(found))


def _having(areas: Iterable[Json], floor: str) -> Iterator[str]:
    return (area["area_id"] for area in areas if area.get("floor_id") == floor and isinstance(area.get("area_id"), str))


def _together(lists: Mapping[str, list[str]], keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(member for key in keys for member in lists.get(key, ())))


def _frozen(lists: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(members) for key, members in lists.items()}


def _by(entries: Iterable[Json], key: str) -> dict[str, Json]:
    return {entry[key]: entry for entry in entries if isinstance(entry.get(key), str)}


def _at(known: Mapping[str, Json], key: object) -> Json:
    return known.get(key, {}) if isinstance(key, str) else {}


def _texts(value: object) -> list[str]:
    return [member for member in listed(value) if isinstance(member, str)]
