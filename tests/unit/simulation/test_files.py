"""A simulated home as CSV files."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from src.domain.events import EntityInfo, EventLog, Origin
from src.history.source import read_history
from src.simulation.files import write_csv, write_entities
from src.simulation.home import SimulatedHome


def small_log() -> EventLog:
    """Two readings an hour apart, at 02:30 summer time and 02:30 winter time, and one that needs quoting."""
    base = int(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()) * 1_000_000
    return EventLog(
        time=np.array([base, base + 3_600_000_000, base + 3_600_000_123], np.int64),
        entity=np.array([0, 0, 1], np.int32),
        state=np.array([0, 1, 2], np.int32),
        origin=np.array([Origin.USER, Origin.AUTOMATION, Origin.UNKNOWN], np.int8),
        entities=("light.hall", "sensor.text"),
        states=("on", "off", 'a "b", c'),
        time_zone="Europe/Berlin",
        info={"light.hall": EntityInfo("light.hall", "Hall, upstairs", "Hall")},
    )


def rows(path: Path) -> list[dict[str, str]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_the_hour_that_happens_twice_is_told_apart_by_its_offset(tmp_path: Path) -> None:
    write_csv(small_log(), tmp_path / "home.csv")
    assert rows(tmp_path / "home.csv") == [
        {"timestamp": "2026-10-25T02:30:00.000000+02:00", "entity_id": "light.hall", "state": "on", "origin": "user"},
        {
            "timestamp": "2026-10-25T02:30:00.000000+01:00",
            "entity_id": "light.hall",
            "state": "off",
            "origin": "automation",
        },
        {
            "timestamp": "2026-10-25T02:30:00.000123+01:00",
            "entity_id": "sensor.text",
            "state": 'a "b", c',
            "origin": "unknown",
        },
    ]


def test_naive_timestamps_without_origin(tmp_path: Path) -> None:
    write_csv(small_log(), tmp_path / "home.csv", offset=False, origin=False)
    assert rows(tmp_path / "home.csv")[1] == {
        "timestamp": "2026-10-25T02:30:00.000000",
        "entity_id": "light.hall",
        "state": "off",
    }


def test_unknown_metadata_is_left_empty(tmp_path: Path) -> None:
    write_entities(small_log(), tmp_path / "home.entities.csv")
    assert rows(tmp_path / "home.entities.csv") == [
        {"entity_id": "light.hall", "name": "Hall, upstairs", "area": "Hall", "device_class": "", "unit": ""},
        {"entity_id": "sensor.text", "name": "", "area": "", "device_class": "", "unit": ""},
    ]


@pytest.mark.parametrize("name", ["home.csv", "home.csv.gz"])
def test_a_write_that_is_cut_off_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write_csv(small_log(), tmp_path / name)
    before = (tmp_path / name).read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("src.simulation.files.to_local", full)
    with pytest.raises(OSError, match="No space left"):
        write_csv(small_log(), tmp_path / name)
    assert (tmp_path / name).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_compressed_files_are_the_same_to_the_byte(tmp_path: Path) -> None:
    for name in ("a.csv.gz", "b.csv.gz"):
        write_csv(small_log(), tmp_path / name)
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


@pytest.mark.parametrize("name", ["demo.csv", "demo.csv.gz"])
def test_the_demo_comes_back_through_its_files(demo: SimulatedHome, tmp_path: Path, name: str) -> None:
    log = demo.log.between(None, demo.log.span[0] + 10 * 86_400_000_000)
    write_csv(log, tmp_path / name)
    write_entities(log, tmp_path / "demo.entities.csv")
    read = read_history(tmp_path / name, time_zone=log.time_zone, entities=tmp_path / "demo.entities.csv").log
    assert len(read) == len(log)
    for mine, theirs in (
        (log.time.tolist(), read.time.tolist()),
        (log.origin.tolist(), read.origin.tolist()),
        ([log.entities[code] for code in log.entity], [read.entities[code] for code in read.entity]),
        ([log.states[code] for code in log.state], [read.states[code] for code in read.state]),
    ):
        assert mine == theirs
    assert read.about("light.kitchen_ceiling") == log.about("light.kitchen_ceiling")
