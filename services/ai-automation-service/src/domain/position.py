"""Where a home is on the earth: degrees north and east. The sun's times follow from it."""

from __future__ import annotations

import math
from dataclasses import replace

from src.domain.events import EventLog
from src.errors import InvalidSetting

Position = tuple[float, float]  # latitude -90 to 90 and longitude -180 to 180, degrees north and east

_WANTED = "latitude and longitude in degrees north and east with a comma between them, such as 52.52,13.40"


def position_of(latitude: object, longitude: object) -> Position | None:
    """A position of two values from outside; None when they are not one."""
    if isinstance(latitude, bool) or isinstance(longitude, bool):
        return None
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return None
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return float(latitude), float(longitude)


def read_position(name: str, text: str) -> Position:
    """What a person wrote: ``52.52,13.40``.

    Args:
        name: of the option, for the error.

    Raises:
        InvalidSetting: not two numbers, or not on the earth.
    """
    parts = text.split(",")
    try:
        position = position_of(*(float(part) for part in parts)) if len(parts) == 2 else None
    except ValueError:
        position = None
    if position is None:
        raise InvalidSetting(name, text, _WANTED)
    return position


def placed(log: EventLog, position: Position | None) -> EventLog:
    """The log at a position that somebody said, which goes before the one it has; as it is for None."""
    return log if position is None else replace(log, position=position)
