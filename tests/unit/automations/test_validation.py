"""Home Assistant's own word, asked of older and newer ones."""

from __future__ import annotations

from typing import Any

import pytest

from src.automations.validation import validate
from src.errors import HomeAssistantFailed, HomeAssistantUnreachable
from src.home_assistant.client import HomeAssistant
from tests.fake_home_assistant import Drop, FakeHomeAssistant, Refusal

OLD = {"id": "1", "alias": "A", "trigger": [{"platform": "sun"}], "condition": [], "action": [{"service": "x.y"}]}
NEW = {"id": "1", "alias": "A", "triggers": [{"trigger": "sun"}], "conditions": [], "actions": [{"action": "x.y"}]}


@pytest.mark.parametrize(("version", "config"), [("2024.3.3", OLD), ("2026.11.0", NEW), ("2026.11.0", OLD)])
def test_each_version_is_asked_in_its_own_words(version: str, config: dict[str, Any]) -> None:
    with FakeHomeAssistant(version) as fake:
        assert validate(config, HomeAssistant(fake.access())) == ()
        asked = [each for each in fake.asked if each["type"] == "validate_config"][-1]
    plural = "s" if version == "2026.11.0" else ""
    assert set(asked) == {"id", "type", f"trigger{plural}", f"action{plural}"}


def test_what_it_refuses_is_told_in_its_own_words() -> None:
    said = {"triggers": {"valid": False, "error": "required key not provided @ data['event']"}}
    with FakeHomeAssistant("2026.11.0") as fake:
        fake.answers["validate_config"] = lambda fields: {**said, "actions": {"valid": True, "error": None}}
        (finding,) = validate(NEW, HomeAssistant(fake.access()))
    assert finding.message == ("Home Assistant does not accept the triggers: required key not provided @ data['event']")
    assert (finding.code, finding.about, finding.blocks, finding.confirm) == ("invalid_config", "triggers", True, None)


def test_no_answer_is_no_consent() -> None:
    def cannot(fields: dict[str, Any]) -> Any:
        raise Refusal("unknown_error", "Boom")

    with FakeHomeAssistant() as fake:
        fake.answers["validate_config"] = cannot
        with pytest.raises(HomeAssistantFailed, match="Boom"):
            validate(OLD, HomeAssistant(fake.access()))
        fake.trouble["validate_config"] = Drop()
        with pytest.raises(HomeAssistantUnreachable):
            validate(OLD, HomeAssistant(fake.access()))
