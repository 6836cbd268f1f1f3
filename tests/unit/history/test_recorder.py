"""Home Assistant's recorder: which rows are events, who caused them, what the home is called."""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from src.domain.events import EntityInfo, EventLog, Origin
from src.errors import HistoryEmpty, HistoryUnreadable
from src.history import read_history
from tests.unit.history.conftest import MakeRecorder

START = datetime(2026, 4, 30, 6, tzinfo=UTC)  # Home Assistant starts
NOON = datetime(2026, 4, 30, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
USER = b"u" * 16


def origins(log: EventLog) -> dict[str, Origin]:
    """The origin of each entity's newest event."""
    return {
        log.entities[entity]: Origin(origin)
        for entity, origin in zip(log.entity.tolist(), log.origin.tolist(), strict=True)
    }


def micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@pytest.mark.parametrize("schema", [42, 43, 50, 53])
@pytest.mark.parametrize("wal", [True, False])
def test_states_of_every_known_schema(recorder: MakeRecorder, schema: int, wal: bool) -> None:
    home = recorder(schema=schema, wal=wal)
    home.state("light.a", "on", NOON + timedelta(microseconds=123_457))
    home.state("light.a", "off", NOON + SECOND)
    home.close()

    read = read_history(home.path, time_zone="Europe/Berlin")

    assert read.log.time.tolist() == [micros(NOON) + 123_457, micros(NOON) + 1_000_000]
    assert [read.log.states[code] for code in read.log.state] == ["on", "off"]
    assert (read.source.format, read.source.details["schema"]) == ("recorder", schema)
    assert not any("schema" in warning for warning in read.warnings)


def test_a_change_of_attributes_is_no_event(recorder: MakeRecorder) -> None:
    home = recorder()
    home.state("light.a", "on", NOON)
    home.state("light.a", "on", NOON + 5 * SECOND, changed=NOON, attributes={"brightness": 9})
    home.state("light.a", "off", NOON + 9 * SECOND, changed=NOON + 9 * SECOND)
    home.close()

    read = read_history(home.path)

    assert read.log.time.tolist() == [micros(NOON), micros(NOON + 9 * SECOND)]
    assert read.skipped == {"attributes_only": 1}


def test_rows_that_are_no_events_are_counted(recorder: MakeRecorder) -> None:
    home = recorder()
    home.state("light.a", "on", NOON)
    home.state("light.a", None, NOON + SECOND)  # removed
    home.state("sensor.long", "x" * 100_000, NOON)
    home.state("sensor.bytes", "x", NOON)
    home.execute("UPDATE states SET state = CAST(x'ff41' AS TEXT) WHERE state = 'x'")
    home.state("light.a", "untimed", NOON)
    home.execute("UPDATE states SET last_updated_ts = NULL WHERE state = 'untimed'")
    home.state("light.a", "endless", NOON)
    home.execute("UPDATE states SET last_updated_ts = 9e999 WHERE state = 'endless'")
    home.state("light.a", "nobody", NOON)
    home.execute("UPDATE states SET metadata_id = 999 WHERE state = 'nobody'")
    home.close()

    read = read_history(home.path)

    assert (read.log.entities, read.log.states) == (("light.a",), ("on",))
    assert read.skipped == {"missing_field": 3, "state_too_long": 1, "not_text": 1, "bad_timestamp": 1}


def test_without_its_events_an_automation_is_known_by_its_own_row(recorder: MakeRecorder) -> None:
    # A recorder that excludes events still records when the automation entity ran.
    home = recorder()
    ran, switched = b"r" * 16, b"s" * 16
    home.state("automation.night", "on", NOON - SECOND)
    home.state("automation.night", "on", NOON, changed=NOON - SECOND, context=ran)
    home.state("light.by_automation", "on", NOON, context=ran)
    home.state("automation.night", "off", NOON + SECOND, context=switched, user=USER)
    home.state("light.by_person", "on", NOON + SECOND, context=switched, user=USER)
    home.state("light.wall_switch", "on", NOON)
    home.close()

    found = origins(read_history(home.path).log)

    assert found["light.by_automation"] is Origin.AUTOMATION
    assert found["light.by_person"] is Origin.USER
    assert found["light.wall_switch"] is Origin.DEVICE


def test_where_nothing_tells_an_automation_apart_nobody_is_named(recorder: MakeRecorder) -> None:
    home = recorder()
    home.state("light.a", "on", NOON)
    home.close()

    read = read_history(home.path)

    assert origins(read.log) == {"light.a": Origin.UNKNOWN}
    assert any("who caused" in warning for warning in read.warnings)


def test_what_comes_back_after_a_start_was_done_by_nobody(recorder: MakeRecorder) -> None:
    home = recorder()
    home.event("call_service", START, b"z" * 16)
    home.start(START)
    home.state("light.a", "on", START + 3600 * SECOND)  # long after: the oldest row a purge left
    home.start(NOON)
    home.state("light.a", "unavailable", NOON + 5 * SECOND)
    home.state("light.a", "off", NOON + 20 * SECOND)
    home.state("light.a", "on", NOON + 40 * SECOND)  # somebody at the switch
    home.state("light.late", "on", START + 7200 * SECOND)
    home.start(NOON + 3600 * SECOND)
    home.state("light.late", "off", NOON + 5000 * SECOND)  # its first report comes long after the start
    home.state("light.late", "on", NOON + 5001 * SECOND)
    home.state("light.late", None, NOON + 5002 * SECOND)  # its integration is loaded anew
    home.state("light.late", "off", NOON + 5003 * SECOND)
    home.state("light.late", "on", NOON + 5004 * SECOND)
    home.close()

    log = read_history(home.path).log

    def of(entity_id: str) -> list[str]:
        own = log.entity == log.entities.index(entity_id)
        return [Origin(origin).name.lower() for origin in log.origin[own].tolist()]

    assert of("light.a") == ["device", "unknown", "unknown", "device"]
    assert of("light.late") == ["device", "unknown", "device", "unknown", "device"]


def test_what_is_known_of_the_home_comes_from_registry_and_attributes(recorder: MakeRecorder, tmp_path: Path) -> None:
    storage = tmp_path / ".storage"
    storage.mkdir()
    entries = [
        {"entity_id": "light.a", "name": "Named by its owner", "area_id": "k"},
        {"entity_id": "sensor.t", "original_name": "T", "original_device_class": "x", "unit_of_measurement": "°F"},
        {"entity_id": "sensor.signal", "entity_category": "diagnostic"},
    ]
    for name, data in {
        "entity_registry": {"entities": entries},
        "area_registry": {"areas": [{"id": "k", "name": "Kitchen"}]},
        "config": {"time_zone": "Europe/Berlin"},
    }.items():
        (storage / f"core.{name}").write_text(json.dumps({"data": data}), encoding="utf-8")
    home = recorder()
    home.state("light.a", "on", NOON, attributes={"friendly_name": "Integration's name"})
    home.state("sensor.t", "20", NOON, attributes={"friendly_name": "Old name"})
    newest = {"friendly_name": "New name", "device_class": "temperature", "unit_of_measurement": "°C"}
    home.state("sensor.t", "21", NOON + SECOND, attributes=newest)
    home.state("sensor.signal", "-70", NOON)
    home.state("sensor.signal", "-71", NOON + SECOND)
    home.close()
    by_hand = tmp_path / "entities.csv"
    by_hand.write_text("entity_id,area\nsensor.t,Attic\n")

    read = read_history(home.path, entities=by_hand)

    assert read.log.info == {
        "light.a": EntityInfo("light.a", "Named by its owner", "Kitchen"),
        "sensor.t": EntityInfo("sensor.t", "New name", "Attic", "temperature", "°C"),
    }
    assert read.log.entities == ("light.a", "sensor.t")
    assert read.skipped == {"diagnostic_entity": 2}
    assert read.log.time_zone == "Europe/Berlin"
    assert read_history(home.path, time_zone="Asia/Tokyo").log.time_zone == "Asia/Tokyo"


def test_a_database_that_was_moved_and_linked_keeps_its_registries(recorder: MakeRecorder, tmp_path: Path) -> None:
    config = tmp_path / "config"
    (config / ".storage").mkdir(parents=True)
    (config / ".storage" / "core.config").write_text('{"data": {"time_zone": "Europe/Berlin"}}')
    home = recorder()
    home.state("light.a", "on", NOON)
    home.close()
    (config / home.path.name).symlink_to(home.path)

    assert read_history(config / home.path.name).log.time_zone == "Europe/Berlin"


def test_a_zone_nobody_knows_is_said(recorder: MakeRecorder, tmp_path: Path) -> None:
    (tmp_path / ".storage").mkdir()
    (tmp_path / ".storage" / "core.config").write_text('{"data": {"time_zone": "Mars/Olympus"}}')
    home = recorder()
    home.state("light.a", "on", NOON)
    home.close()

    read = read_history(home.path)

    assert read.log.time_zone == "UTC"
    assert any("Mars/Olympus" in warning for warning in read.warnings)


def test_since_reads_only_what_is_new(recorder: MakeRecorder) -> None:
    home = recorder()
    automation = b"a" * 16
    home.event("automation_triggered", NOON - 3600 * SECOND, automation)  # and waited for an hour
    for n in range(10):
        home.state("light.a", str(n), NOON + n * SECOND, context=automation if n == 9 else None)
    home.close()

    new = read_history(home.path, since=micros(NOON + 8 * SECOND))
    nothing = read_history(home.path, since=micros(NOON + 10 * SECOND))

    assert [new.log.states[code] for code in new.log.state] == ["8", "9"]
    assert new.log.origin.tolist() == [Origin.DEVICE, Origin.AUTOMATION]
    assert len(nothing.log) == 0


def test_more_rows_than_a_page(recorder: MakeRecorder) -> None:
    home = recorder()
    home.execute("INSERT INTO states_meta (metadata_id, entity_id) VALUES (1, 'light.a')")
    home.execute(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 44999)"
        " INSERT INTO states (metadata_id, state, last_updated_ts) SELECT 1, i % 2, ? + i FROM n",
        NOON.timestamp(),
    )
    home.close()
    told: list[float] = []

    log = read_history(home.path, progress=lambda _, done, total, unit="": told.append(done / total)).log

    assert len(log) == 45_000
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_an_empty_recorder(recorder: MakeRecorder) -> None:
    home = recorder()
    home.close()

    with pytest.raises(HistoryEmpty):
        read_history(home.path)


