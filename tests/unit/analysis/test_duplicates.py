"""Whether a home does already what a pattern says: what is on blocks, what is off or asks for more is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from src.analysis.duplicates import duplicate
from src.automations.draft import automation_id_of
from src.domain.automations import KnownAutomation
from src.domain.home import Home
from src.domain.patterns import WEEKDAYS, DayTypeTrigger, Pattern, TimeTrigger
from tests.unit.domain.every_kind import DAY_TYPE, DURATION, MISSED, SOLAR, THRESHOLD, TIME_OF_DAY

SAME = KnownAutomation("Morning", "automation.morning", True, (TIME_OF_DAY.trigger,), TIME_OF_DAY.actions)


def said(pattern: Pattern, *automations: KnownAutomation, **more: Any) -> tuple[str, bool] | None:
    finding = duplicate(pattern, Home("2024.3.3", automations=automations, **more))
    return None if finding is None else (finding.code, finding.blocks)


@pytest.mark.parametrize("pattern", [TIME_OF_DAY, DAY_TYPE, SOLAR, THRESHOLD, DURATION], ids=lambda p: str(p.kind))
def test_one_that_does_the_same_blocks_and_is_named(pattern: Pattern) -> None:
    triggers = pattern.trigger.times if isinstance(pattern.trigger, DayTypeTrigger) else (pattern.trigger,)
    same = replace(SAME, triggers=triggers, actions=pattern.actions)
    finding = duplicate(pattern, Home("2024.3.3", automations=(same,)))
    assert finding is not None
    assert (finding.code, finding.blocks, finding.about) == ("duplicate", True, "automation.morning")
    assert finding.message == "Your automation Morning does the same already."
    assert finding.confirm is None


def test_none_that_does_something_else() -> None:
    assert said(TIME_OF_DAY) is None
    assert said(TIME_OF_DAY, replace(SAME, triggers=(TimeTrigger("21:00:00", WEEKDAYS),))) is None
    assert said(TIME_OF_DAY, replace(SAME, actions=())) is None
    assert said(TIME_OF_DAY, replace(SAME, triggers=(None,))) is None
    assert said(MISSED, SAME) is None


def test_one_that_is_switched_off_is_offered_instead() -> None:
    finding = duplicate(TIME_OF_DAY, Home("2024.3.3", automations=(replace(SAME, enabled=False),)))
    assert finding is not None
    assert (finding.code, finding.blocks, finding.about) == ("duplicate_switched_off", False, "automation.morning")
    assert finding.remedy == "Switch that one on instead."


def test_one_that_asks_for_more_does_less() -> None:
    choosy = replace(SAME, conditional=True)
    assert said(TIME_OF_DAY, choosy) == ("duplicate_under_conditions", False)
    assert said(TIME_OF_DAY, choosy, replace(SAME, name="Always")) == ("duplicate", True)
    dark = TIME_OF_DAY.with_(conditions=({"type": "sun", "is": "below_horizon"},))
    assert said(dark, choosy) == ("duplicate", True)


def test_the_one_that_was_made_of_it_is_no_duplicate() -> None:
    own = {"automation.morning": {"id": automation_id_of(TIME_OF_DAY.id)}}
    assert said(TIME_OF_DAY, SAME, configs=own) is None
    assert said(TIME_OF_DAY, SAME, configs={"automation.morning": {"id": "1699"}}) == ("duplicate", True)
