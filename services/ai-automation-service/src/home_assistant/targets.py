"""Which entities an automation means: ids in any spelling, and whatever the registries know that holds entities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from src.domain.entity_ids import entity_id_of
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
        of_floor, of_label: as those of an area, by the id of a floor or a label.
    """

    entities: Mapping[str, str] = field(default_factory=dict)
    of_device: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    of_area: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    automations: Mapping[str, RegisteredAutomation] = field(default_factory=dict)
    of_floor: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    of_label: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

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
            domain: of the service; a device, an area, a floor or a label means its entities of that domain.
        """
        holders = {
            "device_id": self.of_device,
            "area_id": self.of_area,
            "floor_id": self.of_floor,
            "label_id": self.of_label,
        }
        found: list[str] = []
        whole = True
        places = [node, *(place for name in ("target", "data", "data_template") for place in mappings(node.get(name)))]
        for place in places:
            ids, complete = self.named(place.get("entity_id"))
            found += ids
            whole &= complete
            for name, known in holders.items():
                for member in listed(place.get(name)):
                    members = known.get(member) if isinstance(member, str) else None
                    whole &= members is not None
                    found += [each for each in members or () if domain in (each.partition(".")[0], "homeassistant")]
        whole &= not any(isinstance(node.get(name), str) for name in ("target", "data", "data_template"))
        return tuple(dict.fromkeys(found)), whole and bool(found)
