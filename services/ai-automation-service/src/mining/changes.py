"""From a raw log to behaviour: what changed, when, in local time, and whether a person may have done it.

Heartbeats, repeats of an unchanged state, flapping, retained states after a restart and ``unavailable`` are not
behaviour. Neither is what a battery, a link quality or a thermometer reports.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from src.domain.events import (
    MICROSECONDS,
    BoolArray,
    EntityInfo,
    EventLog,
    Float64Array,
    Int8Array,
    Int32Array,
    Int64Array,
    Origin,
)
from src.domain.local_time import DAY, day_number, to_local, weekday
from src.mining.vocabulary import (
    ACTUATORS,
    MOMENTS,
    NOT_A_STATE,
    ON_THE_WAY,
    QUIET_DEVICE_CLASSES,
    QUIET_DOMAINS,
    QUIET_WORDS,
)

_NEVER_SILENT = np.zeros((2, 0), np.int64)
_BURST_SECONDS = 60
_BURST_CHANGES = 6
_MIN_BEATS = 24


@dataclass(frozen=True, slots=True)
class Thing:
    """One entity taking one state; what routines are made of.

    Attributes:
        code: index of the thing in :attr:`Changes.things`.
    """

    code: int
    entity_id: str
    to: str
    actuator: bool


@dataclass(frozen=True)
class Changes:
    """Every change of state that says something about behaviour, ascending in time.

    Attributes:
        time: int64 (n,), µs UTC.
        local: int64 (n,), µs on the wall clock.
        thing: int32 (n,), index into ``things``.
        by_person: bool (n,), may count as a habit: not made by an automation, and its instant is known.
        witnessed: bool (n,), its instant is known; False for the state an entity came back with after a silence.
        things: the entity and state behind each code.
        starts: int64 (len(things) + 1,), where each thing's changes begin in ``order``.
        order: int64 (n,), indices of the columns grouped by thing, ascending in time inside a group.
        departures: for each thing, int64 µs UTC, when its entity left that state; sorted.
        silences: for each thing, int64 (2, m), µs UTC, from when to when its entity was unavailable; ascending.
        first_day: local day number of the first raw event.
        observed: bool (days,), whether anything at all was logged on a local day.
        born: int64 (len(things),), µs UTC of the entity's first raw event.
        span: first and last raw event, µs UTC.
        time_zone: IANA name.
        left_out: how many rows, entities or things were not used, by reason.
        unused: by entity id, the reason for which nothing of an entity was used.
    """

    time: Int64Array
    local: Int64Array
    thing: Int32Array
    by_person: BoolArray
    witnessed: BoolArray
    things: tuple[Thing, ...]
    starts: Int64Array
    order: Int64Array
    departures: tuple[Int64Array, ...]
    silences: tuple[Int64Array, ...]
    first_day: int
    observed: BoolArray
    born: Int64Array
    span: tuple[int, int]
    time_zone: str
    left_out: dict[str, int]
    unused: dict[str, str]

    def of(self, code: int) -> Int64Array:
        """Indices of a thing's changes, ascending in time."""
        return self.order[self.starts[code] : self.starts[code + 1]]

    def heard(self, code: int, times: Int64Array) -> BoolArray:
        """Whether a thing's entity was available at each time (µs UTC)."""
        start, end = self.silences[code]
        latest = np.searchsorted(start, times, "right") - 1
        silent = (latest >= 0) & (times < np.append(end, 0)[latest])
        return ~silent

    @property
    def days(self) -> int:
        """Local days from first to last, empty ones too."""
        return len(self.observed)

    @property
    def weekdays(self) -> Int64Array:
        """int64 (days,), 0 Monday to 6 Sunday."""
        return weekday(self.first_day + np.arange(self.days, dtype=np.int64))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def ignored(info: EntityInfo) -> bool:
    """Whether an entity's own words say that it is nobody's behaviour."""
    object_id = info.entity_id.partition(".")[2]
    words = set(object_id.split("_"))
    return (
        info.domain in QUIET_DOMAINS
        or (info.device_class or "") in QUIET_DEVICE_CLASSES
        or (info.domain not in ACTUATORS and (bool(words & QUIET_WORDS) or object_id.endswith("last_seen")))
    )


