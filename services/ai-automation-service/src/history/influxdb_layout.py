"""How Home Assistant's InfluxDB integration writes what happens, and how that is read again.

A point is written for every change of a state or of its attributes, but not for ``unknown``, ``unavailable`` or an
empty state (https://www.home-assistant.io/integrations/influxdb/, the same from 2024.3 to 2026.11):

- tags ``domain`` and ``entity_id`` are the two halves of the entity id; attributes may be made tags as well;
- field ``value`` is the number of a state that is one, or stands for one (1 for ``on``, 0 for ``off``);
- field ``state`` is the text of a state that is no number. So ``on`` has both, and the text counts;
- an attribute that is a number is a field of its name; any other is text, in a field with ``_str`` behind the name. An
  entity with a text for a state may so have an attribute in ``value``, and one with a number an attribute in ``state``;
- the measurement is the unit of measurement, or what the options say: one name for all, the entity id, or the domain
  with the device class, as ``sensor__temperature``. What stands there is not repeated as a field.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, Self

from src.domain.entity_ids import domain_of
from src.domain.events import EntityInfo
from src.history.metadata import merged, recorded_info

STATE, VALUE = "state", "value"
NAME, DEVICE_CLASS, UNIT = "friendly_name", "device_class", "unit_of_measurement"
TEXT = "_str"  # behind the name of an attribute that is a text


@dataclass(frozen=True, slots=True)
class Point:
    """A state at an instant.

    Attributes:
        time: µs UTC.
        text: the state as it was written; None for a number.
        number: None for a text without one.
    """

    entity_id: str
    time: int
    text: str | None
    number: float | None


PointStream = Generator[Point, None, None]  # closing it ends the answer it is read from


@dataclass(frozen=True, slots=True)
class Said:
    """What the points of an entity say about it.

    Attributes:
        what: ``friendly_name``, ``device_class`` or ``unit_of_measurement``; ``state`` for a state that is a text, and
            ``value`` for one that is a number.
    """

    measurement: str
    entity_id: str
    what: str
    text: str


class Points(Protocol):
    """An InfluxDB of some version, opened. All spans are ``start <= time < stop``, µs UTC.

    Every method raises HistoryUnreadable, also while what it gave is iterated.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def first(self) -> PointStream:
        """The oldest points, of each entity or of each measurement."""

    def newest(self, start: int, stop: int) -> PointStream:
        """The newest points of each entity."""

    def all(self, start: int, stop: int) -> PointStream:
        """All points, in any order."""

    def said(self, start: int, stop: int) -> Iterator[Said]:
        """What was last said of each entity."""


def state_of(point: Point) -> str | None:
    """The state as Home Assistant would write it; a number in its shortest form, as ``21`` or ``21.5``."""
    if point.text is not None:
        return point.text
    number = point.number
    if number is None:
        return None
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def described(said: Iterable[Said]) -> dict[str, EntityInfo]:
    """What is known of each entity."""
    texts: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for each in said:
        texts[each.measurement, each.entity_id][each.what] = each.text
    with_texts = {measurement for (measurement, _), known in texts.items() if STATE in known}
    info: dict[str, EntityInfo] = {}
    for (measurement, entity_id), known in texts.items():
        known = _from_measurement(measurement, entity_id, measurement in with_texts) | known
        one = recorded_info(entity_id, json.dumps(known))
        info[entity_id] = merged(info[entity_id], one) if entity_id in info else one
    return info


def _from_measurement(measurement: str, entity_id: str, with_texts: bool) -> dict[str, str]:
    """What the name of a measurement says of an entity in it.

    A unit is a name that only numbers are written under; with other options that name is shared with texts.
    """
    domain = domain_of(entity_id)
    if measurement.startswith(f"{domain}__"):
        return {DEVICE_CLASS: measurement.removeprefix(f"{domain}__")}
    return {} if with_texts or measurement in (entity_id, domain) else {UNIT: measurement}
