"""What is known of entities besides their events: a CSV by hand, or Home Assistant's registries."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from src.domain.entity_ids import entity_id_of
from src.domain.events import EntityInfo
from src.domain.patterns import Json
from src.domain.position import Position, position_of
from src.errors import AutomationsUnreadable, HistoryUnreadable
from src.home_assistant.yaml_files import load_document

_FIELDS = ("name", "area", "device_class", "unit")
_LONGEST_TEXT = 255
_REMEDY = "Give a UTF-8 CSV with the columns entity_id,name,area,device_class,unit; only the first is needed."


@dataclass(frozen=True, slots=True)
class RegistryEntity:
    """An entity as Home Assistant's registries describe it.

    Attributes:
        info: what its owner or its area and device say; None where nobody said anything.
        fallback: what its integration says, for when the recorded attributes say nothing.
    """

    info: EntityInfo
    fallback: EntityInfo


@dataclass(frozen=True, slots=True)
class Registry:
    """The registries that lie beside a recorder database.

    Attributes:
        entities: by entity id, without those that are left out.
        left_out: reason by entity id: ``hidden_entity``, ``disabled_entity``, ``config_entity``,
            ``diagnostic_entity``.
        time_zone: the home's zone; None if it is not known.
        position: of the home; None if it is not known.
    """

    entities: Mapping[str, RegistryEntity] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    time_zone: str | None = None
    warnings: tuple[str, ...] = ()
    position: Position | None = None


def merged(first: EntityInfo, *others: EntityInfo) -> EntityInfo:
    """One description of an entity; of several values for a field the first that is known counts."""
    for other in others:
        first = replace(first, **{name: getattr(other, name) for name in _FIELDS if getattr(first, name) is None})
    return first


def read_entities(path: Path) -> tuple[dict[str, EntityInfo], tuple[str, ...]]:
    """Metadata by entity id from a CSV, and warnings.

    Columns in any order; an empty field is unknown; of two rows about one entity the later counts.

    Raises:
        HistoryUnreadable: no such file, not a UTF-8 CSV, or no column entity_id.
    """
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise HistoryUnreadable(path, "it is not UTF-8 text", _REMEDY) from None
    except OSError as error:
        raise HistoryUnreadable(path, (error.strerror or str(error)).lower(), _REMEDY) from error
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise HistoryUnreadable(path, str(error), _REMEDY) from error
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if "entity_id" not in header:
        raise HistoryUnreadable(path, "it has no column entity_id", _REMEDY)
    known: dict[str, EntityInfo] = {}
    unusable = 0
    for row in rows[1:]:
        cells = dict(zip(header, row, strict=False))
        entity_id = entity_id_of(cells.get("entity_id") or "")
        if entity_id is not None:
            known[entity_id] = EntityInfo(entity_id, **{name: _text(cells.get(name)) for name in _FIELDS})
        elif row:
            unusable += 1
    warnings = (f"{unusable} rows of {path} name no entity and were left out.",) if unusable else ()
    return known, warnings


def read_registry(config: Path) -> Registry:
    """The registries in ``<config>/.storage``, and the time zone and position there or in ``configuration.yaml``.

    What is not there or damaged is left unknown.
    """
    warnings: list[str] = []
    storage = config / ".storage"
    areas = {
        area.get("id"): _text(area.get("name")) for area in _items(storage / "core.area_registry", "areas", warnings)
    }
    devices = {device.get("id"): device for device in _items(storage / "core.device_registry", "devices", warnings)}
    entities: dict[str, RegistryEntity] = {}
    left_out: dict[str, str] = {}
    for entry in _items(storage / "core.entity_registry", "entities", warnings):
        entity_id = entity_id_of(_text(entry.get("entity_id")) or "")
        if entity_id is None:
            continue
        if reason := _reason_to_leave_out(entry):
            left_out[entity_id] = reason
        else:
            device = devices.get(entry.get("device_id"), {})
            area = areas.get(entry.get("area_id") or device.get("area_id"))
            entities[entity_id] = _described(entity_id, entry, device, area)
    # What YAML says Home Assistant does not write into its storage, and it is what counts.
    core = _data(storage / "core.config", warnings) | _configured(config, warnings)
    position = position_of(core.get("latitude"), core.get("longitude"))
    return Registry(entities, left_out, _text(core.get("time_zone")), tuple(warnings), position)


def recorded_info(entity_id: str, attributes: str | None) -> EntityInfo:
    """What an entity's recorded attributes (a JSON object) say about it."""
    recorded = _recorded(attributes)
    return EntityInfo(
        entity_id,
        name=_text(recorded.get("friendly_name")),
        device_class=_text(recorded.get("device_class")),
        unit=_text(recorded.get("unit_of_measurement")),
    )


def recorded_position(attributes: str | None) -> Position | None:
    """Where a zone is, by its recorded attributes."""
    recorded = _recorded(attributes)
    return position_of(recorded.get("latitude"), recorded.get("longitude"))


def _recorded(attributes: str | None) -> Json:
    """Recorded attributes; empty when they are no JSON object."""
    try:
        recorded = json.loads(attributes or "{}")
    except (ValueError, RecursionError):
        return {}
    return recorded if isinstance(recorded, dict) else {}


def _reason_to_leave_out(entry: Json) -> str | None:
    if entry.get("disabled_by"):
        return "disabled_entity"
    if entry.get("hidden_by"):
        return "hidden_entity"
    if entry.get("entity_category") in ("config", "diagnostic"):
        return f"{entry['entity_category']}_entity"
    return None


def _described(entity_id: str, entry: Json, device: Json, area: str | None) -> RegistryEntity:
    original = _text(entry.get("original_name"))
    if entry.get("has_entity_name"):
        device_name = _text(device.get("name_by_user")) or _text(device.get("name"))
        original = " ".join(part for part in (device_name, original) if part) or None
    return RegistryEntity(
        EntityInfo(entity_id, _text(entry.get("name")), area, _text(entry.get("device_class"))),
        EntityInfo(
            entity_id,
            original,
            None,
            _text(entry.get("original_device_class")),
            _text(entry.get("unit_of_measurement")),
        ),
    )


def _items(path: Path, name: str, warnings: list[str]) -> list[Json]:
    items = _data(path, warnings).get(name)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _data(path: Path, warnings: list[str]) -> Json:
    """``data`` of one of Home Assistant's storage files; empty if there is none."""
    try:
        stored = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        warnings.append(f"{path.name} could not be read ({error}); names, areas or the time zone may be missing.")
        return {}
    data = stored.get("data") if isinstance(stored, dict) else None
    return data if isinstance(data, dict) else {}


def _configured(config: Path, warnings: list[str]) -> Json:
    """What ``homeassistant:`` in configuration.yaml says of the home itself; what is kept elsewhere is not known."""
    path = config / "configuration.yaml"
    if not path.is_file():
        return {}
    try:
        document = load_document(path)
    except AutomationsUnreadable as error:
        warnings.append(f"{path.name} could not be read ({error.message}); time zone or position may be missing.")
        return {}
    core = document.get("homeassistant") if isinstance(document, dict) else None
    if not isinstance(core, dict):
        return {}
    plain = {name: core.get(name) for name in ("time_zone", "latitude", "longitude")}
    return {name: value for name, value in plain.items() if isinstance(value, str | int | float)}


def _text(value: object) -> str | None:
    """A text worth showing, or None. What cannot be stored as UTF-8 is dropped from it."""
    if not isinstance(value, str):
        return None
    plain = value.encode("utf-8", "ignore").decode().replace("\0", "").strip()
    return plain[:_LONGEST_TEXT] or None
