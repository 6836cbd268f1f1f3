"""``anomaly``: on the last days something was not as it always was. It is told; nothing is automated.

*Left open, on or unlocked*: in the last seven days a door, window, lock, lamp or switch stayed in its active state for
far longer than ever. The unit is the episode, one that still goes on included. The null model is that it lasted as the
former ones do, whose longer half is given a tail between Pareto's and the lognormal one (:func:`longer_chance`); the
p-value pays for all recent episodes of a thing and for all things. It must also have lasted twice as long as the
longest one before. Contacts and locks count, and of what is turned on only what is mostly on for minutes: a lamp that
burns all evening is no news in the morning. The p-value pays by weights (a weighted Bonferroni): what is turned on has
a two-hundredth of a contact's, as there is many a reason for a long time on besides that it was forgotten.

*Missed*: a clock routine that was taken on at least 92 % of its days, at least twenty, and on none of the last two to
seven, although somebody was at home and about. The null model is that misses fall on any days; the chance of such a run
at the end is exact, and pays for every such routine. When several routines stop together, it is the people who changed.

Both are about days that the frame holds out, so nothing is held out from the test: the searched days' trial is what was
normal before, the later one what the last days make of it. The p-values pay for both sorts. At most three are told, the
strongest, one an entity. The next night looks at the same episodes again, with the same chances, and at one new day.

*Assumed*: episodes are exchangeable. *Fails*: a habit that is given up is told as missed for a week; a device that fell
silent without a word looks like one that nobody used, or that was left on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from src.domain.events import MICROSECONDS, BoolArray, Float64Array, Int64Array
from src.domain.local_time import DAY
from src.domain.patterns import WEEKDAYS, HeldTrigger, Kind, MissedTrigger
from src.mining.episodes import RESTING, Episodes, codes_by_entity, find_episodes, find_outages
from src.mining.kind import Bar, Candidate, Home, Search, Trial
from src.mining.left_open import can_be_left, is_contact, longer_chance, round_limit, used_briefly
from src.mining.lived_days import lived_days
from src.mining.missed import Missed, find_missed

_RECENT = 7 * DAY
_MIN_EPISODES = 20
_MIN_DAYS = 14
_TIMES_LONGEST = 2.0
_SELDOM = 1 / 200  # weight of what is turned on, which is on for long for many a reason; an open door is just open
_SHORTEST = 1_800.0  # s; what is closed within half an hour was not forgotten
_QUIET = 0.6  # of the usual liveliness; a day with less is no day like others
_MOST = 3
_SORTS = 2  # of anomalies, which share what may go wrong
_TOGETHER = 0.3  # share of the clock routines that cannot all be forgotten at once
_REPEATS = 0.3  # of the rows with a state that repeat it; above that the entity does so by itself


@dataclass(frozen=True)
class _Left:
    """One thing's former episodes and its recent ones, s."""

    code: int
    former: Float64Array
    recent: Float64Array
    begin: Int64Array  # of the recent ones, µs UTC
    chance: Float64Array  # of each recent one
    weight: float  # share of what may go wrong, to that of a contact


class Anomaly:
    """See the module."""

    kind = Kind.ANOMALY
    bar = Bar(min_rate=0.5, min_rate_low=0.3, max_holdout_p=1.0, max_fading_p=0.0, max_q=0.005)

    def search(self, home: Home) -> Search:
        outages = find_outages(home.log)
        left = list(_recently_left(home, outages))
        regular = _regular(home, lived_days(home, outages, _QUIET))
        missed = [(code, each) for code, each in regular if each.p_value < 1.0]
        weights = _SORTS * max(1.0, sum(each.weight for each in left))
        found = [
            candidate for each in left if (candidate := _left_candidate(home, each, weights / each.weight)) is not None
        ]
        if len(missed) < 3 or len(missed) <= _TOGETHER * len(regular):
            found += [_missed_candidate(home, code, each, _SORTS * len(regular)) for code, each in missed]
        by_entity: dict[str, Candidate] = {}
        for candidate in sorted(found, key=lambda each: (each.p_value, each.target)):
            by_entity.setdefault(home.changes.things[candidate.target].entity_id, candidate)
        strongest = list(by_entity.values())[:_MOST]
        return Search(strongest, max(len(left) + len(regular), 1), paid=True)


