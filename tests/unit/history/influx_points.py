"""Points as Home Assistant's InfluxDB integration makes them of states, with its common options.

What it writes was seen by calling the integration of 2024.3.3 on states like those of the tests; 2026.11 does the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
T0 = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z

_AS_NUMBER = {"on": 1.0, "open": 1.0, "home": 1.0, "off": 0.0, "closed": 0.0, "not_home": 0.0, "above_horizon": 1.0}


@dataclass(frozen=True)
class Options:
    """Of the integration's configuration. ``attribute`` is ``measurement_attr``."""

    attribute: str = "unit_of_measurement"
    default: str = ""
    override: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    tags_attributes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    """A point. ``time`` in µs UTC."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, str | float]
    time: int

    def line(self) -> str:
        """In InfluxDB's line protocol."""
        tags = "".join(f",{_key(name)}={_key(text)}" for name, text in self.tags.items())
        fields = ",".join(f"{_key(name)}={_value(value)}" for name, value in self.fields.items())
        return f"{_key(self.measurement)}{tags} {fields} {self.time * 1000}"


def written(
    entity_id: str, state: str, time: int, options: Options | None = None, /, **attributes: Any
) -> list[Written]:
    """The point of a state; none for a state that is not known."""
    options = options or Options()
    if state in ("unknown", "unavailable", ""):
        return []
    domain, object_id = entity_id.split(".")
    fields: dict[str, str | float] = {}
    number = _number(state)
    if number is None:
        fields["state"] = state
        number = _AS_NUMBER.get(state)
    if number is not None:
        fields["value"] = number
    measurement, said = _measurement(entity_id, domain, attributes, options)
    tags = {"domain": domain, "entity_id": object_id}
    for name, value in attributes.items():
        if name in options.tags_attributes:
            tags[name] = str(value)
        elif name != said:
            _add_attribute(fields, name, value)
    return [Written(measurement, {**tags, **options.tags}, fields, time)]


def _measurement(entity_id: str, domain: str, attributes: dict[str, Any], options: Options) -> tuple[str, str]:
    """The measurement, and the attribute that it says already."""
    if options.override:
        return options.override, ""
    if options.attribute == "entity_id":
        return entity_id, ""
    if options.attribute == "domain__device_class":
        device_class = attributes.get("device_class")
        return (domain, "") if device_class is None else (f"{domain}__{device_class}", "device_class")
    unit = attributes.get("unit_of_measurement")
    return (options.default or entity_id, "") if not unit else (unit, "unit_of_measurement")


def _add_attribute(fields: dict[str, str | float], name: str, value: Any) -> None:
    name = f"{name}_" if name in fields else name
    number = _number(value)
    if number is not None:
        fields[name] = number
        return
    fields[f"{name}_str"] = str(value)
    if re.match(r"^[^\.]*\d+\.?\d+[^\.]*$", str(value)):
        fields[name] = float(re.sub(r"[^\d.]+", "", str(value)))


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _key(text: str) -> str:
    return re.sub(r"([,= ])", r"\\\1", text)


def _value(value: str | float) -> str:
    if isinstance(value, float):
        return repr(value)
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
