"""Reading a home's automations: every spelling Home Assistant takes, and files that are wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from src.domain.automations import KnownAutomation
from src.domain.patterns import (
    WEEKDAYS,
    Action,
    HeldTrigger,
    TimeTrigger,
)
from src.errors import AutomationsUnreadable
from src.home_assistant.automation_actions import read_actions
from src.home_assistant.automations_file import read_automations, read_targets

WORKDAYS = WEEKDAYS[:5]
OLD = """
- alias: Kitchen in the morning
  id: "1700000000001"
  trigger:
    - platform: time
      at: "07:00:00"
  condition:
    - condition: time
      weekday: [mon, tue, wed, thu, fri]
  action:
    - service: light.turn_on
      data:
        entity_id: light.kitchen, light.counter
"""
NEW = """
- alias: Kitchen in the morning
  id: "1700000000001"
  triggers:
    - trigger: time
      at: "07:00"
      weekday: [mon, tue, wed, thu, fri]
  actions:
    - action: light.turn_on
      target:
        entity_id: [light.kitchen, light.counter]
"""
KITCHEN = KnownAutomation(
    "Kitchen in the morning",
    "automation.kitchen_in_the_morning",
    True,
    (TimeTrigger("07:00:00", WORKDAYS),),
    (Action("light.kitchen", "on"), Action("light.counter", "on")),
)


def read(tmp_path: Path, text: str, name: str = "automations.yaml") -> tuple[KnownAutomation, ...]:
    (tmp_path / name).write_text(text, "utf-8")
    return read_automations(tmp_path / name)


def only(tmp_path: Path, text: str) -> KnownAutomation:
    (automation,) = read(tmp_path, text)
    return automation


@pytest.mark.parametrize("text", [OLD, NEW], ids=["old", "new"])
def test_old_and_new_spelling_say_the_same(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == (KITCHEN,)


def test_json_a_single_automation_and_a_package_are_read(tmp_path: Path) -> None:
    entry = {
        "alias": "Kitchen in the morning",
        "trigger": {"platform": "time", "at": "07:00:00", "weekday": "mon,tue,wed,thu,fri"},
        "action": {"service": "light.turn_on", "entity_id": ["light.kitchen", "light.counter"]},
    }
    for value in (entry, [entry], {"automation": entry, "light": []}, {"automation kitchen": [entry]}):
        assert read(tmp_path, json.dumps(value), "automations.json") == (KITCHEN,)


def test_an_empty_file_holds_no_automations(tmp_path: Path) -> None:
    assert read(tmp_path, "") == read(tmp_path, "[]") == ()


def test_every_branch_counts_and_pauses_are_kept(tmp_path: Path) -> None:
    automation = only(
        tmp_path,
        """
alias: Many ways
triggers: {trigger: state, entity_id: binary_sensor.door, to: "on"}
actions:
  - choose:
      - conditions: "{{ x }}"
        sequence: [{action: light.turn_on, target: {entity_id: light.one}}]
    default: {action: light.turn_on, target: {entity_id: light.two}}
  - if: []
    then: [{delay: {minutes: 2}}, {action: light.turn_off, target: {entity_id: light.one}}]
    else: [{repeat: {count: 2, sequence: [{action: switch.turn_on, target: {entity_id: switch.three}}]}}]
  - parallel: [{sequence: [{action: lock.lock, target: {entity_id: lock.four}}]}]
  - action: notify.anna
    data: {message: "{{ y }}"}
""",
    )
    assert automation.actions == (
        Action("light.one", "on"),
        Action("light.two", "on"),
        Action("light.one", "off", 120.0),
        Action("switch.three", "on"),
        Action("lock.four", "locked"),
    )
    assert automation.reminds


def registry(config: Path) -> None:
    """A kitchen light whose device stands in the kitchen, a hidden one, and two automations."""
    entities = [
        {"id": "e1" * 16, "entity_id": "light.kitchen", "device_id": "d1"},
        {"id": "e2" * 16, "entity_id": "light.secret", "device_id": "d1", "hidden_by": "user"},
        {"id": "e3" * 16, "entity_id": "sensor.kitchen", "device_id": "d1"},
        {"entity_id": "automation.first", "platform": "automation", "unique_id": "11", "disabled_by": None},
        {"entity_id": "automation.second", "platform": "automation", "unique_id": "12", "disabled_by": "user"},
    ]
    (config / ".storage").mkdir()
    for name, items in (("entity", entities), ("device", [{"id": "d1", "area_id": "kitchen"}])):
        key = "entities" if name == "entity" else "devices"
        (config / ".storage" / f"core.{name}_registry").write_text(json.dumps({"data": {key: items}}))


@pytest.mark.parametrize(
    "target", [{"area_id": "kitchen"}, {"device_id": ["d1"]}, {"entity_id": "e1" * 16}], ids=["area", "device", "id"]
)
def test_registries_resolve_areas_devices_and_their_own_ids(tmp_path: Path, target: dict[str, object]) -> None:
    registry(tmp_path)
    deeds = read_actions([{"action": "light.turn_off", "target": target}], read_targets(tmp_path))
    assert deeds.actions == (Action("light.kitchen", "off"),)
    assert deeds.unresolved == ()


def test_the_registry_says_what_an_automation_is_called_and_whether_it_is_off(tmp_path: Path) -> None:
    registry(tmp_path)
    entries = [{"id": 11, "triggers": []}, {"id": "12", "alias": "Second", "triggers": []}]
    entries += [{"alias": "Läden zu!", "initial_state": False, "triggers": []}]
    found = read(tmp_path, json.dumps(entries), "automations.json")
    assert [(each.name, each.entity_id, each.enabled) for each in found] == [
        ("automation.first", "automation.first", True),
        ("Second", "automation.second", False),
        ("Läden zu!", "automation.laden_zu", False),
    ]


BLUEPRINT = """
blueprint:
  name: Motion
  domain: automation
  input:
    sensor: {name: Sensor}
    more: {input: {wait: {default: 90}}}
