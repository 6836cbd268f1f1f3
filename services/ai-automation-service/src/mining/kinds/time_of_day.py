"""``time_of_day``: an action at about the same wall-clock time, on all days or on some days of the week.

For every window of the day (a centre and a half-width) and every set of weekdays, the days on which the action falls
inside are counted; ten times on one day are one hit. The null model is interval jitter: each day's actions keep their
number and their distances, and the whole is shifted by up to three hours either way. So a lamp that is switched often
in the evening is expected in every evening window and surprises nobody, while one that comes on within ten minutes of
07:10 does. The search itself is in :mod:`src.mining.clock_windows`.
"""

from __future__ import annotations

from functools import partial

from src.domain.patterns import WEEKDAYS, Kind, TimeTrigger
from src.mining.clock_days import MIN_DAYS, days_of
from src.mining.clock_windows import closest, routines
from src.mining.kind import Bar, Candidate, Home, Search, Trial


class TimeOfDay:
    """See the module."""

    kind = Kind.TIME_OF_DAY
    bar = Bar()

    def search(self, home: Home) -> Search:
        candidates: list[Candidate] = []
        nearest: dict[int, Trial] = {}
        tested = 0
        busy = 0
        for code in home.targets:
            thing = days_of(home, code)
            if thing.active_days < MIN_DAYS:
                continue
            if thing.busy:
                busy += 1
                continue
            tested += 1
            offered = tested
            for found in routines(home, thing):
                candidates.append(
                    Candidate(
                        kind=self.kind,
                        target=code,
                        source=None,
                        trigger=clock_trigger(found.now, found.window.weekdays),
                        discovery=found.discovery,
                        holdout=found.holdout,
                        p_value=found.p_value,
                        hit_times=thing.utc[found.hits],
                        values=found.values,
                    )
                )
                tested += 1
            if tested == offered:
                nearest[code] = home.recall(f"closest {code}", partial(closest, home, thing))
        return Search(candidates, tested, {"too_busy_for_the_clock": busy} if busy else {}, nearest)


def clock_trigger(centre: float, days: tuple[int, ...]) -> TimeTrigger:
    """A time to the minute; on the day after, or before, when it lies beyond midnight.

    Args:
        centre: minutes after the midnight of the days it was found on.
        days: 0 Monday to 6 Sunday.
    """
    days_on, minute = divmod(round(centre), 1440)
    weekdays = sorted((day + days_on) % 7 for day in days)
    return TimeTrigger(f"{minute // 60:02d}:{minute % 60:02d}:00", tuple(WEEKDAYS[day] for day in weekdays))
