"""The sensors of this service as Home Assistant finds them over MQTT, and the messages that say how they stand.

https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery and https://www.home-assistant.io/integrations/sensor.mqtt/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from src import __version__
from src.domain.patterns import Json

NODE = "ai_automation_service"
AVAILABILITY_TOPIC = f"{NODE}/availability"
UNKNOWN = "None"  # what Home Assistant takes for an instant or a number that is not known

LARGEST_ATTRIBUTES = 1000  # bytes of JSON; they are recorded with every change of the state


@dataclass(frozen=True, slots=True)
class StatusSensor:
    """One sensor.

    Attributes:
        key: part of its topics and of its unique id: never to be changed.
        name: what people read, behind the name of the device.
        traits: what else Home Assistant should know of it.
    """

    key: str
    name: str
    icon: str
    traits: Json = field(default_factory=dict)


LAST_RUN = StatusSensor("last_run", "Last run", "mdi:history", {"device_class": "timestamp"})
NEW_SUGGESTIONS = StatusSensor(
    "new_suggestions", "New suggestions", "mdi:lightbulb-on-outline", {"state_class": "measurement"}
)
NEXT_RUN = StatusSensor("next_run", "Next run", "mdi:clock-outline", {"device_class": "timestamp"})
OK, FAILED, NEVER = "ok", "failed", "never"
LAST_RUN_RESULT = StatusSensor(
    "last_run_result",
    "Last run result",
    "mdi:check-circle-outline",
    {"device_class": "enum", "options": [OK, FAILED, NEVER]},
)
SENSORS = (LAST_RUN, NEW_SUGGESTIONS, NEXT_RUN, LAST_RUN_RESULT)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a sensor stands: its state as a text, and a few small attributes."""

    state: str
    attributes: Json = field(default_factory=dict)


def discovery(prefix: str) -> dict[str, str]:
    """The announcement of every sensor, by topic."""
    return {f"{prefix}/sensor/{NODE}/{sensor.key}/config": json.dumps(_config(sensor)) for sensor in SENSORS}


def standings(by_sensor: Mapping[str, Standing]) -> dict[str, str]:
    """The messages that say how sensors stand, by topic.

    Args:
        by_sensor: by the sensor's key. Attributes that are too large lose the end of their lists; if that is not
            enough there are none.
    """
    messages: dict[str, str] = {}
    for key, standing in by_sensor.items():
        messages[_state_topic(key)] = standing.state
        messages[_attributes_topic(key)] = _small(standing.attributes)
    return messages


def _state_topic(key: str) -> str:
    return f"{NODE}/{key}/state"


def _attributes_topic(key: str) -> str:
    return f"{NODE}/{key}/attributes"


def _config(sensor: StatusSensor) -> Json:
    return {
        "name": sensor.name,
        "unique_id": f"{NODE}_{sensor.key}",
        "state_topic": _state_topic(sensor.key),
        "json_attributes_topic": _attributes_topic(sensor.key),
        "availability_topic": AVAILABILITY_TOPIC,
        # Diagnostic entities are not learned from, so this service does not study itself.
        "entity_category": "diagnostic",
        "icon": sensor.icon,
        "device": {"identifiers": [NODE], "name": "AI automation service", "sw_version": __version__},
        "origin": {"name": "ai-automation-service", "sw_version": __version__},
        **sensor.traits,
    }


def _small(attributes: Json) -> str:
    kept = {name: list(value) if isinstance(value, list | tuple) else value for name, value in attributes.items()}
    while len(text := json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace")) > LARGEST_ATTRIBUTES:
        lists = [value for value in kept.values() if isinstance(value, list) and value]
        if not lists:
            return "{}"
        max(lists, key=len).pop()
    return text.decode()
