"""What holds for every automation, whatever the pattern: that it can be written, read, and acts on the right days."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from src.automations.draft import Draft
from src.automations.drafting import drafted_offline
from src.automations.spelling import canonical, config_of, fingerprint, yaml_of
from src.domain.patterns import WEEKDAYS, DayTypeTrigger, Kind, Pattern, TimeTrigger
from src.errors import NotAutomatable
from tests.unit.automations.any_pattern import PEOPLE, clocks, day_types, info_of, patterns, weekdays
from tests.unit.domain.every_kind import routine

OLD, NEW = (2024, 3), (2026, 11)
# Keys by which an action is one of those that a draft may have.
STEPS = ({"action", "target"}, {"action", "target", "data"}, {"action", "data"}, {"delay"})
calmly = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


def written(pattern: Pattern) -> Draft:
    try:
        return drafted_offline(pattern, info_of(*PEOPLE))
    except NotAutomatable:
        assume(False)
        raise


@calmly
@given(patterns())
def test_it_is_json_and_both_spellings_say_the_same(pattern: Pattern) -> None:
    drafted = written(pattern)
    old, new = (config_of(drafted, release) for release in (OLD, NEW))
    for config in (old, new):
        assert json.loads(json.dumps(config)) == config
    assert canonical(old) == canonical(new)
    assert fingerprint(old) == fingerprint(new)


@calmly
@given(patterns(), st.sampled_from([OLD, NEW]))
def test_its_yaml_is_read_as_what_was_written(pattern: Pattern, release: tuple[int, int]) -> None:
    config = config_of(written(pattern), release)
    text = yaml_of(config)
    assert yaml.safe_load(text) == config
    assert text.encode("utf-8").decode("utf-8") == text
    assert yaml_of(json.loads(json.dumps(config))) == text


@calmly
@given(patterns())
def test_it_has_a_trigger_and_acts_by_services_of_domains(pattern: Pattern) -> None:
    drafted = written(pattern)
    assert drafted.triggers
    assert any("action" in step for step in drafted.actions)
    for step in drafted.actions:
        assert set(step) in STEPS
        domain = str(step.get("action", "")).partition(".")[0]
        assert domain != "homeassistant"
        ids = step.get("target", {}).get("entity_id", [])
        assert {each.partition(".")[0] for each in ([ids] if isinstance(ids, str) else ids)} <= {domain}


@calmly
@given(patterns())
def test_no_text_of_it_is_worked_out_as_a_template_but_its_conditions(pattern: Pattern) -> None:
    drafted = written(pattern)
    for text in texts([list(drafted.triggers), list(drafted.actions)]):
        assert "{{" not in text
        assert "{%" not in text


@calmly
@given(patterns())
def test_its_name_is_one_short_line(pattern: Pattern) -> None:
    alias = written(pattern).alias
    assert alias.strip() == alias != ""
    assert len(alias) <= 130
    assert alias.isprintable() or not alias.isascii()
    assert "\n" not in alias


def texts(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in texts(inner)]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in texts(inner)]
    return [value] if isinstance(value, str) else []


def holds(condition: Mapping[str, Any], day: str, trigger_id: str | None) -> bool:
    """A condition at one moment, as Home Assistant's documentation says: the weekday is that of the moment."""
    match condition["condition"]:
        case "time":
            return day in condition["weekday"]
        case "trigger":
            return bool(condition["id"] == trigger_id)
        case "and":
            return all(holds(inner, day, trigger_id) for inner in condition["conditions"])
        case "or":
            return any(holds(inner, day, trigger_id) for inner in condition["conditions"])
    raise AssertionError(condition)


def moments(drafted: Draft) -> set[tuple[str, str]]:
    """The weekdays and minutes at which an automation of the clock acts in a week."""
    return {
        (day, trigger["at"][:5])
        for day in WEEKDAYS
        for trigger in drafted.triggers
        if all(holds(condition, day, trigger.get("id")) for condition in drafted.conditions)
    }


@given(clocks, weekdays)
def test_by_the_clock_it_acts_in_the_minute_and_on_the_days_of_the_pattern(at: str, days: tuple[str, ...]) -> None:
    drafted = written(routine(Kind.TIME_OF_DAY, TimeTrigger(at, days), ("light.a", "on")))
    assert moments(drafted) == {(day, at[:5]) for day in days}


@given(day_types())
def test_each_sort_of_day_has_its_own_time(trigger: DayTypeTrigger) -> None:
    drafted = written(routine(Kind.DAY_TYPE, trigger, ("light.a", "on")))
    assert moments(drafted) == {(day, time.at[:5]) for time in trigger.times for day in time.weekdays}
