"""Names, areas and classes of entities, from a CSV by hand or from Home Assistant's registries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from src.domain.events import EntityInfo
from src.errors import HistoryUnreadable
from src.history import read_history
from src.history.metadata import Registry, read_entities, read_registry


def store(config: Path, name: str, data: object) -> None:
    """A file as Home Assistant keeps it in its config folder."""
    (config / ".storage").mkdir(exist_ok=True)
    document = {"version": 1, "minor_version": 1, "key": f"core.{name}", "data": data}
    (config / ".storage" / f"core.{name}").write_text(json.dumps(document), encoding="utf-8")


def test_a_csv_of_entities_describes_the_entities_of_a_history(tmp_path: Path) -> None:
    history, entities = tmp_path / "a.csv", tmp_path / "a.entities.csv"
    history.write_text("timestamp,entity_id,state\n1777550400,light.a,on\n1777550400,light.b,on\n")
    entities.write_text(
        "\ufeffArea,entity_id,name,ignored,device_class,unit\nKüche,Light.A,Lamp,x,,\n,sensor.t,,x,temperature,°C\n",
        encoding="utf-8",
    )

    log = read_history(history, entities=entities).log

    assert log.about("light.a") == EntityInfo("light.a", name="Lamp", area="Küche")
    assert log.about("sensor.t") == EntityInfo("sensor.t", device_class="temperature", unit="°C")
    assert log.about("light.b") == EntityInfo("light.b")


def test_rows_without_an_entity_are_said_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text("entity_id,name\nlamp,Lamp\n\nlight.a,Lamp,too,much\nlight.b\n")

    known, warnings = read_entities(path)

    assert known == {"light.a": EntityInfo("light.a", name="Lamp"), "light.b": EntityInfo("light.b")}
    assert [warning.partition(" ")[0] for warning in warnings] == ["1"]


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "no such file"), (b"name,area\nLamp,Hall\n", "no column entity_id"), (b"", "no column entity_id"),
     (b"entity_id,name\nlight.a,\xff\n", "not UTF-8"), (b"entity_id\n\"" + b"x" * 200_000, "larger than")],
)  # fmt: skip
def test_a_file_of_entities_that_is_none(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "e.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(HistoryUnreadable, match=says) as caught:
        read_entities(path)

    assert "entity_id,name,area" in caught.value.remedy


def test_an_entity_without_an_area_is_in_its_devices(tmp_path: Path) -> None:
    store(tmp_path, "area_registry", {"areas": [{"id": "k", "name": "Kitchen"}, {"id": "h", "name": "Hall"}]})
    store(tmp_path, "device_registry", {"devices": [{"id": "d1", "area_id": "k"}, {"id": "d2", "area_id": None}]})
    entities = [
        {"entity_id": "light.own", "area_id": "h", "device_id": "d1"},
        {"entity_id": "light.devices", "area_id": None, "device_id": "d1"},
        {"entity_id": "light.nowhere", "area_id": None, "device_id": "d2"},
        {"entity_id": "light.lost", "area_id": "gone", "device_id": "gone"},
    ]
    store(tmp_path, "entity_registry", {"entities": entities})

    found = read_registry(tmp_path).entities

    assert {entity_id: entity.info.area for entity_id, entity in found.items()} == {
        "light.own": "Hall",
        "light.devices": "Kitchen",
        "light.nowhere": None,
        "light.lost": None,
    }


def test_entities_nobody_sees_are_left_out_with_the_reason(tmp_path: Path) -> None:
    entities = [
        {"entity_id": "light.a"},
        {"entity_id": "light.hidden", "hidden_by": "user"},
        {"entity_id": "light.disabled", "disabled_by": "integration", "hidden_by": "user"},
        {"entity_id": "number.config", "entity_category": "config"},
        {"entity_id": "sensor.diagnostic", "entity_category": "diagnostic"},
    ]
    store(tmp_path, "entity_registry", {"entities": entities})

    registry = read_registry(tmp_path)

    assert list(registry.entities) == ["light.a"]
    assert registry.left_out == {
        "light.hidden": "hidden_entity",
        "light.disabled": "disabled_entity",
        "number.config": "config_entity",
        "sensor.diagnostic": "diagnostic_entity",
    }


def test_names_as_home_assistant_puts_them_together(tmp_path: Path) -> None:
    store(tmp_path, "device_registry", {"devices": [{"id": "d", "name": "TRADFRI", "name_by_user": "Ceiling"}]})
    entities = [
        {"entity_id": "light.a", "name": "Mine", "original_name": "Light", "device_id": "d", "has_entity_name": True},
        {"entity_id": "light.b", "original_name": "Light", "device_id": "d", "has_entity_name": True},
        {"entity_id": "light.c", "original_name": None, "device_id": "d", "has_entity_name": True},
        {"entity_id": "light.d", "original_name": "Light", "device_id": "d", "has_entity_name": False},
    ]
    store(tmp_path, "entity_registry", {"entities": entities})

    found = read_registry(tmp_path).entities

    names = {entity_id: entity.info.name or entity.fallback.name for entity_id, entity in found.items()}
    assert names == {"light.a": "Mine", "light.b": "Ceiling Light", "light.c": "Ceiling", "light.d": "Light"}


def test_no_registries_are_no_fault_and_damaged_ones_are_said(tmp_path: Path) -> None:
    assert read_registry(tmp_path).warnings == ()

    store(tmp_path, "entity_registry", {"entities": [17, {"entity_id": None}, {"entity_id": "light.a", "name": 5}]})
    store(tmp_path, "config", {"time_zone": "Europe/Berlin"})
    (tmp_path / ".storage" / "core.area_registry").write_text('{"data": ')
    registry = read_registry(tmp_path)

    assert list(registry.entities) == ["light.a"]
    assert registry.time_zone == "Europe/Berlin"
    assert [warning.partition(" ")[0] for warning in registry.warnings] == ["core.area_registry"]


class TestWhatYamlSaysOfTheHome:
    def read(self, config: Path, text: str, stored: dict[str, object] | None = None) -> Registry:
        (config / "configuration.yaml").write_text(text, "utf-8")
        if stored is not None:
            (config / ".storage").mkdir()
            (config / ".storage" / "core.config").write_text(json.dumps({"data": stored}), "utf-8")
        return read_registry(config)

    def test_it_counts_before_what_is_stored(self, tmp_path: Path) -> None:
        said = "homeassistant: {time_zone: America/New_York, latitude: 40.71, longitude: -74}\nscene: !include a.yaml\n"
        registry = self.read(tmp_path, said, {"time_zone": "Europe/Berlin", "latitude": 52.5, "longitude": 13.4})
        assert (registry.time_zone, registry.position, registry.warnings) == ("America/New_York", (40.71, -74.0), ())

    def test_what_it_does_not_say_is_as_stored(self, tmp_path: Path) -> None:
        registry = self.read(tmp_path, "default_config:\n", {"time_zone": "Europe/Berlin"})
        assert registry.time_zone == "Europe/Berlin"

    def test_a_secret_or_an_include_is_not_followed(self, tmp_path: Path) -> None:
        said = "homeassistant:\n  time_zone: !secret zone\n  latitude: !secret lat\n"
        assert self.read(tmp_path, said, {"time_zone": "Europe/Berlin"}).time_zone == "Europe/Berlin"

    def test_what_cannot_be_read_is_said(self, tmp_path: Path) -> None:
        (warning,) = self.read(tmp_path, "homeassistant: [").warnings
        assert "configuration.yaml" in warning
