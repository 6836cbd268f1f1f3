"""``frequency``: a thing happens clearly more or less often since a date. It is told; nothing is automated.

The unit is the day: how often an entity left its resting state by a person's hand, or a door or window was opened. Days
on which the home was empty, not recorded, or nearly without life do not count; neither do days on which the entity was
silent for so long that it may have been broken. One finding an entity: what is turned on is turned off as often.

*Null model*: exchangeable days. The largest rank-sum statistic of all splits of the days (Pettitt 1979), with the
variance widened by the autocorrelation of the thing's and of the home's days, and the tail of such a largest one
(Siegmund 1985). The change is news of the last weeks, so nothing is held out from the test, which pays for
every split; the last two weeks must show the new level by themselves as well. The family is the home's things: the
p-value pays for all of them (Bonferroni) and a half more, as a home is asked anew as it grows; only those that are
left are handed on.

Lamps are used more when the days get shorter, which is no news. What is mostly used in the dark must have changed as
much, and as surely, in its uses per dark hour of the home's usual day (:mod:`src.mining.daylight_use`).

*Assumed*: the dependence between days reaches no further than a week. *Fails*: a slow drift, as of a fan in spring, is
told as a change in its middle once it has gone far enough, and lamps where nothing tells where the home is; a thing
that stopped wholly is taken to be broken and is not told; a change by less than a factor of three of a thing used
about once a day needs more than two months to be sure.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from src.domain.events import BoolArray, Float64Array, Int64Array
from src.domain.local_time import DAY, to_utc
from src.domain.patterns import Kind, RateTrigger
from src.mining.change_points import ChangePoint, change_at, dependence, find_change, level_p
from src.mining.daylight_use import dark_share, used_for_light
from src.mining.episodes import RESTING, codes_by_entity, find_outages
from src.mining.kind import Bar, Candidate, Home, Search, Trial
from src.mining.left_open import is_contact
from src.mining.lived_days import lived_days, out_of_order, spoken_days

_FACTOR = 1.75
_LEAST_DAYS = 10  # on either side
_NEWEST, _OLDEST = 10, 90  # days since the change
_LATER = 14  # days; whole weeks, which give every weekday its share
_REACH = 180  # days that are looked back on
_LEAST_TIMES = 25  # fewer cannot show a change of that factor
_HOPELESS = 0.5  # a p-value that is no better than this
_WATCH_HOURS = (7, 12, 17, 22)


@dataclass(frozen=True)
class _Series:
    """How often a thing happened on the days that count.

    Attributes:
        days: int64 (n,), from the log's first day, ascending.
        counts: int64 (n,), of those days.
        times: int64 (m,), indices of the thing's changes by people.
        change: the likeliest change.
        widening: how much the dependence between days widens the variance.
    """

    code: int
    days: Int64Array
    counts: Int64Array
    times: Int64Array
    change: ChangePoint
    widening: float


class Frequency:
    """See the module."""

    kind = Kind.FREQUENCY
    bar = Bar(min_rate=0.5, min_rate_low=0.3, max_q=0.005)

    def search(self, home: Home) -> Search:
        left_out: Counter[str] = Counter()
        lived = lived_days(home, find_outages(home.log))
        spoke = spoken_days(home)
        place = {entity_id: code for code, entity_id in enumerate(home.log.entities)}
        series: list[_Series] = []
        often = np.bincount(home.changes.thing[home.changes.by_person], minlength=len(home.changes.things))
        for code in _subjects(home):
            if often[code] < _LEAST_TIMES:
                continue
            days = _days(home, code, lived)
            broken = out_of_order(spoke[place[home.changes.things[code].entity_id]], days)
            left_out["silent_for_long"] += int(broken.any())
            counted = _count(home, code, np.flatnonzero(days & ~broken))
            if counted is not None:
                series.append(counted)
        # One thing's days say little of how they hang together; those of the home say more.
        usual = float(np.mean([each.widening for each in series])) if series else 1.0
        dark = dark_share(home)
        # Weighted Bonferroni: how often a thing is used in all says nothing of when, and much of what could be seen.
        uses = sum(int(each.counts.sum()) for each in series)
        tests = (
            _test(
                home,
                each,
                max(1.0, usual, (each.widening + usual) / 2),
                uses / int(each.counts.sum()),
                dark if dark is not None and used_for_light(home, each.code, dark) else None,
            )
            for each in series
        )
        candidates = [candidate for candidate in tests if candidate is not None]
        told = {reason: count for reason, count in left_out.items() if count}
        return Search(candidates, max(len(series), 1), told, paid=True)


def _subjects(home: Home) -> list[int]:
    """For each entity that people use, the thing that begins a use: its most frequent state but the resting ones."""
    things = home.changes.things
    able = {code for code in home.targets if things[code].actuator}
    able |= {code for code in home.triggers if is_contact(home.log.about(things[code].entity_id))}
    found: list[int] = []
    for codes in codes_by_entity(home.changes).values():
        active = [code for code in codes if code in able and things[code].to not in RESTING]
        if active:
            found.append(max(active, key=lambda code: (len(home.changes.of(code)), -code)))
    return found


def _days(home: Home, code: int, lived: BoolArray) -> BoolArray:
    """bool (days,): lived in, within reach, and the entity there and available."""
    changes = home.changes
    midnight = (changes.first_day + np.arange(changes.days, dtype=np.int64)) * DAY
    begin = to_utc(midnight, changes.time_zone)
    heard = [changes.heard(code, begin + hour * (DAY // 24)) for hour in _WATCH_HOURS]
    within = np.arange(changes.days) >= changes.days - _REACH
    there = (begin >= changes.born[code] - DAY // 8) & (np.sum(heard, axis=0) == len(_WATCH_HOURS))
    return np.asarray(lived & within & there, np.bool_)


def _count(home: Home, code: int, days: Int64Array) -> _Series | None:
    """The series of one thing and its likeliest change; None where there is too little to tell one.

    Args:
        days: int64 (n,), the days that count, from the log's first, ascending.
    """
    changes = home.changes
    times = changes.of(code)
    times = times[changes.by_person[times]]
    counts = np.bincount(changes.local[times] // DAY - changes.first_day, minlength=changes.days)[days]
    change = find_change(counts, _LEAST_DAYS, _LEAST_DAYS) if int(counts.sum()) >= _LEAST_TIMES else None
    if change is None:
        return None
    return _Series(code, days, counts, times, change, dependence(counts, change.at))


def _test(home: Home, series: _Series, widening: float, price: float, dark: Float64Array | None) -> Candidate | None:
    """The change of one thing; its p-value pays for all things; None where there is no hope of one.

    Args:
        widening: factor on the variance.
        price: of this thing, so that all things are paid for.
        dark: float64 (days,), of each day, as far as it bears on this thing; None where it does not.
    """
    changes, change = home.changes, series.change
    p_value = min(1.0, change.p_value(widening) * price)
    before, now = series.counts[: change.at], series.counts[change.at :]
    is_later = series.days[change.at :] >= changes.days - _LATER
    later = now[is_later]
    since = int(series.days[change.at])
    if p_value > _HOPELESS or not _NEWEST <= changes.days - since <= _OLDEST or len(later) == 0:
        return None
    former, level = float(before.mean()), float(now.mean())
    if not (_differs(former, level, change.more) and _differs(former, float(later.mean()), change.more)):
        return None
    if dark is not None:
        nights = dark[series.days]
        seen = change_at(change, series.counts / nights)
        rate, rate_now = (
            float(part.sum() / night.sum())
            for part, night in zip((before, now), np.split(nights, [change.at]), strict=True)
        )
        if seen.more != change.more or not _differs(rate, rate_now, change.more):
            return None
        p_value = max(p_value, min(1.0, seen.p_value(widening) * price))
        if p_value > _HOPELESS:
            return None
    # What stopped wholly, or never was before, cannot be told from a device that broke, or was not there yet.
    if min(int(before.sum()), int(now.sum())) < 2:
        return None
    expected = float(np.mean(before > former if change.more else before < former))
    trials = [
        Trial(int(np.count_nonzero(part > former if change.more else part < former)), len(part), expected)
        for part in (now[~is_later], later)
    ]
    day = changes.local[series.times] // DAY - changes.first_day
    thing = changes.things[series.code]
    return Candidate(
        kind=Kind.FREQUENCY,
        target=series.code,
        source=None,
        trigger=RateTrigger(
            thing.entity_id,
            thing.to,
            round(7 * former, 1),
            round(7 * level, 1),
            (date(1970, 1, 1) + timedelta(days=changes.first_day + since)).isoformat(),
        ),
        discovery=trials[0],
        holdout=trials[1],
        p_value=p_value,
        hit_times=changes.time[series.times[np.isin(day, series.days) & (day >= since)]],
        values=np.zeros(0),
        acts=False,
        holdout_p=level_p(before, later, change.more, widening),
    )


def _differs(former: float, level: float, more: bool) -> bool:
    return level >= _FACTOR * former if more else _FACTOR * level <= former
