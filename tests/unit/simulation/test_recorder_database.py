"""A simulated home as Home Assistant's database, read by the history's own reader."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from src.domain.events import EventLog, Origin
from src.history.source import read_history
from src.simulation.home import SimulatedHome
from src.simulation.recorder_database import write_recorder, write_registries


def changes(log: EventLog) -> list[tuple[int, str, str, int]]:
    """Time (ms: the recorder's floats keep no more than µs), entity, state and origin of each change of state."""
    last: dict[int, int] = {}
    found = []
    for time, entity, state, origin in zip(
        log.time.tolist(), log.entity.tolist(), log.state.tolist(), log.origin.tolist(), strict=True
    ):
        if last.get(entity) != state:
            found.append((round(time / 1000), log.entities[entity], log.states[state], origin))
        last[entity] = state
    return found


def test_changes_origins_names_areas_and_zone_come_back(demo: SimulatedHome, tmp_path: Path) -> None:
    path = tmp_path / "home-assistant_v2.db"
    write_recorder(demo.log, path)
    write_registries(demo.log, tmp_path)
    read = read_history(path)
    assert read.source.format == "recorder"
    assert read.warnings == ()
    log = read.log
    assert log.time_zone == "Europe/Berlin"
    assert {name: log.about(name) for name in demo.log.entities} == dict(demo.log.info)
    expected, got = changes(demo.log), [row for row in changes(log) if row[1] != "zone.home"]
    # Two changes within one microsecond may change places.
    assert sorted(row[:3] for row in got) == sorted(row[:3] for row in expected)
    told = Counter((mine, theirs) for (*_, mine), (*_, theirs) in zip(sorted(expected), sorted(got), strict=True))
    for origin in (Origin.USER, Origin.AUTOMATION):
        assert {theirs for mine, theirs in told if mine == origin} == {origin}
    # What a device reports for the first time after a start is nobody's doing; the rest keeps its origin.
    right = sum(count for (mine, theirs), count in told.items() if mine == theirs)
    assert right > 0.97 * len(expected)


def test_the_homes_zone_says_where_it_is(demo: SimulatedHome, tmp_path: Path) -> None:
    path = tmp_path / "home-assistant_v2.db"
    day = demo.log.between(None, demo.log.span[0] + 86_400_000_000)
    write_recorder(day, path)
    assert demo.log.position is not None
    assert read_history(path, time_zone="Europe/Berlin").log.position == demo.log.position

    write_recorder(replace(day, position=None), path)
    unplaced = read_history(path, time_zone="Europe/Berlin").log
    assert unplaced.position is None
    assert "zone.home" not in unplaced.entities

    write_registries(day, tmp_path)
    assert read_history(path, time_zone="Europe/Berlin").log.position == demo.log.position


def test_repeated_states_are_recorded_as_changes_of_attributes(demo: SimulatedHome, tmp_path: Path) -> None:
    path = tmp_path / "home-assistant_v2.db"
    write_recorder(demo.log, path)
    read = read_history(path, time_zone="Europe/Berlin")
    assert read.skipped["attributes_only"] == len(demo.log) - len(changes(demo.log))


def test_writing_again_replaces_the_file(demo: SimulatedHome, tmp_path: Path) -> None:
    path = tmp_path / "home-assistant_v2.db"
    path.write_text("something else")
    write_recorder(demo.log.between(None, demo.log.span[0] + 86_400_000_000), path)
    assert len(read_history(path, time_zone="Europe/Berlin").log) > 100
