"""What counts as behaviour, and what does not."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from src.domain.events import EntityInfo, Origin
from src.mining.changes import Changes, beats, find_changes
from tests.unit.mining.conftest import BuildLog, Row, day


def taken(changes: Changes) -> list[tuple[str, str]]:
    return [(changes.things[code].entity_id, changes.things[code].to) for code in changes.thing]


def test_repeats_of_an_unchanged_state_are_no_change(log_of: BuildLog) -> None:
    rows: list[Row] = [(day(0, hour), "light.a", "on" if hour >= 3 else "off") for hour in range(6)]
    changes = find_changes(log_of(rows))
    assert taken(changes) == [("light.a", "on")]
    assert changes.left_out["unchanged_state"] == 4


def test_the_first_state_of_an_entity_is_no_change(log_of: BuildLog) -> None:
    changes = find_changes(log_of([(day(0, 1), "light.a", "on"), (day(0, 2), "light.a", "off")]))
    assert taken(changes) == [("light.a", "off")]


def test_a_state_that_comes_back_after_unavailable_is_no_change(log_of: BuildLog) -> None:
    rows: list[Row] = [
        (day(0, 1), "light.a", "off"),
        (day(0, 2), "light.a", "on"),
        (day(0, 3), "light.a", "unavailable"),
        (day(0, 4), "light.a", "on"),
        (day(0, 5), "light.a", "unknown"),
        (day(0, 6), "light.a", "off"),
    ]
    changes = find_changes(log_of(rows))
    assert taken(changes) == [("light.a", "on"), ("light.a", "off")]
    assert changes.by_person.tolist() == [True, False]  # when it went off nobody saw
    assert changes.left_out["unavailable_or_unknown"] == 2
    assert changes.left_out["restored_state"] == 1


def test_measurements_and_prose_are_left_out(log_of: BuildLog) -> None:
    rows: list[Row] = []
    for step in range(40):
        rows.append((day(0, step / 4), "sensor.temperature", f"{20 + step / 10:.1f}"))
        rows.append((day(0, step / 4), "media_player.title", f"song {step}"))
        rows.append((day(0, step / 4), "light.a", "on" if step % 2 else "off"))
    changes = find_changes(log_of(rows))
    assert {entity for entity, _ in taken(changes)} == {"light.a"}
    assert changes.left_out["numeric_entity"] == 1
    assert changes.left_out["free_text_entity"] == 1


def test_a_device_about_itself_is_left_out(log_of: BuildLog) -> None:
    entities = ["update.core", "binary_sensor.lamp_connectivity", "binary_sensor.x", "light.update", "sun.sun"]
    rows: list[Row] = [(day(0, step), entity, "on" if step % 2 else "off") for step in range(6) for entity in entities]
    info = {"binary_sensor.x": EntityInfo("binary_sensor.x", device_class="battery")}
    changes = find_changes(log_of(rows, info=info))
    assert {entity for entity, _ in taken(changes)} == {"light.update"}
    assert changes.left_out["entity_not_behaviour"] == 4


def test_flapping_counts_once(log_of: BuildLog) -> None:
    rows: list[Row] = [(day(0, 0), "switch.a", "off")]
    rows += [(day(0, 1) + timedelta(seconds=step), "switch.a", "off" if step % 2 else "on") for step in range(30)]
    rows += [(day(0, 5), "switch.a", "on")]
    changes = find_changes(log_of(rows))
    assert taken(changes) == [("switch.a", "on"), ("switch.a", "on")]
    assert changes.left_out["flapping"] == 29


def test_what_an_automation_did_is_seen_but_is_nobodys_habit(log_of: BuildLog) -> None:
    rows: list[Row] = [(day(0, 0), "light.a", "off"), (day(0, 1), "light.a", "on"), (day(0, 2), "light.a", "off")]
    changes = find_changes(log_of(rows, origins=[Origin.USER, Origin.AUTOMATION, Origin.USER]))
    assert changes.by_person.tolist() == [False, True]
    assert changes.left_out["made_by_automation"] == 1


def test_a_heartbeat_is_nobodys_habit(log_of: BuildLog) -> None:
    rows: list[Row] = [
        (day(0, step * 0.5), "binary_sensor.node", "on" if step % 2 else "off") for step in range(24 * 2 * 5)
    ]
    changes = find_changes(log_of(rows))
    assert not changes.by_person.any()
    assert changes.left_out["heartbeat"] == 2


def test_habits_do_not_beat_like_a_clock() -> None:
    rng = np.random.default_rng(1)
    habit = np.sort(rng.uniform(0, 30 * 86_400e6, 200)).astype(np.int64)
    daily = (np.arange(60) * 86_400e6 + rng.normal(0, 600e6, 60)).astype(np.int64)
    hourly = (np.arange(200) * 3_600e6 + rng.normal(0, 5e6, 200)).astype(np.int64)
    assert [beats(habit), beats(daily), beats(hourly)] == [False, False, True]


def test_scenes_and_buttons_happen_again_and_again(log_of: BuildLog) -> None:
    rows: list[Row] = [(day(n, 20), "scene.film", day(n, 20).isoformat()) for n in range(4)]
    changes = find_changes(log_of(rows))
    assert taken(changes) == [("scene.film", "activated")] * 3


def test_departures_tell_when_a_state_was_left(log_of: BuildLog) -> None:
    rows: list[Row] = [(day(0, hour), "light.a", state) for hour, state in enumerate(("off", "on", "off", "on"))]
    log = log_of(rows)
    changes = find_changes(log)
    on = next(thing.code for thing in changes.things if thing.to == "on")
    off = next(thing.code for thing in changes.things if thing.to == "off")
    assert changes.departures[on].tolist() == [log.time[2]]
    assert changes.departures[off].tolist() == [log.time[1], log.time[3]]


def test_an_empty_log_has_no_changes(log_of: BuildLog) -> None:
    changes = find_changes(log_of([]))
    assert len(changes.time) == 0
    assert changes.days == 0