def test_an_older_schema_says_how_to_upgrade_it(recorder: MakeRecorder) -> None:
    home = recorder(schema=41)
    home.close()

    with pytest.raises(HistoryUnreadable, match=r"schema is 41.*2024\.3") as caught:
        read_history(home.path)

    assert "upgrades it" in caught.value.remedy


def test_a_newer_schema_is_read_with_a_warning(recorder: MakeRecorder) -> None:
    home = recorder(schema=54)
    home.execute("ALTER TABLE states ADD COLUMN unheard_of TEXT")
    home.state("light.a", "on", NOON)
    home.close()

    read = read_history(home.path)

    assert len(read.log) == 1
    assert any("schema 54" in warning for warning in read.warnings)


def test_a_schema_without_a_needed_column_is_refused(recorder: MakeRecorder) -> None:
    home = recorder(schema=60)
    home.execute("ALTER TABLE states RENAME COLUMN context_id_bin TO context")
    home.close()

    with pytest.raises(HistoryUnreadable, match=r"schema 60 has no states\.context_id_bin"):
        read_history(home.path)


def test_a_truncated_database(recorder: MakeRecorder) -> None:
    home = recorder()
    for n in range(600):
        home.state("light.a", str(n), NOON + n * SECOND, attributes={"n": n})
    home.close()
    os.truncate(home.path, home.path.stat().st_size // 2)

    with pytest.raises(HistoryUnreadable, match="damaged"):
        read_history(home.path)


def test_a_locked_database_is_waited_for_and_then_refused(
    recorder: MakeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.history.recorder_file._BUSY_SECONDS", 0.05)
    home = recorder(wal=False)
    home.state("light.a", "on", NOON)
    other = sqlite3.connect(home.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(HistoryUnreadable, match="keeps it locked") as caught:
        read_history(home.path)
    other.execute("ROLLBACK")
    other.close()

    assert "again" in caught.value.remedy
    assert len(read_history(home.path).log) == 1


BERLIN = {"latitude": 52.52, "longitude": 13.4, "radius": 100, "passive": False}


def core_config(folder: Path, **data: object) -> None:
    (folder / ".storage").mkdir()
    (folder / ".storage" / "core.config").write_text(json.dumps({"version": 1, "data": data}))


@pytest.mark.parametrize("schema", [42, 53])
def test_the_place_of_the_home_is_that_of_its_newest_zone(recorder: MakeRecorder, schema: int) -> None:
    home = recorder(schema=schema)
    home.state("zone.home", "0", NOON, attributes={**BERLIN, "latitude": 48.1})
    home.state("zone.home", "1", NOON + SECOND, attributes=BERLIN)
    home.state("zone.work", "0", NOON + 2 * SECOND, attributes={"latitude": 1.0, "longitude": 2.0})
    home.state("light.a", "on", NOON)
    home.close()

    assert read_history(home.path).log.position == (52.52, 13.4)
    # Only what is new is read each night, and the zone hardly ever changes.
    assert read_history(home.path, since=micros(NOON + 5 * SECOND)).log.position == (52.52, 13.4)


@pytest.mark.parametrize(
    "attributes",
    [{}, {"latitude": 52.52}, {"latitude": "52.52", "longitude": "13.4"}, {"latitude": 152.0, "longitude": 13.4}],
)
def test_a_zone_that_is_nowhere_gives_way_to_the_configuration(
    recorder: MakeRecorder, tmp_path: Path, attributes: dict[str, object]
) -> None:
    home = recorder()
    home.state("zone.home", "0", NOON, attributes=attributes)
    home.state("light.a", "on", NOON)
    home.close()

    assert read_history(home.path).log.position is None
    core_config(tmp_path, latitude=48.1, longitude=11.6, time_zone="Europe/Berlin")
    assert read_history(home.path).log.position == (48.1, 11.6)


def test_a_zone_goes_before_the_configuration(recorder: MakeRecorder, tmp_path: Path) -> None:
    home = recorder()
    home.state("zone.home", "0", NOON, attributes=BERLIN)
    home.state("light.a", "on", NOON)
    home.close()
    core_config(tmp_path, latitude=48.1, longitude=11.6)

    assert read_history(home.path).log.position == (52.52, 13.4)
