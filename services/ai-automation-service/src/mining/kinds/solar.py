"""``solar``: an action at about the same offset from sunrise or sunset, moving with the sun through the weeks.

*Unit and null model* are those of ``time_of_day``: the day, and each day's actions shifted by up to three hours. The
search is the same too, on a timeline that is set anew each day so that the sun sets (or rises) at one time; the better
one of both events pays twice.

That a window holds says nothing yet about the sun: whoever comes home at six does so before sunset for weeks. So the
sun must explain the minutes of the days decisively better than the wall clock, by the likelihood of a steady time, and
of a time that was moved once (a habit that was put an hour later in spring). Where the sun moved by less than twelve
minutes over the hits nothing is claimed. The held-out days take part: near a solstice the sun stands still through all
of the others, and a clock that was right until then is not found on them again. They do not help to beat chance; they
say which of two stories, both of which beat it, foretold them.

*Fails*: in a log of a few weeks near a solstice sun and clock cannot be told apart, and the clock is named. What people
do because it is dark, and not before somebody is home, follows the later of both and may be found by neither.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from src.domain.events import Float64Array, Int64Array
from src.domain.patterns import WEEKDAYS, Kind, SunTrigger
from src.mining.clock_days import MIN_DAYS, ThingDays, clock_of, days_of
from src.mining.clock_frame import Frame
from src.mining.clock_measure import Measured
from src.mining.clock_rivals import likelihood, moved_once, steady
from src.mining.clock_windows import routines
from src.mining.kind import Bar, Candidate, Home, Search

_MAX_OFFSET = 180.0  # minutes
_MIN_MOVE = 12.0  # minutes that the sun must have moved over the hits; how surely it moved them, the likelihood says
_MAX_ROUTINES = 2  # of one thing with one event
# Nats by which the sun must explain the days better than the clock. For days of a steady spread a clock routine seems
# the sun's with a chance of at most P(z > sqrt(2 x 5)), 0.0008, at the least favourable movement of the sun.
_DECISIVE = 5.0
_MOVED_PRICE = 4.0  # nats that a time that was moved once pays for its second time and for the day of the move


class Solar:
    """See the module."""

    kind = Kind.SOLAR
    bar = Bar()

    def search(self, home: Home) -> Search:
        frames = clock_of(home).suns
        if not frames:
            return Search((), 0, {"sun_not_known": 1})
        moving = [frame for frame in frames if _moves(frame, home)]
        candidates: list[Candidate] = []
        tested = 0
        for code in home.targets:
            thing = days_of(home, code)
            if thing.active_days < MIN_DAYS or thing.busy:
                continue
            tested += 1
            found = [(frame, *item) for frame in moving for item in _by_the_sun(home, thing, frame)]
            # Of sunrise and sunset, whatever explains the same hits better; the strongest first.
            found.sort(key=lambda item: (-item[2], item[1].window.centre))
            told: list[Int64Array] = []
            for frame, measured, _ in found:
                if any(float(np.isin(measured.hits, other).mean()) > 0.3 for other in told):
                    continue
                told.append(measured.hits)
                candidates.append(_candidate(thing, frame, measured, len(frames)))
            tested += max(len(told) - 1, 0)
        return Search(candidates, tested)


def _moves(frame: Frame, home: Home) -> bool:
    shift = frame.shift[frame.known & (home.discovery | home.holdout)]
    return len(shift) > 0 and float(np.ptp(shift)) >= _MIN_MOVE


def _by_the_sun(home: Home, thing: ThingDays, frame: Frame) -> Iterator[tuple[Measured, float]]:
    """Windows of the sun that the wall clock cannot explain as well, and by how much."""
    on_sun = thing.on(frame)
    for measured in routines(home, on_sun, plain=True, most=_MAX_ROUTINES):
        if abs(_offset(frame, measured)[0]) <= _MAX_OFFSET:
            better = _advantage(home, on_sun, measured)
            if better >= _DECISIVE:
                yield measured, better


def _offset(frame: Frame, measured: Measured) -> tuple[float, int]:
    """Minutes from the event, and on which day after the window's own the event was: -1 for one before midnight."""
    apart = measured.window.centre - frame.mean
    turns = round(apart / 1440.0)
    return apart - 1440.0 * turns, turns


def _advantage(home: Home, thing: ThingDays, measured: Measured) -> float:
    """Nats by which the sun explains all days better than any clock; -inf where it hardly moved.

    The sun's time is that of the discovery days, the clock's is the best for all: on the held-out days the sun
    foretells and the clock is fitted. Near a solstice only they tell one from the other.
    """
    window, frame = measured.window, thing.frame
    days = np.flatnonzero((home.discovery | home.holdout) & thing.alive & frame.known)
    days = days[np.isin(home.changes.weekdays[days], window.weekdays)]
    off, _ = thing.nearest(days, window.centre)
    taken, shift = np.abs(off) <= window.half, frame.shift[days]
    if np.count_nonzero(taken) < MIN_DAYS or float(np.ptp(shift[taken])) < _MIN_MOVE:
        return -np.inf
    sun = likelihood(off - np.median(off[taken & home.discovery[days]]))
    middle = float(np.median(off[taken] + shift[taken]))
    # The clock may mean the same actions as the sun, or those that are nearest to its own time.
    same = np.asarray(off + shift - middle, np.float64)
    own, _ = thing.on(clock_of(home).wall).nearest(days, window.centre + middle)
    return sun - max(max(steady(off), moved_once(off, MIN_DAYS) - _MOVED_PRICE) for off in (same, own))


def _candidate(thing: ThingDays, frame: Frame, measured: Measured, price: int) -> Candidate:
    assert frame.event is not None
    offset, turns = _offset(frame, measured)
    weekdays = sorted((day + turns) % 7 for day in measured.window.weekdays)
    values: Float64Array = np.asarray(measured.values - frame.mean - 1440.0 * turns, np.float64)
    return Candidate(
        kind=Kind.SOLAR,
        target=thing.code,
        source=None,
        trigger=SunTrigger(frame.event, round(offset), tuple(WEEKDAYS[day] for day in weekdays)),
        discovery=measured.discovery,
        holdout=measured.holdout,
        p_value=min(1.0, measured.p_value * price),
        hit_times=thing.utc[measured.hits],
        values=values,
    )
