"""When the sun sets, to a minute or two: by the equations of NOAA's solar calculator.

https://gml.noaa.gov/grad/solcalc/solareqns.PDF
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import acos, cos, degrees, pi, radians, sin, tan

_ZENITH = radians(90.833)  # with refraction and the sun's radius


def sunset(day: date, latitude: float, longitude: float) -> datetime:
    """The sunset of a day, in UTC."""
    year = 2 * pi / 365 * (day.timetuple().tm_yday - 1 + 0.25)  # in the afternoon
    equation = 229.18 * (
        0.000075 + 0.001868 * cos(year) - 0.032077 * sin(year) - 0.014615 * cos(2 * year) - 0.040849 * sin(2 * year)
    )
    declination = (
        0.006918
        - 0.399912 * cos(year)
        + 0.070257 * sin(year)
        - 0.006758 * cos(2 * year)
        + 0.000907 * sin(2 * year)
        - 0.002697 * cos(3 * year)
        + 0.00148 * sin(3 * year)
    )
    north = radians(latitude)
    hour_angle = acos(cos(_ZENITH) / (cos(north) * cos(declination)) - tan(north) * tan(declination))
    minutes = 720 - 4 * (longitude - degrees(hour_angle)) - equation
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes)
