"""One thing's actions laid out in days: what all kinds that mind a clock look at."""

from __future__ import annotations

from copy import copy
from functools import cached_property

import numpy as np

from src.domain.events import BoolArray, Float64Array, Int64Array
from src.domain.local_time import DAY, to_local, to_utc
from src.mining.activity import Activity, lively_chance
from src.mining.clock_frame import Frame
from src.mining.kind import Home

MINUTE = 60_000_000
MIN_DAYS = 5
_WATCH_HOURS = (7, 12, 17, 22)  # an entity that was silent at more than half of them had no chance that day
_LIVED, _TELLING = 0.2, 10.0  # share of a median day's signs of life, and how many of them a day must have
_NEW_DAYS = 14
_BUSY = 40  # changes on a median active day, above which a thing says nothing about the clock


class Clock:
    """What the clock kinds share of a home; made once, by :func:`clock_of`."""

    def __init__(self, home: Home) -> None:
        changes = home.changes
        self.activity = Activity(home)
        self.wall = Frame.wall(changes.days)
        edges = to_local(np.array([changes.span[1]], np.int64), changes.time_zone)
        self.end = float((edges[0] - changes.first_day * DAY) / MINUTE)
        self.born = (to_local(changes.born, changes.time_zone) - changes.first_day * DAY) / MINUTE
        hours = np.arange(changes.days)[:, None] * DAY + np.array(_WATCH_HOURS) * 60 * MINUTE
        self.watches = to_utc((changes.first_day * DAY + hours).reshape(-1), changes.time_zone)
        self.things: dict[int, ThingDays] = {}
        self._sun, self._searched = home.sun, home.discovery

    @cached_property
    def suns(self) -> tuple[Frame, ...]:
        """The frames of sunrise and sunset, as far as they happen at the home."""
        if self._sun is None:
            return ()
        frames = (
            Frame.sun("sunrise", self._sun.rise, self._searched),
            Frame.sun("sunset", self._sun.set, self._searched),
        )
        return tuple(frame for frame in frames if frame is not None)


def days_of(home: Home, code: int) -> ThingDays:
    """One thing's days, made once for all kinds that look at them."""
    things = clock_of(home).things
    if code not in things:
        things[code] = ThingDays(home, code)
    return things[code]


def clock_of(home: Home) -> Clock:
    """The home's clock, kept with the home like any of its own cached properties."""
    kept = vars(home)
    if "clock" not in kept:
        kept["clock"] = Clock(home)
    clock: Clock = kept["clock"]
    return clock


class ThingDays:
    """One thing's actions by people on a frame.

    Attributes:
        utc: int64 (n,), µs UTC.
        wall: float64 (n,), minutes on the wall clock since the log's first local midnight, ascending.
        minutes: float64 (n,), the same on the frame.
        active_days: discovery days with an action.
        busy: it changes so often that every window of the day is full.
        born: when the entity first showed up, minutes on the wall's timeline. What shows up later than two weeks after
            the log began counts as idle until then: its routine began in the log.
    """

    def __init__(self, home: Home, code: int) -> None:
        changes, clock = home.changes, clock_of(home)
        index = changes.of(code)
        index = index[changes.by_person[index]]
        local = changes.local[index]
        if len(local) > 1 and bool((local[1:] < local[:-1]).any()):
            # The wall clock runs twice through one hour of the year, so order by it anew.
            order = np.argsort(local, kind="stable")
            index, local = index[order], local[order]
        self.code = code
        self.utc = changes.time[index]
        self.wall = np.asarray((local - changes.first_day * DAY) / MINUTE, np.float64)
        self.minutes = self.wall
        self.frame = clock.wall
        day = np.clip((self.wall // 1440).astype(np.int64), 0, changes.days - 1)
        per_day = np.bincount(day[home.discovery[day]], minlength=changes.days)
        per_day = per_day[per_day > 0]
        self.active_days = len(per_day)
        self.busy = self.active_days > 0 and float(np.median(per_day)) > _BUSY
        self.entity_id = changes.things[code].entity_id
        born = float(clock.born[code])
        self.born, self.end = born if born <= _NEW_DAYS * 1440.0 else 0.0, clock.end
        self._home, self._clock = home, clock

    @cached_property
    def alive(self) -> BoolArray:
        """bool (days,): days that count: the entity was there for half of them, and people were at home.

        That they were, the home's other entities tell: on a holiday they do hardly anything.
        """
        changes = self._home.changes
        there = np.arange(changes.days) * 1440.0 + 1440.0 > self.born
        others = self._clock.activity.per_day(self.entity_id)
        usual = float(np.median(others[changes.observed]))
        if usual >= _TELLING:
            there &= others >= _LIVED * usual
        if changes.silences[self.code].shape[1] == 0:
            return there
        watched = changes.heard(self.code, self._clock.watches).reshape(changes.days, -1)
        return np.asarray(there & (watched.sum(axis=1) * 2 >= len(_WATCH_HOURS)), np.bool_)

    def lively_chance(self, minutes: Float64Array, centres: Float64Array, half: float) -> Float64Array:
        """See :func:`src.mining.activity.lively_chance`; minutes and centres are on the frame."""
        return lively_chance(self.lively, minutes, centres, half, self.frame.wall_of(centres))

    @property
    def lively(self) -> Float64Array:
        """See :meth:`Activity.of_others`."""
        return self._clock.activity.of_others(self.entity_id)

    def on(self, frame: Frame) -> ThingDays:
        """The same actions on another frame."""
        other = copy(self)
        other.frame = frame
        other.minutes = frame.of(self.wall)
        return other

    def heard(self, moments: Float64Array) -> BoolArray:
        """Whether the entity was available at each moment of the frame."""
        changes = self._home.changes
        if changes.silences[self.code].shape[1] == 0:
            return np.ones(len(moments), np.bool_)
        local = changes.first_day * DAY + np.rint(self.frame.wall_of(moments) * MINUTE).astype(np.int64)
        return changes.heard(self.code, to_utc(local, changes.time_zone))

    def nearest(self, days: Int64Array, centre: float | Float64Array) -> tuple[Float64Array, Int64Array]:
        """For each day the distance (minutes) of the action nearest to the centre on the frame, and its index.

        Args:
            centre: minutes of the frame's day; one for all days, or one for each.
        """
        moments = days * 1440.0 + centre
        after = np.minimum(np.searchsorted(self.minutes, moments), len(self.minutes) - 1)
        before = np.maximum(after - 1, 0)
        ahead, behind = self.minutes[after] - moments, self.minutes[before] - moments
        closer = np.abs(ahead) <= np.abs(behind)
        return np.where(closer, ahead, behind), np.where(closer, after, before)
