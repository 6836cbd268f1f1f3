"""The blueprint of an automation, and that filled in it is the same automation again."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings

from src.automations.blueprints import blueprint_of, use_blueprint_of
from src.automations.draft import Draft
from src.automations.drafting import drafted_offline
from src.automations.spelling import canonical, config_of, yaml_of
from src.domain.patterns import WEEKDAYS, Json, Kind, Pattern, SunTrigger, TimeTrigger
from src.errors import NotAutomatable
from src.home_assistant.automations_file import read_automations
from src.home_assistant.yaml_files import filled_in, load_document
from tests.unit.automations.any_pattern import PEOPLE, info_of, patterns
from tests.unit.domain import every_kind
from tests.unit.domain.every_kind import routine

OLD, NEW = (2024, 3), (2026, 11)
SUITS = (
    every_kind.TIME_OF_DAY,
    every_kind.DAY_TYPE,
    every_kind.SOLAR,
    every_kind.SEASONAL,
    every_kind.CO_OCCURRENCE,
    every_kind.PRESENCE,
    every_kind.THRESHOLD,
    every_kind.SEQUENCE,
    every_kind.DURATION,
)
AT_A_TIME = """\
blueprint:
  name: Turn on light at a time
  description: Made by ai-automation-service of a routine that was found in a home.
  domain: automation
  homeassistant:
    min_version: "2024.10.0"
  input:
    at:
      name: Time
      selector:
        time: {}
    weekdays:
      name: Days
      selector:
        select:
          multiple: true
          options:
            - value: mon
              label: Monday
            - value: tue
              label: Tuesday
            - value: wed
              label: Wednesday
            - value: thu
              label: Thursday
            - value: fri
              label: Friday
            - value: sat
              label: Saturday
            - value: sun
              label: Sunday
    to_turn_on:
      name: Light to turn on
      selector:
        target:
          entity:
            domain: light
triggers:
  - trigger: time
    at: !input at
conditions:
  - condition: time
    weekday: !input weekdays
actions:
  - action: light.turn_on
    target: !input to_turn_on
mode: single
"""


def filled(drafted: Draft, release: tuple[int, int], folder: Path) -> Json:
    """What Home Assistant makes of the blueprint and the inputs."""
    text, use = blueprint_of(drafted, release), use_blueprint_of(drafted, release)
    assert text is not None
    assert use is not None
    file = folder / "blueprint.yaml"
    file.write_text(text, "utf-8")
    document = load_document(file)
    assert isinstance(document, dict)
    inputs = use["use_blueprint"]["input"]
    assert set(document["blueprint"]["input"]) == set(inputs)
    body = filled_in({key: value for key, value in document.items() if key != "blueprint"}, inputs)
    assert isinstance(body, dict)
    return {**body, **{key: value for key, value in use.items() if key != "use_blueprint"}}


def test_it_is_written_to_the_byte() -> None:
    assert blueprint_of(drafted_offline(every_kind.TIME_OF_DAY, {}), NEW) == AT_A_TIME


def test_the_automation_that_uses_it_names_it_and_fills_it_in() -> None:
    use = use_blueprint_of(drafted_offline(every_kind.TIME_OF_DAY, {}), NEW)
    assert use is not None
    path = use["use_blueprint"].pop("path")
    assert path.startswith("ai_automation_service/turn_on_light_at_a_time_")
    assert path.endswith(".yaml")
    assert use["id"] == "ai_automation_p_0000000000000000"
    assert use["use_blueprint"] == {
        "input": {
            "at": "07:10:00",
            "weekdays": ["mon", "tue", "wed", "thu", "fri"],
            "to_turn_on": {"entity_id": "light.kitchen"},
        }
    }


@pytest.mark.parametrize("pattern", SUITS, ids=[str(pattern.kind) for pattern in SUITS])
@pytest.mark.parametrize("release", [OLD, NEW])
def test_filled_in_it_is_the_same_automation(pattern: Pattern, release: tuple[int, int], tmp_path: Path) -> None:
    drafted = drafted_offline(pattern, {})
    assert canonical(filled(drafted, release, tmp_path)) == canonical(config_of(drafted, release))


@pytest.mark.parametrize("release", [OLD, NEW])
def test_no_thing_of_the_home_is_left_in_it(release: tuple[int, int]) -> None:
    for pattern in SUITS:
        text = blueprint_of(drafted_offline(pattern, {}), release)
        assert text is not None
        named = {action.entity_id for action in pattern.actions}
        named.add(pattern.trigger.to_json().get("entity_id") or "person.anna")
        assert [name for name in named if name in text] == []


def test_routines_of_one_shape_share_one() -> None:
    patterns = [
        routine(Kind.TIME_OF_DAY, TimeTrigger(at, days), (light, "on"), id=f"p_{number:016x}")
        for number, (at, days, light) in enumerate(
            [("07:10:00", WEEKDAYS, "light.a"), ("22:00:00", ("mon",), "light.b")]
        )
    ]
    drafts = [drafted_offline(pattern, {}) for pattern in patterns]
    assert len({blueprint_of(drafted, NEW) for drafted in drafts}) == 1
    assert len({str((use_blueprint_of(drafted, NEW) or {})["use_blueprint"]["path"]) for drafted in drafts}) == 1


@pytest.mark.parametrize("pattern", [every_kind.SCENE, every_kind.LEFT_OPEN, every_kind.MISSED])
def test_what_cannot_be_said_without_its_things_makes_none(pattern: Pattern) -> None:
    drafted = drafted_offline(pattern, info_of(*every_kind.PEOPLE))
    assert blueprint_of(drafted, NEW) is None
    assert use_blueprint_of(drafted, NEW) is None


def test_a_weekday_that_midnight_carries_over_makes_none() -> None:
    late = routine(Kind.SOLAR, SunTrigger("sunset", 150, ("fri",)), ("light.a", "on"))
    assert blueprint_of(drafted_offline(late, {}), NEW) is None


def test_once_it_lies_in_the_home_it_is_read_as_the_routine(tmp_path: Path) -> None:
    drafted = drafted_offline(every_kind.DURATION, {})
    text, use = blueprint_of(drafted, NEW), use_blueprint_of(drafted, NEW)
    assert text is not None
    assert use is not None
    path = tmp_path / "blueprints" / "automation" / use["use_blueprint"]["path"]
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    (tmp_path / "automations.yaml").write_text(yaml_of(use), "utf-8")
    (known,) = read_automations(tmp_path / "automations.yaml")
    assert [(each.entity_id, each.to) for each in known.actions] == [("fan.bathroom", "off")]
    assert known.triggers[0] is not None
    assert known.triggers[0].to_json()["for_seconds"] == 1260.0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(patterns())
def test_whatever_is_in_it_is_yaml_with_the_inputs_that_it_asks_for(pattern: Pattern) -> None:
    try:
        drafted = drafted_offline(pattern, info_of(*PEOPLE))
    except NotAutomatable:
        assume(False)
        raise
    text, use = blueprint_of(drafted, NEW), use_blueprint_of(drafted, NEW)
    assert (text is None) == (use is None)
    if text is not None and use is not None:
        head = yaml.safe_load(text.replace("!input ", ""))["blueprint"]
        assert list(head["input"]) == list(use["use_blueprint"]["input"])
        assert yaml.safe_load(yaml_of(use)) == use
