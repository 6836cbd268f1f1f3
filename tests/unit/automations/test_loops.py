"""Automations that set each other off without end, or undo each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from src.automations.draft import Draft
from src.automations.drafting import draft
from src.automations.loops import loops
from src.domain.automations import KnownAutomation
from src.domain.home import Home
from src.domain.patterns import WEEKDAYS, Action, HeldTrigger, StateTrigger, TimeTrigger, Trigger
from tests.unit.domain.every_kind import SCENE

DOOR = {"trigger": "state", "entity_id": "binary_sensor.door", "to": "on"}


def when(entity_id: str, to: str) -> StateTrigger:
    return StateTrigger(entity_id, to, 0.0, 0.0)


def known(name: str, trigger: Trigger | None, *actions: tuple[str, str], **changes: Any) -> KnownAutomation:
    done = tuple(Action(*each) for each in actions)
    return replace(KnownAutomation(name, f"automation.{name.lower()}", True, (trigger,), done), **changes)


def ours(*calls: tuple[str, str], on: dict[str, Any] = DOOR) -> Draft:
    actions = tuple({"action": service, "target": {"entity_id": entity_id}} for service, entity_id in calls)
    return Draft("p_1", "Mine", "", (on,), (), actions)


LIGHT_ON = ours(("light.turn_on", "light.hall"))
BACK = known("Back", when("light.hall", "on"), ("binary_sensor.door", "on"))


def codes(made: Draft, *automations: KnownAutomation, **more: Any) -> list[tuple[str, bool]]:
    return [(each.code, each.blocks) for each in loops(made, automations, more.pop("self_id", None), **more)]


def test_a_chain_that_comes_back_is_named_from_end_to_end() -> None:
    first = known("First", when("light.hall", "on"), ("fan.hall", "on"))
    second = known("Second", HeldTrigger("fan.hall", "on", 600.0), ("binary_sensor.door", "on"))
    bystander = known("Bystander", when("light.hall", "on"), ("light.cellar", "on"))
    (finding,) = loops(LIGHT_ON, (bystander, second, first), None)
    assert finding.code == "loop"
    assert finding.blocks
    assert finding.confirm is None
    assert "Mine → First → Second → Mine" in finding.message
    assert "First, Second" in finding.remedy
    assert "Bystander" not in finding.message


@pytest.mark.parametrize(
    "other",
    [
        replace(BACK, enabled=False),
        replace(BACK, triggers=(None,)),
        replace(BACK, triggers=(when("light.hall", "off"),)),
        replace(BACK, actions=(Action("binary_sensor.door", "off"),)),
        replace(BACK, actions=()),
    ],
)
def test_what_does_not_come_back_is_none(other: KnownAutomation) -> None:
    assert not codes(LIGHT_ON, other)


def test_the_automation_it_was_made_into_before_is_itself() -> None:
    assert codes(LIGHT_ON, BACK) == [("loop", True)]
    assert not codes(LIGHT_ON, BACK, self_id="automation.back")


def test_through_a_group() -> None:
    switching = ours(("homeassistant.turn_on", "group.hall"))
    assert codes(switching, BACK, members={"group.hall": ("group.inner",), "group.inner": ("light.hall",)}) == [
        ("loop", True)
    ]
    assert not codes(switching, BACK)


def test_one_that_sets_itself_off() -> None:
    on_off = {"trigger": "state", "entity_id": "light.hall", "to": ["on", "off"]}
    assert codes(ours(("light.toggle", "light.hall"), on=on_off)) == [("loop", True)]
    pressed = {"trigger": "state", "entity_id": "input_button.go"}
    assert codes(ours(("input_button.press", "input_button.go"), on=pressed)) == [("loop", True)]


def test_one_that_sets_what_is_set_already_comes_to_rest() -> None:
    assert not codes(draft(SCENE, Home("2024.3.3")))
    turned_on = {"trigger": "state", "entity_id": "light.hall", "to": "on"}
    assert not codes(ours(("light.turn_on", "light.hall"), on=turned_on))
    held = {**turned_on, "for": "00:20:00"}
    assert not codes(ours(("light.turn_off", "light.hall"), on=held))


def test_two_that_want_opposite_things_at_the_same_moment() -> None:
    off = known("Off", when("binary_sensor.door", "on"), ("light.hall", "off"))
    (finding,) = loops(LIGHT_ON, (off,), None)
    assert (finding.code, finding.blocks, finding.about) == ("conflict", True, "automation.off")
    assert "it sets light.hall to on, and Off sets it to off" in finding.message
    # It goes off by itself after a while, which is what a motion light does.
    later = replace(off, actions=(Action("light.hall", "on"), Action("light.hall", "off", 300.0)))
    assert not codes(LIGHT_ON, later)
    assert not codes(LIGHT_ON, replace(off, actions=(Action("light.hall", "off", 300.0),)))
    # It asks for something; maybe just then ours does nothing.
    assert not codes(LIGHT_ON, replace(off, conditional=True))


@pytest.mark.parametrize(
    ("at", "days", "fights"), [("07:02:00", 5, True), ("07:30:00", 5, False), ("07:00:00", 0, False)]
)
def test_on_the_clock(at: str, days: int, fights: bool) -> None:
    made = Draft(
        "p_1",
        "Mine",
        "",
        ({"trigger": "time", "at": "07:00:00"},),
        ({"condition": "time", "weekday": list(WEEKDAYS[:5])},),
        ({"action": "light.turn_on", "target": {"entity_id": "light.hall"}},),
    )
    off = known("Off", TimeTrigger(at, WEEKDAYS[:days] if days else WEEKDAYS[5:]), ("light.hall", "off"))
    assert codes(made, off) == ([("conflict", True)] if fights else [])


def test_one_that_undoes_ours_because_of_ours() -> None:
    undo = known("Undo", when("light.hall", "on"), ("light.hall", "off"))
    assert codes(LIGHT_ON, undo) == [("conflict", True)]
    saver = known("Saver", HeldTrigger("light.hall", "on", 1800.0), ("light.hall", "off"))
    (finding,) = loops(LIGHT_ON, (saver,), None)
    assert (finding.code, finding.blocks) == ("undone_later", False)
    assert finding.message.startswith("After 30 minutes Saver undoes it")
    assert codes(LIGHT_ON, replace(undo, conditional=True)) == [("undone_later", False)]