@dataclass(frozen=True)
class _Rows:
    """Columns of events grouped by entity, ascending in time inside a group.

    Attributes:
        previous: int32, code of the state before, -1 for an entity's first.
        after_gap: bool, the entity was unavailable just before, so the instant is not known.
    """

    time: Int64Array
    entity: Int32Array
    state: Int32Array
    origin: Int8Array
    previous: Int32Array
    after_gap: BoolArray

    def where(self, keep: BoolArray) -> _Rows:
        return _Rows(
            self.time[keep],
            self.entity[keep],
            self.state[keep],
            self.origin[keep],
            self.previous[keep],
            self.after_gap[keep],
        )


def _new_group(values: Int32Array) -> BoolArray:
    first = np.ones(len(values), np.bool_)
    first[1:] = values[1:] != values[:-1]
    return first


def _previous_in_group(values: Int32Array, new_group: BoolArray) -> Int32Array:
    previous = np.empty_like(values)
    previous[1:] = values[:-1]
    previous[new_group] = -1
    return previous


def _bursts(time: Int64Array, new_group: BoolArray) -> BoolArray:
    """Changes of one entity that come too fast to be a person's: all but the first of each burst."""
    n = len(time)
    flapping = np.zeros(n, np.bool_)
    if n < _BURST_CHANGES:
        return flapping
    group = np.cumsum(new_group)
    k = _BURST_CHANGES - 1
    dense = (time[k:] - time[:-k] <= _BURST_SECONDS * MICROSECONDS) & (group[k:] == group[:-k])
    marks = np.zeros(n + 1, np.int64)
    starts = np.flatnonzero(dense)
    np.add.at(marks, starts + 1, 1)
    np.add.at(marks, starts + k + 1, -1)
    return np.cumsum(marks[:-1]) > 0


def beats(time: Int64Array) -> bool:
    """Whether instants (µs, ascending) tick like a clock: most gaps near their median, more than twice a day."""
    if len(time) < _MIN_BEATS:
        return False
    gaps = np.diff(time).astype(np.float64)
    middle = float(np.median(gaps))
    if not 10 * MICROSECONDS < middle < DAY / 2:
        return False
    return float(np.mean(np.abs(gaps - middle) <= 0.02 * middle)) >= 0.6


