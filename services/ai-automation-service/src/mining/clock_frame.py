"""Clocks that routines may keep to: the one on the wall, or one that is set anew each day by the sun."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from src.domain.events import BoolArray, Float64Array


@dataclass(frozen=True)
class Frame:
    """A timeline that shows the same time each day when a routine of its kind happens.

    On the wall's frame nothing is moved. On the sun's, time is stretched by seconds an hour so that the sun sets (or
    rises) each day at its mean time.

    Attributes:
        event: ``sunrise`` | ``sunset``, None on the wall clock.
        shift: float64 (days,), minutes by which the event is later on the wall clock than on this one.
        known: bool (days,), whether the event happens on that day.
        mean: of the event, minutes after midnight; 0 on the wall clock.
    """

    event: str | None
    shift: Float64Array
    known: BoolArray
    mean: float

    @classmethod
    def wall(cls, days: int) -> Frame:
        return cls(None, np.zeros(days), np.ones(days, np.bool_), 0.0)

    @classmethod
    def sun(cls, event: str, minutes: Float64Array, searched: BoolArray) -> Frame | None:
        """The frame of an event; None if it never happens on a searched day.

        Args:
            minutes: float64 (days,), minutes after midnight; NaN: not on that day.
            searched: bool (days,), whose mean time the frame shows, so that it is the same while they are.
        """
        known = ~np.isnan(minutes)
        if not (known & searched).any():
            return None
        days = np.arange(len(minutes))
        mean = float(minutes[known & searched].mean())
        return cls(event, np.interp(days, days[known], minutes[known]) - mean, known, mean)

    def of(self, wall: Float64Array) -> Float64Array:
        """Moments of the wall's timeline (minutes since the first local midnight) on this one; keeps their order."""
        if self.event is None:
            return wall
        anchors = np.arange(len(self.shift)) * 1440.0 + self.mean + self.shift
        return np.asarray(wall - np.interp(wall, anchors, self.shift), np.float64)

    def wall_of(self, moments: Float64Array) -> Float64Array:
        """The inverse of :meth:`of`."""
        if self.event is None:
            return moments
        anchors = np.arange(len(self.shift)) * 1440.0 + self.mean
        return np.asarray(moments + np.interp(moments, anchors, self.shift), np.float64)
