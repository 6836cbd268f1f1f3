"""How the sensors are announced, and that what they say stays small."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from src.home_assistant.mqtt_discovery import (
    AVAILABILITY_TOPIC,
    LARGEST_ATTRIBUTES,
    SENSORS,
    Standing,
    discovery,
    standings,
)

TEXTS = st.text(max_size=400)


def test_every_sensor_is_announced_as_one_of_the_same_device() -> None:
    announced = {topic: json.loads(payload) for topic, payload in discovery("homeassistant").items()}
    assert list(announced) == [
        f"homeassistant/sensor/ai_automation_service/{key}/config"
        for key in ("last_run", "new_suggestions", "next_run", "last_run_result")
    ]
    configs = list(announced.values())
    assert [config["name"] for config in configs] == ["Last run", "New suggestions", "Next run", "Last run result"]
    assert len({config["unique_id"] for config in configs}) == len(configs)
    assert len({json.dumps(config["device"]) for config in configs}) == 1
    assert {config["availability_topic"] for config in configs} == {AVAILABILITY_TOPIC}
    assert all(config["origin"]["name"] == "ai-automation-service" for config in configs)
    assert [config.get("device_class") for config in configs] == ["timestamp", None, "timestamp", "enum"]


def test_what_a_sensor_says_is_where_its_announcement_says() -> None:
    said = standings({sensor.key: Standing("x", {"a": 1}) for sensor in SENSORS})
    for payload in discovery("homeassistant").values():
        config = json.loads(payload)
        assert said[config["state_topic"]] == "x"
        assert json.loads(said[config["json_attributes_topic"]]) == {"a": 1}


@given(st.dictionaries(st.text(max_size=20), TEXTS | st.integers() | st.lists(TEXTS, max_size=8), max_size=6))
def test_attributes_stay_small_whatever_is_said(attributes: dict[str, str | int | list[str]]) -> None:
    (payload,) = (text for topic, text in standings({"a": Standing("1", attributes)}).items() if "attributes" in topic)
    assert len(payload.encode("utf-8", "replace")) <= LARGEST_ATTRIBUTES
    kept = json.loads(payload)
    assert kept.keys() <= attributes.keys()
    for name, value in kept.items():
        whole = attributes[name]
        assert value == whole[: len(value)] if isinstance(whole, list) and isinstance(value, list) else value == whole