def _recently_left(home: Home, outages: Int64Array) -> Iterator[_Left]:
    """Every thing that can be left, with enough former episodes and at least one recent one."""
    things = home.changes.things
    standing = set(home.targets) | set(home.triggers)
    since = home.changes.span[1] - _RECENT
    for codes in codes_by_entity(home.changes).values():
        info = home.log.about(things[codes[0]].entity_id)
        able = [code for code in codes if code in standing and can_be_left(info, things[code].to)]
        if not able or len(home.changes.of(able[0])) < _MIN_EPISODES:
            continue
        episodes = find_episodes(home.changes, codes, outages)
        for code in able:
            own = (episodes.thing == code) & episodes.whole & (episodes.lasted > 0)
            former, recent = own & (episodes.end < since), own & (episodes.end >= since)
            days = np.unique(episodes.begin[former] // DAY)
            if np.count_nonzero(former) < _MIN_EPISODES or len(days) < _MIN_DAYS or not recent.any():
                continue
            lasted = episodes.lasted[former] / MICROSECONDS
            if not used_briefly(info, lasted):
                continue
            new = episodes.lasted[recent] / MICROSECONDS
            chance = longer_chance(lasted, new)
            far = (new >= _TIMES_LONGEST * lasted.max()) & (new >= _SHORTEST)
            far[far] = ~_doubtful(home, episodes, np.flatnonzero(recent)[far])
            weight = 1.0 if is_contact(info) or info.domain == "lock" else _SELDOM
            yield _Left(code, lasted, new, episodes.begin[recent], np.where(far, chance, 1.0), weight)


def _doubtful(home: Home, episodes: Episodes, which: Int64Array) -> BoolArray:
    """Long episodes in which the entity told another state, as part of a burst, or its state again, as it seldom does.

    Either way an end and a beginning were missed.
    """
    log, things = home.log, home.changes.things
    begin, end = episodes.begin[which], episodes.end[which]
    if len(which) == 0:
        return np.zeros(0, np.bool_)
    held = int(episodes.thing[which][0])
    rows = np.flatnonzero(log.entity == log.entities.index(things[held].entity_id))
    others = [things[code].to for code in np.unique(episodes.thing).tolist() if code != held]
    other = log.time[rows[np.isin(log.state[rows], [log.states.index(to) for to in others])]]
    same = log.time[rows[log.state[rows] == log.states.index(things[held].to)]]
    begun = int(np.count_nonzero(episodes.thing == held))
    told = np.searchsorted(other, end, "left") > np.searchsorted(other, begin, "right")
    if len(same) - begun <= max(_REPEATS * len(same), 5):
        told |= np.searchsorted(same, end, "left") > np.searchsorted(same, begin, "right")
    return np.asarray(told, np.bool_)


def _left_candidate(home: Home, left: _Left, tests: float) -> Candidate | None:
    """What was left too long, None if nothing was.

    Args:
        tests: what the p-value pays for besides the thing's own recent episodes.
    """
    longest = float(left.recent[np.argmin(left.chance)])
    p_value = float(left.chance.min()) * len(left.recent) * tests
    if p_value >= 1.0:
        return None
    limit = round_limit(left.former, longest)
    unusual = (left.recent > limit) & (left.chance < 1.0)
    expected = float(np.mean(left.former <= limit))
    thing = home.changes.things[left.code]
    return Candidate(
        kind=Kind.ANOMALY,
        target=left.code,
        source=None,
        trigger=HeldTrigger(thing.entity_id, thing.to, limit),
        discovery=Trial(int(np.count_nonzero(left.former <= limit)), len(left.former), expected),
        holdout=Trial(int(np.count_nonzero(left.recent <= limit)), len(left.recent), expected),
        p_value=p_value,
        hit_times=left.begin[unusual],
        values=left.recent[unusual] / 60,
        acts=False,
    )


def _regular(home: Home, lively: BoolArray) -> list[tuple[int, Missed]]:
    """Every thing that people did by the clock nearly always, with its routine."""
    things = home.changes.things
    found = ((code, find_missed(home, code, lively)) for code in home.targets if things[code].actuator)
    regular = [(code, routine) for code, routine in found if routine is not None]
    # What is not turned on is not turned off either: only the beginning is told.
    begun = {things[code].entity_id for code, routine in regular if things[code].to not in RESTING}
    return [each for each in regular if things[each[0]].to not in RESTING or things[each[0]].entity_id not in begun]


def _missed_candidate(home: Home, code: int, missed: Missed, tests: int) -> Candidate:
    changes = home.changes
    thing = changes.things[code]
    before = np.arange(len(missed.days)) < len(missed.days) - missed.in_a_row
    rate = float(np.mean(missed.taken[before]))
    latest = 5 * int(np.ceil(float(np.quantile(missed.minutes, 0.95)) / 5))
    # The day of a window that crosses midnight is that of its centre.
    shift = latest // 1440
    return Candidate(
        kind=Kind.ANOMALY,
        target=code,
        source=None,
        trigger=MissedTrigger(
            thing.entity_id,
            thing.to,
            f"{latest % 1440 // 60:02d}:{latest % 60:02d}:00",
            tuple(WEEKDAYS[day] for day in sorted((day + shift) % 7 for day in missed.weekdays)),
            (date(1970, 1, 1) + timedelta(days=int(changes.first_day + missed.days[~before][0]))).isoformat(),
        ),
        discovery=Trial(int(np.count_nonzero(missed.taken[before])), int(np.count_nonzero(before)), rate),
        holdout=Trial(0, missed.in_a_row, rate),
        p_value=min(1.0, missed.p_value * tests),
        hit_times=missed.times,
        values=missed.minutes,
        acts=False,
    )
