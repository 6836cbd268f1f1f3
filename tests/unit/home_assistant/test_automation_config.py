"""Whether an automation asks for more than the weekday before it does anything."""

from __future__ import annotations

from typing import Any

import pytest

from src.home_assistant.automation_config import read_automation
from src.home_assistant.targets import Targets

DARK = {"condition": "sun", "after": "sunset"}
WEEKEND = {"condition": "time", "weekday": ["sat", "sun"]}


@pytest.mark.parametrize(
    ("conditions", "asks"),
    [
        ([], False),
        (None, False),
        ([WEEKEND], False),
        (WEEKEND, False),
        ([{**DARK, "enabled": False}], False),
        ([WEEKEND, DARK], True),
        (DARK, True),
        ([{**WEEKEND, "after": "07:00:00"}], True),
        (["{{ is_state('light.hall', 'on') }}"], True),
    ],
)
def test_conditions_besides_the_weekday_are_told_of(conditions: Any, asks: bool) -> None:
    config = {"triggers": [{"trigger": "time", "at": "07:00:00"}], "conditions": conditions, "actions": []}
    known = read_automation(config, Targets(), name="Mine", entity_id=None, enabled=True)
    assert known.conditional is asks