trigger:
  - platform: state
    entity_id: !input sensor
    to: "off"
    for: !input wait
action:
  - service: light.turn_off
    target: !input lamp
"""
USE = """
- alias: Hall off
  use_blueprint:
    path: somebody/motion.yaml
    input: {sensor: binary_sensor.hall, lamp: {entity_id: light.hall}}
"""


def test_a_blueprint_at_hand_is_filled_in(tmp_path: Path) -> None:
    folder = tmp_path / "blueprints" / "automation" / "somebody"
    folder.mkdir(parents=True)
    (folder / "motion.yaml").write_text(BLUEPRINT)
    automation = only(tmp_path, USE)
    assert automation.triggers == (HeldTrigger("binary_sensor.hall", "off", 90.0),)
    assert automation.actions == (Action("light.hall", "off"),)


@pytest.mark.parametrize("path", ["somebody/motion.yaml", "../../../etc/passwd", "", "a\\0b", "x" * 5000])
def test_a_blueprint_that_is_not_at_hand_is_noted(tmp_path: Path, path: str) -> None:
    automation = only(tmp_path, USE.replace("somebody/motion.yaml", f'"{path}"'))
    assert automation.triggers == (None,)
    assert automation.unresolved == ("blueprint",)


def test_tags_are_tolerated_and_say_nothing(tmp_path: Path) -> None:
    automation = only(
        tmp_path,
        """
- alias: Tagged
  trigger: [{platform: time, at: !secret wake}, {platform: state, entity_id: !input door, to: "on"}]
  action: [!include lights.yaml, {service: light.turn_on, entity_id: !secret lamp}]
""",
    )
    assert automation.triggers == (None, None)
    assert automation.actions == ()
    assert automation.unresolved == ("light.turn_on",)


def test_what_is_no_automation_is_left_out_with_a_word(tmp_path: Path) -> None:
    path = tmp_path / "automations.yaml"
    path.write_text("- 5\n- {alias: Nothing}\n- !include more.yaml\n" + OLD)
    said: list[str] = []
    assert read_automations(path, warn=said.append) == (KITCHEN,)
    assert [sentence.split(" in ")[0] for sentence in said[:2]] == ["Automation 1", "Automation 2"]
    assert "!include" in said[2]


@pytest.mark.parametrize(
    ("content", "name", "line"),
    [
        (b"- alias: a\n  trigger: [\n- b", "automations.yaml", 3),
        (b"- alias: {{ x }}\n", "automations.yaml", 1),
        (b"- a\n\tb: 1", "automations.yaml", 2),
        (b"- a\n- \x07\n", "automations.yaml", 2),
        (b"- a\n- \xff\n", "automations.yaml", 2),
        (b"- !!python/object:os.system x", "automations.yaml", 1),
        (b'[{"alias": "a"},\n]', "automations.json", 2),
        (b"[" * 50_000, "automations.yaml", None),
        (b"[" * 200_000, "automations.json", None),
        (b"- 2026-13-45\n", "automations.yaml", None),
        (b"just a text", "automations.yaml", None),
        (b"light: []", "automations.yaml", None),
    ],
    ids=[
        "bracket", "template", "tab", "control", "not utf-8", "python", "json", "deep", "deep json", "date", "text",
        "none",
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_with_name_and_line(
    tmp_path: Path, content: bytes, name: str, line: int | None
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AutomationsUnreadable) as caught:
        read_automations(path)
    assert caught.value.line == line
    assert str(path) in caught.value.message
    assert (line is None) or f"line {line}" in caught.value.message
    assert caught.value.remedy


def test_aliases_of_yaml_that_lead_in_circles_or_grow_without_end_do_no_harm(tmp_path: Path) -> None:
    layers = "".join(f"  x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9) if n else '{delay: 1}'}]\n" for n in range(30))
    nested = layers.replace("x", "y").replace("{delay: 1}", "{condition: sun}")
    for n in range(1, 30):
        nested = nested.replace(f"&y{n} [", f"&y{n} [{{condition: and, conditions: *y{n - 1}}}, ")
    text = f"alias: Bomb\nvariables:\n{layers}{nested}trigger: *x29\ncondition: *y29\naction: &a [*x29, *a]\n"
    assert only(tmp_path, text).actions == ()