def find_changes(log: EventLog) -> Changes:
    """The behaviour in a log, and what was left out of it by reason."""
    left_out: Counter[str] = Counter()
    used = np.zeros(len(log.entities), np.bool_)
    used[np.unique(log.entity)] = True
    quiet = np.array([ignored(log.about(entity_id)) for entity_id in log.entities], np.bool_)
    left_out["entity_not_behaviour"] = int(np.count_nonzero(quiet & used))

    born = np.full(len(log.entities), np.iinfo(np.int64).max)
    np.minimum.at(born, log.entity, log.time)
    rows = _state_changes(log, quiet, left_out)
    unused = dict.fromkeys(np.flatnonzero(quiet & used).tolist(), "entity_not_behaviour")
    speaks = _speaking_entities(log, rows, left_out, unused)
    flapping = _bursts(rows.time, _new_group(rows.entity))
    left_out["flapping"] = int(np.count_nonzero(flapping & speaks[rows.entity]))
    rows = rows.where(speaks[rows.entity] & ~flapping)

    moment = np.array([entity_id.partition(".")[0] in MOMENTS for entity_id in log.entities], np.bool_)
    width = len(log.states) + 1
    label = np.where(moment[rows.entity], 0, rows.state + 1)
    left = np.where(moment[rows.entity], -1, rows.previous + 1)
    keys, place = np.unique(rows.entity.astype(np.int64) * width + label, return_inverse=True)
    keys, thing = _in_order_of_names(keys, place.astype(np.int32), width, log)
    things = tuple(_thing(code, int(key), width, log) for code, key in enumerate(keys))
    departures = _departures(rows.entity, left, rows.time, keys, width)

    silences = _silences(log, quiet)

    by_automation = rows.origin == Origin.AUTOMATION
    beating = _beating(things, thing, rows.time)
    left_out["made_by_automation"] = int(np.count_nonzero(by_automation))
    left_out["restored_state"] = int(np.count_nonzero(rows.after_gap))
    left_out["heartbeat"] = int(np.count_nonzero(beating))
    by_person = ~by_automation & ~rows.after_gap & ~beating[thing]

    # Of one instant, in the order of things: the order of the rows carries no meaning either.
    final = np.argsort(thing, kind="stable")
    final = final[np.argsort(rows.time[final], kind="stable")]
    time, by_person, witnessed = rows.time[final], by_person[final], ~rows.after_gap[final]
    codes = thing[final]
    grouped = np.argsort(codes, kind="stable").astype(np.int64)
    starts = np.searchsorted(codes[grouped], np.arange(len(things) + 1))
    span = log.span
    raw_days = day_number(to_local(log.time, log.time_zone)) if len(log) else np.zeros(0, np.int64)
    first_day = int(raw_days.min()) if len(raw_days) else 0
    observed = np.zeros(int(raw_days.max()) - first_day + 1 if len(raw_days) else 0, np.bool_)
    observed[raw_days - first_day] = True
    return Changes(
        time=time,
        local=to_local(time, log.time_zone),
        thing=codes,
        by_person=by_person,
        witnessed=witnessed,
        things=things,
        starts=starts.astype(np.int64),
        order=grouped,
        departures=departures,
        silences=tuple(silences.get(int(entity), _NEVER_SILENT) for entity in keys // width),
        first_day=first_day,
        observed=observed,
        born=born[(keys // width).astype(np.int64)] if len(keys) else np.zeros(0, np.int64),
        span=span,
        time_zone=log.time_zone,
        left_out={reason: count for reason, count in left_out.items() if count},
        unused=_reasons(log, used, unused, things, beating),
    )


def _reasons(
    log: EventLog, used: BoolArray, unused: dict[int, str], things: tuple[Thing, ...], beating: BoolArray
) -> dict[str, str]:
    """By entity id, why nothing of an entity was used."""
    speaking = {thing.entity_id for thing in things}
    person_like = {thing.entity_id for thing in things if not beating[thing.code]}
    found: dict[str, str] = {}
    for code in np.flatnonzero(used).tolist():
        entity_id = log.entities[code]
        if code in unused:
            found[entity_id] = unused[code]
        elif entity_id not in speaking:
            found[entity_id] = "never_changes"
        elif entity_id not in person_like:
            found[entity_id] = "heartbeat"
    return found


def _state_changes(log: EventLog, quiet: BoolArray, left_out: Counter[str]) -> _Rows:
    """Rows at which an entity that is not quiet took another state than before, unavailable times apart."""
    keep = np.flatnonzero(~quiet[log.entity])
    order = keep[np.argsort(log.entity[keep], kind="stable")]
    order = order[~_on_the_way(log, order)]
    entity, state = log.entity[order], log.state[order]
    no_state = np.array([text in NOT_A_STATE for text in log.states], np.bool_)[state]
    left_out["unavailable_or_unknown"] = int(np.count_nonzero(no_state))
    after_gap = np.zeros(len(order), np.bool_)
    after_gap[1:] = no_state[:-1] & (entity[1:] == entity[:-1])
    valid = order[~no_state]
    entity, state, after_gap = entity[~no_state], state[~no_state], after_gap[~no_state]
    first = _new_group(entity)
    previous = _previous_in_group(state, first)
    changed = (state != previous) & ~first
    left_out["unchanged_state"] = int(np.count_nonzero(~changed & ~first))
    rows = _Rows(log.time[valid], entity, state, log.origin[valid], previous, after_gap)
    return rows.where(changed)


def _on_the_way(log: EventLog, rows: Int64Array) -> BoolArray:
    """Which rows are of an entity that is still moving: a cover that is opening will be open."""
    domains = [entity_id.partition(".")[0] for entity_id in log.entities]
    moving = [
        entity * len(log.states) + state
        for state, text in enumerate(log.states)
        for entity, domain in enumerate(domains)
        if (domain, text) in ON_THE_WAY
    ]
    if not moving:
        return np.zeros(len(rows), np.bool_)
    pairs = log.entity[rows].astype(np.int64) * len(log.states) + log.state[rows]
    return np.isin(pairs, np.array(moving, np.int64))


def _silences(log: EventLog, quiet: BoolArray) -> dict[int, Int64Array]:
    """By entity code, int64 (2, m): from its first row without a state to its next row with one, µs UTC."""
    no_state = np.array([text in NOT_A_STATE for text in log.states], np.bool_)
    ever = np.zeros(len(log.entities), np.bool_)
    ever[log.entity[no_state[log.state]]] = True
    rows = np.flatnonzero((ever & ~quiet)[log.entity])
    rows = rows[np.argsort(log.entity[rows], kind="stable")]
    bounds = np.searchsorted(log.entity[rows], np.arange(len(log.entities) + 1))
    found: dict[int, Int64Array] = {}
    for entity in np.flatnonzero(np.diff(bounds)).tolist():
        own = rows[bounds[entity] : bounds[entity + 1]]
        gone = no_state[log.state[own]]
        begins = np.flatnonzero(gone & ~np.concatenate([[False], gone[:-1]]))
        back = np.append(log.time[own], log.span[1] + 1)
        ends = np.flatnonzero(~np.append(gone, False))
        found[entity] = np.stack([log.time[own][begins], back[ends[np.searchsorted(ends, begins)]]])
    return found


def _in_order_of_names(keys: Int64Array, thing: Int32Array, width: int, log: EventLog) -> tuple[Int64Array, Int32Array]:
    """Codes of things that follow from their names alone, so that a log's dictionaries decide nothing.

    Args:
        keys: int64 (m,), entity code and label of each thing.
        thing: int32 (n,), indices into ``keys``.
    """
    named = [(each.entity_id, each.to) for each in (_thing(0, key, width, log) for key in keys.tolist())]
    order = np.array(sorted(range(len(named)), key=named.__getitem__), np.int64)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order))
    return keys[order], place[thing]


def _thing(code: int, key: int, width: int, log: EventLog) -> Thing:
    entity_id = log.entities[key // width]
    domain = entity_id.partition(".")[0]
    label = key % width
    to = MOMENTS[domain] if label == 0 else log.states[label - 1]
    return Thing(code, entity_id, to, domain in ACTUATORS)


def _speaking_entities(log: EventLog, rows: _Rows, left_out: Counter[str], unused: dict[int, str]) -> BoolArray:
    """Which entities have a handful of states that mean something, rather than a measurement or free text."""
    speaks = np.ones(len(log.entities), np.bool_)
    if len(rows.time) == 0:
        return speaks
    numeric = np.array([_is_number(text) for text in log.states], np.bool_)
    pairs = np.unique(rows.entity.astype(np.int64) * len(log.states) + rows.state)
    owner = pairs // len(log.states)
    distinct = np.bincount(owner, minlength=len(log.entities))
    numbers = np.bincount(owner, weights=numeric[pairs % len(log.states)], minlength=len(log.entities))
    changes = np.bincount(rows.entity, minlength=len(log.entities))
    moment = np.array([entity_id.partition(".")[0] in MOMENTS for entity_id in log.entities], np.bool_)
    measures = (numbers >= 0.5 * distinct) & (distinct > 4) & ~moment
    prose = (distinct > 25) & (distinct > 0.2 * changes) & ~measures & ~moment
    left_out["numeric_entity"] = int(np.count_nonzero(measures))
    left_out["free_text_entity"] = int(np.count_nonzero(prose))
    unused.update(dict.fromkeys(np.flatnonzero(measures).tolist(), "numeric_entity"))
    unused.update(dict.fromkeys(np.flatnonzero(prose).tolist(), "free_text_entity"))
    return speaks & ~measures & ~prose


def _departures(
    entity: Int32Array, left: Int64Array, time: Int64Array, keys: Int64Array, width: int
) -> tuple[Int64Array, ...]:
    """For each thing, when its entity changed away from it. Empty for moments, which are never "in" a state."""
    key = entity.astype(np.int64) * width + left
    order = np.lexsort((time, key))
    sorted_key = key[order]
    low, high = np.searchsorted(sorted_key, keys, "left"), np.searchsorted(sorted_key, keys, "right")
    return tuple(time[order[a:b]] for a, b in zip(low, high, strict=True))


def _beating(things: tuple[Thing, ...], thing: Int32Array, time: Int64Array) -> BoolArray:
    order = np.lexsort((time, thing))
    bounds = np.searchsorted(thing[order], np.arange(len(things) + 1))
    return np.array([beats(time[order[bounds[code] : bounds[code + 1]]]) for code in range(len(things))], np.bool_)


def spread(values: Float64Array) -> float:
    """Standard deviation with one degree of freedom spent; 0 for a single value."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
